"""What the engine knows, as JSON for people: commands, stations, what is in force there and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.admin.sites import shares_of, site_row, taken_told
from gateway.core.agenda import Line, agenda, defaults_of
from gateway.core.between import rules_of
from gateway.core.commissioning import obstacle, report
from gateway.core.events import Now
from gateway.core.failsafe import Hearing, Stage
from gateway.core.fleet import carried
from gateway.core.ledger import Entry, EntryState
from gateway.core.planning import instant, propose
from gateway.core.records import CommandRecord
from gateway.core.site_answers import taken
from gateway.core.station import StationState
from gateway.core.timeline import Segment
from gateway.core.world import Turn, World
from translators.canonical.codec import encode
from translators.canonical.commands import Interval
from translators.canonical.controls import function_of

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """The engine's memory at an instant (UTC)."""

    world: World
    utc: datetime

    def events(self) -> list[Json]:
        """Return one row for each command, over all its stations, the newest first."""
        found: defaultdict[tuple[str, str], list[CommandRecord]] = defaultdict(list)
        for record in self._records():
            found[record.command.origin.utility, record.command.mrid].append(record)
        rows = [_event(records) | self._carried(records) for records in found.values()]
        return sorted(rows, key=lambda row: str(row["created"]), reverse=True)

    def event(self, mrid: str) -> list[Json]:
        """Return a command of every utility that uses this mRID, station by station."""
        records = [record for record in self._records() if record.command.mrid == mrid]
        return [self._at_station(record) for record in records]

    def _carried(self, records: list[CommandRecord]) -> Json:
        """Return how many of its stations carry a command out, for which share of their ratings."""
        found = carried(self.world, records)
        share = f"{float(100 * found.share):.1f}"
        return {"extent": found.extent.value, "share_pct": share, "without": found.without}

    def hold(self) -> Json:
        """Return whether dispatch is held, by whom and why; `stations` are those held on their own."""
        stations = {name: asdict(held) for name, held in self.world.holds.items()}
        held = self.world.hold
        return {"on": held is not None, **(asdict(held) if held else {}), "stations": stations}

    def plan(self) -> Json:
        """Return what stations would be told, were nothing held back: desired against reported."""
        found = propose(self.world, instant(self.world, self.utc))
        return {
            "form": 1,
            "digest": found.digest,
            "at": self.utc.isoformat(),
            "rules": self.world.translator.book.digest,
            "waits": found.waits,
            "changes": [asdict(change) for change in found.changes],
            "rejoined": list(found.rejoined),
            "notes": dict(found.notes),
        }

    @property
    def applied(self) -> tuple[str, bool] | None:
        """Return the digest of the plan that was ordered last, and whether it was carried out."""
        return self.world.applied

    def stations(self) -> list[Json]:
        """Return one row for each enrolled station."""
        return [self._station(state) for state in self.world.stations.values()]

    def station(self, name: str) -> Json | None:
        """Return all that is known of one station, None where none is enrolled under this id."""
        state = self.world.stations.get(name)
        if state is None:
            return None
        return self._station(state) | {
            "heard": self._heard(state),
            "in_force": list(self._in_force(state)),
            "controls": [_control(entry) for entry in state.ledger.entries.values()],
            "transactions": [encode(transaction) for transaction in state.transactions],
            "measured": [
                {
                    "evse": place or None,
                    "kind": kind.value,
                    "value": value.value,
                    "at": value.sample.at.isoformat(),
                }
                for place, values in state.meters.places.items()
                for kind, value in values.items()
            ],
            "profile": None if state.profile is None else encode(state.profile),
            "commissioning": self._commissioning(state),
        }

    def sites(self) -> list[Json]:
        """Return one row for each site."""
        return [site_row(site) for site in self.world.sites.values()]

    def site(self, name: str) -> Json | None:
        """Return all that is known of one site, None where there is none under this id."""
        site = self.world.sites.get(name)
        return None if site is None else site_row(site) | {"shares": shares_of(site)}

    def obstacle(self, name: str) -> str | None:
        """Return why a station cannot be commissioned now, empty where it can, None for no such station."""
        state = self.world.stations.get(name)
        return None if state is None else obstacle(self.world, state)

    def _commissioning(self, state: StationState) -> Json | None:
        """Return what the commissioning under way shows, or what the last one showed."""
        if state.trial is not None and state.trial.step is not None:
            return report(state.trial)
        return self.world.commissioned.get(state.id)

    def _records(self) -> Iterator[CommandRecord]:
        for records in self.world.records.values():
            yield from records.values()

    def _at_station(self, record: CommandRecord) -> Json:
        state = self.world.stations.get(record.command.target.station)
        entries = () if state is None else state.ledger.of_command(record.key)
        return {
            "utility": record.command.origin.utility,
            "station": record.command.target.station,
            "state": record.state.value,
            "functions": sorted(record.functions),
            "lost": sorted(record.lost),
            "declined": record.declined,
            "waits_s": record.waits_s,
            "baseline": encode(record.baseline),
            "delivered": None if record.delivered is None else asdict(record.delivered),
            "refused": {function: outcome.value for function, outcome in record.refused},
            "told": sorted(outcome.value for outcome in record.told),
            "controls": [_control(entry) for entry in entries],
            "command": encode(record.command),
            "shared": self._shared(record),
        }

    def _shared(self, record: CommandRecord) -> Json | None:
        """Return which stations of a site take part in its command, None for one of a station."""
        site = self.world.sites.get(record.command.target.station)
        return (
            None if site is None or not site.views else taken_told(taken(self.world, site, record))
        )

    def _station(self, state: StationState) -> Json:
        profile = state.profile
        states = Counter(entry.state.value for entry in state.ledger.entries.values())
        return {
            "station": state.id,
            "utilities": list(state.rules.utilities),
            "connected": state.connected,
            "on_hold": state.id in self.world.holds or self.world.hold is not None,
            "ready": state.ready,
            "silent": self._silent(state),
            "version": None if profile is None else profile.ocpp_version,
            "controls_by_state": dict(sorted(states.items())),
            "not_following": sorted(
                {key[1] for key, track in state.watch.tracks.items() if track.unfollowed}
            ),
            "alarms": sorted(fault.value for fault in state.alarms),
        }

    def _silent(self, state: StationState) -> Json:
        """Return how far things have come with the utilities that are not heard."""
        stages = {utility: hearing.stage for utility, hearing in self._hearings(state)}
        return {
            utility: stage.value for utility, stage in stages.items() if stage is not Stage.HEARD
        }

    def _heard(self, state: StationState) -> Json:
        """Return when each utility was last heard."""
        seconds = self._monotonic()
        ages = {utility: seconds - hearing.word for utility, hearing in self._hearings(state)}
        return {u: (self.utc - timedelta(seconds=age)).isoformat() for u, age in ages.items()}

    def _hearings(self, state: StationState) -> Iterator[tuple[str, Hearing]]:
        for utility in state.rules.utilities:
            hearing = self.world.hearings.get((utility, state.id))
            if hearing is not None:
                yield utility, hearing

    def _monotonic(self) -> float:
        """Return the seconds of the engine at this instant."""
        if self.world.heard_at is None:
            return 0.0
        utc, monotonic = self.world.heard_at
        return monotonic + (self.utc - utc).total_seconds()

    def _in_force(self, state: StationState) -> Iterator[Json]:
        """Yield who holds each function now, since when, until when and by which control."""
        records = self.world.records.get(state.id, {})
        lines, rules = self._lines(state), rules_of(state.profile)
        held: defaultdict[str, set[str]] = defaultdict(set)
        for function, segments in agenda(lines, rules).segments.items():
            for segment in segments:
                if segment.interval.covers(self.utc):
                    record = records[segment.key]
                    held[function].add(record.utility)
                    yield _holder(state, record, function, segment)
        for record, controls in defaults_of(lines, rules):
            for function in sorted({function_of(control) for control in controls}):
                alone = bool(rules(function))  # a limit stands beside the events of others
                if not held[function] if alone else record.utility not in held[function]:
                    yield _holder(state, record, function, None)

    def _lines(self, state: StationState) -> list[Line]:
        """Return what each utility wants of a station, the strongest first."""
        found: defaultdict[str, list[CommandRecord]] = defaultdict(list)
        turn = Turn(self.world, Now(self.utc, self._monotonic()))
        for record in self.world.records.get(state.id, {}).values():
            if not turn.barred(record):
                found[record.utility].append(record)
        return [
            Line(utility, self.world.offsets.get(utility, timedelta()), tuple(found[utility]))
            for utility in state.rules.ranked(found)
        ]


def _event(records: list[CommandRecord]) -> Json:
    command = records[0].command
    return {
        "utility": command.origin.utility,
        "mrid": command.mrid,
        "description": command.description,
        "protocol": command.origin.protocol.value,
        "default": command.is_default,
        "primacy": command.primacy,
        "created": command.created.isoformat(),
        **_span(records[0].planned),
        "functions": sorted({name for record in records for name in record.functions}),
        "stations": len(records),
        "states": dict(sorted(Counter(record.state.value for record in records).items())),
        "refused": _refused(records),
    }


def _refused(records: Iterable[CommandRecord]) -> dict[str, int]:
    """Return at how many stations each function is refused."""
    functions = (function for record in records for function, _ in record.refused)
    return dict(sorted(Counter(functions).items()))


def _span(interval: Interval | None) -> Json:
    if interval is None:
        return {"start": None, "end": None}
    end = None if interval.end is None else interval.end.isoformat()
    return {"start": interval.start.isoformat(), "end": end}


def _holder(
    state: StationState, record: CommandRecord, function: str, segment: Segment | None
) -> Json:
    """Return one function's holder; `why` names the rule that let it win."""
    why = (
        "default: no event asks for it" if segment is None else f"primacy {record.command.primacy}"
    )
    span = _span(None if segment is None else segment.interval)
    serving = [
        _control(entry)
        for entry in state.ledger.of_command(record.key)
        if function in entry.desired.functions
    ]
    return {
        "function": function,
        "command": record.key,
        "why": why,
        "since": span["start"],
        "until": span["end"],
        "beaten_by": None if segment is None else segment.beaten_by,
        "held": any(control["state"] == EntryState.HELD for control in serving),
        "controls": [control["id"] for control in serving],
    }


def _control(entry: Entry) -> Json:
    desired = entry.desired
    return {
        "id": desired.id,
        "command": desired.command,
        "action": desired.action,
        "type": desired.payload.get("controlType") or _purpose(desired.payload),
        "functions": list(desired.functions),
        "default": desired.is_default,
        "state": entry.state.value,
        "evidence": entry.evidence.value,
        "reason": entry.reason,
        **_span(None if desired.start is None else Interval(desired.start, desired.end)),
        "payload": dict(desired.payload),
    }


def _purpose(payload: Any) -> str:
    profile = payload.get("chargingProfile", {})
    return str(profile.get("chargingProfilePurpose", ""))

"""Everything the engine knows, and the turn in which one event changes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.core.agenda import Line
from gateway.core.effects import Audit, Effect, Persist, RespondToUtility, SendToStation, Table
from gateway.core.events import Now
from gateway.core.failsafe import OWN, Hearing, Patience, UtilityRules
from gateway.core.ledger import Entry, takes_effect
from gateway.core.lifecycle import ENDED, State
from gateway.core.orders import DrainMode
from gateway.core.pace import PaceRules
from gateway.core.plans import Plans
from gateway.core.records import CommandRecord, to_document
from gateway.core.sharing import Shared
from gateway.core.site_state import SiteState
from gateway.core.station import SITE, Purpose, StationState, entry_document
from gateway.core.translating import Translator
from gateway.core.wakes import Wakes

JUMPED = "jumped"
"""The key under which it is kept how far our own clock was set."""
_JUMP_S = 2.0
"""How far our own clock may go apart from the time that passed, between two events."""
_RULES = UtilityRules()
_STEP = timedelta(seconds=1)
"""A utility's clock offset moves the schedule only when it moved by more than this."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is dispatched; `release` where what ran was taken back."""

    release: bool
    reason: str
    actor: str


@dataclass(slots=True)
class World:
    """The engine's memory: stations, commands per station by key, answers owed, clock offsets."""

    translator: Translator
    stations: dict[str, StationState] = field(default_factory=dict)
    pace: PaceRules = field(default_factory=PaceRules)
    sites: dict[str, SiteState] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    """By station: the site that it stands behind, where it does."""
    measured: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By station: the sites whose connection point it measures."""
    records: defaultdict[str, dict[str, CommandRecord]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    owed: dict[str, RespondToUtility] = field(default_factory=dict)
    offsets: dict[str, timedelta] = field(default_factory=dict)
    drain: DrainMode | None = None
    hold: Hold | None = None
    holds: dict[str, Hold] = field(default_factory=dict)
    """Stations that are on hold whatever becomes of the others."""
    commissioned: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By station: what its last commissioning showed."""
    heard_at: tuple[datetime, float] | None = None
    """When the last event was handled: UTC, and monotonic seconds."""
    jumped: timedelta = timedelta()
    """How far our own clock was set, in all runs: what is our own goes on by the clock of the first."""
    requests: int = 0
    applied: tuple[str, bool] | None = None
    """Digest of the plan that was ordered last, and whether it was carried out."""
    wakes: Wakes = field(default_factory=Wakes)
    plans: Plans = field(default_factory=Plans)
    shared: Shared = field(default_factory=Shared)
    utilities: dict[str, UtilityRules] = field(default_factory=dict)
    hearings: dict[tuple[str, str], Hearing] = field(default_factory=dict)
    """By utility and station: what was heard."""
    noted: dict[tuple[str, str], float] = field(default_factory=dict)
    """The word that is kept of each (monotonic seconds)."""
    listen_at: float = float("inf")
    """When time alone may change what is heard, or known of a clock (monotonic seconds)."""
    timed: dict[str, float] = field(default_factory=dict)
    """By utility: when its clock offset was confirmed last (monotonic seconds)."""
    untimed: set[str] = field(default_factory=set)
    """Utilities whose clock offset was not confirmed for too long: it counts as unknown."""

    def named(self, name: str) -> StationState | SiteState | None:
        """Return the station or site of this id, None where there is none."""
        return self.stations.get(name) or self.sites.get(name)

    def rules_of(self, utility: str) -> UtilityRules:
        """Return what the settings say of a utility."""
        return self.utilities.get(utility, _RULES)

    def next_request(self, station: str) -> str:
        """Return a request id that is unique while this process lives."""
        self.requests += 1
        return f"{station}#{self.requests}"

    def translated(self) -> Iterator[str]:
        """Yield the keys of commands that are not over, of stations of which it is known what they are."""
        for name, records in self.records.items():
            state = self.stations.get(name)
            if state is not None and state.profile is not None:
                yield from (key for key, record in records.items() if not record.over)


@dataclass(slots=True)
class Turn:
    """One event being handled: the world, the time, and the effects so far."""

    world: World
    now: Now
    effects: list[Effect] = field(default_factory=list)
    _times: dict[str, datetime] = field(default_factory=dict)
    """By utility: its own time, once it was asked for."""

    def emit(self, *effects: Effect) -> None:
        """Add effects."""
        self.effects.extend(effects)

    def call(
        self,
        state: StationState,
        subject: str,
        purpose: Purpose,
        action: str,
        payload: dict[str, Any],
    ) -> str:
        """Send a station a CALL about a control or a transaction; return its request id."""
        request = self.world.next_request(state.id)
        state.calls[request] = (subject, purpose)
        self.emit(SendToStation(state.id, request, action, payload))
        return request

    def audit(
        self, kind: str, actor: str, subject: str, raw: tuple[bytes, ...] = (), **details: Any
    ) -> None:
        """Add one record of the audit chain; it names the rules in force, or those of `book`."""
        details.setdefault("book", self.world.translator.book.digest)
        self.effects.append(Audit(kind, actor, subject, details, raw))

    def held(self, station: str) -> Hold | None:
        """Return why nothing is dispatched to a station, None where it is."""
        return self.world.hold or self.world.holds.get(station)

    def offset(self, utility: str) -> timedelta | None:
        """Return the utility's clock minus ours as the schedule uses it, or None while unknown.

        Whole seconds; it follows the measured offset in steps, so that jitter moves no start time.
        """
        if utility.startswith((SITE, OWN)):
            return -self.world.jumped
        known = self.world.offsets.get(utility)
        measured = self.now.offsets.get(utility)
        if measured is None or (known is not None and abs(measured - known) <= _STEP):
            return known
        whole = timedelta(seconds=round(measured.total_seconds()))
        if known is not None:
            self.audit("clock.stepped", utility, utility, before=str(known), after=str(whole))
        self.world.offsets[utility] = whole
        self.keep_clock(utility)
        return whole

    def keep_clock(self, utility: str) -> None:
        """Keep a utility's clock offset, and when it was confirmed, durably."""
        offset, at = self.world.offsets.get(utility), self.world.timed.get(utility)
        if offset is None:
            return
        age_s = 0.0 if at is None else self.now.monotonic - at
        confirmed = self.now.utc - timedelta(seconds=age_s)
        document = {"offset_s": int(offset.total_seconds()), "at": confirmed.isoformat()}
        self.emit(Persist(Table.UTILITIES, utility, document))

    def watch_clock(self) -> bool:
        """Say where our own clock was set, and whether it was: schedules follow it, waits do not."""
        now, before = self.now, self.world.heard_at
        self.world.heard_at = now.utc, now.monotonic
        if before is None:
            return False
        apart = (now.utc - before[0]).total_seconds() - (now.monotonic - before[1])
        if abs(apart) <= _JUMP_S:
            return False
        self.audit("clock.jumped", "gateway", "gateway", seconds=f"{apart:+.1f}")
        self.world.jumped += timedelta(seconds=round(apart))
        seconds = int(self.world.jumped.total_seconds())
        self.emit(Persist(Table.SITE, JUMPED, {"seconds": seconds, "at": now.utc.isoformat()}))
        return True

    def recall_clock(self, kept: dict[str, Any] | None) -> None:
        """Go on by what was kept of our own clock; not where it stands before that: it was set meanwhile."""
        if kept is not None and datetime.fromisoformat(kept["at"]) <= self.now.utc:
            self.world.jumped = timedelta(seconds=kept["seconds"])

    def utility_now(self, utility: str) -> datetime:
        """Return the utility's own time; ours while its offset is unknown."""
        known = self._times.get(utility)
        if known is None:
            known = self._times[utility] = self.now.utc + (self.offset(utility) or timedelta())
        return known

    def time_of(self, record: CommandRecord) -> datetime:
        """Return what time it is for a command: that of its utility."""
        return self.utility_now(record.utility)

    def lines(self, state: StationState | SiteState) -> tuple[Line, ...]:
        """Return what each utility whose clock is known wants of a station or site, the strongest first."""
        scheduled = self.scheduled(state.id)
        return tuple(
            Line(utility, offset, scheduled.get(utility, ()))
            for utility in state.rules.ranked(scheduled)
            if (offset := self.offset(utility)) is not None
        )

    def barred(self, record: CommandRecord) -> bool:
        """Say whether an event may not begin now: its utility's clock is unknown, or it is silent.

        What had begun before goes on.
        """
        interval = record.interval
        if interval is None or record.over or record.state is State.ACTIVE:
            return False
        since = self._barred_since(record.utility, record.command.target.station)
        return since is not None and interval.start > since

    def _barred_since(self, utility: str, station: str) -> datetime | None:
        """Return since when (its time) no event of a utility begins at a station; None: all may."""
        world, rules, now = self.world, self.world.rules_of(utility), self.now.monotonic
        if rules.starts and utility not in world.untimed:
            return None
        since = []
        if utility in world.untimed:
            since.append(world.timed[utility] + rules.keep_offset_s)
        hearing, state = world.hearings.get((utility, station)), world.named(station)
        if not rules.starts and hearing is not None and state is not None:
            since.append(hearing.silent_at(Patience.of(rules, state.rules.fail_safe)))
        past = [at for at in since if at <= now]
        return self.utility_now(utility) - timedelta(seconds=now - min(past)) if past else None

    def records(self, station: str) -> tuple[CommandRecord, ...]:
        """Return the commands of a station that are not over."""
        return tuple([r for r in self.world.records[station].values() if r.state not in ENDED])

    def scheduled(self, station: str) -> dict[str, tuple[CommandRecord, ...]]:
        """Return, by utility, the commands that are not over, and those that they overlap with."""
        found: defaultdict[str, list[CommandRecord]] = defaultdict(list)
        for record in self.world.records[station].values():
            if not self.barred(record):
                found[record.utility].append(record)
        return {utility: _counting(records) for utility, records in found.items()}

    def keep(self, record: CommandRecord) -> None:
        """Remember a command, durably, if it changed."""
        known = self.world.records[record.command.target.station]
        if known.get(record.key) != record:
            known[record.key] = record
            document = to_document(record, self.world.shared.document(record.command))
            self.emit(Persist(Table.COMMANDS, record.key, document))

    def forget(self, record: CommandRecord) -> None:
        """Forget a command, durably."""
        del self.world.records[record.command.target.station][record.key]
        self.world.translator.forget(record.key)
        self.emit(Persist(Table.COMMANDS, record.key, None))

    def put(self, state: StationState, entry: Entry) -> None:
        """Remember a ledger entry, durably, if it changed."""
        control_id = entry.desired.id
        before = state.ledger.entries.get(control_id)
        if before != entry:
            if takes_effect(before, entry):
                state.watch.since[control_id] = self.now.utc.timestamp()
            state.ledger = state.ledger.put(entry)
            key = f"{state.id}/{control_id}"
            self.emit(Persist(Table.LEDGER, key, entry_document(state.id, entry)))

    def drop(self, state: StationState, control_id: str) -> None:
        """Forget a ledger entry, durably."""
        state.ledger = state.ledger.drop(control_id)
        state.watch.forget(control_id)
        state.let_go(control_id)
        self.emit(Persist(Table.LEDGER, f"{state.id}/{control_id}", None))

    def entries(self, state: StationState) -> Iterator[Entry]:
        """Yield the entries as they are now; changing the ledger meanwhile is safe."""
        yield from tuple(state.ledger.entries.values())


def _counting(records: list[CommandRecord]) -> tuple[CommandRecord, ...]:
    """Return of one utility's commands those that are not over, and those that they overlap with."""
    live = (record for record in records if not record.over)
    first = min((r.interval.start for r in live if r.interval is not None), default=None)
    return tuple(
        record
        for record in records
        if not record.over or (first is not None and _ends_after(record, first))
    )


def _ends_after(record: CommandRecord, instant: datetime) -> bool:
    interval = record.interval
    return interval is not None and (interval.end is None or interval.end > instant)

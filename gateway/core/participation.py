"""Who takes part: an operator or a site declines an event, or holds all dispatch back.

A declined event claims nothing: what a station holds of it is taken back, and its utility is told at once
(2030.5 response 4; 5 when the station takes part again) and at the end (8, 9 or 10 in place of 3).
A hold declines every event that has not started, and each that comes; with `release` those that run, too.
While it lasts no control is set, and none is taken back but of events that are declined: what their
utility was told has to be true. What runs goes on to its own end, renewed where it would lapse and lengthened
where it was to end for an event that is declined now. With `release` defaults go on. A hold is of all
stations or of one; what the site itself asks of a station, and
what holds while a utility is silent, it does not decline.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.core.effects import Persist, Table
from gateway.core.failsafe import OWN
from gateway.core.lifecycle import State
from gateway.core.orders import HoldChanged, ParticipationChanged
from gateway.core.records import CommandRecord
from gateway.core.responses import tell
from gateway.core.station import SITE
from gateway.core.trial import Verdict
from gateway.core.world import Hold, Turn, World
from translators.canonical.telemetry import ControlOutcome

_KEY = "hold"
_OPEN = frozenset({State.SCHEDULED, State.ACTIVE})
"""States in which an event can be declined: in all others it is refused, over, or on its way out."""


@dataclass(frozen=True, slots=True)
class Word:
    """Who declines or takes part again, and why; `held` where it is the hold that says so."""

    actor: str
    reason: str
    held: bool = False


def changed(turn: Turn, event: ParticipationChanged) -> Collection[str]:
    """Decline an event at the stations that are named, or all, or take part again; return these."""
    word = Word(event.actor, event.reason)
    found = [record for record in _live(turn) if _meant(record, event)]
    if not found:
        turn.audit("command.unknown", event.actor, event.mrid, reason=event.reason)
    for record in found:
        if event.out:
            decline(turn, record, word)
        else:
            rejoin(turn, record, word)
    return tuple(dict.fromkeys(record.command.target.station for record in found))


def held(turn: Turn, event: HoldChanged) -> Collection[str]:
    """Begin or end a hold; return the stations that it is of.

    One that a commissioning needs is not ended: the audit says so.
    """
    word = Word(event.actor, event.reason, held=True)
    if not event.on and (problem := stays(turn.world, event.station)):
        turn.audit("hold.kept", event.actor, event.station, reason=event.reason, problem=problem)
        return ()
    hold = Hold(event.release, event.reason, event.actor) if event.on else None
    meant = _put(turn, event.station, hold)
    kind = "hold.begun" if event.on else "hold.ended"
    subject = event.station or "dispatch"
    turn.audit(kind, event.actor, subject, reason=event.reason, release=event.release)
    for record in _live(turn):
        name = record.command.target.station
        if name not in meant:
            continue
        now = turn.held(name)
        if now is None:
            if record.declined == "hold":
                rejoin(turn, record, word)
        elif now.release or record.state is not State.ACTIVE:
            decline(turn, record, word)
    return [name for name in (*turn.world.stations, *turn.world.sites) if name in meant]


def stays(world: World, station: str) -> str:
    """Return why the hold of a station cannot be ended by a word, nothing where it can."""
    state = world.stations.get(station)
    if state is None or station not in world.holds:
        return ""
    if state.trial is not None and state.trial.step is not None:
        return f"{station} is being commissioned"
    passed = world.commissioned.get(station, {}).get("verdict") == Verdict.PASSED
    return (
        f"{station} has to pass a commissioning first"
        if state.rules.must_pass and not passed
        else ""
    )


def _put(turn: Turn, station: str, hold: Hold | None) -> Collection[str]:
    """Keep a hold, or forget it; return the stations that it is of."""
    world = turn.world
    key = f"{_KEY}/{station}" if station else _KEY
    turn.emit(Persist(Table.SITE, key, None if hold is None else document(hold)))
    if not station:
        world.hold = hold
        return frozenset(world.records) | frozenset(world.stations)
    if hold is None:
        world.holds.pop(station, None)
    else:
        world.holds[station] = hold
    return {station}


def decline(turn: Turn, record: CommandRecord, word: Word) -> None:
    """Let one station take no part in an event; its utility is told."""
    if record.declined or record.command.is_default or record.state not in _OPEN:
        return
    if record.utility.startswith((SITE, OWN)):
        return  # a site's part follows from what it was asked for: that is declined; a fail-safe protects
    declined = replace(
        record,
        declined="hold" if word.held else "operator",
        declines=record.declines + 1,
        parted=record.parted or record.state is State.ACTIVE,
    )
    turn.audit("command.declined", word.actor, record.key, reason=word.reason)
    turn.keep(tell(turn, declined, ControlOutcome.OPTED_OUT, again=declined.declines))


def rejoin(turn: Turn, record: CommandRecord, word: Word) -> None:
    """Let one station take part again, for what is left of the event."""
    interval = record.interval
    if not record.declined or interval is None:
        return
    unow = turn.time_of(record)
    back = replace(record, declined="", parted=record.parted or interval.start <= unow)
    if record.state in _OPEN:  # in what is refused or on its way out nobody takes part again
        turn.audit("command.rejoined", word.actor, record.key, reason=word.reason)
        back = tell(turn, back, ControlOutcome.OPTED_IN, again=record.declines)
    turn.keep(back)


def document(hold: Hold) -> dict[str, Any]:
    """Return the JSON document of a hold."""
    return {"release": hold.release, "reason": hold.reason, "actor": hold.actor}


def continue_from(documents: Mapping[str, dict[str, Any]]) -> tuple[Hold | None, dict[str, Hold]]:
    """Return the hold that was kept, if any, and those of single stations."""
    found = {
        key: Hold(kept["release"], kept["reason"], kept["actor"])
        for key, kept in documents.items()
        if key.partition("/")[0] == _KEY
    }
    of_all = found.pop(_KEY, None)
    return of_all, {key.partition("/")[2]: hold for key, hold in found.items()}


def _live(turn: Turn) -> list[CommandRecord]:
    """Return the events of all stations that are not over."""
    return [
        record
        for records in turn.world.records.values()
        for record in records.values()
        if not record.over and not record.command.is_default
    ]


def _meant(record: CommandRecord, event: ParticipationChanged) -> bool:
    command = record.command
    named = not event.stations or command.target.station in event.stations
    return named and command.mrid == event.mrid and event.utility in {"", command.origin.utility}

"""Keeping others out of an event that the canary group does not carry out (`pace`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.core.effects import WakeAt
from gateway.core.lifecycle import State
from gateway.core.pace import Canary, trust
from gateway.core.participation import Word, decline
from gateway.core.records import CommandRecord
from gateway.core.station import SITE
from gateway.core.world import Turn

type Name = tuple[str, str]
"""Utility and mRID of an event."""


def keep_back(turn: Turn, settled: Iterable[str]) -> list[str]:
    """Judge the events of the stations that were settled; return those that take no part in one now."""
    canary = turn.world.pace.canary
    if canary is None:
        return []
    names = tuple(settled)
    stations = turn.world.stations if not canary.stations.isdisjoint(names) else names
    changed: dict[str, None] = {}
    for name in dict.fromkeys(event for station in names for event in _events(turn, station)):
        problem = _problem(turn, canary, name)
        waiting = list(_waiting(turn, canary, name, stations)) if problem else []
        if waiting:
            utility, mrid = name
            turn.audit("canary.failed", utility, mrid, problem=problem, kept_back=len(waiting))
        for record in waiting:
            decline(turn, record, Word("canary", problem))
            changed[record.command.target.station] = None
    return list(changed)


def keep_late(turn: Turn, station: str) -> None:
    """Let a station that waits take no part in an event that the group is known not to carry out."""
    canary = turn.world.pace.canary
    if canary is not None and station not in canary.stations:
        keep_back(turn, (station,))


def _problem(turn: Turn, canary: Canary, name: Name) -> str:
    """Return what the canary group shows against an event; have it looked at again where it is too early."""
    records = [r for s in sorted(canary.stations) if (r := _record(turn, name, s)) is not None]
    if not records:
        return ""  # it is for none of them
    shift = turn.utility_now(name[0]) - turn.now.utc
    found = trust(canary, records, turn.now.utc + shift)
    if found.until is not None:
        state = turn.world.stations[records[0].command.target.station]
        at = found.until - shift
        state.wake_at = at if state.wake_at is None else min(at, state.wake_at)
        turn.world.wakes.ask(state.id, at)
        turn.emit(WakeAt(at))
    return found.problem


def _events(turn: Turn, station: str) -> Iterator[Name]:
    for record in turn.records(station):
        if record.interval is not None and not record.utility.startswith(SITE):
            yield record.utility, record.command.mrid


def _waiting(
    turn: Turn, canary: Canary, name: Name, stations: Iterable[str]
) -> Iterator[CommandRecord]:
    """Yield an event's records at stations that wait for the canary group, and were never declined."""
    for station in stations:
        record = None if station in canary.stations else _record(turn, name, station)
        waits = record is not None and record.waits_s and record.state is State.SCHEDULED
        if record is not None and waits and not record.declines and not _begun(turn, record):
            yield record


def _begun(turn: Turn, record: CommandRecord) -> bool:
    planned = record.planned
    return planned is not None and planned.start <= turn.time_of(record)


def _record(turn: Turn, name: Name, station: str) -> CommandRecord | None:
    utility, mrid = name
    return turn.world.records[station].get(f"{utility}/{station}/{mrid}")

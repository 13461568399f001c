"""Desired against reported, for people to read before anything is sent; and the order to send exactly that.

A plan says what stations would be told if no hold kept anything back and every command were translated by
the rules that hold now. It is made on copies: what the engine knows stays as it is. Its digest is over what
is desired and what is believed to be held; an order to apply it counts only while both are the same.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from gateway.core.events import Now
from gateway.core.ledger import Entry, plan
from gateway.core.orders import HoldChanged, PlanOrdered
from gateway.core.participation import Word, held, rejoin, stays
from gateway.core.payloads import clear_call
from gateway.core.plans import Plans
from gateway.core.records import CommandRecord
from gateway.core.settle import want
from gateway.core.station import StationState
from gateway.core.world import Turn, World

_WORD = Word("plan", "", held=True)


@dataclass(frozen=True, slots=True)
class Change:
    """One control that a station would be told: `set`, `change` or `clear`; `before` is what it holds.

    `why` names the command that it serves, or what became of it.
    """

    station: str
    control: str
    what: str
    command: str
    why: str
    functions: tuple[str, ...]
    action: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True)
class Proposal:
    """All that would be told, station by station; `notes` say of stations why it has to wait."""

    changes: tuple[Change, ...]
    rejoined: tuple[str, ...] = ()
    """Commands in which stations or sites would take part again."""
    notes: tuple[tuple[str, str], ...] = ()
    waits: bool = False
    """Whether a hold, or rules that were replaced, keep anything back."""

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 (hex) of what would be told in place of what is held."""
        told = [[asdict(change) for change in self.changes], self.rejoined]
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def propose(world: World, now: Now) -> Proposal:
    """Return what would be told now; nothing that `world` knows is changed."""
    turn = Turn(_copy(world), now)
    rejoined = []
    for records in turn.world.records.values():
        for record in tuple(records.values()):
            kept = stays(world, record.command.target.station)
            if record.declined == "hold" and not (record.over or kept):
                rejoin(turn, record, _WORD)
                rejoined.append(record.key)
    changes: list[Change] = []
    notes: list[tuple[str, str]] = []
    for state in turn.world.stations.values():
        note = stays(world, state.id) or _note(turn, state)
        if note:
            notes.append((state.id, note))
        changes += () if stays(world, state.id) else _changes(turn, state)
    waits = bool(world.hold or world.holds or world.translator.kept)
    return Proposal(tuple(changes), tuple(sorted(rejoined)), tuple(notes), waits)


def ordered(turn: Turn, event: PlanOrdered) -> Collection[str]:
    """Send what a plan said, if that is what would be sent now; return the stations to settle."""
    world = turn.world
    found = propose(world, turn.now)
    same = found.digest == event.digest
    world.applied = event.digest, same
    kind = "plan.applied" if same else "plan.refused"
    turn.audit(kind, event.actor, event.digest, reason=event.reason, found=found.digest)
    if not same:
        return ()
    world.translator.renew()
    names = [*([""] if world.hold else ()), *world.holds]
    for name in names:
        held(turn, HoldChanged(False, event.reason, event.actor, station=name))
    return (*world.stations, *world.sites)


def _copy(world: World) -> World:
    """Return a world in which nothing is held back, and all is translated by the rules that hold now."""
    records = {name: dict(found) for name, found in world.records.items()}
    return replace(
        world,
        translator=world.translator.by({}),
        records=defaultdict(dict, records),
        owed=dict(world.owed),
        offsets=dict(world.offsets),
        plans=Plans(),
        hold=None,
        holds={},
    )


def _note(turn: Turn, state: StationState) -> str:
    if state.profile is None:
        return "it never said what it is"
    if not turn.lines(state):
        return "no clock of its utilities is known"
    if not state.connected:
        return "it is away"
    if not state.ready or plan(state.ledger, {}, turn.now.utc).read_back:
        return "what it holds is read back first"
    return ""


def _changes(turn: Turn, state: StationState) -> Iterator[Change]:
    """Yield what the ledger's difference says, as far as it is known what the station holds."""
    lines = turn.lines(state)
    if state.profile is None or not lines:
        return
    found = want(turn, state, state.profile, lines)
    todo = plan(state.ledger, found.desired, turn.now.utc)
    for entry in todo.clear:
        action, _ = clear_call(entry.desired.action, entry.desired.payload)
        yield _change(turn, state, entry, action, None)
    for entry in todo.set:
        yield _change(turn, state, entry, entry.desired.action, entry.desired.payload)


def _change(
    turn: Turn, state: StationState, entry: Entry, action: str, after: Mapping[str, Any] | None
) -> Change:
    desired = entry.desired
    known = state.ledger.entries.get(desired.id)
    before = known.desired.payload if known is not None and known.may_be_held else None
    what = "clear" if after is None else "set" if before is None else "change"
    record = turn.world.records[state.id].get(desired.command)
    why = "its command is forgotten" if record is None else _why(record)
    functions = tuple(desired.functions)
    return Change(
        state.id, desired.id, what, desired.command, why, functions, action, before, after
    )


def _why(record: CommandRecord) -> str:
    """Return what a command is, in words."""
    command, span = record.command, record.planned
    what = "default" if span is None else f"event {_until(span.start, span.end)}"
    words = [f"{what}, primacy {command.primacy}, {record.state}", command.description]
    if record.declined:
        words.append(f"declined by {record.declined}")
    return "; ".join(filter(None, words))


def _until(start: datetime, end: datetime | None) -> str:
    return f"{start.isoformat()} to {'no end' if end is None else end.isoformat()}"


def instant(world: World, utc: datetime) -> Now:
    """Return an instant for a look at the engine: its clocks go on from the last event."""
    if world.heard_at is None:
        return Now(utc, 0.0)
    heard, monotonic = world.heard_at
    passed = max(timedelta(), utc - heard)
    return Now(utc, monotonic + passed.total_seconds())

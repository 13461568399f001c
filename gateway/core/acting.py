"""What to send to one station now: the ledger's difference, one call for each entry.

A station decides between DER controls by priority at receipt, whether or not their times overlap
(R04.FR.06-08). The gateway has cut the times apart already, so a control goes out with a priority
that disturbs nothing: its own where only a worse one is running, else a tie, which lets both stand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from gateway.core.effects import ReadBack
from gateway.core.evidence import composite_request
from gateway.core.failsafe import OWN
from gateway.core.ledger import (
    Desired,
    Entry,
    EntryState,
    Evidence,
    Plan,
    gives_up,
    holds,
    lengthens,
    plan,
)
from gateway.core.lifecycle import State
from gateway.core.orders import DrainMode
from gateway.core.payloads import clear_call
from gateway.core.proving import next_probe, unshown
from gateway.core.records import CommandRecord
from gateway.core.renewing import UPDATE, call_for, due, renewal
from gateway.core.site_views import awaits_share
from gateway.core.slots import Slot, slot_of_functions
from gateway.core.station import SITE, Purpose, StationState
from gateway.core.timeline import HOLD_OVER
from gateway.core.wanted import Wanted
from gateway.core.world import Turn
from translators.canonical.swift import changed

_TAKES_BACK = frozenset({DrainMode.DEFAULT, DrainMode.CLEAR})
"""Ends of the gateway that leave less at stations than runs there, whether all is held or not."""


def act(turn: Turn, state: StationState, found: Wanted) -> None:
    """Send what the ledger's difference says; read back first what is not known."""
    if not state.connected or not state.ready or state.reading:
        return
    desired = _drained(turn, found.desired)
    todo = plan(state.ledger, desired, turn.now.utc, _lingering(turn, state, found, desired))
    if todo.read_back:
        if not state.calls:
            read_back(turn, state)
        return
    for entry in todo.forget:
        turn.drop(state, entry.desired.id)
    hold = turn.held(state.id)
    if hold is None or hold.release or turn.world.drain in _TAKES_BACK:
        _carry_out(turn, state, found, desired, todo)
    else:
        _go_on(turn, state, found, todo)


def _go_on(turn: Turn, state: StationState, found: Wanted, todo: Plan) -> None:
    """Let what runs go on to its end while all is held, and take back what is declined.

    What its utility was told has to be true of either: so what runs is renewed, and where it was to end
    for one that is declined now, it is lengthened.
    """
    for entry in todo.clear:
        record = turn.world.records[state.id].get(entry.desired.command)
        if record is not None and record.declined:
            _clear(turn, state, entry)
    if turn.world.drain is None:
        for entry in todo.set:
            known = state.ledger.entries.get(entry.desired.id)
            if known is not None and lengthens(known, entry.desired, turn.now.utc):
                _set(turn, state, entry, found)
        _renew(turn, state, found.desired.keys())


def _carry_out(
    turn: Turn, state: StationState, found: Wanted, desired: Mapping[str, Desired], todo: Plan
) -> None:
    """Take back what is over, then set what is wanted; ask what has to be shown or renewed."""
    waiting = _taken_over(state, found, desired, turn.now.utc)
    awaited = awaits_share(turn.world, state.id)
    if awaited:
        waiting = frozenset(Slot)
    for entry in todo.clear:
        if slot_of_functions(entry.desired.functions) not in waiting:
            _clear(turn, state, entry)
    if turn.world.drain is None:
        for entry in todo.set:
            known = state.ledger.entries.get(entry.desired.id)
            if awaited and _shared(turn, state, entry):
                continue  # its site may say otherwise in a moment
            shrinks = known is not None and gives_up(known, entry.desired, turn.now.utc)
            if not (shrinks and slot_of_functions(entry.desired.functions) in waiting):
                _set(turn, state, entry, found)
        _probe(turn, state)
        _renew(turn, state, state.ledger.entries.keys())


def _shared(turn: Turn, state: StationState, entry: Entry) -> bool:
    """Say whether a control is a share of a site."""
    record = turn.world.records[state.id].get(entry.desired.command)
    slot = slot_of_functions(entry.desired.functions)
    return record is not None and slot is not None and record.utility.startswith(SITE)


def _taken_over(
    state: StationState, found: Wanted, desired: Mapping[str, Desired], now: datetime
) -> frozenset[Slot]:
    """Return slots where a control is not held yet that takes time from others: they stay.

    So they do where it was theirs to carry, and is due now: in between nothing would bound the station.
    """
    waiting = set()
    for control_id, wanted in desired.items():
        entry, slot = state.ledger.entries.get(control_id), slot_of_functions(wanted.functions)
        due = wanted.start is None or wanted.start <= now
        if slot is None or wanted.is_default or not (due or slot in found.shared):
            continue
        if entry is None or not (holds(entry, wanted) or gives_up(entry, wanted, now)):
            waiting.add(slot)
    return frozenset(waiting)


def _drained(turn: Turn, desired: dict[str, Desired]) -> dict[str, Desired]:
    match turn.world.drain:
        case DrainMode.CLEAR:
            return {}
        case DrainMode.DEFAULT:
            return {key: wanted for key, wanted in desired.items() if wanted.is_default}
        case _:
            return desired


def _lingering(
    turn: Turn, state: StationState, found: Wanted, desired: dict[str, Desired]
) -> frozenset[str]:
    """Return controls that stay although nothing wants them.

    Those that are over stay until their successor runs: no dip to the default. So do those of a utility
    whose clock is not known, limits that were refused in a new form, and fail-safe limits where a share of
    a site is refused in their place.
    """
    if turn.world.drain is not None:
        return frozenset()
    staying = set()
    for control_id, entry in state.ledger.entries.items():
        record = turn.world.records[state.id].get(entry.desired.command)
        if control_id in desired or record is None:
            continue
        if record.state is State.CANCELLING:
            if _stands_in(turn, state, entry, record, desired):
                staying.add(control_id)
            continue
        if _refused_anew(turn, entry, record, desired):
            staying.add(control_id)
        unheard = record.utility not in found.utilities
        if unheard or any(
            _bridges(state, entry, other, turn.now.utc) for other in found.desired.values()
        ):
            staying.add(control_id)
    return frozenset(staying)


def _refused_anew(
    turn: Turn, entry: Entry, record: CommandRecord, desired: Mapping[str, Desired]
) -> bool:
    """Say whether a limit was refused in the form that its command asks for now, and is held in an older one.

    Without that the station would be freer than before. Where other limits hold there, theirs is told: the
    old one could hide it. A share stays all the same: its site counts on it.
    """
    slot, now = slot_of_functions(entry.desired.functions), turn.now.utc
    refused = {slot_of_functions([function]) for function, _ in record.refused}
    if slot is None or slot not in refused or record.declined or not entry.may_be_held:
        return False
    interval = record.interval
    if interval is not None and not interval.covers(turn.time_of(record)):
        return False
    return record.utility.startswith(SITE) or not _taken(slot, desired, now)


def _stands_in(
    turn: Turn,
    state: StationState,
    entry: Entry,
    record: CommandRecord,
    desired: Mapping[str, Desired],
) -> bool:
    """Say whether a fail-safe limit is over while the share that would follow it is refused.

    Without both nothing would bound the station, and its site could only tell the excess.
    """
    slot = slot_of_functions(entry.desired.functions)
    if slot is None or not record.utility.startswith(OWN) or not entry.may_be_held:
        return False
    shares = (
        share
        for share in turn.world.records[state.id].values()
        if share.utility.startswith(SITE) and share.state is State.REFUSED and not share.declined
    )
    refused = {slot_of_functions([function]) for it in shares for function, _ in it.refused}
    return slot in refused and not _taken(slot, desired, turn.now.utc)


def _taken(slot: Slot, desired: Mapping[str, Desired], now: datetime) -> bool:
    """Say whether something that is wanted holds in a slot by now."""
    others = (other for other in desired.values() if slot_of_functions(other.functions) is slot)
    return any(other.start is None or other.start <= now for other in others)


def _bridges(state: StationState, entry: Entry, successor: Desired, now: datetime) -> bool:
    """Say whether `entry` may stay until `successor` has taken over, without being in its way."""
    if successor.is_default or not set(successor.functions) & set(entry.desired.functions):
        return False
    known = state.ledger.entries.get(successor.id)
    if successor.start is None or successor.start > now + HOLD_OVER:
        return False
    if successor.action == "SetChargingProfile":
        return known is None or known.state is not EntryState.HELD
    if known is not None and known.evidence is not Evidence.NONE:
        return False
    gone_by_then = entry.desired.end is not None and entry.desired.end <= successor.start
    told = successor if known is None else known.desired
    return gone_by_then or _priority(told.payload) < _priority(entry.desired.payload)


def read_back(turn: Turn, state: StationState) -> None:
    """Ask the station what it holds; until it says so nothing is sent."""
    state.reading = turn.world.next_request(state.id)
    turn.emit(ReadBack(state.id, state.reading))


def _set(turn: Turn, state: StationState, entry: Entry, found: Wanted) -> None:
    desired = _with_priority(state, entry, found, turn.now.utc)
    trace = found.traces[desired.id]
    action, payload = call_for(state, state.ledger.entries.get(desired.id), desired)
    turn.put(state, changed(entry, desired=desired, state=EntryState.SETTING))
    state.probed.pop(desired.id, None)
    if entry.evidence is Evidence.STARTED:
        state.changed |= {desired.id}
    turn.audit(
        "control.dispatched",
        "gateway",
        desired.id,
        station=state.id,
        command=desired.command,
        action=action,
        payload=payload,
        book=_rules(turn, desired.command),
        steps=trace.told.steps,
        losses=trace.losses,
    )
    purpose = Purpose.CHANGE if action == UPDATE else Purpose.SET
    turn.call(state, desired.id, purpose, action, payload)


def _rules(turn: Turn, command: str) -> str:
    """Return the digest of the rules that the command of a record is translated by."""
    return turn.world.translator.book_of(command).digest


def _with_priority(state: StationState, entry: Entry, found: Wanted, now: datetime) -> Desired:
    """Return the control with a priority under which it and its rivals stay what they are."""
    desired = entry.desired
    slot = _slot(desired.payload)
    if slot is None or desired.is_default:
        return desired
    rivals = [other for other in state.ledger.entries.values() if _rivals(entry, other, now)]
    own = desired.payload[slot]["priority"]
    priority = min([own, *(_priority(rival.desired.payload) for rival in rivals)])
    for rival in rivals:
        waits = rival.desired.id in found.desired and rival.evidence is not Evidence.STARTED
        priority = max(priority, _priority(rival.desired.payload)) if waits else priority
    if priority == own:
        return desired
    body = {**desired.payload[slot], "priority": priority}
    return changed(desired, payload={**desired.payload, slot: body})


def _rivals(entry: Entry, other: Entry, now: datetime) -> bool:
    """Say whether a station would decide between two scheduled controls: one type, both held."""
    same = other.desired.payload.get("controlType") == entry.desired.payload["controlType"]
    held = other.may_be_held and other.state is not EntryState.CLEARING and not other.swept(now)
    return same and held and not other.desired.is_default and other.desired.id != entry.desired.id


def _slot(payload: Mapping[str, Any]) -> str | None:
    """Return the member of a SetDERControl that carries its priority, None for a profile."""
    bodies = (name for name, value in payload.items() if "priority" in _members(value))
    return next(bodies, None) if "controlId" in payload else None


def _members(value: Any) -> Collection[str]:
    return value.keys() if isinstance(value, Mapping) else ()


def _priority(payload: Mapping[str, Any]) -> int:
    slot = _slot(payload)
    return 0 if slot is None else payload[slot]["priority"]


def _clear(turn: Turn, state: StationState, entry: Entry) -> None:
    turn.put(state, changed(entry, state=EntryState.CLEARING))
    action, payload = clear_call(entry.desired.action, entry.desired.payload)
    turn.audit("control.withdrawn", "gateway", entry.desired.id, action=action)
    turn.call(state, entry.desired.id, Purpose.CLEAR, action, payload)
    for other in turn.entries(state):
        if other.state is EntryState.ASIDE and _both_defaults(entry, other):
            turn.put(state, changed(other, state=EntryState.WANTED, older=True))


def _both_defaults(entry: Entry, other: Entry) -> bool:
    """Say whether a station put one aside for the other: it would not come back by itself."""
    same = entry.desired.payload.get("controlType") == other.desired.payload.get("controlType")
    return same and entry.desired.is_default and other.desired.is_default


def _probe(turn: Turn, state: StationState) -> None:
    """Ask for the composite schedule of profiles that are due and not yet shown to be in force."""
    now = turn.now.utc
    for entry in turn.entries(state):
        if unshown(state, entry, now) and next_probe(state, entry, now) <= now:
            state.probed[entry.desired.id] = now
            payload = composite_request(entry.desired.payload)
            turn.call(state, entry.desired.id, Purpose.PROBE, "GetCompositeSchedule", payload)


def _renew(turn: Turn, state: StationState, which: Collection[str]) -> None:
    """Let what would lapse of these live on; where a call has no answer yet, that one comes first."""
    now = turn.now.utc
    asked = {subject for subject, _ in state.calls.values()}
    for entry in turn.entries(state):
        at = due(state, entry, now) if entry.desired.id in which else None
        if at is not None and at <= now and entry.desired.id not in asked:
            call = renewal(state, entry)
            state.renewed[entry.desired.id] = now
            turn.audit("control.renewed", "gateway", entry.desired.id, action=call[0])
            turn.call(state, entry.desired.id, Purpose.RENEW, *call)

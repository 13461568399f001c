"""Settling one station: what time has done, what it should hold, what to send, whom to tell."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta

from gateway.core.dispatch import Scene, Wanted, wanted
from gateway.core.effects import ReadBack, SendToStation, WakeAt
from gateway.core.events import DrainMode
from gateway.core.evidence import composite_request
from gateway.core.ledger import Desired, Entry, EntryState, Evidence, plan
from gateway.core.lifecycle import CLAIMING, State, Trigger
from gateway.core.payloads import clear_call
from gateway.core.records import CommandRecord
from gateway.core.replies import CLEAR, PROBE, SET
from gateway.core.responses import tell
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.capability import StationProfile

PROBE_EVERY = timedelta(seconds=10)
"""How long to wait before a composite schedule is asked for again."""
_ROUNDS = 8
"""A refusal frees a function for the next command; more rounds than utilities nest commands."""


def settle(turn: Turn, state: StationState) -> None:
    """Bring one station as far as it can go now, and ask to be woken."""
    utility = state.rules.utility
    known = turn.offset(utility)
    unow = turn.utility_now(utility)
    _close_ended(turn, state, unow)
    if state.connected and not state.ready and not state.reading:
        _read_back(turn, state)
    if state.profile is not None and known is not None:
        found = _want(turn, state, state.profile, unow, known)
        _advance(turn, state, found, unow)
        _act(turn, state, found)
    _release(turn, state, unow)
    _wake(turn, state, unow)


def _step(turn: Turn, record: CommandRecord, trigger: Trigger) -> CommandRecord:
    """Move a command along the table and tell its utility what it is owed."""
    moved = record.step(trigger)
    outcome = moved.owed
    if moved.state is not record.state:
        turn.audit(f"command.{moved.state}", "gateway", record.key)
    if outcome is not None:
        moved = tell(turn, moved, outcome)
    turn.keep(moved)
    return moved


def _close_ended(turn: Turn, state: StationState, unow: datetime) -> None:
    for record in turn.records(state.id):
        planned = record.planned
        if planned is not None and planned.end is not None and planned.end <= unow:
            _step(turn, record, Trigger.ENDED)


def _want(
    turn: Turn, state: StationState, profile: StationProfile, unow: datetime, offset: timedelta
) -> Wanted:
    """Return what the station should hold; a refused command frees its functions."""
    for _ in range(_ROUNDS):
        scene = Scene(profile, state.situation(), turn.world.translator, unow, offset)
        found = wanted(turn.records(state.id), scene)
        if not _refuse(turn, state, found):
            break
    return found


def _refuse(turn: Turn, state: StationState, found: Wanted) -> bool:
    """Record refusals of the translation; say whether anything was new."""
    new = False
    for key, refusals in found.refusals.items():
        record = turn.world.records[state.id][key]
        refused = record.refuse(refusals)
        if refused != record:
            new = True
            turn.audit("command.refused", "gateway", key, refusals=[asdict(r) for r in refusals])
            turn.keep(refused)
    return new


def _advance(turn: Turn, state: StationState, found: Wanted, unow: datetime) -> None:
    """Let each event start, lose, or be refused, as evidence and arbitration say."""
    for record in turn.records(state.id):
        if record.refused and not record.command.is_default:
            record = _step(turn, record, Trigger.REFUSED)  # noqa: PLW2901 - the record moves on
        interval = record.interval
        if interval is None or record.state not in {State.SCHEDULED, State.ACTIVE}:
            continue
        record = _lose(turn, record, found, unow)  # noqa: PLW2901 - the record moves on
        if record.state is State.SCHEDULED and interval.start <= unow:
            served = found.vacuous.get(record.key, frozenset()) | _started(state, record)
            if record.functions <= served:
                _step(turn, record, Trigger.STARTED)


def _lose(turn: Turn, record: CommandRecord, found: Wanted, unow: datetime) -> CommandRecord:
    """Give up functions that another command holds for good from now on."""
    interval = record.interval
    if interval is None or unow < interval.start:
        return record
    ahead = {
        function
        for function, spans in found.segments.items()
        for span in spans
        if span.key == record.key and (span.interval.end is None or span.interval.end > unow)
    }
    gone = record.functions - ahead
    if not gone:
        return record
    lost = replace(record, lost=record.lost | gone)
    turn.keep(lost)
    return lost if ahead else _step(turn, lost, Trigger.BEATEN)


def _started(state: StationState, record: CommandRecord) -> frozenset[str]:
    """Return the functions of a command that the station showed to have started."""
    return frozenset(
        function
        for entry in state.ledger.of_command(record.key)
        if entry.evidence is not Evidence.NONE
        for function in entry.desired.functions
    )


def _act(turn: Turn, state: StationState, found: Wanted) -> None:
    """Send what the ledger's difference says; read back first what is not known."""
    if not state.connected or not state.ready or state.reading:
        return
    desired = _drained(turn, found.desired)
    todo = plan(state.ledger, desired, turn.now.utc, _lingering(turn, state, found, desired))
    if todo.read_back:
        if not state.calls:
            _read_back(turn, state)
        return
    for entry in todo.forget:
        turn.drop(state, entry.desired.id)
    for entry in todo.clear:
        _clear(turn, state, entry)
    if turn.world.drain is None:
        for entry in todo.set:
            _set(turn, state, entry, found)
        _probe(turn, state)


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
    """Return superseded controls that stay until their successor runs: no dip to the default."""
    if turn.world.drain is not None:
        return frozenset()
    waiting = set()
    for control_id, entry in state.ledger.entries.items():
        record = turn.world.records[state.id].get(entry.desired.command)
        if control_id in desired or record is None or record.state is State.CANCELLING:
            continue
        successors = [
            other
            for other in found.desired.values()
            if set(other.functions) & set(entry.desired.functions) and not other.is_default
        ]
        if any(_pending(state, other, turn.now.utc) for other in successors):
            waiting.add(control_id)
    return frozenset(waiting)


def _pending(state: StationState, successor: Desired, now: datetime) -> bool:
    """Say whether a successor that is due has not shown its start yet."""
    entry = state.ledger.entries.get(successor.id)
    due = successor.start is not None and successor.start <= now
    return due and (entry is None or entry.evidence is Evidence.NONE)


def _read_back(turn: Turn, state: StationState) -> None:
    state.reading = turn.world.next_request(state.id)
    turn.emit(ReadBack(state.id, state.reading))


def _call(
    turn: Turn, state: StationState, entry: Entry, purpose: str, call: tuple[str, dict[str, object]]
) -> None:
    request = turn.world.next_request(state.id)
    state.calls[request] = (entry.desired.id, purpose)
    turn.emit(SendToStation(state.id, request, *call))


def _set(turn: Turn, state: StationState, entry: Entry, found: Wanted) -> None:
    desired, trace = entry.desired, found.traces[entry.desired.id]
    turn.put(state, replace(entry, state=EntryState.SETTING))
    turn.audit(
        "control.dispatched",
        "gateway",
        desired.id,
        station=state.id,
        command=desired.command,
        action=desired.action,
        payload=dict(desired.payload),
        book=turn.world.translator.book.digest,
        steps=[asdict(step) for step in trace.steps],
        losses=[asdict(loss) for loss in trace.losses],
    )
    _call(turn, state, entry, SET, (desired.action, dict(desired.payload)))


def _clear(turn: Turn, state: StationState, entry: Entry) -> None:
    turn.put(state, replace(entry, state=EntryState.CLEARING))
    call = clear_call(entry.desired.action, entry.desired.payload)
    turn.audit("control.withdrawn", "gateway", entry.desired.id, action=call[0])
    _call(turn, state, entry, CLEAR, call)


def _probe(turn: Turn, state: StationState) -> None:
    """Ask for the composite schedule of profiles that are due and not yet shown to be in force."""
    now = turn.now.utc
    for entry in turn.entries(state):
        desired = entry.desired
        due = desired.start is not None and desired.start <= now
        waiting = entry.state is EntryState.HELD and entry.evidence is Evidence.NONE
        if desired.action != "SetChargingProfile" or not (due and waiting) or entry.expired(now):
            continue
        last = state.probed.get(desired.id)
        if last is None or now - last >= PROBE_EVERY:
            state.probed[desired.id] = now
            call = ("GetCompositeSchedule", composite_request(desired.payload))
            _call(turn, state, entry, PROBE, call)


def _release(turn: Turn, state: StationState, unow: datetime) -> None:
    """Finish withdrawals that the station has confirmed, or that it never knew of."""
    for record in turn.records(state.id):
        due = record.withdraw_at is not None and record.withdraw_at <= unow
        if record.state is not State.CANCELLING or not due:
            continue
        if not any(entry.may_be_held for entry in state.ledger.of_command(record.key)):
            _step(turn, record, Trigger.CLEARED)


def _wake(turn: Turn, state: StationState, unow: datetime) -> None:
    """Ask for a tick at the next instant that changes something here."""
    instants = []
    for record in turn.records(state.id):
        if record.state not in CLAIMING or record.interval is None:
            continue
        for interval in (record.interval, record.planned):
            if interval is not None:
                instants += [interval.start, interval.end]
    ahead = [instant - unow for instant in instants if instant is not None and instant > unow]
    ahead += [
        PROBE_EVERY for entry in state.ledger.entries.values() if _probing(entry, turn.now.utc)
    ]
    if ahead:
        turn.emit(WakeAt(turn.now.utc + min(ahead)))


def _probing(entry: Entry, now: datetime) -> bool:
    started = entry.desired.start is not None and entry.desired.start <= now
    profile = entry.desired.action == "SetChargingProfile"
    return profile and started and entry.evidence is Evidence.NONE and not entry.expired(now)

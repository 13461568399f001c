"""What stations say: answers to calls, read-backs, start and stop notices."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.core.charging import priority_replied
from gateway.core.effects import Persist, Table
from gateway.core.events import ControlsReported, NoticeReceived, ReplyStatus, StationReplied
from gateway.core.foreign import foreign_replied, take_in
from gateway.core.ledger import MAX_ATTEMPTS, Entry, EntryState, Evidence, reconcile
from gateway.core.proving import UNPROVED, probe_replied, read_back_in_place
from gateway.core.station import Purpose, StationState, station_document
from gateway.core.transactions import transaction_replied, transfer_replied
from gateway.core.world import Turn
from translators.canonical.swift import changed
from translators.canonical.telemetry import ControlOutcome
from translators.rules.trace import Refusal

MOST_IDS = 24
"""Of one list of superseded ids (SetDERControlResponse, NotifyDERStartStopRequest)."""
_REFUSALS = {
    ReplyStatus.REJECTED: ControlOutcome.NOT_APPLICABLE,
    ReplyStatus.NOT_FOUND: ControlOutcome.NOT_APPLICABLE,
    ReplyStatus.CALL_ERROR: ControlOutcome.NOT_APPLICABLE,
    ReplyStatus.NOT_SUPPORTED: ControlOutcome.NOT_SUPPORTED,
}


def replied(turn: Turn, state: StationState, event: StationReplied) -> None:
    """An answer came, or it is certain that none will; a second answer to one call is ignored."""
    subject, purpose = state.calls.pop(event.request_id, ("", None))
    entry = state.ledger.entries.get(subject)
    if purpose in _REPLIED_BESIDE:
        _REPLIED_BESIDE[purpose](turn, state, subject, event)
    elif entry is None or purpose is None:
        turn.audit("reply.unexpected", state.id, event.request_id, status=event.status.value)
    else:
        _REPLIED[purpose](turn, state, entry, _usable(turn, state, subject, purpose, event))


def _usable(
    turn: Turn, state: StationState, subject: str, purpose: Purpose, event: StationReplied
) -> StationReplied:
    """Return the answer; one that breaks its schema is kept, and says neither yes nor no."""
    broken = event.status is ReplyStatus.CALL_ERROR and event.payload
    if not broken or purpose is Purpose.PROBE:
        return event
    turn.audit(
        "answer.unusable",
        state.id,
        subject,
        purpose=purpose.value,
        reason=event.reason,
        payload=event.payload,
    )
    return changed(event, status=ReplyStatus.NO_ANSWER)


def _set_replied(turn: Turn, state: StationState, entry: Entry, event: StationReplied) -> None:
    if event.status is ReplyStatus.ACCEPTED:
        held = changed(entry, state=EntryState.HELD, attempts=0, reason="", older=False)
        turn.put(state, held)
        if entry.desired.action == "SetChargingProfile":
            state.renewed[entry.desired.id] = turn.now.utc
        if entry.desired.is_default:
            state.changed |= {entry.desired.id}
        turn.audit("control.accepted", state.id, entry.desired.id, command=entry.desired.command)
        _superseded(turn, state, event.payload.get("supersededIds", ()))
    elif event.status is ReplyStatus.NO_ANSWER:
        unknown = changed(entry, state=EntryState.UNKNOWN, attempts=entry.attempts + 1)
        turn.put(state, unknown)
        mute = unknown.attempts >= MAX_ATTEMPTS
        kind = "control.given_up" if mute else "control.unanswered"
        turn.audit(kind, state.id, entry.desired.id, attempts=unknown.attempts)
    elif event.status is ReplyStatus.NOT_SENT:
        turn.put(state, changed(entry, state=EntryState.WANTED))
    else:
        reason = f"{event.status}: {event.reason}".rstrip(": ")
        turn.put(state, changed(entry, state=EntryState.REFUSED, reason=reason))
        turn.audit("control.refused", state.id, entry.desired.id, reason=reason)
        _refuse_command(turn, state, entry, _REFUSALS[event.status], reason)


def _change_replied(turn: Turn, state: StationState, entry: Entry, event: StationReplied) -> None:
    """New numbers are held, unknown, or go out as a whole profile: an update refused refuses nothing."""
    if event.status in _REFUSALS:
        _update_refused(turn, state, entry, event)
    else:
        _set_replied(turn, state, entry, event)


def _superseded(
    turn: Turn, state: StationState, ids: Iterable[str], believed: EntryState = EntryState.ASIDE
) -> None:
    """The station itself put these aside (R04.FR.06, R04.FR.08, R04.FR.21): they will never run.

    Where a call about one of them is under way, its answer will tell. A list that is full may have been
    cut: what it does not name is read back.
    """
    named = tuple(ids)
    for control_id in named:
        entry = state.ledger.entries.get(control_id)
        if entry is not None and entry.state is EntryState.HELD:
            turn.put(state, changed(entry, state=believed))
            turn.audit("control.superseded", state.id, control_id)
    for entry in turn.entries(state) if len(named) >= MOST_IDS else ():
        if entry.state is EntryState.HELD and entry.desired.action == "SetDERControl":
            turn.put(state, changed(entry, state=EntryState.UNKNOWN))


def _refuse_command(
    turn: Turn, state: StationState, entry: Entry, outcome: ControlOutcome, reason: str
) -> None:
    record = turn.world.records[state.id].get(entry.desired.command)
    if record is None:
        return
    where, problem = f"{state.id}/{entry.desired.action}", reason
    refusals = tuple(
        Refusal(outcome, function, where, problem, "station")
        for function in entry.desired.functions
    )
    turn.keep(record.refuse(refusals))


def _clear_replied(turn: Turn, state: StationState, entry: Entry, event: StationReplied) -> None:
    match event.status:
        case ReplyStatus.ACCEPTED | ReplyStatus.NOT_FOUND:
            turn.drop(state, entry.desired.id)
            turn.audit("control.cleared", state.id, entry.desired.id, status=event.status.value)
        case ReplyStatus.NO_ANSWER:
            turn.put(state, changed(entry, state=EntryState.UNKNOWN))
        case ReplyStatus.NOT_SENT:
            turn.put(state, changed(entry, state=EntryState.WANTED, older=True))
        case _:
            failed = changed(entry, state=EntryState.CLEAR_FAILED, reason=event.reason)
            turn.put(state, failed)
            turn.audit("control.clear_failed", state.id, entry.desired.id, reason=event.reason)


def _renew_replied(turn: Turn, state: StationState, entry: Entry, event: StationReplied) -> None:
    """A profile lives on; else what the station holds of it is asked, or it is set anew."""
    if event.status is ReplyStatus.ACCEPTED:
        return
    state.renewed.pop(entry.desired.id, None)
    if event.status is ReplyStatus.NOT_SENT or entry.state is not EntryState.HELD:
        return
    if event.status is ReplyStatus.NO_ANSWER:
        state.static = True
        turn.put(state, changed(entry, state=EntryState.UNKNOWN))
        turn.audit("control.unanswered", state.id, entry.desired.id, attempts=0)
    else:
        _update_refused(turn, state, entry, event)


def _update_refused(turn: Turn, state: StationState, entry: Entry, event: StationReplied) -> None:
    """The whole profile goes out in place of an update."""
    state.static = state.static or event.status is not ReplyStatus.REJECTED
    turn.put(state, changed(entry, state=EntryState.WANTED, older=True))
    reason = f"{event.status}: {event.reason}".rstrip(": ")
    turn.audit("control.update_refused", state.id, entry.desired.id, reason=reason)


def reported(turn: Turn, state: StationState, event: ControlsReported) -> None:
    """A station said what it holds: believe it, keep what is foreign, name what it forgot."""
    if event.request_id != state.reading:
        return
    state.reading = ""
    state.ready = True
    after = reconcile(state.ledger, event.held, complete=event.complete, now=turn.now.utc)
    for control_id, entry in after.entries.items():
        before = state.ledger.entries[control_id]
        if before.state is not entry.state:
            turn.audit(
                "control.read_back",
                state.id,
                control_id,
                before=before.state.value,
                after=entry.state.value,
            )
        turn.put(state, entry)
    if state.note_own(event.held, complete=event.complete):
        turn.emit(Persist(Table.STATIONS, state.id, station_document(state)))
    for entry in read_back_in_place(turn, state):
        turn.put(state, changed(entry, state=EntryState.REFUSED, reason=UNPROVED))
        turn.audit("control.refused", state.id, entry.desired.id, reason=UNPROVED)
        _refuse_command(turn, state, entry, ControlOutcome.NOT_APPLICABLE, UNPROVED)
    take_in(turn, state, [c for c in event.held if c.id not in after.entries])


def noticed(turn: Turn, state: StationState, event: NoticeReceived) -> None:
    """A control started or ended; late, replayed and doubled notices change nothing."""
    notice = event.notice
    entry = state.ledger.entries.get(notice.control_id)
    if entry is None:
        turn.audit("notice.unknown", state.id, notice.control_id, started=notice.started)
        for control_id in filter(state.ledger.entries.get, notice.superseded_ids):
            turn.audit("control.overridden", state.id, control_id, by=notice.control_id)
        _superseded(turn, state, notice.superseded_ids, EntryState.UNKNOWN)
        return
    evidence = Evidence.STARTED if notice.started else Evidence.ENDED
    if entry.evidence is evidence or (notice.started and entry.evidence is Evidence.ENDED):
        return
    turn.put(state, changed(entry, evidence=evidence))
    kind = "control.started" if notice.started else "control.ended"
    turn.audit(kind, state.id, notice.control_id, at=notice.at.isoformat(), evidence="notice")
    # what is named here was put aside at receipt (R04.FR.21), it may have been set again since then
    _superseded(turn, state, notice.superseded_ids, EntryState.UNKNOWN)


def abandon(turn: Turn, state: StationState) -> None:
    """A new connection: outstanding calls of the old one have no answer any more.

    What was under way is unknown until the read-back; what stayed unanswered may be tried anew.
    """
    state.calls.clear()
    under_way = {EntryState.SETTING, EntryState.CLEARING}
    for entry in turn.entries(state):
        if entry.state in under_way:
            turn.put(state, changed(entry, state=EntryState.UNKNOWN, attempts=0))
        elif entry.state is EntryState.CLEAR_FAILED:
            turn.put(state, changed(entry, state=EntryState.HELD))
        elif entry.attempts:
            turn.put(state, changed(entry, attempts=0))


_REPLIED: dict[Purpose, Callable[[Turn, StationState, Entry, StationReplied], None]] = {
    Purpose.SET: _set_replied,
    Purpose.CHANGE: _change_replied,
    Purpose.RENEW: _renew_replied,
    Purpose.CLEAR: _clear_replied,
    Purpose.PROBE: probe_replied,
}
_REPLIED_BESIDE: dict[Purpose, Callable[[Turn, StationState, str, StationReplied], None]] = {
    Purpose.FOREIGN: foreign_replied,
    Purpose.PRIORITY: priority_replied,
    Purpose.TRANSACTION: transaction_replied,
    Purpose.TRANSFER: transfer_replied,
}

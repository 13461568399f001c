"""Whether a station shows that it does what it accepted: asked for, judged, and doubted.

A profile is proved by the station's own composite schedule; a station that has none is believed
once the start is reached. An answer that breaks its schema proves nothing: it is kept in the audit,
and the profiles are read back in its place.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.core.events import ReplyStatus, StationReplied
from gateway.core.evidence import Shown, judge
from gateway.core.ledger import MAX_ATTEMPTS, Entry, EntryState, Evidence
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.swift import changed

_SET = "SetChargingProfile"
PROBE_EVERY = timedelta(seconds=10)
"""How long to wait before a composite schedule is asked for again."""
UNPROVED = "accepted, and nothing that the station reports shows it"


def unshown(state: StationState, entry: Entry, now: datetime) -> bool:
    """Say whether a profile is held and due, and the station has not shown it, or not its new numbers.

    A default is due while no event has a profile in force.
    """
    desired = entry.desired
    if desired.action != _SET or entry.state is not EntryState.HELD:
        return False
    changed = desired.id in state.changed
    if desired.is_default:
        return changed and not any(_in_force(e, now) for e in state.ledger.entries.values())
    due = desired.start is not None and desired.start <= now and not entry.expired(now)
    return due and (changed or entry.evidence is Evidence.NONE)


def _in_force(entry: Entry, now: datetime) -> bool:
    started = entry.evidence is Evidence.STARTED and not entry.expired(now)
    return started and entry.desired.action == _SET


def next_probe(state: StationState, entry: Entry, now: datetime) -> datetime:
    """Return when its composite schedule may be asked for."""
    last = state.probed.get(entry.desired.id)
    return now if last is None else last + PROBE_EVERY


def probe_replied(turn: Turn, state: StationState, entry: Entry, event: StationReplied) -> None:
    """The composite schedule tells what is in force; without one, acceptance counts."""
    match event.status:
        case ReplyStatus.NO_ANSWER | ReplyStatus.NOT_SENT:
            return
        case ReplyStatus.CALL_ERROR:
            _doubt(turn, state, entry, event)
            return
        case ReplyStatus.ACCEPTED:
            shown = judge(entry.desired.payload, event.payload)
        case _:
            shown = Shown.UNTOLD
    if shown is Shown.NOT_IN_FORCE:
        turn.audit("control.not_in_force", state.id, entry.desired.id, schedule=event.payload)
        if entry.desired.is_default:  # told once: it has no end at which that would be settled
            state.changed -= {entry.desired.id}
        return
    basis = "composite schedule" if shown is Shown.IN_FORCE else "accepted, start reached"
    _prove(turn, state, entry, basis)


def _prove(turn: Turn, state: StationState, entry: Entry, basis: str) -> None:
    control_id = entry.desired.id
    state.doubted.pop(control_id, None)
    state.changed -= {control_id}
    if entry.desired.is_default:
        turn.audit("control.shown", state.id, control_id, evidence=basis)
        return
    kind = "control.started" if entry.evidence is Evidence.NONE else "control.changed"
    turn.put(state, changed(entry, evidence=Evidence.STARTED))
    turn.audit(kind, state.id, control_id, evidence=basis)


def _doubt(turn: Turn, state: StationState, entry: Entry, event: StationReplied) -> None:
    """No usable answer: keep it, and have the profiles read back."""
    control_id = entry.desired.id
    turn.audit(
        "answer.unusable",
        state.id,
        control_id,
        action="GetCompositeSchedule",
        reason=event.reason,
        payload=event.payload,
    )
    if entry.state is EntryState.HELD:
        state.doubted[control_id] = state.doubted.get(control_id, 0) + 1
        turn.put(state, changed(entry, state=EntryState.UNKNOWN))


def read_back_in_place(turn: Turn, state: StationState) -> tuple[Entry, ...]:
    """Believe what a read-back shows of doubted profiles; return those that it never shows."""
    never = []
    for control_id, times in tuple(state.doubted.items()):
        entry = state.ledger.entries[control_id]
        if entry.state is EntryState.HELD:
            _prove(turn, state, entry, "profiles read back")
        elif times >= MAX_ATTEMPTS:
            del state.doubted[control_id]
            never.append(entry)
    return tuple(never)

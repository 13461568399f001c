"""Controls and profiles that a station holds and the ledger does not know: ours once, or of somebody else.

What was ours and was let go comes back into the ledger, and is cleared as nothing wants it: the station
had said that it was gone. What nobody here set is kept and told, or taken back where the site says so; a
default may be the station's own factory setting, and is never taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.core.events import HeldControl, ReplyStatus, StationReplied
from gateway.core.ledger import Desired, Entry, EntryState
from gateway.core.payloads import clear_call
from gateway.core.station import Purpose, StationState
from gateway.core.world import Turn


def take_in(turn: Turn, state: StationState, held: Sequence[HeldControl]) -> None:
    """Know what was ours again; name what is foreign, and take it back where the site's policy says so."""
    foreign = [control for control in held if control.id not in state.gone]
    for control in held:
        if control.id in state.gone:
            _returned(turn, state, control)
    if foreign:
        turn.audit("control.foreign", state.id, state.id, ids=[control.id for control in foreign])
    if state.rules.policy.get("foreign_controls") == "clear":
        for control in foreign:
            if not control.payload.get("isDefault", False):
                _take_back(turn, state, control)


def _returned(turn: Turn, state: StationState, control: HeldControl) -> None:
    is_default = bool(control.payload.get("isDefault", False))
    desired = Desired(
        control.id, "", control.action, control.payload, (), None, None, is_default=is_default
    )
    turn.audit("control.returned", state.id, control.id)
    turn.put(state, Entry(desired, EntryState.HELD))


def _take_back(turn: Turn, state: StationState, control: HeldControl) -> None:
    action, payload = clear_call(control.action, control.payload)
    request = turn.call(state, control.id, Purpose.FOREIGN, action, payload)
    state.foreign[request] = str(control.payload.get("controlType", ""))
    turn.audit("control.foreign_withdrawn", "gateway", control.id, station=state.id, action=action)


def foreign_replied(
    turn: Turn, state: StationState, control_id: str, event: StationReplied
) -> None:
    """A station let go of what somebody else set, or did not: the next read-back shows it again.

    What it had put aside for that would not come back by itself (R04.FR.09): it is set anew.
    """
    gone = event.status in {ReplyStatus.ACCEPTED, ReplyStatus.NOT_FOUND}
    kind = "control.foreign_cleared" if gone else "control.clear_failed"
    turn.audit(kind, state.id, control_id, status=event.status.value, reason=event.reason)
    control_type = state.foreign.pop(event.request_id)
    for entry in turn.entries(state) if gone else ():
        same = entry.desired.payload.get("controlType") == control_type
        if same and entry.state is EntryState.ASIDE:
            turn.put(state, replace(entry, state=EntryState.WANTED, older=True))

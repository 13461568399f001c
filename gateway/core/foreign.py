"""Controls and profiles that a station holds and that nobody here set: kept and told, or taken back.

A default that we did not set may be the station's own factory setting: it is never taken back.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.effects import SendToStation
from gateway.core.events import HeldControl, ReplyStatus, StationReplied
from gateway.core.payloads import clear_call
from gateway.core.station import Purpose, StationState
from gateway.core.world import Turn


def take_in(turn: Turn, state: StationState, held: Sequence[HeldControl]) -> None:
    """Name what is foreign; where the site's policy says so, take it back."""
    if held:
        turn.audit("control.foreign", state.id, state.id, ids=[control.id for control in held])
    if state.rules.policy.get("foreign_controls") != "clear":
        return
    for control in held:
        if not control.payload.get("isDefault", False):
            _take_back(turn, state, control)


def _take_back(turn: Turn, state: StationState, control: HeldControl) -> None:
    action, payload = clear_call(control.action, control.payload)
    request = turn.world.next_request(state.id)
    state.calls[request] = (control.id, Purpose.FOREIGN)
    turn.audit("control.foreign_withdrawn", "gateway", control.id, station=state.id, action=action)
    turn.emit(SendToStation(state.id, request, action, payload))


def foreign_replied(
    turn: Turn, state: StationState, control_id: str, event: StationReplied
) -> None:
    """A station let go of what somebody else set, or did not: the next read-back shows it again."""
    gone = event.status in {ReplyStatus.ACCEPTED, ReplyStatus.NOT_FOUND}
    kind = "control.foreign_cleared" if gone else "control.clear_failed"
    turn.audit(kind, state.id, control_id, status=event.status.value, reason=event.reason)

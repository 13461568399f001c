"""Moving a station to another security profile or address (A05, B09, B10).

The new profile goes into a slot that the station does not use, then to the head of its list, and the
station restarts when nobody charges. The old one stays behind it as the fallback: a station that
cannot come by the new profile comes back by the old, and nothing is lost. Once it came by the higher
one, admission refuses the lower (A05.FR.07).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.events import ReplyStatus
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations import variables
from gateway.stations.certificates import said
from gateway.stations.context import Caller, Json
from gateway.stations.errands import Move, Outcome
from gateway.stations.outcomes import open_ended

_COMM, _SECURITY = "OCPPCommCtrlr", "SecurityCtrlr"
_PRIORITY = (_COMM, "NetworkConfigurationPriority")
_ACTIVE = (_COMM, "ActiveNetworkProfile")
_PROFILE = (_SECURITY, "SecurityProfile")
_DOWNGRADE = (_SECURITY, "AllowSecurityProfileDowngrade")
_SLOTS = range(1, 9)
_TAKEN = frozenset({"Accepted", "RebootRequired"})
_MESSAGE_TIMEOUT_S = 30
_SCHEMES = {1: "ws://", 2: "wss://", 3: "wss://"}


@dataclass(frozen=True, slots=True)
class Present:
    """What a station says of its connections; `slots` best first."""

    slots: tuple[str, ...]
    active: str
    profile: int
    may_downgrade: bool

    @property
    def free(self) -> str:
        """Return a slot that is not in use: one that stands nowhere, else the last in the list."""
        unused = next((str(n) for n in _SLOTS if str(n) not in {*self.slots, self.active}), "")
        return unused or next(slot for slot in reversed(self.slots) if slot != self.active)


@dataclass(frozen=True, slots=True)
class Moved:
    """How a move ended; `may_come`: whether the station may come by the new profile from now on."""

    outcome: Outcome
    may_come: bool


def unfit(move: Move) -> str:
    """Return what is wrong with a move before anybody is asked, nothing where it is sound."""
    scheme = _SCHEMES.get(move.profile)
    if scheme is None:
        return f"{move.profile} is no security profile that a station is moved to"
    if not move.url.startswith(scheme):
        return f"security profile {move.profile} needs an address that begins with {scheme}"
    return ""


def downgrade(move: Move, present: Present, version: str) -> str:
    """Return why a move would take security away, nothing where it does not.

    Only 2.1 knows a way down, from 3 to 2, and only where the station allows it (A05.FR.08).
    """
    if move.profile >= present.profile:
        return ""
    if version == "2.1" and (present.profile, move.profile) == (3, 2) and present.may_downgrade:
        return ""
    return f"it has security profile {present.profile}, and goes down to none below (A05.FR.02)"


def connection(move: Move, version: str, password: str = "") -> Json:
    """Return a NetworkConnectionProfile; `password` only in 2.1, where each slot has its own."""
    found: Json = {
        "ocppInterface": move.interface or ("Any" if version == "2.1" else "Wired0"),
        "ocppTransport": "JSON",
        "messageTimeout": _MESSAGE_TIMEOUT_S,
        "ocppCsmsUrl": move.url,
        "securityProfile": move.profile,
    }
    if version != "2.1":
        found["ocppVersion"] = "OCPP20"  # all that the schema of 2.0.1 knows
    if password:
        found["basicAuthPassword"] = password
    return found


async def present(call: Caller) -> Present | None:
    """Ask a station how it connects, None where it does not say."""
    wanted = (_PRIORITY, _ACTIVE, _PROFILE, _DOWNGRADE)
    slots, active, profile, may = await variables.ask(call, *wanted)
    known = _slots(slots)
    if not known or profile is None or not profile.isdecimal():
        return None
    return Present(known, active or known[0], int(profile), (may or "").lower() == "true")


async def move_to(call: Caller, move: Move, found: Present, profile: Json) -> Moved:
    """Carry a move out: slot, then list, then restart.

    What is refused leaves the list as it was. Where an answer lacks, the list is read, and put back
    unless the new slot is first; what the station does not say then stays open.
    """
    slot = found.free
    listed = slot in found.slots  # then it is a way back, whatever becomes of the list
    wanted = ",".join((slot, *(item for item in found.slots if item != slot)))
    request = {"configurationSlot": int(slot), "connectionData": profile}
    reply = await call("SetNetworkProfile", request, Priority.HOUSEKEEPING)
    if reply.status is not ReplyStatus.ACCEPTED:  # B09.FR.02
        told = f"it did not take the network profile: {said(reply)}"
        return _stays(told, may_come=listed and open_ended(reply))
    status, answer = await variables.put(call, _PRIORITY, wanted)
    if status not in _TAKEN:  # A05.FR.03-05
        told = f"it did not put the new profile first: {status or said(answer)}"
        if not open_ended(answer):
            return _stays(told, may_come=listed)
        (now,) = await variables.ask(call, _PRIORITY)
        if _slots(now)[:1] != (slot,):
            return await _put_back(call, found, told)
    reply = await call("Reset", {"type": "OnIdle"}, Priority.HOUSEKEEPING)  # B10.FR.02
    if open_ended(reply):
        return _stays(f"whether it restarts is not known: {said(reply)}", may_come=True)
    if reply.payload.get("status") not in {"Accepted", "Scheduled"}:
        return await _put_back(call, found, f"it does not restart: {said(reply)}")
    words = f"slot {slot} with security profile {move.profile} comes first at its restart"
    return Moved(Outcome(done=True, words=words), may_come=True)


async def _put_back(call: Caller, found: Present, told: str) -> Moved:
    """Give a station its old list again, so that no later restart moves it."""
    status, answer = await variables.put(call, _PRIORITY, ",".join(found.slots))
    if status in _TAKEN:
        return _stays(told, may_come=found.free in found.slots)
    words = f"{told}; whether its old list counts is not known: {status or said(answer)}"
    return _stays(words, may_come=True)


def _stays(words: str, *, may_come: bool) -> Moved:
    return Moved(Outcome(done=False, words=words), may_come)


def _slots(told: str | None) -> tuple[str, ...]:
    """Return the slots of a list, best first."""
    parts = (part.strip() for part in (told or "").split(","))
    return tuple(part for part in parts if part.isdecimal())

"""What a station is asked, and tells, of charging besides profiles: K12, K21, K22 and block Q of OCPP 2.1."""

from __future__ import annotations

from collections.abc import Callable

from gateway.simulators.station_core import Core
from gateway.simulators.station_evse import Evse
from gateway.simulators.station_wire import Json, status

_DISCHARGES = "BPT"
"""What the name of every bidirectional energy transfer has."""


def afrr_signal(core: Core, payload: Json, now: float) -> Json:
    """Answer an AFRRSignal: NoSignalWattCurve where no running profile knows what to make of it."""
    running = [core.around(place.number) for place in core.evses if place.transaction]
    return core.profiles.signal(payload, running, now)


def use_priority(core: Core, payload: Json, _now: float) -> Json:
    """Answer a UsePriorityCharging (K21), and tell what became of it."""
    place = _of(core, payload["transactionId"])
    if place is None:
        return status("Rejected", "TxNotFound", payload["transactionId"])
    if not core.profiles.has_priority(place.number):
        return status("NoProfile")
    prioritise(core, place.number, activated=payload["activate"])
    return status("Accepted")


def allowed_transfer(core: Core, payload: Json, _now: float) -> Json:
    """Answer a NotifyAllowedEnergyTransfer: without a bidirectional mode nothing is discharged."""
    place = _of(core, payload["transactionId"])
    if place is None:
        return status("Rejected", "TxNotFound", payload["transactionId"])
    if any(_DISCHARGES in mode for mode in payload["allowedEnergyTransfer"]):
        core.profiles.charging_only.discard(place.number)
    else:
        core.profiles.charging_only.add(place.number)
    return status("Accepted")


def prioritise(core: Core, evse: int, *, activated: bool) -> None:
    """Let a driver (K22), or the CSMS, begin or end priority charging; each change is told once."""
    place = core.evse(evse)
    if place.transaction is None or (evse in core.profiles.prior) is activated:
        return
    core.profiles.prior ^= {evse}
    told = {"transactionId": place.transaction.id, "activated": activated}
    core.tell("NotifyPriorityCharging", told)


def limit_from(core: Core, source: str, watts: float | None, evse: int = 0) -> None:
    """Let somebody else (`EMS`, say) limit the charge of an EVSE or the station, or end that (K12, K13)."""
    core.profiles.limit(source, evse, watts)
    if watts is None:
        core.tell("ClearedChargingLimit", {"chargingLimitSource": source, "evseId": evse})
        return
    schedule = {
        "id": 1,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": watts}],
    }
    told = {"chargingLimit": {"chargingLimitSource": source}, "chargingSchedule": [schedule]}
    core.tell("NotifyChargingLimit", {"evseId": evse, **told})


def _of(core: Core, transaction: str) -> Evse | None:
    running = ((place, place.transaction) for place in core.evses)
    return next((place for place, own in running if own and own.id == transaction), None)


HANDLERS: dict[str, Callable[[Core, Json, float], Json]] = {
    "AFRRSignal": afrr_signal,
    "UsePriorityCharging": use_priority,
    "NotifyAllowedEnergyTransfer": allowed_transfer,
}

"""K, Q: charging profiles as a station holds them, and what it says of its own limits and needs."""

from __future__ import annotations

from gateway.core.events import HeldControl, StationDescribed
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context, Handler, Json
from translators.ocpp.inbound import held_profiles


def report(context: Context, payload: Json) -> Json:
    """Collect a part of the profiles that the station holds (K09)."""
    context.collect(payload)
    return {}


async def read_back(context: Context) -> tuple[list[HeldControl], bool]:
    """Return every profile that a CSMS set, and whether that is all.

    A station without smart charging holds none.
    """
    request = {"chargingProfile": {"chargingLimitSource": ["CSO"]}}
    found = await context.gather("GetChargingProfiles", request, Priority.GRID)
    held = [item for part in found.parts for item in held_profiles(part)]
    controls = [HeldControl(h.id, h.action, h.payload, h.superseded) for h in held]
    return controls, found.complete


def needs(context: Context, payload: Json) -> Json:
    """Take in what a car can do: the station is described anew (K15.FR.01, R03.FR.05)."""
    entry, evse = context.entry, payload["evseId"]
    profile = context.plate.plugged(entry, context.version, evse, payload["chargingNeeds"])
    if profile is not None:
        context.post(StationDescribed(entry.id, profile))
    return {"status": "Accepted"}


def _accepted(_context: Context, _payload: Json) -> Json:
    return {"status": "Accepted"}


def _rejected(_context: Context, _payload: Json) -> Json:
    return {"status": "Rejected"}


def _noted(_context: Context, _payload: Json) -> Json:
    return {}


HANDLERS: dict[str, Handler] = {
    "ReportChargingProfiles": report,
    "NotifyEVChargingNeeds": needs,
    "NotifyEVChargingSchedule": _accepted,
    "NotifyChargingLimit": _noted,
    "ClearedChargingLimit": _noted,
    "NotifyPriorityCharging": _noted,
    "PullDynamicScheduleUpdate": _rejected,
}

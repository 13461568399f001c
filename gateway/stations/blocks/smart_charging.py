"""K, Q: charging profiles as a station holds them, and what it says of its own limits and needs."""

from __future__ import annotations

from gateway.core.events import HeldControl, ReplyStatus
from gateway.stations.context import Context, Handler, Json
from translators.ocpp.inbound import held_profiles

REPORT_TIMEOUT_S = 30.0


def report(context: Context, payload: Json) -> Json:
    """Collect a part of the profiles that the station holds (K09)."""
    context.collect(payload)
    return {}


async def read_back(context: Context) -> tuple[list[HeldControl], bool]:
    """Return every profile that a CSMS set, and whether that is all."""
    number, collected = context.open_report()
    request = {"requestId": number, "chargingProfile": {"chargingLimitSource": ["CSO"]}}
    reply = await context.call("GetChargingProfiles", request)
    told = reply.status is ReplyStatus.NOT_FOUND  # NoProfiles
    if reply.status is ReplyStatus.ACCEPTED:
        told = await collected.wait(REPORT_TIMEOUT_S)
    context.reports.pop(number, None)
    held = [item for part in collected.parts for item in held_profiles(part)]
    return [HeldControl(h.id, h.action, h.payload, h.superseded) for h in held], told


def _accepted(_context: Context, _payload: Json) -> Json:
    return {"status": "Accepted"}


def _rejected(_context: Context, _payload: Json) -> Json:
    return {"status": "Rejected"}


def _noted(_context: Context, _payload: Json) -> Json:
    return {}


HANDLERS: dict[str, Handler] = {
    "ReportChargingProfiles": report,
    "NotifyEVChargingNeeds": _accepted,
    "NotifyEVChargingSchedule": _accepted,
    "NotifyChargingLimit": _noted,
    "ClearedChargingLimit": _noted,
    "NotifyPriorityCharging": _noted,
    "PullDynamicScheduleUpdate": _rejected,
}

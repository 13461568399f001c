"""B: boot, heartbeat, and the base report that says what a station can do."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.events import ReplyStatus
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context, Handler, Json
from translators.canonical.capability import Evse, StationProfile
from translators.ocpp.inbound import capability, with_rating

REPORT_TIMEOUT_S = 30.0
"""How long a base report may take before the settings alone count."""


def boot(context: Context, payload: Json) -> Json:
    """Accept an enrolled station and set its clock and heartbeat (B01.FR.02)."""
    station = payload["chargingStation"]
    context.entry = replace(
        context.entry,
        vendor=context.entry.vendor or station["vendorName"],
        model=context.entry.model or station["model"],
    )
    return {
        "currentTime": context.instant(),
        "interval": context.heartbeat_s,
        "status": "Accepted",
    }


def heartbeat(context: Context, _payload: Json) -> Json:
    """Tell the time (G02.FR.02)."""
    return {"currentTime": context.instant()}


def notify_report(context: Context, payload: Json) -> Json:
    """Collect a part of the base report (B07.FR.08)."""
    context.collect(payload)
    return {}


async def discover(context: Context, timeout_s: float = REPORT_TIMEOUT_S) -> StationProfile:
    """Return what the station is: its base report, over it the settings.

    A station that cannot or does not report is what the settings say.
    """
    number, report = context.open_report()
    request = {"requestId": number, "reportBase": "FullInventory"}
    reply = await context.call("GetBaseReport", request, Priority.HOUSEKEEPING)
    evses = context.entry.evses
    if reply.status is ReplyStatus.ACCEPTED:
        await report.wait(timeout_s)
        items = [item for part in report.parts for item in part.get("reportData", ())]
        evses = capability(evses, items)
    context.reports.pop(number, None)
    return _profile(context, evses)


def _profile(context: Context, evses: tuple[Evse, ...]) -> StationProfile:
    entry = context.entry
    return StationProfile(
        id=entry.id,
        ocpp_version=context.version,
        nominal_frequency_hz=entry.nominal_frequency_hz,
        evses=tuple(_overridden(context, evse) for evse in evses),
        vendor=entry.vendor,
        model=entry.model,
        dialect=entry.dialect,
    )


def _overridden(context: Context, evse: Evse) -> Evse:
    for name, value in context.entry.overrides.get(evse.id, {}).items():
        evse = replace(evse, ratings=with_rating(evse.ratings, name, value))
    if context.version != "2.1":
        return replace(evse, der_modes=frozenset(), v2x_operation_modes=frozenset())
    return evse


HANDLERS: dict[str, Handler] = {
    "BootNotification": boot,
    "Heartbeat": heartbeat,
    "NotifyReport": notify_report,
}

"""B: boot, heartbeat, and the base report that says what a station can do."""

from __future__ import annotations

from dataclasses import replace

from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context, Handler, Json
from translators.canonical.capability import StationProfile


def boot(context: Context, payload: Json) -> Json:
    """Accept an enrolled station and set its clock and heartbeat (B01.FR.02)."""
    context.forget_reports()
    station = payload["chargingStation"]
    context.entry = replace(
        context.entry,
        vendor=context.entry.vendor or station["vendorName"],
        model=context.entry.model or station["model"],
        firmware=station.get("firmwareVersion", ""),
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


async def discover(context: Context) -> StationProfile:
    """Return what the station is: its base report as far as it came, over it the settings.

    A station that cannot or does not report is what the settings say.
    """
    request = {"reportBase": "FullInventory"}
    found = await context.gather("GetBaseReport", request, Priority.HOUSEKEEPING)
    items = [item for part in found.parts for item in part.get("reportData", ())]
    return context.plate.reported(context.entry, context.version, items)


HANDLERS: dict[str, Handler] = {
    "BootNotification": boot,
    "Heartbeat": heartbeat,
    "NotifyReport": notify_report,
}

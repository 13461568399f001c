"""B: boot, heartbeat, and the base report that says what a station can do."""

from __future__ import annotations

from dataclasses import replace

import structlog

from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context, Handler, Json
from translators.canonical.capability import RATING_NAMES, Evse, StationProfile
from translators.ocpp.capability import described
from translators.rules.dialects import Dialect, reading

log = structlog.get_logger()


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
    entry = context.entry
    told = described(entry.book, context.version, entry.evses, items)
    for problem in told.problems:
        log.info("station.unreadable", station=entry.id, problem=problem)
    return _profile(context, told.evses)


def _profile(context: Context, evses: tuple[Evse, ...]) -> StationProfile:
    entry = context.entry
    read = reading(entry.book.of(Dialect), entry.vendor, entry.model, entry.firmware)
    stated = ("settings",) if entry.readings else ()
    return StationProfile(
        id=entry.id,
        ocpp_version=context.version,
        nominal_frequency_hz=entry.nominal_frequency_hz,
        evses=tuple(_overridden(context, evse) for evse in evses),
        vendor=entry.vendor,
        model=entry.model,
        dialect=replace(read.dialect, **entry.readings),
        firmware=entry.firmware,
        dialect_pack=", ".join((*stated, *read.packs)),
    )


def _overridden(context: Context, evse: Evse) -> Evse:
    named = context.entry.overrides.get(evse.id, {})
    ratings = replace(evse.ratings, **{RATING_NAMES[name]: value for name, value in named.items()})
    if context.version != "2.1":  # neither exists in 2.0.1, whatever the settings say
        return replace(
            evse, ratings=ratings, der_modes=frozenset(), v2x_operation_modes=frozenset()
        )
    return replace(evse, ratings=ratings)


HANDLERS: dict[str, Handler] = {
    "BootNotification": boot,
    "Heartbeat": heartbeat,
    "NotifyReport": notify_report,
}

"""B: boot, heartbeat, and the reports that say what a station can do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from gateway.core.events import SecurityNoticed, StationDescribed
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context, Handler, Json
from gateway.stations.device_model import Make, instant_of, kept_names
from gateway.stations.registration import Registration
from translators.canonical.capability import StationProfile

log = structlog.get_logger()

_ATTEMPTS = 2
"""How often a base report that did not come whole is asked for again."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a station is, as far as its report came; `lacking`: it answered, and there is more to come.

    A station that does not answer such a question is not asked again: grid commands would wait for it.
    """

    profile: StationProfile
    lacking: bool


def boot(context: Context, payload: Json) -> Json:
    """Let an enrolled station in as far as it may, and set its clock and heartbeat (B01 to B03)."""
    context.forget_reports()
    if context.plate.watch is not None:
        context.plate.watch.forget_streams()
    station = payload["chargingStation"]
    context.registration = _registration(context, station)
    foreign, before = context.registration is Registration.REJECTED, context.plate.foreign
    context.plate.foreign = foreign
    if foreign is not before:
        context.keep_model()
    if not foreign:
        firmware = station.get("firmwareVersion", "")
        context.plate.booted(Make(station["vendorName"], station["model"], firmware))
    return {
        "currentTime": context.instant(),
        "interval": context.heartbeat_s,  # after a refusal: when to boot again (B02.FR.04)
        "status": context.registration.value,
    }


def _registration(context: Context, station: Json) -> Registration:
    """Return how far a station is let in: another device under an enrolled id is not (B03)."""
    enrolled, shown = context.entry.serial_number, station.get("serialNumber", "")
    if enrolled and shown and enrolled != shown:
        name, problem = context.entry.id, f"boots with serial number {shown}, not {enrolled}"
        context.post(SecurityNoticed("station.foreign", name, name, problem))
        return Registration.REJECTED
    return context.admits


def heartbeat(context: Context, _payload: Json) -> Json:
    """Tell the time (G02.FR.02)."""
    return {"currentTime": context.instant()}


def notify_report(context: Context, payload: Json) -> Json:
    """Collect a part of a report (B07.FR.08)."""
    context.collect("NotifyReport", payload)
    return {}


async def discover(context: Context) -> Discovered:
    """Ask what the station is: its base report, as far as it comes, over what it told before.

    A station that cannot report is what the settings say.
    """
    request = {"reportBase": "FullInventory"}
    found = await context.gather("GetBaseReport", request, Priority.HOUSEKEEPING)
    profile = _described(context, found.parts, whole=found.complete)
    return Discovered(profile, found.answered and not found.complete)


async def complete(context: Context) -> None:
    """Ask again for a base report that was cut short; what it adds is posted."""
    for attempt in range(1, _ATTEMPTS + 1):
        await asyncio.sleep(context.report_timeout_s)
        log.info("report.asked_again", station=context.entry.id, attempt=attempt)
        found = await discover(context)
        context.post(StationDescribed(context.entry.id, found.profile))
        if not found.lacking:
            return


async def refresh(context: Context) -> None:
    """Ask anew for what is used of the device model (B08), or for all of it; what it is, is posted."""
    names = sorted(kept_names(context.entry.book, context.version))
    request = {"componentVariable": [{"component": {"name": name}} for name in names]}
    found = await context.gather("GetReport", request, Priority.HOUSEKEEPING)
    if found.complete and found.parts:
        profile = _described(context, found.parts, whole=False)
    else:
        profile = (await discover(context)).profile
    context.post(StationDescribed(context.entry.id, profile))


def _described(context: Context, parts: Sequence[Json], *, whole: bool) -> StationProfile:
    """Return what the station is by these parts; where they are not all, with what it told before."""
    items = [item for part in parts for item in part.get("reportData", ())]
    at = instant_of(parts[0]["generatedAt"]) if parts else None
    profile = context.plate.reported(context.entry, context.version, items, at, whole=whole)
    context.keep_model()
    return profile


HANDLERS: dict[str, Handler] = {
    "BootNotification": boot,
    "Heartbeat": heartbeat,
    "NotifyReport": notify_report,
}

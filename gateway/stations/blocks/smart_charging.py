"""K, Q: charging profiles as a station holds them, and what it says of its own limits and needs."""

from __future__ import annotations

import structlog

from gateway.core.events import (
    HeldControl,
    LimitCleared,
    LimitNoticed,
    PriorityNoticed,
    SchedulePulled,
    StationDescribed,
)
from gateway.protocols.ocpp_rpc import Priority
from gateway.stations.context import Context, Handler, Json
from translators.ocpp.foreign import foreign_limit
from translators.ocpp.inbound import held_profiles
from translators.ocpp.wire import place_of

log = structlog.get_logger()


def report(context: Context, payload: Json) -> Json:
    """Collect a part of the profiles that the station holds (K09)."""
    context.collect("ReportChargingProfiles", payload)
    return {}


async def read_back(context: Context) -> tuple[list[HeldControl], bool]:
    """Return every profile that a CSMS set, and whether that is all.

    A station without smart charging holds none.
    """
    request = {"chargingProfile": {"chargingLimitSource": ["CSO"]}}
    found = await context.gather("GetChargingProfiles", request, Priority.GRID)
    held = [item for part in found.parts for item in held_profiles(part)]
    context.schedules.reported(item.payload for item in held)
    controls = [HeldControl(h.id, h.action, h.payload, h.superseded) for h in held]
    return controls, found.complete


def needs(context: Context, payload: Json) -> Json:
    """Take in what a car can do: the station is described anew (K15.FR.01, R03.FR.05)."""
    entry, evse = context.entry, place_of(payload["evseId"])
    profile = context.plate.plugged(entry, context.version, evse, payload["chargingNeeds"])
    if profile is None:
        return {"status": "Processing"}  # until its report says what the EVSE is
    if not any(known.id == evse for known in profile.evses):
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    context.post(StationDescribed(entry.id, profile))
    if context.schedules.guides(evse):
        return {"status": "Accepted"}
    # 2.0.1 cannot say that none may come
    return {"status": "NoChargingProfile" if context.version == "2.1" else "Processing"}


def ev_schedule(context: Context, payload: Json) -> Json:
    """Judge what a car is about to charge: within what its station was told, or not (K15.FR.09)."""
    within = context.schedules.admits(payload["evseId"], payload["chargingSchedule"])
    log.info("car.schedule", station=context.entry.id, evse=payload["evseId"], within=within)
    return {"status": "Accepted" if within else "Rejected"}


def pull(context: Context, payload: Json) -> Json:
    """Answer with the numbers of a Dynamic profile that are in force (K28)."""
    number = int(payload["chargingProfileId"])
    numbers = context.schedules.numbers(number)
    if numbers is None:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidProfileId"}}
    context.post(SchedulePulled(context.entry.id, number))
    return {"status": "Accepted", "scheduleUpdate": numbers}


def limited(context: Context, payload: Json) -> Json:
    """Pass on a limit that somebody else gave the station (K12, K13)."""
    context.post(LimitNoticed(context.entry.id, foreign_limit(payload)))
    return {}


def limit_cleared(context: Context, payload: Json) -> Json:
    """Pass on that such a limit is gone."""
    source, evse = payload["chargingLimitSource"], place_of(payload.get("evseId")) or None
    context.post(LimitCleared(context.entry.id, source, evse))
    return {}


def priority(context: Context, payload: Json) -> Json:
    """Pass on that a driver began or ended priority charging (K22)."""
    number, activated = payload["transactionId"], payload["activated"]
    context.post(PriorityNoticed(context.entry.id, number, activated))
    return {}


HANDLERS: dict[str, Handler] = {
    "ReportChargingProfiles": report,
    "NotifyEVChargingNeeds": needs,
    "NotifyEVChargingSchedule": ev_schedule,
    "NotifyChargingLimit": limited,
    "ClearedChargingLimit": limit_cleared,
    "NotifyPriorityCharging": priority,
    "PullDynamicScheduleUpdate": pull,
}

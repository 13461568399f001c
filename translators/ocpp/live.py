"""Profiles of values that their utility keeps operating, and what becomes of setpoints while offline.

A live setpoint is a Dynamic profile (K28): one period, renewed by UpdateDynamicSchedule, lapsing by its
duration unless renewed. So is a running one where the site asks for a watchdog; before its time it is
Absolute, so that a station without a line begins by itself. Limits are never live and never lapse offline:
without them a station would be freer than its utility allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.canonical.capability import Evse
from translators.ocpp.desk import Desk
from translators.ocpp.wire import Json

_UPDATED = frozenset(
    f"{name}{phase}"
    for name in ("limit", "dischargeLimit", "setpoint", "setpointReactive")
    for phase in ("", "_L2", "_L3")
)
"""The members of ChargingScheduleUpdateType."""


def watchdog(desk: Desk, evse: Evse | None) -> int | None:
    """Return after how many seconds a setpoint lapses, 0 by its command alone; None where not Dynamic."""
    seconds = int(desk.situation.policy.get("dynamic_watchdog_s", "0"))
    asked = desk.command.live or (seconds > 0 and desk.situation.running)
    if not asked or evse is None or not evse.dynamic_profiles:
        return None
    return seconds if desk.profile.ocpp_version == "2.1" else None


def offline(desk: Desk, evse: Evse | None) -> Json:
    """Return how long a setpoint stays valid offline, where policy asks and the station can (K01.FR.101)."""
    seconds = desk.situation.policy.get("max_offline_s")
    able = evse is not None and evse.max_offline_duration and desk.profile.ocpp_version == "2.1"
    if seconds is None or not able:
        return {}
    members: Json = {"maxOfflineDuration": int(seconds)}
    if desk.situation.policy.get("invalid_after_offline") == "true":  # K01.FR.103
        members["invalidAfterOfflineDuration"] = True
    return members


def update(held: Json, wanted: Json) -> Json | None:
    """Return the UpdateDynamicSchedule that turns one SetChargingProfile into another.

    None where it takes a new SetChargingProfile: not Dynamic, or more than the numbers of the period differ.
    """
    profile = wanted["chargingProfile"]
    if profile["chargingProfileKind"] != "Dynamic":
        return None
    period = _period(wanted)
    if _without_numbers(held) != _without_numbers(wanted) or period == _period(held):
        return None
    if _UPDATED & _period(held).keys() - period.keys():
        return None  # an update can change a number, not take it away
    return {"chargingProfileId": profile["id"], "scheduleUpdate": numbers(wanted)}


def lapse(held: Mapping[str, Any]) -> int | None:
    """Return after how many seconds a profile lapses that is not renewed; None where it does not."""
    profile = held["chargingProfile"]
    if profile["chargingProfileKind"] != "Dynamic":
        return None
    seconds: int | None = profile["chargingSchedule"][0].get("duration")
    return seconds


def renewal(held: Json) -> Json:
    """Return the UpdateDynamicSchedule that renews a profile which lapses."""
    return {"chargingProfileId": held["chargingProfile"]["id"], "scheduleUpdate": numbers(held)}


def updated(held: Json, change: Json) -> Json:
    """Return a SetChargingProfile of one period with the numbers of an UpdateDynamicSchedule in it."""
    profile = held["chargingProfile"]
    (schedule,) = profile["chargingSchedule"]
    whole = {**schedule, "chargingSchedulePeriod": [{**_period(held), **change}]}
    return {**held, "chargingProfile": {**profile, "chargingSchedule": [whole]}}


def numbers(request: Json) -> Json:
    """Return the members of a Dynamic profile's one period that an update may change."""
    return {name: value for name, value in _period(request).items() if name in _UPDATED}


def _period(request: Json) -> Json:
    period: Json = request["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    return period


def _without_numbers(request: Json) -> Json:
    """Return a request of one schedule and one period, less what an update may change."""
    profile = request["chargingProfile"]
    (schedule,) = profile["chargingSchedule"]
    rest = {name: value for name, value in _period(request).items() if name not in _UPDATED}
    bare = {**schedule, "chargingSchedulePeriod": [rest]}
    return {**request, "chargingProfile": {**profile, "chargingSchedule": [bare]}}

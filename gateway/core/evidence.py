"""Whether a station shows that a charging profile is in force: its own composite schedule."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

_TOLERANCE = 0.05
"""Of the unit on the wire (W or A): stations round to one decimal."""


class Shown(StrEnum):
    """What a composite schedule says of a profile."""

    IN_FORCE = "in_force"
    NOT_IN_FORCE = "not_in_force"
    UNTOLD = "untold"
    """The station answered without a schedule that could be judged."""


def composite_request(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the GetCompositeSchedule that asks about a SetChargingProfile."""
    schedule = payload["chargingProfile"]["chargingSchedule"][0]
    return {
        "evseId": payload["evseId"],
        "duration": 60,
        "chargingRateUnit": schedule["chargingRateUnit"],
    }


def judge(payload: Mapping[str, Any], answer: Mapping[str, Any]) -> Shown:
    """Say whether the composite schedule (K08) obeys: limit not above, setpoint equal."""
    told = payload["chargingProfile"]["chargingSchedule"][0]
    schedule = answer.get("schedule") or {}
    periods = schedule.get("chargingSchedulePeriod") or []
    if not periods or schedule.get("chargingRateUnit") != told["chargingRateUnit"]:
        return Shown.UNTOLD
    wanted, shown = told["chargingSchedulePeriod"][0], periods[0]
    if "limit" in wanted:
        return _verdict("limit" in shown and shown["limit"] <= wanted["limit"] + _TOLERANCE)
    if "setpoint" in wanted:
        known = "setpoint" in shown
        return _verdict(known and abs(shown["setpoint"] - wanted["setpoint"]) <= _TOLERANCE)
    idle = shown.get("operationMode") == wanted.get("operationMode") or shown.get("limit") == 0
    return _verdict(idle)


def _verdict(obeys: bool) -> Shown:
    return Shown.IN_FORCE if obeys else Shown.NOT_IN_FORCE

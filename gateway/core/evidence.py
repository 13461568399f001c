"""Whether a station shows that a charging profile is in force: its own composite schedule."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from translators.errors import DocumentError
from translators.ocpp.wire import instant

_TOLERANCE = 0.05
"""Of the unit on the wire (W or A): stations round to one decimal."""
_EDGE_S = 2.0
"""How far clocks may be apart where one step of a ramp follows another."""


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
    """Say whether the composite schedule (K08) obeys: limit not above, setpoint equal.

    Of a stepped profile the step counts that is due at its start; of two around an edge either does.
    """
    told = payload["chargingProfile"]["chargingSchedule"][0]
    schedule = answer.get("schedule") or {}
    periods = schedule.get("chargingSchedulePeriod") or []
    if not periods or schedule.get("chargingRateUnit") != told["chargingRateUnit"]:
        return Shown.UNTOLD
    try:
        steps = _steps(told, schedule)
    except DocumentError:  # a date-time to its schema, and no instant: a leap second, a small t
        return Shown.UNTOLD
    obeys = any(_obeys(wanted, periods[0]) for wanted in steps)
    return Shown.IN_FORCE if obeys else Shown.NOT_IN_FORCE


def _steps(told: Mapping[str, Any], schedule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the periods of a profile that may be due where a composite schedule begins."""
    steps: list[Mapping[str, Any]] = told["chargingSchedulePeriod"]
    if len(steps) == 1 or "startSchedule" not in told or "scheduleStart" not in schedule:
        return steps[:1]
    begin, shown = instant(told["startSchedule"]), instant(schedule["scheduleStart"])
    passed = (shown - begin).total_seconds()
    first = _due(steps, passed - _EDGE_S)
    return steps[first : _due(steps, passed + _EDGE_S) + 1]


def _due(steps: list[Mapping[str, Any]], passed: float) -> int:
    return max((n for n, step in enumerate(steps) if step["startPeriod"] <= passed), default=0)


def _obeys(wanted: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    if "limit" in wanted:
        return "limit" in shown and bool(shown["limit"] <= wanted["limit"] + _TOLERANCE)
    if "setpoint" in wanted:
        return "setpoint" in shown and _follows(wanted["setpoint"], shown)
    return shown.get("operationMode") == wanted.get("operationMode") or shown.get("limit") == 0


def _follows(wanted: float, shown: Mapping[str, Any]) -> bool:
    """Say whether a setpoint is followed, as far as a limit of another profile lets it (V2X.03, 04)."""
    found = shown["setpoint"]
    bound = shown.get("limit" if wanted > 0 else "dischargeLimit")
    cut = bound is not None and abs(found - bound) <= _TOLERANCE
    nearer = 0 <= found < wanted or wanted < found <= 0
    return bool(abs(found - wanted) <= _TOLERANCE or (cut and nearer))

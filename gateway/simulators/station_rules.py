"""What R04 refuses in a SetDERControl although its schema allows it.

Each check returns why the request is refused, or nothing; the first that speaks decides.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from gateway.simulators.station_wire import Json

MEMBERS = {
    "EnterService": "enterService",
    "FreqDroop": "freqDroop",
    "FixedPFAbsorb": "fixedPFAbsorb",
    "FixedPFInject": "fixedPFInject",
    "FixedVar": "fixedVar",
    "Gradients": "gradient",
    "LimitMaxDischarge": "limitMaxDischarge",
}
"""Where the body of each control type stands (R04.FR.16); of every other in `curve`."""
CURVE = "curve"
DEFAULT_ONLY = frozenset({"EnterService", "Gradients"})
_ALL = frozenset(MEMBERS.values()) | {CURVE}
_WATTS = frozenset({"PctMaxW", "PctWAvail"})
_VARS = frozenset({"PctMaxVar", "PctVarAvail"})
_NONE = frozenset({"Not_Applicable"})
Y_UNITS = {"FreqWatt": _WATTS, "VoltWatt": _WATTS, "VoltVar": _VARS, "WattVar": _VARS}
"""What y may be of (R04.FR.50-54); of every other curve it is Not_Applicable (R04.FR.55-56)."""
FIXED_VAR_UNITS = _VARS | {"PctMaxW"}
_LIMITS = {"displacement": (0, 1), "setpoint": (-100, 100), "pctMaxDischargePower": (0, 100)}
_POSITIVE = ("overFreq", "underFreq", "overDroop", "underDroop")
_NOT_NEGATIVE = ("gradient", "softGradient", "delay", "randomDelay", "rampRate", "responseTime")

type Refusal = tuple[str, str]
"""Reason code and detail."""
type Check = Callable[[Json], Refusal | None]


def body_of(request: Json) -> Json:
    """Return the member that carries the control."""
    body: Json = request[MEMBERS.get(request["controlType"], CURVE)]
    return body


def refusal(request: Json) -> Refusal | None:
    """Return why a SetDERControl is refused, or None."""
    return next(filter(None, (check(request) for check in CHECKS)), None)


def _member(request: Json) -> Refusal | None:
    wanted = MEMBERS.get(request["controlType"], CURVE)
    given = sorted(_ALL & request.keys())
    if given != [wanted]:  # R04.FR.17
        return "InvalidValue", f"{request['controlType']} takes {wanted} alone, not {given}"
    return None


def _default_is_untimed(request: Json) -> Refusal | None:
    timed = {"startTime", "duration"} & body_of(request).keys()
    if request["isDefault"] and timed:  # R04.FR.13
        return "InvalidValue", f"a default control has no {' and '.join(sorted(timed))}"
    return None


def _default_only(request: Json) -> Refusal | None:
    if not request["isDefault"] and request["controlType"] in DEFAULT_ONLY:  # R04.FR.15
        return "InvalidValue", f"{request['controlType']} exists as a default only"
    return None


def _scheduled_is_timed(request: Json) -> Refusal | None:
    missing = {"startTime", "duration"} - body_of(request).keys()
    if not request["isDefault"] and missing:
        return "MissingParam", f"a scheduled control needs {' and '.join(sorted(missing))}"
    if body_of(request).get("duration", 1) <= 0:
        return "InvalidValue", "duration is not positive"
    return None


def _units(request: Json) -> Refusal | None:
    kind, body = request["controlType"], body_of(request)
    if kind == "FixedVar" and body["unit"] not in FIXED_VAR_UNITS:
        return "InvalidValue", f"{body['unit']} is no unit of a fixed var"
    if "yUnit" in body and body["yUnit"] not in Y_UNITS.get(kind, _NONE):  # R04.FR.50-56
        return "InvalidValue", f"{body['yUnit']} is no yUnit of {kind}"
    tripping = body.get("powerMonitoringMustTrip")
    if tripping is not None and tripping["yUnit"] not in _NONE:  # R04.FR.56
        return "InvalidValue", f"{tripping['yUnit']} is no yUnit of power monitoring"
    return None


def _ranges(request: Json) -> Refusal | None:
    body = body_of(request)
    for name, (low, high) in _LIMITS.items():
        if not low <= body.get(name, low) <= high:
            return "InvalidValue", f"{name} is {body[name]}, not {low} to {high}"
    for name in _POSITIVE:
        if body.get(name, 1) <= 0:
            return "InvalidValue", f"{name} is not positive"
    for name in _NOT_NEGATIVE:
        if body.get(name, 0) < 0:
            return "InvalidValue", f"{name} is negative"
    return None


def _curve(request: Json) -> Refusal | None:
    body = body_of(request)
    points = body.get("curveData", ())
    if any(right["x"] < left["x"] for left, right in pairwise(points)):
        return "InvalidValue", "x falls"
    if "reactivePowerParams" in body and request["controlType"] != "VoltVar":
        return "InvalidValue", "reactivePowerParams belong to VoltVar"
    means = {"hv10MinMeanValue", "hv10MinMeanTripDelay"} & body.get("voltageParams", {}).keys()
    if len(means) == 1:
        return "MissingParam", "hv10MinMeanValue and hv10MinMeanTripDelay need each other"
    return None


CHECKS: tuple[Check, ...] = (
    _member,
    _default_only,
    _default_is_untimed,
    _scheduled_is_timed,
    _units,
    _ranges,
    _curve,
)

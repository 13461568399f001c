"""What no schema of OCPP states: rules of DER controls (block R) and charging profiles (K, Q).

The schemas do bound curves to ten points and lists of ids to 24; these rules come after them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a payload is refused: the CALLERROR code, where, and what."""

    code: str
    where: str
    problem: str

    def __str__(self) -> str:
        """Return `where: problem`."""
        return f"{self.where or '.'}: {self.problem}"


_SLOTS = {
    "EnterService": "enterService",
    "FreqDroop": "freqDroop",
    "FixedPFAbsorb": "fixedPFAbsorb",
    "FixedPFInject": "fixedPFInject",
    "FixedVar": "fixedVar",
    "Gradients": "gradient",
    "LimitMaxDischarge": "limitMaxDischarge",
}
_MEMBERS = frozenset(_SLOTS.values()) | {"curve"}
_DEFAULT_ONLY = frozenset({"EnterService", "Gradients"})
_WATTS = frozenset({"PctMaxW", "PctWAvail"})
_VARS = frozenset({"PctMaxVar", "PctVarAvail"})
_NONE = frozenset({"Not_Applicable"})
_Y_UNITS = {"FreqWatt": _WATTS, "VoltWatt": _WATTS, "VoltVar": _VARS, "WattVar": _VARS}
_BOUNDARIES = frozenset(
    {"HFMustTrip", "HFMayTrip", "HVMustTrip", "HVMayTrip", "HVMomCess"}
    | {"LFMustTrip", "LVMustTrip", "LVMayTrip", "LVMomCess"}
)
_MEAN = frozenset({"hv10MinMeanValue", "hv10MinMeanTripDelay"})
_RANGES = {"displacement": (0, 1), "setpoint": (-100, 100), "pctMaxDischargePower": (0, 100)}
"""Bounds that the texts give and the schemas do not, by member of a DER control."""


def rule_violation(action: str, payload: Json) -> Violation | None:
    """Return the first rule that a request of sound schema breaks, or None."""
    match action:
        case "SetDERControl":
            return _set_control(payload)
        case "SetChargingProfile":
            return next(_profile(payload["chargingProfile"]), None)
        case _:
            return None


def _set_control(payload: Json) -> Violation | None:
    control_type = payload["controlType"]
    slot = _SLOTS.get(control_type, "curve")
    if _MEMBERS & payload.keys() != {slot}:  # R04.FR.16, R04.FR.17
        return _broken(slot, f"{control_type} takes exactly this member (R04.FR.16)")
    faults = chain(_schedule(control_type, slot, payload), _body(control_type, slot, payload[slot]))
    return next(faults, None)


def _schedule(control_type: str, slot: str, payload: Json) -> Iterator[Violation]:
    """Check R04.FR.12-15: what a default may not have, and a scheduled control must."""
    timed = [name for name in ("startTime", "duration") if name in payload[slot]]
    if payload["isDefault"]:
        if timed:  # R04.FR.12
            yield _broken(slot, "a default control has no startTime and no duration (R04.FR.12)")
    elif control_type in _DEFAULT_ONLY:  # R04.FR.14, R04.FR.15
        yield _broken("isDefault", f"{control_type} exists as a default only (R04.FR.14)")
    elif len(timed) < 2:  # R04.FR.13
        yield _broken(slot, "a scheduled control has startTime and duration (R04.FR.13)")


def _body(control_type: str, slot: str, body: Json) -> Iterator[Violation]:
    if body.get("duration", 1) <= 0:
        yield _broken(f"{slot}/duration", "is no length of time")
    for member, (low, high) in _RANGES.items():
        if member in body and not low <= body[member] <= high:
            yield _broken(f"{slot}/{member}", f"lies outside {low} to {high}")
    if control_type == "LimitMaxDischarge" and "pctMaxDischargePower" not in body:
        yield _broken(slot, "a limit needs pctMaxDischargePower")
    if slot == "curve":
        yield from _curve(control_type, slot, body)
    if "powerMonitoringMustTrip" in body:  # R04.FR.56
        nested = body["powerMonitoringMustTrip"]
        yield from _curve("PowerMonitoringMustTrip", f"{slot}/powerMonitoringMustTrip", nested)


def _curve(control_type: str, where: str, curve: Json) -> Iterator[Violation]:
    """Check R04.FR.50-56 and what a curve of this type may carry."""
    points = curve["curveData"]
    if curve["yUnit"] not in _Y_UNITS.get(control_type, _NONE):  # R04.FR.50-56
        yield _broken(
            f"{where}/yUnit", f"{curve['yUnit']} is no unit of {control_type} (R04.FR.50)"
        )
    xs = [point["x"] for point in points]
    if xs != sorted(xs):
        yield _broken(f"{where}/curveData", "x falls")
    if control_type in _BOUNDARIES and any(p["x"] < 0 or p["y"] < 0 for p in points):
        # R04 scenario 3: x is the frequency or voltage, y the seconds until the trip
        yield _broken(f"{where}/curveData", "a trip boundary has no negative value and no past")
    if control_type != "VoltVar" and "reactivePowerParams" in curve:
        yield _broken(f"{where}/reactivePowerParams", f"belongs to VoltVar, not to {control_type}")
    if "voltageParams" in curve and len(_MEAN & curve["voltageParams"].keys()) == 1:
        yield _broken(f"{where}/voltageParams", "value and delay of the mean need each other")


def _profile(profile: Json) -> Iterator[Violation]:
    where = "chargingProfile/chargingProfilePurpose"
    purpose = profile["chargingProfilePurpose"]
    if purpose == "ChargingStationExternalConstraints":  # K01.FR.22
        yield _broken(where, "is never set by a CSMS (K01.FR.22)")
    for schedule in profile["chargingSchedule"]:
        modes = {p.get("operationMode", "ChargingOnly") for p in schedule["chargingSchedulePeriod"]}
        if purpose == "ChargingStationMaxProfile" and modes != {"ChargingOnly"}:  # Q, Table 95
            yield _broken(where, f"knows ChargingOnly alone, not {', '.join(sorted(modes))}")


def _broken(where: str, problem: str) -> Violation:
    return Violation("PropertyConstraintViolation", where, problem)

"""The official schemas of OCPP 2.1 and 2.0.1, compiled once, and what they do not say.

The files come with the `ocpp` distribution and are read as data: its session layer is never imported.
"""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

_FOLDERS = {"2.1": "v21", "2.0.1": "v201"}
_CODES = {
    "Type": "TypeConstraintViolation",
    "Required": "OccurrenceConstraintViolation",
    "MinItems": "OccurrenceConstraintViolation",
    "MaxItems": "OccurrenceConstraintViolation",
    "AdditionalProperties": "FormatViolation",
}

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


def known_actions(version: str) -> frozenset[str]:
    """Return the actions that have a request schema in this version."""
    names = (path.stem for path in _folder(version).glob("*Request.json"))
    streams = {"NotifyPeriodicEventStream"} if version == "2.1" else set()
    return frozenset(name.removesuffix("Request") for name in names) | streams


def violation(version: str, action: str, payload: Json, *, request: bool) -> Violation | None:
    """Return the first fault of a payload by schema and by rule, or None."""
    validator = _validator(version, f"{action}{'Request' if request else 'Response'}")
    if validator is None:
        return Violation("NotImplemented", "", f"{action} is no action of OCPP {version}")
    error = next(iter(validator.iter_errors(payload)), None)
    if error is not None:
        kind = type(error.kind).__name__
        where = "/".join(str(part) for part in error.instance_path)
        return Violation(_CODES.get(kind, "PropertyConstraintViolation"), where, error.message)
    if not _finite(payload):
        return Violation("PropertyConstraintViolation", "", "a number is not finite")
    return _rule_violation(action, payload) if request else None


@cache
def _validator(version: str, name: str) -> jsonschema_rs.Validator | None:
    path = _folder(version) / f"{name}.json"
    if not path.exists() and name == "NotifyPeriodicEventStreamRequest":
        path = _folder(version) / "NotifyPeriodicEventStream.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)


@cache
def _folder(version: str) -> Path:
    spec = importlib.util.find_spec("ocpp")
    locations = None if spec is None else spec.submodule_search_locations
    if not locations:
        raise RuntimeError("the distribution `ocpp`, which ships the schemas, is not installed")
    return Path(locations[0]) / _FOLDERS[version] / "schemas"


def _finite(value: Any) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case dict():
            return all(map(_finite, value.values()))
        case list():
            return all(map(_finite, value))
        case _:
            return True


_SLOTS = {
    "EnterService": "enterService",
    "FreqDroop": "freqDroop",
    "FixedPFAbsorb": "fixedPFAbsorb",
    "FixedPFInject": "fixedPFInject",
    "FixedVar": "fixedVar",
    "Gradients": "gradient",
    "LimitMaxDischarge": "limitMaxDischarge",
    "PowerMonitoringMustTrip": "limitMaxDischarge",
}
_DEFAULT_ONLY = frozenset({"EnterService", "Gradients"})
_WATTS, _VARS, _NONE = (
    frozenset({"PctMaxW", "PctWAvail"}),
    frozenset({"PctMaxVar", "PctVarAvail"}),
    frozenset({"Not_Applicable"}),
)
_Y_UNITS = {"FreqWatt": _WATTS, "VoltWatt": _WATTS, "VoltVar": _VARS, "WattVar": _VARS}
_MEMBERS = frozenset(_SLOTS.values()) | {"curve"}


def _rule_violation(action: str, payload: Json) -> Violation | None:
    if action == "SetDERControl":
        return _der_violation(payload)
    if action == "SetChargingProfile":
        purpose = payload["chargingProfile"]["chargingProfilePurpose"]
        if purpose == "ChargingStationExternalConstraints":  # K01.FR.22
            where = "chargingProfile/chargingProfilePurpose"
            return _broken(where, "is never set by a CSMS (K01.FR.22)")
    return None


def _der_violation(payload: Json) -> Violation | None:
    """Check R04.FR.12-17 and R04.FR.50-56, which no schema states."""
    control_type, is_default = payload["controlType"], payload["isDefault"]
    slot = _SLOTS.get(control_type, "curve")
    given = _MEMBERS & payload.keys()
    if given != {slot}:  # R04.FR.16, R04.FR.17
        return _broken(slot, f"{control_type} takes exactly this member (R04.FR.16)")
    body = payload[slot]
    timed = {"startTime", "duration"} & body.keys()
    if is_default and timed:  # R04.FR.12, R04.FR.13
        return _broken(slot, "a default control has no startTime and no duration (R04.FR.12)")
    if not is_default and control_type in _DEFAULT_ONLY:  # R04.FR.14, R04.FR.15
        return _broken("isDefault", f"{control_type} exists as a default only (R04.FR.14)")
    if not is_default and len(timed) < 2:
        return _broken(slot, "a scheduled control has startTime and duration (R04.FR.13)")
    if slot == "curve" and body["yUnit"] not in _Y_UNITS.get(control_type, _NONE):
        return _broken("curve/yUnit", f"{body['yUnit']} is no unit of {control_type} (R04.FR.50)")
    return None


def _broken(where: str, problem: str) -> Violation:
    return Violation("PropertyConstraintViolation", where, problem)

"""The official schemas of OCPP 2.1 and 2.0.1, compiled once, and what they do not say.

The files come with the `ocpp` distribution and are read as data: its session layer is never imported.
"""

from __future__ import annotations

import importlib.util
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from gateway.stations.rules import Json, Violation, rule_violation

_FOLDERS = {"2.1": "v21", "2.0.1": "v201"}
_CODES = {
    "Type": "TypeConstraintViolation",
    "Required": "OccurrenceConstraintViolation",
    "MinItems": "OccurrenceConstraintViolation",
    "MaxItems": "OccurrenceConstraintViolation",
    "AdditionalProperties": "FormatViolation",
}
_MAX_WORDS = 200
"""Characters of a schema's complaint that are passed on: it may quote the whole value."""
STREAM = "NotifyPeriodicEventStream"
"""The one SEND (2.1): its schema file carries no `Request` in its name."""


@cache
def known_actions(version: str) -> frozenset[str]:
    """Return the actions that have a request schema in this version."""
    names = {path.stem.removesuffix("Request") for path in _folder(version).glob("*Request.json")}
    return frozenset(names | {STREAM} if version == "2.1" else names)


def violation(version: str, action: str, payload: Json, *, request: bool) -> Violation | None:
    """Return the first fault of a payload by schema and by rule, or None."""
    if not _finite(payload):
        return Violation("PropertyConstraintViolation", "", "a number is not finite")
    return read_violation(version, action, payload, request=request)


def read_violation(version: str, action: str, payload: Json, *, request: bool) -> Violation | None:
    """Return the same of a payload that came as JSON, which knows finite numbers only."""
    validator = _validator(version, action, request)
    if validator is None:
        return Violation("NotImplemented", "", f"{action} is no action of OCPP {version}")
    if not validator.is_valid(payload):
        return _complaint(validator, payload)
    return rule_violation(action, payload) if request else None


def _complaint(validator: jsonschema_rs.Validator, payload: Json) -> Violation:
    error = next(iter(validator.iter_errors(payload)))
    code = _CODES.get(type(error.kind).__name__, "PropertyConstraintViolation")
    where = "/".join(str(part) for part in error.instance_path)
    return Violation(code, where, error.message[:_MAX_WORDS])


@cache
def _validator(version: str, action: str, request: bool) -> jsonschema_rs.Validator | None:
    stream = request and action == STREAM
    stem = STREAM if stream else f"{action}{'Request' if request else 'Response'}"
    path = _folder(version) / f"{stem}.json"
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

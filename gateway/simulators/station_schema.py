"""The official JSON schemas, as the simulated station holds its peer to them.

They come with the distribution `ocpp`, whose folders are read as data.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

import jsonschema_rs

from gateway.simulators.station_wire import CallError, Json

_FOLDERS = {"2.1": "v21", "2.0.1": "v201"}
_CODES = {
    "Type": "TypeConstraintViolation",
    "Required": "OccurrenceConstraintViolation",
    "AdditionalProperties": "OccurrenceConstraintViolation",
    "MinItems": "OccurrenceConstraintViolation",
    "MaxItems": "OccurrenceConstraintViolation",
    "Format": "FormatViolation",
}
"""The CALLERROR code for each kind of violation; every other is about a value."""


def check_request(version: str, action: str, payload: Json) -> None:
    """Raise the CallError that a request deserves: NotImplemented, or how its payload is wrong."""
    # the one message that is sent and not called has a schema without `Request` in its name
    stem = action if action == "NotifyPeriodicEventStream" else f"{action}Request"
    validator = _validator(version, stem)
    if validator is None:
        raise CallError("NotImplemented", f"{action} is no action of OCPP {version}")
    _check(validator, payload)


def check_response(version: str, action: str, payload: Json) -> None:
    """Raise the CallError that an answer deserves."""
    validator = _validator(version, f"{action}Response")
    if validator is not None:
        _check(validator, payload)


def _check(validator: jsonschema_rs.Validator, payload: Json) -> None:
    fault = next(iter(validator.iter_errors(payload)), None)
    if fault is not None:
        where = "/".join(str(part) for part in fault.instance_path)
        code = _CODES.get(type(fault.kind).__name__, "PropertyConstraintViolation")
        raise CallError(code, f"{where or 'payload'}: {fault.message}")


@cache
def _validator(version: str, name: str) -> jsonschema_rs.Validator | None:
    if not name.isalnum():
        return None
    path = _folder() / _FOLDERS[version] / "schemas" / f"{name}.json"
    if not path.is_file():
        return None
    schema = json.loads(path.read_text(encoding="utf-8-sig"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("ocpp")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the distribution `ocpp`, which ships the schemas, is not installed")
    return Path(spec.submodule_search_locations[0])

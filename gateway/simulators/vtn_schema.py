"""What a simulated VTN takes as a body: the schemas of both editions, written down anew.

Nothing is allowed beside what an edition names, so that a misspelt or foreign member shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from gateway.simulators.vtn_world import Body, Kind

type _Schema = dict[str, Any]

_SHAPE = frozenset({"Required", "Type", "AnyOf"})
_TEXT: _Schema = {"type": "string"}
_NUMBER: _Schema = {"type": "number"}
_INTEGER: _Schema = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
_FLAG: _Schema = {"type": "boolean"}
_NAME: _Schema = {"type": "string", "minLength": 1, "maxLength": 128}
_ID: _Schema = {**_NAME, "pattern": "^[a-zA-Z0-9_-]*$"}
_TIME: _Schema = {"type": "string", "format": "date-time"}
_URI: _Schema = {"type": "string", "format": "uri"}
_DURATION: _Schema = {
    "type": "string",
    "pattern": r"^-?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+[DW])?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$",
}
_OBJECTS = [str(kind) for kind in Kind]
CRUD_VERBS = ("READ", "CREATE", "UPDATE", "DELETE")
HTTP_VERBS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition: 3.1 (`new`) or 3.0.1, and the verbs of its subscriptions."""

    new: bool
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """How a body breaks the schema; `grave` where it is not even of the right shape."""

    text: str
    grave: bool


def faults(kind: Kind, body: Body, edition: Edition) -> list[Fault]:
    """Return how a body breaks the schema of an edition."""
    return [_fault(item) for item in _validator(kind, edition).iter_errors(body)]


def _fault(error: jsonschema_rs.ValidationError) -> Fault:
    where = "/".join(str(part) for part in error.instance_path)
    grave = type(error.kind).__name__ in _SHAPE or where.startswith("objectOperations")
    message = error.message.replace('"', "'")
    return Fault(f"{where}: {message}" if where else message, grave)


@cache
def _validator(kind: Kind, edition: Edition) -> jsonschema_rs.Validator:
    schema = _BUILDERS[kind](edition)
    metadata = {"id": _ID, "createdDateTime": _TIME, "modificationDateTime": _maybe(_TIME)}
    schema["properties"] |= {**metadata, "objectType": _TEXT}
    if edition.new:
        schema["properties"]["clientID"] = _ID
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def _object(required: str, **members: _Schema) -> _Schema:
    return {
        "type": "object",
        "required": required.split(),
        "properties": members,
        "additionalProperties": False,
    }


def _list(item: _Schema) -> _Schema:
    return {"type": "array", "items": item}


def _maybe(schema: _Schema) -> _Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _values_map() -> _Schema:
    point = _object("x y", x=_NUMBER, y=_NUMBER)
    value = {"anyOf": [_NUMBER, _TEXT, _FLAG, point]}
    return _object("type values", type=_NAME, values=_list(value))


def _targets(form: Edition) -> _Schema:
    return _maybe(_list(_NAME if form.new else _values_map()))


def _period(form: Edition) -> _Schema:
    required = "" if form.new else "start"
    members = {"start": _TIME, "duration": _DURATION, "randomizeStart": _maybe(_DURATION)}
    return _maybe(_object(required, **members))


def _intervals(form: Edition) -> _Schema:
    payloads = _list(_values_map())
    members = {"id": _INTEGER, "intervalPeriod": _period(form), "payloads": payloads}
    return _list(_object("id payloads", **members))


def _descriptors(form: Edition, *objects: str) -> _Schema:
    """Return the schema of payloadDescriptors; 3.1 tells them apart by objectType."""
    members = {
        "objectType": {"enum": list(objects)},
        "payloadType": _NAME,
        "units": _maybe(_TEXT),
        "currency": _maybe(_TEXT),
    }
    if "REPORT_PAYLOAD_DESCRIPTOR" in objects:
        share = _maybe({"type": "integer", "minimum": 0, "maximum": 100})
        members |= {"readingType": _maybe(_TEXT), "accuracy": _maybe(_NUMBER), "confidence": share}
        if len(objects) == 1:
            del members["currency"]
    return _maybe(
        _list(_object("objectType payloadType" if form.new else "payloadType", **members))
    )


def _program(form: Edition) -> _Schema:
    both = ("EVENT_PAYLOAD_DESCRIPTOR", "REPORT_PAYLOAD_DESCRIPTOR")
    members = {
        "programName": _NAME,
        "intervalPeriod": _period(form),
        "programDescriptions": _maybe(_list(_object("URL", URL=_URI))),
        "payloadDescriptors": _descriptors(form, *both),
        "targets": _targets(form),
    }
    if form.new:
        return _object("programName", **members, attributes=_maybe(_list(_values_map())))
    texts = ("programLongName", "retailerName", "retailerLongName", "programType", "country")
    members |= {name: _maybe(_TEXT) for name in (*texts, "principalSubdivision")}
    members |= {name: _maybe(_FLAG) for name in ("bindingEvents", "localPrice")}
    return _object("programName", **members, timeZoneOffset=_maybe(_DURATION))


def _event(form: Edition) -> _Schema:
    members = {
        "programID": _ID,
        "eventName": _maybe(_TEXT),
        "priority": _maybe({"type": "integer", "minimum": 0}),
        "targets": _targets(form),
        "reportDescriptors": _maybe(_list(_report_descriptor(form))),
        "payloadDescriptors": _descriptors(form, "EVENT_PAYLOAD_DESCRIPTOR"),
        "intervalPeriod": _period(form),
        "intervals": _maybe(_intervals(form)) if form.new else _intervals(form),
    }
    if form.new:
        return _object("programID", **members, duration=_maybe(_DURATION))
    return _object("programID intervals", **members)


def _report_descriptor(form: Edition) -> _Schema:
    whole = ("startInterval", "numIntervals", "frequency", "repeat")
    members = {
        "payloadType": _NAME,
        "readingType": _maybe(_TEXT),
        "units": _maybe(_TEXT),
        "targets": _targets(form),
        "aggregate": _FLAG,
        "historical": _FLAG,
        **dict.fromkeys(whole, _INTEGER),
    }
    if form.new:
        members["reportIntervals"] = {"enum": ["INTERVALS", "SUB_INTERVALS", "OPEN_INTERVALS"]}
    return _object("payloadType", **members)


def _report(form: Edition) -> _Schema:
    resource = _object(
        "resourceName intervals",
        resourceName=_NAME,
        intervalPeriod=_period(form),
        intervals=_intervals(form),
    )
    members = {
        "eventID": _ID,
        "clientName": _NAME,
        "reportName": _maybe(_TEXT),
        "payloadDescriptors": _descriptors(form, "REPORT_PAYLOAD_DESCRIPTOR"),
        "resources": _list(resource),
    }
    if form.new:
        return _object("eventID clientName resources", **members)
    return _object("programID eventID clientName resources", **members, programID=_ID)


def _subscription(form: Edition) -> _Schema:
    operation = _object(
        "objects operations callbackUrl",
        objects=_list({"enum": _OBJECTS}),
        operations=_list({"enum": list(form.verbs)}),
        callbackUrl=_URI,
        bearerToken=_maybe(_TEXT),
    )
    members = {
        "clientName": _NAME,
        "programID": _maybe(_ID) if form.new else _ID,
        "objectOperations": _list(operation),
        "targets": _targets(form),
    }
    needed = "clientName objectOperations"
    return _object(needed if form.new else f"programID {needed}", **members)


def _ven(form: Edition) -> _Schema:
    members = {
        "venName": _NAME,
        "attributes": _maybe(_list(_values_map())),
        "targets": _targets(form),
    }
    if not form.new:
        members["resources"] = _maybe(_list(_resource(form)))
    return _object("venName", **members)


def _resource(form: Edition) -> _Schema:
    members = {
        "resourceName": _NAME,
        "venID": _ID,
        "attributes": _maybe(_list(_values_map())),
        "targets": _targets(form),
    }
    return _object("resourceName venID" if form.new else "resourceName", **members)


_BUILDERS: Mapping[Kind, Callable[[Edition], _Schema]] = {
    Kind.PROGRAM: _program,
    Kind.EVENT: _event,
    Kind.REPORT: _report,
    Kind.SUBSCRIPTION: _subscription,
    Kind.VEN: _ven,
    Kind.RESOURCE: _resource,
}

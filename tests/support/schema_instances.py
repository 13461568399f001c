"""Instances of JSON schemas (draft 6, closed objects) that have every property, and the paths of both."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

FOLDERS = {"2.1": "v21", "2.0.1": "v201"}
MISCASED = [
    "dischargeLimit_L2",
    "dischargeLimit_L3",
    "evDurationLevel1DCInjection",
    "evDurationLevel2DCInjection",
    "evMaximumLevel1DCInjection",
    "evMaximumLevel2DCInjection",
    "evSupportedDERControl",
    "fixedPF",
    "fixedPFAbsorb",
    "fixedPFInject",
    "limit_L2",
    "limit_L3",
    "maxChargeApparentPower_L2",
    "maxChargeApparentPower_L3",
    "maxChargePower_L2",
    "maxChargePower_L3",
    "maxChargeReactivePower_L2",
    "maxChargeReactivePower_L3",
    "maxDischargeApparentPower_L2",
    "maxDischargeApparentPower_L3",
    "maxDischargePower_L2",
    "maxDischargePower_L3",
    "maxDischargeReactivePower_L2",
    "maxDischargeReactivePower_L3",
    "minChargePower_L2",
    "minChargePower_L3",
    "minChargeReactivePower_L2",
    "minChargeReactivePower_L3",
    "minDischargePower_L2",
    "minDischargePower_L3",
    "minDischargeReactivePower_L2",
    "minDischargeReactivePower_L3",
    "priceScheduleID",
    "prioritizedEMAIDs",
    "receiptUrl",
    "setpointReactive_L2",
    "setpointReactive_L3",
    "setpoint_L2",
    "setpoint_L3",
    "soC",
    "soH",
    "soc",
    "taxRuleID",
]
"""The keys of 2.1 that the distribution `ocpp` renames on the wire, in its release 2.1.0."""
_INSTANT = "2026-12-01T12:00:00Z"


@cache
def schema_files(version):
    """Return the official schemas of a version by the name of their file."""
    root = Path(find_spec("ocpp").submodule_search_locations[0]) / FOLDERS[version] / "schemas"
    return {path.stem: json.loads(path.read_text("utf-8-sig")) for path in root.glob("*.json")}


def resolved(schema, root):
    """Return what a schema refers to, at last."""
    while "$ref" in schema:
        found = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def whole(schema, turn=0, root=None):
    """Return an instance with every property, each list with one item; turns walk through enums."""
    root = schema if root is None else root
    schema = resolved(schema, root)
    if "enum" in schema:
        return schema["enum"][turn % len(schema["enum"])]
    match schema.get("type"):
        case "object":
            found = {k: whole(v, turn, root) for k, v in schema.get("properties", {}).items()}
            if schema.get("additionalProperties") is not False:  # customData is open
                found["ownKey_L2"] = {"soC": [turn, 'ü\\"/'], "fixedPF": None}
            return found
        case "array":
            return [whole(schema["items"], turn, root)]
        case "string":
            return _text(schema, turn)
        case "integer":
            return max(1, int(schema.get("minimum", 1)))
        case "number":
            return min(max(0.5, schema.get("minimum", 0.5)), schema.get("maximum", 0.5))
        case "boolean":
            return turn % 2 == 0
        case _:  # anything, as DataTransfer carries it
            return {"any": [None, 1, "thing"]}


def _text(schema, turn):
    if schema.get("format") == "date-time":
        return _INSTANT
    text = f"text {turn}, ünï"
    return text[: schema.get("maxLength", len(text))]


def turns(schema):
    """Return how many turns show every value of every enum."""
    return max((len(found["enum"]) for found in _definitions(schema) if "enum" in found), default=1)


def _definitions(schema):
    return [*schema.get("definitions", {}).values(), *schema.get("properties", {}).values()]


def paths_of_schema(schema, root=None, before=""):
    """Yield the path of every property that an instance can have; list items are `[]`."""
    root = schema if root is None else root
    schema = resolved(schema, root)
    for name, item in schema.get("properties", {}).items():
        yield f"{before}/{name}"
        yield from paths_of_schema(item, root, f"{before}/{name}")
    if "items" in schema:
        yield from paths_of_schema(schema["items"], root, f"{before}[]")


def paths_of(value, before=""):
    """Yield the path of every key of an instance."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield f"{before}/{name}"
            yield from paths_of(item, f"{before}/{name}")
    if isinstance(value, list):
        for item in value:
            yield from paths_of(item, f"{before}[]")

"""Leaves of a message of OCPP."""

from translators.rules.coverage.json_schema import leaves

SCHEMA = {
    "definitions": {
        "UnitEnum": {"type": "string", "enum": ["W", "A"]},
        "Point": {"type": "object", "properties": {"x": {"type": "number"}}},
        "Curve": {
            "type": "object",
            "properties": {
                "points": {"type": "array", "items": {"$ref": "#/definitions/Point"}},
                "unit": {"$ref": "#/definitions/UnitEnum"},
                "inner": {"$ref": "#/definitions/Curve"},
            },
        },
    },
    "properties": {
        "id": {"type": "string"},
        "ids": {"type": "array", "items": {"type": "string"}},
        "curve": {"$ref": "#/definitions/Curve"},
        "plain": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}


def test_members_that_are_no_objects_are_leaves_and_lists_count_as_their_items():
    assert leaves(SCHEMA) == {"id", "ids", "curve/points/x", "curve/unit", "plain/a"}


def test_enumerated_values_count_where_they_are_asked_for():
    assert leaves(SCHEMA, frozenset({"unit"})) - leaves(SCHEMA) == {"curve/unit=W", "curve/unit=A"}

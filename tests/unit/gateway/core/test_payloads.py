"""Comparing reports with orders."""

import pytest

from gateway.core.payloads import clear_call, same_payload

ALIKE = {
    "equal": ({"a": 1}, {"a": 1}),
    "more was reported": ({"a": 1}, {"a": 1, "b": 2}),
    "rounding of a double": ({"a": 0.95}, {"a": 0.9500000001}),
    "int and double": ({"a": 1}, {"a": 1.0}),
    "instants in two spellings": (
        {"t": "2026-12-01T18:00:00Z"},
        {"t": "2026-12-01T18:00:00.000+00:00"},
    ),
    "nested lists": ({"c": [{"x": 1}, {"x": 2}]}, {"c": [{"x": 1}, {"x": 2}]}),
    "booleans": ({"a": True}, {"a": True}),
    "null": ({"a": None}, {"a": None}),
}
UNLIKE = {
    "missing": ({"a": 1}, {}),
    "another value": ({"a": 1}, {"a": 2}),
    "another sign": ({"a": 44}, {"a": -44}),
    "shorter list": ({"c": [1, 2]}, {"c": [1]}),
    "other order": ({"c": [1, 2]}, {"c": [2, 1]}),
    "true is not 1": ({"a": True}, {"a": 1}),
    "1 is not true": ({"a": 1}, {"a": True}),
    "another instant": ({"t": "2026-12-01T18:00:00Z"}, {"t": "2026-12-01T18:00:01Z"}),
    "an instant without zone": ({"t": "2026-12-01T18:00:00Z"}, {"t": "2026-12-01T18:00:00"}),
    "no instant": ({"t": "2026-12-01T18:00:00Z"}, {"t": "soon"}),
    "text and number": ({"t": "1"}, {"t": 1}),
    "number and text": ({"t": 1}, {"t": "1"}),
    "object and list": ({"o": {"a": 1}}, {"o": [1]}),
    "list and text": ({"o": [1]}, {"o": 1}),
}


@pytest.mark.parametrize(("told", "reported"), ALIKE.values(), ids=ALIKE)
def test_reports_that_say_the_same(told, reported):
    assert same_payload(told, reported)


@pytest.mark.parametrize(("told", "reported"), UNLIKE.values(), ids=UNLIKE)
def test_reports_that_do_not(told, reported):
    assert not same_payload(told, reported)


def test_named_keys_can_be_left_out_of_the_comparison_at_any_depth():
    told, reported = {"v": {"x": 1, "duration": 60}}, {"v": {"x": 1, "duration": 90}}
    assert same_payload(told, reported, but=frozenset({"duration"}))


def test_a_der_control_is_cleared_by_its_id_and_flag():
    payload = {"isDefault": True, "controlId": "abc", "controlType": "Gradients"}
    assert clear_call("SetDERControl", payload) == (
        "ClearDERControl",
        {"isDefault": True, "controlId": "abc"},
    )


def test_a_profile_is_cleared_by_its_id():
    payload = {"evseId": 1, "chargingProfile": {"id": 7}}
    assert clear_call("SetChargingProfile", payload) == (
        "ClearChargingProfile",
        {"chargingProfileId": 7},
    )

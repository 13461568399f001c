import importlib.util

import pytest

from gateway.simulators import station_schema
from gateway.simulators.station_schema import check_request, check_response
from gateway.simulators.station_wire import CallError
from support.station_messages import set_control, set_profile


def code(action, payload, version="2.1"):
    with pytest.raises(CallError) as found:
        check_request(version, action, payload)
    return found.value.code


def test_sound_requests_pass():
    check_request("2.1", "SetDERControl", set_control())
    check_request("2.0.1", "SetChargingProfile", set_profile())


@pytest.mark.parametrize(
    ("action", "version"),
    [("Nonsense", "2.1"), ("../SetDERControl", "2.1"), ("SetDERControl", "2.0.1"), ("", "2.1")],
)
def test_an_unknown_action_is_not_implemented(action, version):
    assert code(action, {}, version) == "NotImplemented"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"isDefault": "yes"}, "TypeConstraintViolation"),
        ({"controlId": "x" * 37}, "PropertyConstraintViolation"),
        ({"controlType": "Magic"}, "PropertyConstraintViolation"),
        ({"surprise": 1}, "OccurrenceConstraintViolation"),
        ({"controlId": None}, "OccurrenceConstraintViolation"),
    ],
)
def test_each_violation_has_its_code(change, expected):
    payload = {key: value for key, value in (set_control() | change).items() if value is not None}
    assert code("SetDERControl", payload) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"startTime": "tomorrow"}, "FormatViolation"),
        ({"curveData": []}, "OccurrenceConstraintViolation"),
        ({"curveData": [{"x": 1, "y": 1}] * 11}, "OccurrenceConstraintViolation"),
        ({"priority": -1}, "PropertyConstraintViolation"),
        ({"duration": "60"}, "TypeConstraintViolation"),
    ],
)
def test_violations_inside_a_member_count(body, expected):
    assert code("SetDERControl", set_control(**body)) == expected


def test_answers_are_checked_and_unknown_ones_pass():
    check_response("2.1", "Nonsense", {"x": 1})
    with pytest.raises(CallError, match="currentTime"):
        check_response("2.1", "Heartbeat", {})


def test_missing_schemas_are_said_plainly(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RuntimeError, match="not installed"):
        station_schema._folder.__wrapped__()

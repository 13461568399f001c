"""The official schemas as they are used: both versions, both directions, with the code of the fault."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.core.evidence import composite_request
from gateway.core.payloads import clear_call
from gateway.stations import validators
from gateway.stations.validators import known_actions, violation


def a_control(**changes):
    body = {"priority": 0, "setpoint": 10, "unit": "PctMaxVar"} | changes
    return {"isDefault": True, "controlId": "c", "controlType": "FixedVar", "fixedVar": body}


def a_limit(version):
    schedule = {
        "id": 1,
        "startSchedule": "2026-12-01T12:00:00Z",
        "duration": 3600,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000.5}],
    }
    profile = {
        "id": 1_000_000_001,
        "stackLevel": 1,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    }
    return {"evseId": 0, "chargingProfile": profile}


FAULTS = [
    ("a digit string", a_control(setpoint="10"), "TypeConstraintViolation", "fixedVar/setpoint"),
    ("true for a number", a_control(setpoint=True), "TypeConstraintViolation", "fixedVar/setpoint"),
    ("not a number", a_control(setpoint=float("nan")), "PropertyConstraintViolation", ""),
    ("infinity, deep inside", a_control(setpoint=float("-inf")), "PropertyConstraintViolation", ""),
    ("nothing", {}, "OccurrenceConstraintViolation", ""),
    ("an unknown member", a_control() | {"evseId": 1}, "FormatViolation", ""),
    ("an unknown unit", a_control(unit="Percent"), "PropertyConstraintViolation", "fixedVar/unit"),
    (
        "a negative priority",
        a_control(priority=-1),
        "PropertyConstraintViolation",
        "fixedVar/priority",
    ),
    (
        "an id too long",
        a_control() | {"controlId": "i" * 37},
        "PropertyConstraintViolation",
        "controlId",
    ),
    (
        "a start that is no instant",
        a_control(startTime="noon"),
        "PropertyConstraintViolation",
        "fixedVar/startTime",
    ),
    (
        "a day that is none",
        a_control(startTime="2026-02-30T12:00:00Z"),
        "PropertyConstraintViolation",
        "fixedVar/startTime",
    ),
]


@pytest.mark.parametrize(
    ("payload", "code", "where"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_a_fault_has_a_code_and_a_place(payload, code, where):
    found = violation("2.1", "SetDERControl", payload, request=True)
    assert (found.code, found.where) == (code, where)


def test_a_fault_reads_as_place_and_problem_and_never_quotes_a_whole_payload():
    found = violation("2.1", "SetDERControl", a_control(unit="u" * 5000), request=True)
    assert str(found).startswith("fixedVar/unit: ")
    assert len(str(found)) < 250
    assert str(violation("2.1", "SetDERControl", {}, request=True)).startswith(".: ")


def points(count):
    return [{"x": number, "y": 0} for number in range(count)]


def a_reported_curve(count):
    curve = {"priority": 1, "yUnit": "PctMaxVar", "curveData": points(count)}
    flags = {"isDefault": True, "isSuperseded": False}
    return {"curve": curve, "id": "c", "curveType": "VoltVar", **flags}


def a_set_curve(count):
    curve = {"priority": 1, "yUnit": "PctMaxVar", "curveData": points(count)}
    return {"isDefault": True, "controlId": "c", "controlType": "VoltVar", "curve": curve}


def a_stop(count):
    ids = [str(number) for number in range(count)]
    return {
        "controlId": "c",
        "started": True,
        "timestamp": "2026-12-01T12:00:00Z",
        "supersededIds": ids,
    }


BOUNDS = [
    ("points set", "SetDERControl", True, a_set_curve, 10),
    (
        "points reported",
        "ReportDERControl",
        True,
        lambda n: {"requestId": 1, "curve": [a_reported_curve(n)]},
        10,
    ),
    (
        "curves reported",
        "ReportDERControl",
        True,
        lambda n: {"requestId": 1, "curve": [a_reported_curve(2)] * n},
        24,
    ),
    ("ids superseded at a start", "NotifyDERStartStop", True, a_stop, 24),
    (
        "ids superseded at once",
        "SetDERControl",
        False,
        lambda n: {"status": "Accepted", "supersededIds": a_stop(n)["supersededIds"]},
        24,
    ),
]


@pytest.mark.parametrize(
    ("action", "request_", "build", "most"),
    [row[1:] for row in BOUNDS],
    ids=[row[0] for row in BOUNDS],
)
def test_lists_have_at_least_one_and_at_most_so_many(action, request_, build, most):
    assert violation("2.1", action, build(1), request=request_) is None
    assert violation("2.1", action, build(most), request=request_) is None
    assert (
        violation("2.1", action, build(most + 1), request=request_).code
        == "OccurrenceConstraintViolation"
    )
    assert (
        violation("2.1", action, build(0), request=request_).code == "OccurrenceConstraintViolation"
    )


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_the_calls_of_a_profile_are_sound_in_both_versions(version):
    payload = a_limit(version)
    clear, selector = clear_call("SetChargingProfile", payload)
    calls = [
        ("SetChargingProfile", payload),
        (clear, selector),
        ("GetCompositeSchedule", composite_request(payload)),
        (
            "GetChargingProfiles",
            {"requestId": 1, "chargingProfile": {"chargingLimitSource": ["CSO"]}},
        ),
        ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}),
    ]
    assert [violation(version, *call, request=True) for call in calls] == [None] * len(calls)


def test_a_setpoint_does_not_exist_in_2_0_1():
    payload = a_limit("2.0.1")
    period = payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    period["setpoint"] = 1
    assert violation("2.1", "SetChargingProfile", payload, request=True) is None
    assert violation("2.0.1", "SetChargingProfile", payload, request=True).code == "FormatViolation"


def test_each_version_knows_its_own_actions():
    assert {"SetDERControl", "NotifyPeriodicEventStream", "AFRRSignal"} <= known_actions("2.1")
    assert known_actions("2.0.1") < known_actions("2.1")
    assert "SetDERControl" not in known_actions("2.0.1")
    assert len(known_actions("2.1")) == 91
    assert len(known_actions("2.0.1")) == 64


def test_an_unknown_action_has_no_schema():
    found = violation("2.0.1", "SetDERControl", {}, request=True)
    assert found.code == "NotImplemented"
    assert "2.0.1" in str(found)


def test_the_one_message_without_answer_is_validated_like_the_others():
    stream = {
        "id": 1,
        "pending": 0,
        "basetime": "2026-12-01T12:00:00Z",
        "data": [{"t": 0, "v": "1"}],
    }
    assert violation("2.1", "NotifyPeriodicEventStream", stream, request=True) is None
    assert violation("2.1", "NotifyPeriodicEventStream", {}, request=True) is not None
    assert violation("2.1", "NotifyPeriodicEventStream", {}, request=False).code == "NotImplemented"


def test_every_schema_file_compiles():
    for version in ("2.1", "2.0.1"):
        for action in known_actions(version):
            violation(version, action, {}, request=True)
            violation(version, action, {}, request=False)


def test_the_schemas_are_read_as_data_and_their_session_layer_is_not_imported():
    program = (
        "import sys\n"
        "from gateway.stations.validators import violation\n"
        "assert violation('2.1', 'Heartbeat', {}, request=True) is None\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'ocpp']\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_the_schemas_nothing_pretends_to_validate(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    validators._folder.cache_clear()
    with pytest.raises(RuntimeError, match="is not installed"):
        validators._folder("2.1")
    monkeypatch.undo()
    assert isinstance(validators._folder("2.1"), Path)

"""Notices, alarms, capability and what a station holds."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.stations.validators import violation
from support.translation import F, an_evse
from translators.canonical.capability import Ratings
from translators.canonical.telemetry import Alarm, ControlNotice, GridFault
from translators.errors import DocumentError
from translators.ocpp.inbound import (
    RATINGS,
    alarm,
    capability,
    held_controls,
    held_profiles,
    notice,
    with_rating,
)

AT = "2026-12-01T12:00:00Z"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
FAULTS = (
    "OverCurrent OverVoltage UnderVoltage OverFrequency UnderFrequency VoltageImbalance CurrentImbalance "
    "LocalEmergency RemoteEmergency LowInputPower PhaseRotation"
)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"controlId": "c", "started": True, "timestamp": AT}, ControlNotice("CS1", "c", True, NOON)),
        ({"controlId": "c", "started": False, "timestamp": AT, "supersededIds": ["a", "b"]},
         ControlNotice("CS1", "c", False, NOON, ("a", "b"))),
    ],
)  # fmt: skip
def test_a_notice_says_which_control_started_or_ended(payload, expected):
    assert violation("2.1", "NotifyDERStartStop", payload, request=True) is None
    assert notice("CS1", payload) == expected


def test_a_notice_without_an_instant_is_no_notice():
    with pytest.raises(DocumentError, match="timestamp = 'now': is no instant"):
        notice("CS1", {"controlId": "c", "started": True, "timestamp": "now"})


@pytest.mark.parametrize("name", FAULTS.split())
def test_the_eleven_faults_are_one_to_one(name):
    payload = {"controlType": "VoltVar", "timestamp": AT, "gridEventFault": name}
    assert violation("2.1", "NotifyDERAlarm", payload, request=True) is None
    assert alarm("CS1", payload).fault is GridFault(name)
    assert {fault.value for fault in GridFault} == set(FAULTS.split())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Alarm("CS1", "VoltVar", None, NOON)),
        ({"alarmEnded": False}, Alarm("CS1", "VoltVar", None, NOON)),
        (
            {"alarmEnded": True, "extraInfo": "over"},
            Alarm("CS1", "VoltVar", None, NOON, True, "over"),
        ),
    ],
)
def test_an_alarm_starts_unless_it_says_that_it_ended(more, expected):
    assert alarm("CS1", {"controlType": "VoltVar", "timestamp": AT, **more}) == expected


def said(component, variable, value, evse=None, kind=None):
    """Return one reportData item of NotifyReport."""
    attribute = {} if kind is None else {"type": kind}
    attribute |= {} if value is None else {"value": value}
    place = {} if evse is None else {"evse": {"id": evse}}
    return {
        "component": {"name": component, **place},
        "variable": {"name": variable},
        "variableAttribute": [attribute],
    }


BARE = replace(an_evse(modes=(), v2x=(), units=("W",)), ratings=Ratings())


def reported(*items, declared=(BARE,)):
    return capability(declared, items)


def test_every_rating_of_the_der_component_is_taken_under_its_own_name():
    items = [said("DCDERCtrlr", name, f"{n}.5", 1) for n, name in enumerate(RATINGS)]
    (evse,) = reported(*items)
    assert evse.ratings == Ratings(
        **{field: F(n) + F(1, 2) for n, field in enumerate(RATINGS.values())}
    )


@pytest.mark.parametrize("component", ["DCDERCtrlr", "ACDERCtrlr"])
def test_modes_and_ratings_may_stand_with_either_controller(component):
    (evse,) = reported(
        said(component, "ModesSupported", "VoltVar, FixedVar,", 1), said(component, "MaxW", "7", 1)
    )
    assert evse.der_modes == {"VoltVar", "FixedVar"}
    assert evse.ratings.max_w == 7


def test_modes_of_both_controllers_add_up():
    (evse,) = reported(
        said("DCDERCtrlr", "ModesSupported", "VoltVar", 1),
        said("ACDERCtrlr", "ModesSupported", "WattPF", 1),
    )
    assert evse.der_modes == {"VoltVar", "WattPF"}


@pytest.mark.parametrize(
    ("evse", "expected"),
    [(1, ["7", None]), (2, [None, "7"]), (None, ["7", "7"]), (3, [None, None]), (0, [None, None])],
)
def test_a_variable_is_of_its_evse_or_of_all(evse, expected):
    declared = (BARE, replace(BARE, id=2))
    found = reported(said("DCDERCtrlr", "MaxW", "7", evse), declared=declared)
    assert [e.ratings.max_w for e in found] == [None if v is None else F(v) for v in expected]
    assert [e.id for e in found] == [1, 2]


@pytest.mark.parametrize(
    ("value", "units"),
    [("A", ("A",)), ("W", ("W",)), ("A,W", ("W", "A")), ("W, A", ("W", "A")), ("", ("W",))],
)
def test_rate_units_are_kept_watts_first(value, units):
    (evse,) = reported(said("SmartChargingCtrlr", "RateUnit", value))
    assert evse.charging_rate_units == units


def test_operation_modes_replace_what_was_declared():
    declared = (replace(BARE, v2x_operation_modes=frozenset({"Idle"})),)
    item = said("V2XChargingCtrlr", "SupportedOperationModes", "CentralSetpoint,ChargingOnly", 1)
    (evse,) = reported(item, declared=declared)
    assert evse.v2x_operation_modes == {"CentralSetpoint", "ChargingOnly"}


@pytest.mark.parametrize(
    "item",
    [
        said("DCDERCtrlr", "MaxW", None, 1),
        said("DCDERCtrlr", "MaxW", "7", 1, kind="Target"),
        said("DCDERCtrlr", "Manufacturer", "7", 1),
        said("OtherCtrlr", "MaxW", "7", 1),
        said("DCDERCtrlr", "MaxW", "much", 1),
        said("DCDERCtrlr", "MaxW", "1e999999999", 1),
    ],
)
def test_what_says_nothing_changes_nothing(item):
    assert reported(item) == (BARE,)


def test_the_actual_value_counts_wherever_it_stands():
    item = said("DCDERCtrlr", "MaxW", "1", 1, kind="MaxSet")
    item["variableAttribute"].append({"type": "Actual", "value": "7"})
    assert reported(item)[0].ratings.max_w == 7


@pytest.mark.parametrize(
    ("value", "expected"), [("7.5", F("7.5")), (7, F(7)), ("x", None), (None, None)]
)
def test_one_rating_may_be_set_alone(value, expected):
    assert with_rating(Ratings(), "VNom", value).v_nom == expected


CURVE = {"curveData": [{"x": 1, "y": 2}], "priority": 1, "yUnit": "PctMaxVar"}
FLAGS = {"id": "c1", "isDefault": False, "isSuperseded": True}
ARRAYS = [
    ("curve", {"curve": CURVE, "curveType": "VoltVar", **FLAGS}, "VoltVar", "curve"),
    ("fixedPFAbsorb", {"fixedPF": {"priority": 1, "displacement": 0.9, "excitation": True}, **FLAGS},
     "FixedPFAbsorb", "fixedPFAbsorb"),
    ("fixedPFInject", {"fixedPF": {"priority": 1, "displacement": 0.9, "excitation": True}, **FLAGS},
     "FixedPFInject", "fixedPFInject"),
    ("fixedVar", {"fixedVar": {"priority": 1, "setpoint": 5, "unit": "PctMaxVar"}, **FLAGS},
     "FixedVar", "fixedVar"),
    ("freqDroop", {"freqDroop": {"priority": 1, "overFreq": 61, "underFreq": 59, "overDroop": 0.05,
                                 "underDroop": 0.05, "responseTime": 5}, **FLAGS}, "FreqDroop", "freqDroop"),
    ("limitMaxDischarge", {"limitMaxDischarge": {"priority": 1, "pctMaxDischargePower": 50}, **FLAGS},
     "LimitMaxDischarge", "limitMaxDischarge"),
]  # fmt: skip
DEFAULTS = [
    (
        "enterService",
        {"priority": 1, "highVoltage": 105, "lowVoltage": 90, "highFreq": 61, "lowFreq": 59},
    ),
    ("gradient", {"priority": 1, "gradient": 1, "softGradient": 0}),
]


@pytest.mark.parametrize(
    ("array", "item", "control_type", "slot"), ARRAYS, ids=[a[0] for a in ARRAYS]
)
def test_each_array_of_a_report_becomes_the_message_that_would_set_it(
    array, item, control_type, slot
):
    report = {"requestId": 1, array: [item]}
    assert violation("2.1", "ReportDERControl", report, request=True) is None
    (held,) = held_controls(report)
    body = item["fixedPF"] if array.startswith("fixedPF") else item[slot]
    assert (held.id, held.action, held.superseded) == ("c1", "SetDERControl", True)
    assert held.payload == {
        "isDefault": False,
        "controlId": "c1",
        "controlType": control_type,
        slot: body,
    }


@pytest.mark.parametrize(("slot", "body"), DEFAULTS, ids=[d[0] for d in DEFAULTS])
def test_enter_service_and_gradients_are_defaults_and_never_superseded(slot, body):
    report = {"requestId": 1, slot: [{"id": "d1", slot: body}]}
    assert violation("2.1", "ReportDERControl", report, request=True) is None
    (held,) = held_controls(report)
    assert held.payload["isDefault"] is True
    assert held.payload["controlType"] == {"gradient": "Gradients"}.get(slot, "EnterService")
    assert held.payload[slot] == body
    assert not held.superseded
    assert violation("2.1", "SetDERControl", held.payload, request=True) is None


def test_a_report_may_hold_several_of_each_or_none():
    item = ARRAYS[0][1]
    held = held_controls(
        {"requestId": 1, "curve": [item, {**item, "id": "c2", "curveType": "WattVar"}]}
    )
    assert [(h.id, h.payload["controlType"]) for h in held] == [
        ("c1", "VoltVar"),
        ("c2", "WattVar"),
    ]
    assert held_controls({"requestId": 1}) == ()


def test_profiles_are_held_under_their_own_ids_at_their_evse():
    profiles = [{"id": 7, "stackLevel": 1}, {"id": 8, "stackLevel": 2}]
    found = held_profiles({"evseId": 2, "chargingProfile": profiles, "requestId": 1})
    assert [(h.id, h.action, h.superseded) for h in found] == [
        ("7", "SetChargingProfile", False),
        ("8", "SetChargingProfile", False),
    ]
    assert found[1].payload == {"evseId": 2, "chargingProfile": profiles[1]}

"""Notices, alarms and what a station holds."""

from datetime import UTC, datetime

import pytest

from gateway.stations.validators import violation
from translators.canonical.telemetry import Alarm, ControlNotice, GridFault
from translators.errors import DocumentError
from translators.ocpp.inbound import alarm, held_controls, held_profiles, notice

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

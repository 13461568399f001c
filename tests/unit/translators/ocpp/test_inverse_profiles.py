"""Charging profiles read backwards: the load's frame, amps, periods, and forms that mean nothing to us."""

from datetime import timedelta

import pytest

from support.translation import (
    NOON,
    F,
    a_station,
    an_evse,
    book,
    charge_only,
    limit,
    only,
    q,
    running,
    situation,
    translated,
)
from translators.canonical.controls import (
    ActiveSetpoint,
    ChargeStateTarget,
    Energize,
    ReactiveSetpoint,
)
from translators.ocpp.inverse import told, told_together

RUNNING = situation(running(100))


def back(payload, station=None):
    return told(book(), "SetChargingProfile", payload, station or a_station(), RUNNING)


def sent(*controls, station=None):
    return only(translated(*controls, station=station, situation=RUNNING))


def a_profile(*periods, purpose="TxProfile", unit="W", evse=1, kind="Absolute", **schedule):
    body = {
        "startSchedule": "2026-12-01T12:00:00Z",
        "duration": 3600,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": list(periods),
    } | schedule
    profile = {
        "id": 7,
        "stackLevel": 1,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [{"id": 7, **{k: v for k, v in body.items() if v is not None}}],
    }
    return {"evseId": evse, "chargingProfile": profile}


def controls(translation):
    return [control for one in translation.value for control in one.controls]


def details(translation):
    return [(loss.kind.value, loss.detail) for loss in translation.losses]


@pytest.mark.parametrize(
    "asked",
    [
        (ActiveSetpoint(q("-5000 W")),),
        (ActiveSetpoint(q("2500.5 W")), ReactiveSetpoint(q("-300 var"))),
        (ChargeStateTarget(F("0.8")),),
        (limit("import", "7000 W"),),
    ],
    ids=["charge", "both", "charge state", "limit"],
)
def test_what_was_told_is_what_was_asked(asked):
    assert controls(back(sent(*asked))) == list(asked)


def test_amps_are_watts_at_nominal_voltage():
    station = charge_only(v_nom=230)
    found = back(sent(limit("import", "6900 W"), station=station), station)
    assert controls(found) == [limit("import", "6900 W")]
    assert details(found) == [("approximate", "watts at nominal voltage")]


def test_a_limit_of_a_transaction_stands_for_a_setpoint():
    found = back(a_profile({"startPeriod": 0, "limit": 5000}))
    assert controls(found) == [ActiveSetpoint(q("-5000 W"))]
    assert details(found) == [
        ("approximate", "a limit in place of a setpoint: the car may take less")
    ]


def test_a_limit_in_amps_of_one_evse_counts_its_phases():
    found = back(a_profile({"startPeriod": 0, "limit": 10, "numberPhases": 1}, unit="A"))
    assert controls(found) == [ActiveSetpoint(q("-2400 W"))]


@pytest.mark.parametrize(
    "evses",
    [(an_evse(v_nom=None),), (an_evse(1, phases=1), an_evse(2, phases=3))],
    ids=["no voltage", "unlike phases"],
)
def test_amps_without_one_voltage_and_phase_number_are_no_watts(evses):
    payload = a_profile(
        {"startPeriod": 0, "limit": 10}, purpose="ChargingStationMaxProfile", unit="A", evse=0
    )
    found = back(payload, a_station(*evses))
    assert "one nominal voltage" in found.refusals[0].problem


def test_each_period_has_its_own_time_and_the_last_ends_with_the_schedule():
    payload = a_profile(
        {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 1000},
        {"startPeriod": 600, "operationMode": "CentralSetpoint", "setpoint": -1000},
    )
    found = back(payload)
    assert controls(found) == [ActiveSetpoint(q("-1000 W")), ActiveSetpoint(q("1000 W"))]
    spans = [(one.interval.start, one.interval.end) for one in found.value]
    turn = NOON + timedelta(minutes=10)
    assert spans == [(NOON, turn), (turn, NOON + timedelta(hours=1))]


def test_a_schedule_without_end_has_none():
    (one,) = back(a_profile({"startPeriod": 0, "limit": 1}, duration=None)).value
    assert one.interval.end is None
    assert (one.id, one.primacy) == ("7", None)


def test_ceasing_is_said_once_where_idle_stands_beside_the_limit():
    made = translated(Energize(energized=False), situation=RUNNING)
    messages = [(m.action, m.payload) for m in made.value.messages]
    assert len(messages) == 2
    found = told_together(book(), messages, a_station(), RUNNING)
    assert controls(found) == [Energize(energized=False)]


def test_a_limit_of_0_alone_may_be_either():
    payload = a_profile({"startPeriod": 0, "limit": 0}, purpose="ChargingStationMaxProfile", evse=0)
    found = told_together(book(), [("SetChargingProfile", payload)], a_station(), RUNNING)
    assert controls(found) == [limit("import", "0 W")]
    assert details(found) == [
        ("ambiguous", "no charge at all: a limit of 0, or ceasing to energize")
    ]


@pytest.mark.parametrize("watts", [22000, -16000])
def test_a_setpoint_at_a_rating_may_have_been_cut(watts):
    payload = a_profile({"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": watts})
    assert details(back(payload)) == [("clip", "at a rating: more may have been asked")]
    elsewhere = {**payload, "evseId": 9}
    assert details(back(elsewhere)) == []


def test_members_that_no_control_takes_are_named():
    payload = a_profile(
        {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 0, "limit": 9}
    )
    assert details(back(payload)) == [("drop", "no canonical field takes it")]


FIRST = {"startPeriod": 0, "limit": 1}
MAX = "ChargingStationMaxProfile"
CENTRAL = {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 1}


@pytest.mark.parametrize(
    ("payload", "station", "problem"),
    [
        (a_profile(FIRST, kind="Recurring"), a_station(), "Recurring with 1 schedules"),
        (a_profile(FIRST, startSchedule=None), a_station(), "is missing"),
        (a_profile({**FIRST, "limit": -1}), a_station(), "below 0"),
        (a_profile({"startPeriod": 0}), a_station(), "no number"),
        (a_profile(CENTRAL, purpose=MAX), a_station(), "has no canonical reading"),
        (
            a_profile({"startPeriod": 0, "operationMode": "ExternalLimits"}),
            a_station(),
            "has no canonical reading",
        ),
        (
            a_profile({**FIRST, "limit": 1}, limitAtSoC={"soc": 80, "limit": 0}),
            a_station(version="2.0.1"),
            "no rule of charge_state for OCPP 2.0.1",
        ),
    ],
)
def test_forms_that_no_rule_sends_are_refused_by_name(payload, station, problem):
    found = back(payload, station)
    assert found.value == ()
    assert problem in found.refusals[0].problem

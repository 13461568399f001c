"""Controls that leave as SetDERControl: envelope, signs, bases, dialects."""

import pytest

from support.translation import (
    ALL_MODES,
    EVERY_CONTROL,
    NOON,
    F,
    a_station,
    an_evse,
    body,
    curve,
    droop,
    enter_service,
    kinds,
    only,
    pf,
    q,
    refused,
    situation,
    translated,
)
from translators.canonical.commands import Interval
from translators.canonical.controls import FixedVar, Gradients, VoltVar
from translators.ocpp.identifiers import control_id


def test_a_scheduled_control_has_an_id_a_priority_a_start_and_a_duration():
    assert only(translated(pf("0.95", "under", "injecting"))) == {
        "isDefault": False,
        "controlId": control_id("0A", "CS1", "FixedPFInject"),
        "controlType": "FixedPFInject",
        "fixedPFInject": {
            "priority": 7,
            "displacement": 0.95,
            "excitation": True,
            "startTime": "2026-12-01T12:00:00Z",
            "duration": 3600,
        },
    }


def test_a_default_control_has_neither_start_nor_duration():
    payload = only(translated(pf(), default=True))  # R04.FR.12, R04.FR.13
    assert payload["isDefault"] is True
    assert payload["fixedPFInject"] == {"priority": 7, "displacement": 0.95, "excitation": True}


def test_an_event_without_end_cannot_be_scheduled():
    translation = translated(pf(), interval=Interval(NOON, None))
    assert translation.value.messages == ()
    assert refused(translation) == [("not_applicable", "FixedPowerFactor.injecting")]
    assert kinds(translation) == ["unsupported"]


@pytest.mark.parametrize("priority", [0, 7, 255])
def test_primacy_is_the_priority_as_it_is(priority):
    assert only(translated(pf(), primacy=priority))["fixedPFInject"]["priority"] == priority


@pytest.mark.parametrize("flow", ["injecting", "absorbing"])
@pytest.mark.parametrize(("excitation", "wire"), [("under", True), ("over", False)])
def test_true_absorbs_whichever_way_power_flows(flow, excitation, wire):
    sent = body(translated(pf("0.9", excitation, flow)))
    assert sent == {"displacement": 0.9, "excitation": wire}
    inverted = translated(pf("0.9", excitation, flow), station=a_station(excitation="inverted"))
    assert body(inverted)["excitation"] is not wire
    assert kinds(inverted) == []


def test_one_of_the_pair_is_never_mirrored_to_the_other():
    assert len(translated(pf(flow="absorbing")).value.messages) == 1


@pytest.mark.parametrize(
    ("setpoint", "wire", "unit", "lost"),
    [
        ("-44 pct[setMaxVar]", -44, "PctMaxVar", []),
        ("44 pct[setMaxVar]", 44, "PctMaxVar", []),
        ("44 pct[statVarAvail]", 44, "PctVarAvail", []),
        ("-44 pct[statVarAvail]", -44, "PctVarAvail", []),
        ("10 pct[setMaxW]", 20, "PctMaxVar", ["rebase"]),
        ("-10 pct[setMaxW]", -25, "PctMaxVar", ["rebase"]),
        ("-10 pct[setMaxW|setMaxChargeRateW]", -27.5, "PctMaxVar", ["rebase"]),
        ("10 pct[setMaxVA]", 25, "PctMaxVar", ["rebase"]),
        ("-10 pct[setMaxVA]", -31.25, "PctMaxVar", ["rebase"]),
        ("90 pct[setMaxW]", 100, "PctMaxVar", ["clip", "rebase"]),
        ("-90 pct[setMaxW]", -100, "PctMaxVar", ["clip", "rebase"]),
        ("1/3 pct[setMaxVar]", 0.3333, "PctMaxVar", ["round"]),
        ("0 pct[setMaxVar]", 0, "PctMaxVar", []),
    ],
)
def test_fixed_var_leaves_in_per_cent_of_var_on_the_side_of_its_sign(setpoint, wire, unit, lost):
    translation = translated(FixedVar(q(setpoint)))
    assert body(translation) == {"setpoint": wire, "unit": unit}
    assert kinds(translation) == lost


@pytest.mark.parametrize("nominal", [50, 60])
def test_droop_deadbands_leave_as_absolute_frequencies_on_either_side_of_nominal(nominal):
    translation = translated(droop(), station=a_station(nominal=nominal))
    assert body(translation) == {
        "overFreq": nominal + 0.036,
        "underFreq": float(nominal - F("0.04")),
        "overDroop": 0.05,
        "underDroop": 0.03,
        "responseTime": 5,
    }
    assert kinds(translation) == ["dialect"]


def test_a_station_may_read_droop_in_per_cent():
    sent = body(translated(droop(), station=a_station(droop="percent")))
    assert (sent["overDroop"], sent["underDroop"]) == (5, 3)


def test_p_min_has_no_field_and_is_a_declared_drop():
    assert kinds(translated(droop(p_min=F(0)))) == ["dialect", "drop"]


ENTER = {
    "highVoltage": 105,
    "lowVoltage": 91.7,
    "highFreq": 60.1,
    "lowFreq": 59.5,
    "delay": 300,
    "randomDelay": 20,
    "rampRate": 250,
}


@pytest.mark.parametrize(
    ("dialect", "changed"),
    [
        ({}, {}),
        ({"enter_service_voltage": "volts"}, {"highVoltage": 252, "lowVoltage": 220.08}),
        ({"enter_service_ramp": "pct_per_s"}, {"rampRate": 0.4}),
    ],
)
def test_enter_service_is_read_as_the_dialect_says(dialect, changed):
    translation = translated(enter_service(), station=a_station(**dialect), default=True)
    assert body(translation) == ENTER | changed
    assert kinds(translation) == ["dialect"]


@pytest.mark.parametrize(
    ("missing", "outcome"),
    [
        ("delay", None),
        ("random_delay", None),
        ("ramp_time", None),
        ("high_voltage", "not_applicable"),
        ("low_frequency", "not_applicable"),
    ],
)
def test_an_incomplete_enter_service_leaves_out_what_may_be_absent_and_is_refused_otherwise(
    missing, outcome
):
    translation = translated(enter_service(**{missing: None}), default=True)
    if outcome is None:
        assert len(body(translation)) == len(ENTER) - 1
    else:
        assert refused(translation) == [(outcome, "EnterService")]
        assert kinds(translation) == ["unsupported"]


def test_a_ramp_of_no_time_has_no_rate():
    station = a_station(enter_service_ramp="pct_per_s")
    translation = translated(enter_service(ramp_time=F(0)), station=station, default=True)
    assert refused(translation) == [("not_applicable", "EnterService")]
    assert body(translated(enter_service(ramp_time=F(0)), default=True))["rampRate"] == 0


@pytest.mark.parametrize(
    ("normal", "soft", "dialect", "sent", "lost"),
    [
        ("0.25", "0.5", {}, (0.25, 0.5), ["dialect"]),
        ("0.5", "2", {"gradient": "seconds_full_scale"}, (200, 50), ["dialect"]),
        ("0", "0.5", {}, (0, 0.5), ["dialect", "semantic"]),
        ("0", "0.5", {"gradient": "seconds_full_scale"}, (0, 200), ["dialect", "semantic"]),
        (None, "0.5", {}, (0, 0.5), ["dialect", "semantic"]),
        ("0.25", None, {}, (0.25, 0), ["dialect", "semantic"]),
    ],
)
def test_ramp_rates_leave_in_per_cent_a_second_or_as_the_dialect_says(
    normal, soft, dialect, sent, lost
):
    control = Gradients(*(None if v is None else F(v) for v in (normal, soft)))
    translation = translated(control, station=a_station(**dialect), default=True)
    assert tuple(body(translation).values()) == sent
    assert list(body(translation)) == ["gradient", "softGradient"]
    assert kinds(translation) == lost


@pytest.mark.parametrize("control", [enter_service(), Gradients(F(1), F(1))])
def test_what_exists_as_a_default_only_is_refused_as_an_event(control):
    translation = translated(control)  # R04.FR.14, R04.FR.15
    assert refused(translation) == [("not_applicable", type(control).__name__)]
    assert translation.value.messages == ()


@pytest.mark.parametrize(
    "control", [pf(), FixedVar(q("1 pct[setMaxVar]")), VoltVar(curve("1 1")), droop()]
)
def test_a_mode_must_be_known_to_every_evse_because_the_message_is_for_all(control):
    (message,) = translated(control).value.messages
    mode = message.payload["controlType"]
    without = an_evse(2, modes=ALL_MODES - {mode}, v2x=())
    translation = translated(control, station=a_station(an_evse(1, v2x=()), without))
    assert [r[0] for r in refused(translation)] == ["not_supported"]
    (where,) = (refusal.where for refusal in translation.refusals)
    assert where.rpartition(".")[2] in {"v2x", "charge_only"}


def test_a_station_without_evses_supports_nothing():
    station = a_station()
    bare = type(station)(station.id, station.ocpp_version, station.nominal_frequency_hz, ())
    assert [r[0] for r in refused(translated(pf(), station=bare))] == ["not_supported"]


def test_a_power_factor_is_not_below_what_the_settings_allow():
    limits = situation(settings={"setMinPFUnderExcited": "0.9", "setMinPFOverExcited": "0.95"})
    for excitation, floor in (("under", 0.9), ("over", 0.95)):
        translation = translated(pf("0.85", excitation), situation=limits)
        assert body(translation)["displacement"] == floor
        assert kinds(translation) == ["clip"]


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
@pytest.mark.parametrize("control", EVERY_CONTROL, ids=lambda c: type(c).__name__)
def test_every_control_is_sent_followed_or_refused_and_never_forgotten(control, version):
    translation = translated(control, station=a_station(version=version))
    orders = translation.value
    assert bool(orders.messages) + bool(orders.vacuous) + bool(translation.refusals) == 1
    assert bool(translation.refusals) == ("unsupported" in kinds(translation))


def test_older_stations_are_sent_no_der_control():
    for control in EVERY_CONTROL:
        translation = translated(control, station=a_station(version="2.0.1"))
        assert all(message.action == "SetChargingProfile" for message in translation.value.messages)


def test_messages_say_which_function_they_serve():
    (message,) = translated(pf(flow="absorbing")).value.messages
    assert message.functions == ("FixedPowerFactor.absorbing",)
    assert message.id == message.payload["controlId"]
    assert message.ocpp == "2.1"

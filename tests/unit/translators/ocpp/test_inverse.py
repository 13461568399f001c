"""What a station was told, as canonical controls: signs, units, dialects, and what does not come back."""

import pytest

from support.translation import (
    EVERY_CONTROL,
    F,
    a_station,
    body,
    book,
    curve,
    droop,
    enter_service,
    factors,
    limit,
    only,
    pf,
    q,
    running,
    situation,
    translated,
    trip,
)
from translators.canonical.commands import Interval
from translators.canonical.controls import (
    FixedVar,
    Gradients,
    TripRegion,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
)
from translators.ocpp.dialect import CODECS
from translators.ocpp.inverse import told
from translators.ocpp.inverse.numbers import UNDO
from translators.units import parse_unit

OTHER = a_station(
    excitation="inverted",
    wattpf_y="inverted",
    droop="percent",
    gradient="seconds_full_scale",
    enter_service_voltage="volts",
    enter_service_ramp="pct_per_s",
    trip_axes="time_x",
)


def back(payload, station=None, state=None):
    return told(book(), "SetDERControl", payload, station or a_station(), state or situation())


def the_one(translation):
    (one,) = translation.value
    (control,) = one.controls
    return control


def losses(translation):
    return sorted((loss.kind.value, loss.detail) for loss in translation.losses)


def changed(payload, **members):
    """Return a message with other members in its slot; None takes one away."""
    (slot,) = (key for key, value in payload.items() if isinstance(value, dict))
    inside = {key: value for key, value in (payload[slot] | members).items() if value is not None}
    return {**payload, slot: inside}


@pytest.mark.parametrize("station", [a_station(), OTHER], ids=["as the schemas say", "others"])
@pytest.mark.parametrize(
    "control",
    [
        pf("0.95", "under", "injecting"),
        pf("0.9", "over", "absorbing"),
        FixedVar(q("-44 pct[setMaxVar]")),
        FixedVar(q("12.5 pct[statVarAvail]")),
        VoltVar(curve("92 44, 98 0, 102 0, 108 -44"), F(10), F(97), v_ref_auto=True),
        VoltWatt(curve("106 100, 110 0", "pct[setMaxW]"), F(5)),
        WattPowerFactor(factors("20 1 over, 60 0.95 under"), parse_unit("pct[setMaxW]")),
        droop(),
        trip("88 2, 110 13", side="low"),
        trip("60.5 300", quantity="frequency"),
    ],
    ids=lambda control: type(control).__name__,
)
def test_what_was_told_is_what_was_asked(control, station):
    if isinstance(control, WattPowerFactor):
        control = WattPowerFactor(factors("20 1 under, 60 0.95 under"), control.x_unit)
    assert the_one(back(only(translated(control, station=station)), station)) == control


@pytest.mark.parametrize("station", [a_station(), OTHER], ids=["as the schemas say", "others"])
@pytest.mark.parametrize("control", [enter_service(), Gradients(F("0.25"), F("0.5"))])
def test_defaults_come_back_without_a_time(control, station):
    found = back(only(translated(control, station=station, default=True)), station)
    (one,) = found.value
    assert (one.controls, one.interval, one.is_default) == ((control,), None, True)


def test_time_and_urgency_come_back():
    (one,) = back(only(translated(FixedVar(q("1 pct[setMaxVar]")), primacy=3))).value
    assert one.primacy == 3
    assert isinstance(one.interval, Interval)
    assert one.interval.duration.total_seconds() == 3600
    assert len(one.id) == 36


def test_numbers_are_read_from_their_shortest_text():
    payload = changed(only(translated(FixedVar(q("1 pct[setMaxVar]")))), setpoint=0.1)
    assert the_one(back(payload)) == FixedVar(q("0.1 pct[setMaxVar]"))


def test_a_limit_of_discharge_comes_back_without_its_scope_and_says_so():
    found = back(only(translated(limit("export", "4000 W", "connection_point"))))
    assert the_one(found) == limit("export", "25 pct[setMaxDischargeRateW]")
    assert ("drop", "scope is not on the wire") in losses(found)


def test_a_value_at_its_bound_may_have_been_cut():
    for value in ("150", "-150"):
        found = back(only(translated(FixedVar(q(f"{value} pct[setMaxVar]")))))
        assert losses(found) == [("clip", "at its bound: more may have been asked")]
    found = back(only(translated(VoltVar(curve("90 150, 110 -20")))))
    assert ("clip", "at its bound: more may have been asked") in losses(found)


def test_a_power_factor_at_its_least_may_have_been_raised():
    state = situation(settings={"setMinPFUnderExcited": "0.9"})
    payload = only(translated(pf("0.8"), situation=state))
    assert losses(back(payload, state=state)) == [
        ("clip", "at its least: less may have been asked")
    ]
    assert losses(back(payload)) == []


def test_a_gradient_of_0_may_stand_for_none():
    found = back(only(translated(Gradients(F(1), None), default=True)))
    assert the_one(found) == Gradients(F(1), F(0))
    assert losses(found) == [("semantic", "0 may stand for a value that was not given")]


def test_a_folded_v_ref_cannot_be_told_from_the_points():
    station = a_station(vref="bake_multiplicative")
    asked = VoltVar(curve("92 44, 108 -44"), v_ref=F(95))
    found = back(only(translated(asked, station=station)), station)
    assert the_one(found) == VoltVar(curve("87.4 44, 102.6 -44"))
    assert ("bake", "a vRef, if there was one, is in the points") in losses(found)


def test_a_v_ref_that_a_model_would_not_be_sent_means_nothing():
    payload = only(translated(VoltVar(curve("92 44, 108 -44"), v_ref=F(95))))
    found = back(payload, a_station(vref="bake_additive"))
    assert the_one(found) == VoltVar(curve("92 44, 108 -44"))
    assert ("drop", "means nothing to this station model: the rule does not send it") in losses(
        found
    )


def test_a_v_ref_of_100_is_the_same_as_none():
    params = {"vRef": 100, "autonomousVRefEnable": False}
    payload = changed(
        only(translated(VoltVar(curve("92 44, 108 -44")))), reactivePowerParams=params
    )
    found = back(payload)
    assert the_one(found) == VoltVar(curve("92 44, 108 -44"))
    assert losses(found) == []


def test_members_that_no_rule_sends_are_named():
    params = {"vRef": 95, "autonomousVRefEnable": False, "other": 1}
    payload = changed(
        only(translated(VoltVar(curve("92 44, 108 -44")))),
        reactivePowerParams=params,
        voltageParams={"powerDuringCessation": "Active"},
    )
    where = [loss.where for loss in back(payload).losses]
    assert where == ["curve/reactivePowerParams/other", "curve/voltageParams"]


def test_percentages_are_of_the_setting_where_one_is_made():
    state = situation(settings={"setMaxVar": 5000})
    asked = FixedVar(q("40 pct[setMaxVar]"))
    payload = only(translated(asked, situation=state))
    assert payload["fixedVar"]["setpoint"] == 20
    assert the_one(back(payload, state=state)) == asked


def test_a_curve_bends_at_0_where_one_side_has_a_setting():
    state = situation(settings={"setMaxVar": 5000})
    payload = only(translated(VoltVar(curve("90 40, 110 -40"))))
    assert the_one(back(payload, state=state)).curve == curve("90 80, 100 0, 110 -40")


def test_two_vertices_at_unity_are_one():
    asked = WattPowerFactor(
        factors("0 0.9 over, 50 1 over, 100 0.9 under"), parse_unit("pct[setMaxW]")
    )
    payload = only(translated(asked))
    assert len(payload["curve"]["curveData"]) == 4
    assert the_one(back(payload)) == asked


def test_a_jump_at_one_place_passes_through_nothing():
    asked = WattPowerFactor(factors("0 0.9 over"), parse_unit("pct[setMaxW]"))
    jump = [{"x": 0, "y": -0.9}, {"x": 5, "y": -0.8}, {"x": 5, "y": 0.7}]
    assert the_one(back(changed(only(translated(asked)), curveData=jump))).points == factors(
        "0 0.9 over, 5 0.8 over, 5 0.7 under"
    )


def test_a_curve_of_ten_points_may_have_had_more():
    points = ", ".join(f"{90 + n} {n}" for n in range(10))
    found = back(only(translated(VoltVar(curve(points)))))
    assert ("approximate", "10 points are the most: there may have been more") in losses(found)


def test_every_type_of_trip_has_its_own_region():
    asked = trip("88 2", side="low", region="momentary_cessation")
    assert the_one(back(only(translated(asked)))).region is TripRegion.MOMENTARY_CESSATION


PLAIN = VoltVar(curve("92 44, 108 -44"))
BAD = [
    ("another type", FixedVar(q("1 pct[setMaxVar]")), {}, {"controlType": "LFMayTrip"}, "no rule"),
    ("no slot", FixedVar(q("1 pct[setMaxVar]")), {}, {"controlType": "FreqDroop"}, "is missing"),
    ("no number", FixedVar(q("1 pct[setMaxVar]")), {"setpoint": "x"}, {}, "no number"),
    ("infinite", FixedVar(q("1 pct[setMaxVar]")), {"setpoint": float("inf")}, {}, "no number"),
    ("other unit", FixedVar(q("1 pct[setMaxVar]")), {"unit": "PctMaxW"}, {}, "is 'PctMaxW'"),
    ("no setpoint", FixedVar(q("1 pct[setMaxVar]")), {"setpoint": None}, {}, "makes no FixedVar"),
    ("no excitation", pf(), {"excitation": "yes"}, {}, "never sends"),
    ("below 0", limit("export", "1 W"), {"pctMaxDischargePower": -1}, {}, "makes no PowerLimit"),
    ("unit of a trip", trip("88 2"), {"yUnit": "PctMaxW"}, {}, "not 'Not_Applicable'"),
    ("no points", PLAIN, {"curveData": []}, {}, "never falls"),
    ("x falls", PLAIN, {"curveData": [{"x": 2, "y": 0}, {"x": 1, "y": 0}]}, {}, "never falls"),
    (
        "through 0",
        WattPowerFactor(factors("0 0.9 over"), parse_unit("pct[setMaxW]")),
        {"curveData": [{"x": 0, "y": -0.9}, {"x": 1, "y": 0.9}]},
        {},
        "passes through 0",
    ),
    ("untimed", FixedVar(q("1 pct[setMaxVar]")), {"startTime": None}, {}, "R04.FR.13"),
]


@pytest.mark.parametrize(("members", "envelope", "problem", "asked"), [
    pytest.param(members, envelope, problem, asked, id=name)
    for name, asked, members, envelope, problem in BAD
])  # fmt: skip
def test_what_no_rule_sends_is_refused_by_name(members, envelope, problem, asked):
    payload = {**changed(only(translated(asked)), **members), **envelope}
    found = back(payload)
    assert found.value == ()
    (refusal,) = found.refusals
    assert problem in refusal.problem
    assert [loss.kind.value for loss in found.losses] == ["unsupported"]


def test_a_ramp_rate_of_0_is_no_ramp_time():
    station = a_station(enter_service_ramp="pct_per_s")
    payload = only(translated(enter_service(), station=station, default=True))
    found = back(changed(payload, rampRate=0), station)
    assert found.refusals[0].problem == "a rate of 0 is no ramp time"


def test_an_action_that_sets_nothing_is_refused():
    found = told(book(), "ClearDERControl", {}, a_station(), situation())
    assert found.refusals[0].function == "ClearDERControl"


def test_every_codec_can_be_undone():
    assert UNDO.keys() == CODECS.keys()


@pytest.mark.parametrize("control", EVERY_CONTROL, ids=lambda control: type(control).__name__)
def test_every_step_names_the_function_that_it_reads(control):
    state = situation(running(100))
    for message in translated(control, situation=state).value.messages:
        found = told(book(), message.action, message.payload, a_station(), state)
        assert all(step.control for step in found.steps)
        assert found.refusals == ()


def test_priority_and_times_are_no_members_of_the_control():
    payload = only(translated(PLAIN))
    assert set(payload["curve"]) - set(body(translated(PLAIN))) == {
        "priority",
        "startTime",
        "duration",
    }
    assert back(payload).losses == ()

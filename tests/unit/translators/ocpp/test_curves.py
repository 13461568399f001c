"""Curves on the wire: bases of both axes, geometric cuts, vRef, signs of power factors, trip axes."""

import pytest

from support.rulefiles import TARGET, edited
from support.translation import (
    F,
    a_command,
    a_station,
    an_evse,
    body,
    curve,
    factors,
    kinds,
    only,
    refused,
    situation,
    translated,
    trip,
    xy,
)
from translators.canonical.controls import FreqWatt, VoltVar, VoltWatt, WattPowerFactor, WattVar
from translators.chain import to_station
from translators.ocpp.dialect import CODECS
from translators.rules.book import link
from translators.units import parse_unit

PCT_W = parse_unit("pct[setMaxW]")


def unit_of(translation):
    return only(translation)["curve"]["yUnit"]


def volt_var(points, y="pct[setMaxVar]", *, station=None, **members):
    return translated(VoltVar(curve(points, y), **members), station=station)


@pytest.mark.parametrize(
    ("points", "y", "sent", "unit", "lost"),
    [
        ("92 44, 98 0, 102 0, 108 -44", "pct[setMaxVar]", [(92, 44), (98, 0), (102, 0), (108, -44)],
         "PctMaxVar", []),
        ("92 44, 108 -44", "pct[statVarAvail]", [(92, 44), (108, -44)], "PctVarAvail", []),
        ("92 20, 98 0, 108 -20", "pct[setMaxW]", [(92, 40), (98, 0), (108, -50)], "PctMaxVar", ["rebase"]),
        ("92 20, 98 0, 108 -20", "pct[setMaxVA]", [(92, 50), (98, 0), (108, -62.5)], "PctMaxVar", ["rebase"]),
        ("92 60, 98 0", "pct[setMaxW]", [(92, 100), (93, 100), (98, 0)], "PctMaxVar", ["clip", "rebase"]),
        ("92.00005 1/3", "pct[setMaxVar]", [(92, 0.3333)], "PctMaxVar", ["round"]),
    ],
)  # fmt: skip
def test_var_curves_leave_in_per_cent_of_var(points, y, sent, unit, lost):
    translation = volt_var(points, y)
    assert xy(translation) == sent
    assert unit_of(translation) == unit
    assert kinds(translation) == lost


def test_a_straight_line_through_zero_bends_where_the_base_changes():
    translation = volt_var("92 20, 108 -20", "pct[setMaxW]")
    assert xy(translation) == [(92, 40), (100, 0), (108, -50)]


def test_a_curve_keeps_steps_and_their_order():
    assert xy(volt_var("98 0, 98 44, 99 44")) == [(98, 0), (98, 44), (99, 44)]


@pytest.mark.parametrize(
    ("make", "points", "sent", "unit", "lost"),
    [
        (VoltWatt, ("106 100, 110 -50", "pct[setMaxW|setMaxChargeRateW]"),
         [(106, 100), (F("108.6667"), 0), (110, -55)], "PctMaxW", ["rebase", "round"]),
        (lambda c: VoltWatt(c, generation_only=True), ("106 100, 110 0", "pct[setMaxW]"),
         [(106, 100), (110, 0)], "PctMaxW", ["semantic"]),
        (VoltWatt, ("106 100, 110 0", "pct[statWAvail]"), [(106, 100), (110, 0)], "PctWAvail", []),
        (FreqWatt, ("60.04 100, 62 0", "pct[setMaxW]", "Hz"),
         [(60.04, 100), (62, 0)], "PctMaxW", []),
        (FreqWatt, ("60 200, 62 0", "pct[setMaxW]", "Hz"),
         [(60, 100), (61, 100), (62, 0)], "PctMaxW", ["clip"]),
        (WattVar, ("50 0, 100 -44", "pct[setMaxVar]", "pct[setMaxW]"),
         [(50, 0), (100, -44)], "PctMaxVar", []),
        (WattVar, ("-100 40, 0 0, 100 -44", "pct[setMaxVar]", "pct[setMaxW|setMaxChargeRateW]"),
         [(-110, 40), (0, 0), (100, -44)], "PctMaxVar", ["rebase"]),
    ],
)  # fmt: skip
def test_other_curves_leave_in_the_units_of_their_type(make, points, sent, unit, lost):
    translation = translated(make(curve(*points)))
    assert xy(translation) == [(float(x), float(y)) for x, y in sent]
    assert unit_of(translation) == unit  # R04.FR.50, R04.FR.51
    assert kinds(translation) == lost


@pytest.mark.parametrize("make", [VoltVar, VoltWatt])
def test_a_response_time_leaves_in_seconds_where_there_is_one(make):
    y = "pct[setMaxVar]" if make is VoltVar else "pct[setMaxW]"
    assert body(translated(make(curve("98 1", y), F("7.5"))))["responseTime"] == 7.5
    assert "responseTime" not in body(translated(make(curve("98 1", y))))


@pytest.mark.parametrize(
    ("members", "parameters"),
    [
        ({}, None),
        ({"v_ref": F(97)}, {"vRef": 97, "autonomousVRefEnable": False}),
        ({"v_ref_auto": True}, {"vRef": 100, "autonomousVRefEnable": True}),
        ({"v_ref_auto": True, "v_ref_time_constant": F(300)},
         {"vRef": 100, "autonomousVRefEnable": True, "autonomousVRefTimeConstant": 300}),
        ({"v_ref_time_constant": F(300)}, None),
    ],
)  # fmt: skip
def test_vref_is_stated_where_it_says_something(members, parameters):
    translation = volt_var("92 44, 98 0", **members)
    assert body(translation).get("reactivePowerParams") == parameters
    assert kinds(translation) == ([] if parameters is None else ["dialect"])


@pytest.mark.parametrize(
    ("how", "v_ref", "sent"),
    [
        ("bake_multiplicative", "95", [(95, 44), (104.5, 0)]),
        ("bake_additive", "95", [(95, 44), (105, 0)]),
        ("bake_additive", "103", [(103, 44), (113, 0)]),
        ("bake_multiplicative", "100", [(100, 44), (110, 0)]),
    ],
)
def test_vref_may_be_folded_into_the_points_by_factor_or_by_offset(how, v_ref, sent):
    translation = volt_var("100 44, 110 0", v_ref=F(v_ref), station=a_station(vref=how))
    assert xy(translation) == sent
    assert "reactivePowerParams" not in body(translation)
    assert kinds(translation) == ([] if v_ref == "100" else ["bake"])


def test_an_autonomous_vref_cannot_be_folded_into_points():
    station = a_station(vref="bake_additive")
    translation = volt_var("100 44", v_ref=F(97), v_ref_auto=True, station=station)
    assert refused(translation) == [("not_applicable", "VoltVar")]


def test_ratings_of_a_base_that_are_not_known_refuse_the_curve():
    translation = volt_var("92 20", "pct[setMaxW]", station=a_station(an_evse(max_w=None)))
    assert refused(translation) == [("not_applicable", "VoltVar")]


@pytest.mark.parametrize(
    ("points", "sent", "lost"),
    [
        ("0 0.9 under, 100 0.95 over", [(0, 0.9), (66.6667, 1), (66.6667, -1), (100, -0.95)],
         ["approximate", "dialect", "round"]),
        ("50 1 over, 100 0.95 under", [(50, 1), (100, 0.95)], ["dialect"]),
        ("0 0.9 over, 50 1 under, 100 0.9 under", [(0, -0.9), (50, -1), (50, 1), (100, 0.9)], ["dialect"]),
    ],
)  # fmt: skip
def test_a_power_factor_is_positive_where_it_absorbs(points, sent, lost):
    control = WattPowerFactor(factors(points), PCT_W)
    translation = translated(control)
    assert xy(translation) == sent
    assert unit_of(translation) == "Not_Applicable"  # R04.FR.52
    assert kinds(translation) == lost
    inverted = translated(control, station=a_station(wattpf_y="inverted"))
    assert xy(inverted) == [(x, -y) for x, y in sent]


@pytest.mark.parametrize(
    ("control", "kind", "sent", "lost"),
    [
        (trip("110 13, 120 0.16"), "HVMustTrip", [(110, 13), (120, 0.16)], ["dialect", "unit"]),
        (trip("120 0.16, 110 13"), "HVMustTrip", [(110, 13), (120, 0.16)], ["dialect", "unit"]),
        (trip("50 0.16, 50 2, 88 2, 88 21", side="low"), "LVMustTrip",
         [(50, 0.16), (50, 2), (88, 2), (88, 21)], ["dialect", "unit"]),
        (trip("88 0.16, 50 0.16, 50 2", side="low", region="may_trip"), "LVMayTrip",
         [(50, 2), (50, 0.16), (88, 0.16)], ["dialect", "unit"]),
        (trip("110 1", region="momentary_cessation"), "HVMomCess", [(110, 1)], ["dialect", "unit"]),
        (trip("62 0.16", quantity="frequency"), "HFMustTrip", [(62, 0.16)], ["dialect"]),
        (trip("56.5 0.16, 58.5 300", quantity="frequency", side="low"), "LFMustTrip",
         [(56.5, 0.16), (58.5, 300)], ["dialect"]),
    ],
)  # fmt: skip
def test_trip_curves_have_the_value_on_x_never_falling_and_seconds_on_y(control, kind, sent, lost):
    translation = translated(control)
    assert only(translation)["controlType"] == kind
    assert xy(translation) == sent
    assert unit_of(translation) == "Not_Applicable"
    assert kinds(translation) == lost


def test_a_station_may_read_trip_curves_with_seconds_on_x():
    station = a_station(trip_axes="time_x")
    translation = translated(trip("120 0.16, 110 13"), station=station)
    assert xy(translation) == [(0.16, 120), (13, 110)]
    assert xy(translated(trip("110 13, 120 0.16"), station=station)) == xy(translation)


def test_a_boundary_that_turns_back_cannot_be_drawn():
    translation = translated(trip("110 1, 120 2, 115 3"))
    assert refused(translation) == [("not_applicable", "TripCurve.voltage.high.must_trip")]


@pytest.mark.parametrize(("side", "region"), [("low", "may_trip"), ("low", "momentary_cessation"),
                                              ("high", "momentary_cessation")])  # fmt: skip
def test_a_frequency_curve_that_ocpp_does_not_have_is_refused(side, region):
    translation = translated(trip("58 1", quantity="frequency", side=side, region=region))
    assert [r[0] for r in refused(translation)] == ["not_supported"]


def test_at_most_ten_points_leave_and_the_error_is_declared():
    points = ", ".join(f"{90 + n} {n % 2 * 10 + (n == 6)}" for n in range(12))
    translation = volt_var(points)
    assert len(xy(translation)) == 10
    assert kinds(translation) == ["approximate"]
    assert F(translation.losses[0].residual) > 0


def test_a_crossing_that_makes_eleven_points_thins_the_curve_again():
    points = ", ".join(f"{90 + n} {-10 * n}" for n in range(9)) + ", 99 -200"
    translation = volt_var(points)
    assert len(xy(translation)) == 10
    assert xy(translation)[-1] == (99, -100)
    assert kinds(translation) == ["approximate", "clip", "round"]


def test_settings_cut_a_curve_to_their_share_of_the_rating():
    held = situation(settings={"setMaxVar": 5000, "setMaxVarNeg": -2000})
    translation = translated(VoltVar(curve("92 100, 98 0, 102 0, 108 -100")), situation=held)
    assert xy(translation) == [(92, 50), (98, 0), (102, 0), (108, -25)]


def test_each_point_says_which_point_of_the_source_it_was():
    translation = volt_var("92 60, 98 0", "pct[setMaxW]")
    sources = {
        s.target.rsplit("/", 1)[0]: s.source
        for s in translation.steps
        if s.operation in {"emit", "insert"}
    }
    assert sources["curve/curveData[0]"] == "points[0].y"
    assert sources["curve/curveData[1]"] == "points[0].y..points[1].y"
    assert sources["curve/curveData[2]"] == "points[1].y"


UNCUT = edited(
    TARGET,
    ("[FixedVar]", "[VoltVar]"),
    ("controlType: FixedVar, slot: fixedVar", "controlType: VoltVar, slot: curve"),
    (
        'emit:\n  setpoint: {from: setpoint, unit: "pct[setMaxVar]"}',
        'points: {x: {unit: "pct[V_ref]"}, y: {unit: "pct[setMaxVar]"}}',
    ),
)


def test_a_rule_may_leave_a_curve_uncut():
    made = link({"t.yaml": UNCUT}, CODECS)
    command = a_command(VoltVar(curve("92 400, 108 -44")))
    assert xy(to_station(made, command, a_station(), situation())) == [(92, 400), (108, -44)]

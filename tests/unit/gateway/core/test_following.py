"""Measured against commanded."""

from fractions import Fraction

import pytest

from gateway.core.following import Bound, Watch, expected, interpolate, together
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.controls import (
    ActiveSetpoint,
    Connect,
    Excitation,
    FixedPowerFactor,
    FixedVar,
    Flow,
    LimitOn,
    PowerLimit,
    Quantity,
    ReactiveSetpoint,
    VoltVar,
)
from translators.canonical.curves import Curve, Vertex
from translators.units import Kind, parse_unit

W, VAR, V = Kind.POWER, Kind.REACTIVE, Kind.VOLTAGE


def a_station(**ratings):
    known = {
        "max_w": 22000,
        "max_charge_rate_w": 22000,
        "max_va": 25000,
        "max_var": 11000,
        "v_nom": 240,
    }
    values = {
        key: Fraction(value) for key, value in {**known, **ratings}.items() if value is not None
    }
    evse = Evse(1, Current.DC, 3, Ratings(**values))
    return StationProfile("S", "2.1", Fraction(60), (evse,))


def quantity(value, unit):
    return Quantity(Fraction(value), parse_unit(unit))


def volt_var(v_ref=100):
    points = [(92, 100), (98, 0), (102, 0), (108, -100)]
    curve = Curve(
        tuple(Vertex(Fraction(x), Fraction(y)) for x, y in points),
        parse_unit("pct[V_ref]"),
        parse_unit("pct[setMaxVar]"),
    )
    return VoltVar(curve, v_ref=Fraction(v_ref))


PF = FixedPowerFactor(Fraction(95, 100), Excitation.UNDER, Flow.INJECTING)
CASES = {
    "under-excited while injecting absorbs": (PF, {W: 10000, VAR: -3287}, True),
    "the wrong sign": (PF, {W: 10000, VAR: 3287}, False),
    "nothing done": (PF, {W: 10000, VAR: 0}, False),
    "over-excited while absorbing injects": (
        FixedPowerFactor(Fraction(9, 10), Excitation.OVER, Flow.ABSORBING),
        {W: -10000, VAR: 4843},
        True,
    ),
    "volt-var at 95 % voltage": (volt_var(), {V: 228, VAR: 5500}, True),
    "volt-var at high voltage absorbs": (volt_var(), {V: 259.2, VAR: -11000}, True),
    "volt-var not done": (volt_var(), {V: 228, VAR: 0}, False),
    "volt-var around a moved reference": (volt_var(95), {V: 216.6, VAR: 5500}, True),
    "fixed var": (FixedVar(quantity(-44, "pct[setMaxVar]")), {VAR: -4840}, True),
    "fixed var, wrong sign": (FixedVar(quantity(-44, "pct[setMaxVar]")), {VAR: 4840}, False),
    "setpoint in var": (ReactiveSetpoint(quantity(2000, "var")), {VAR: 2100}, True),
    "setpoint in watts, charging": (ActiveSetpoint(quantity(-5000, "W")), {W: -5100}, True),
    "setpoint ignored": (ActiveSetpoint(quantity(-5000, "W")), {W: 0}, False),
    "export limit kept": (PowerLimit(LimitOn.EXPORT, quantity(1500, "W")), {W: 1400}, True),
    "export limit broken": (PowerLimit(LimitOn.EXPORT, quantity(1500, "W")), {W: 9000}, False),
    "export limit while charging": (
        PowerLimit(LimitOn.EXPORT, quantity(1500, "W")),
        {W: -9000},
        True,
    ),
    "import limit kept": (PowerLimit(LimitOn.IMPORT, quantity(7000, "W")), {W: -6900}, True),
    "import limit broken": (PowerLimit(LimitOn.IMPORT, quantity(7000, "W")), {W: -9000}, False),
    "limit in per cent": (
        PowerLimit(LimitOn.GENERATION, quantity(60, "pct[setMaxW]")),
        {W: 13200},
        True,
    ),
}


@pytest.mark.parametrize(("control", "measured", "follows"), CASES.values(), ids=CASES)
def test_the_meter_tells_whether_a_station_follows(control, measured, follows):
    values = {kind: Fraction(str(value)) for kind, value in measured.items()}
    bound = expected(control, a_station(), values)
    assert bound is not None
    assert bound.holds is follows


UNTOLD = {
    "no power measured": (PF, {VAR: 0}),
    "power flows the other way": (PF, {W: -10000, VAR: 0}),
    "no var measured": (PF, {W: 10000}),
    "no voltage measured": (volt_var(), {VAR: 0}),
    "limit without power": (PowerLimit(LimitOn.EXPORT, quantity(1, "W")), {VAR: 0}),
    "a control without a meter": (Connect(connected=False), {W: 0}),
}


@pytest.mark.parametrize(("control", "measured"), UNTOLD.values(), ids=UNTOLD)
def test_what_the_meter_cannot_tell_is_not_judged(control, measured):
    values = {kind: Fraction(value) for kind, value in measured.items()}
    assert expected(control, a_station(), values) is None


def test_without_the_rating_a_percentage_is_not_judged():
    control = FixedVar(quantity(-44, "pct[setMaxVar]"))
    assert expected(control, a_station(max_var=None), {VAR: Fraction()}) is None


def test_a_base_that_varies_is_not_judged():
    control = FixedVar(quantity(10, "pct[statVarAvail]"))
    assert expected(control, a_station(), {VAR: Fraction()}) is None


def test_volt_var_without_nominal_voltage_is_not_judged():
    measured = {V: Fraction(228), VAR: Fraction()}
    assert expected(volt_var(), a_station(v_nom=None), measured) is None


def test_volt_var_without_a_var_rating_is_not_judged():
    measured = {V: Fraction(228), VAR: Fraction()}
    assert expected(volt_var(), a_station(max_var=None), measured) is None


def test_a_curve_beyond_the_capability_is_expected_only_up_to_it():
    points = (Vertex(Fraction(90), Fraction(90)), Vertex(Fraction(110), Fraction(90)))
    control = VoltVar(Curve(points, parse_unit("pct[V_ref]"), parse_unit("pct[setMaxW]")))
    bound = expected(control, a_station(), {V: Fraction(240), VAR: Fraction(11000)})
    assert bound.holds


def test_a_curve_in_watts_is_judged_as_sent_where_the_var_rating_is_unknown():
    points = (Vertex(Fraction(90), Fraction(10)), Vertex(Fraction(110), Fraction(10)))
    control = VoltVar(Curve(points, parse_unit("pct[V_ref]"), parse_unit("pct[setMaxW]")))
    bound = expected(control, a_station(max_var=None), {V: Fraction(240), VAR: Fraction(2200)})
    assert bound.holds


@pytest.mark.parametrize(
    ("x", "y"), [(80, 100), (92, 100), (95, 50), (98, 0), (100, 0), (105, -50), (120, -100)]
)
def test_interpolation_is_linear_inside_and_flat_outside(x, y):
    assert interpolate(volt_var().curve, Fraction(x)) == y


def test_at_a_step_the_later_vertex_counts():
    step = tuple(Vertex(Fraction(x), Fraction(y)) for x, y in [(1, 0), (2, 0), (2, 9), (3, 9)])
    unit = parse_unit("1")
    assert interpolate(Curve(step, unit, unit), Fraction(2)) == 9


def test_two_judgements_in_a_row_make_it_not_following_and_one_good_one_ends_that():
    bad, good = Bound(W, Fraction(1), None, Fraction()), Bound(W, None, None, Fraction())
    watch = Watch().judged("F", bad)
    assert not watch.not_following("F")
    watch = watch.judged("F", bad)
    assert watch.not_following("F")
    assert not watch.judged("F", good).not_following("F")


def bound(low, high, measured, kind=W):
    low, high = (None if it is None else Fraction(it) for it in (low, high))
    return Bound(kind, low, high, Fraction(measured))


BESIDE = {
    "two targets, the first is followed": ([(-10, 0), (20, 30)], -5, [True, True]),
    "two targets, neither is followed": ([(-10, 0), (20, 30)], 40, [False, False]),
    "a limit above does not bite": ([(8, 10), (None, 12)], 5, [False, True]),
    "a limit short of the target holds it down": ([(8, 10), (None, 6)], 5, [True, True]),
    "neither the limit nor the target is kept": ([(8, 10), (None, 6)], 11, [False, False]),
    "a floor short of the target holds it up": ([(-10, -8), (-6, None)], -5, [True, True]),
    "a floor below does not bite": ([(-10, -8), (-12, None)], -5, [False, True]),
    "limits stand alone": ([(None, 6), (-6, None)], 7, [False, True]),
}


@pytest.mark.parametrize(("asked", "measured", "holds"), BESIDE.values(), ids=BESIDE)
def test_a_station_does_one_thing_at_a_time(asked, measured, holds):
    bounds = [bound(low, high, measured) for low, high in asked]
    assert [item.holds for item in together(bounds)] == holds


def test_quantities_do_not_excuse_each_other():
    bounds = [bound(8, 10, 0), bound(0, 1, 0, VAR)]
    assert [item.holds for item in together(bounds)] == [False, True]

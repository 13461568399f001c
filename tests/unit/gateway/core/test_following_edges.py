"""What the meter should show, to the watt and to the var, and where it is just enough."""

from fractions import Fraction

import pytest

from gateway.core.following import Bound, expected
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.controls import (
    ActiveSetpoint,
    Excitation,
    FixedPowerFactor,
    FixedVar,
    Flow,
    LimitOn,
    PowerLimit,
    Quantity,
    VoltVar,
)
from translators.canonical.curves import Curve, Vertex
from translators.units import Kind, parse_unit

W, VAR, V = Kind.POWER, Kind.REACTIVE, Kind.VOLTAGE


def a_station(**changes):
    """Return a station whose ratings differ all; the tolerances are 1000 W and 1250 var."""
    watts = {"max_w": 20000, "max_charge_rate_w": 18000, "max_va": 25000}
    values = {**watts, "max_var": 11000, "max_var_neg": 8000, "v_nom": 240, **changes}
    ratings = Ratings(**{k: None if v is None else Fraction(v) for k, v in values.items()})
    return StationProfile("S", "2.1", Fraction(60), (Evse(1, Current.DC, 3, ratings),))


def q(value, unit="W"):
    return Quantity(Fraction(value), parse_unit(unit))


def volt_var(*points, v_ref=100):
    vertices = tuple(Vertex(Fraction(x), Fraction(y)) for x, y in points)
    curve = Curve(vertices, parse_unit("pct[V_ref]"), parse_unit("pct[setMaxVar]"))
    return VoltVar(curve, v_ref=Fraction(v_ref))


def between(control, station=None, **measured):
    """Return the rounded bounds for a measured W, var and V."""
    values = {Kind(name): Fraction(str(value)) for name, value in measured.items()}
    bound = expected(control, station or a_station(), values)
    return None if bound is None else tuple(x and round(x) for x in (bound.low, bound.high))


def pf(excitation, flow=Flow.INJECTING):
    return FixedPowerFactor(Fraction(6, 10), excitation, flow)


FALLING = ((92, 100), (98, 0), (102, 0), (108, -100))


@pytest.mark.parametrize(
    ("control", "measured", "bounds"),
    [
        pytest.param(ActiveSetpoint(q(-5000)), {"W": 0}, (-6000, -4000), id="watts"),
        pytest.param(
            FixedVar(q(44, "pct[setMaxVar]")), {"var": 0}, (3590, 6090), id="per cent of var"
        ),
        pytest.param(
            FixedVar(q(-50, "pct[setMaxVar]")), {"var": 0}, (-5250, -2750), id="of negative var"
        ),
        pytest.param(
            PowerLimit(LimitOn.EXPORT, q(1500)), {"W": 0}, (None, 2500), id="an export limit"
        ),
        pytest.param(
            PowerLimit(LimitOn.GENERATION, q(50, "pct[setMaxW]")),
            {"W": 0},
            (None, 11000),
            id="a generation limit",
        ),
        pytest.param(
            PowerLimit(LimitOn.IMPORT, q(7000)), {"W": 0}, (-8000, None), id="an import limit"
        ),
        pytest.param(PowerLimit(LimitOn.LOAD, q(7000)), {"W": 0}, (-8000, None), id="a load limit"),
        pytest.param(
            pf(Excitation.OVER), {"W": 3000, "var": 0}, (2750, 5250), id="over-excited injects var"
        ),
        pytest.param(
            pf(Excitation.UNDER), {"W": 3000, "var": 0}, (-5250, -2750), id="under-excited absorbs"
        ),
        pytest.param(
            pf(Excitation.OVER, Flow.ABSORBING),
            {"W": -3000, "var": 0},
            (2750, 5250),
            id="over-excited while charging injects too",
        ),
        pytest.param(pf(Excitation.OVER), {"W": 0, "var": 0}, None, id="nothing flows"),
        pytest.param(
            volt_var(*FALLING), {"V": 228, "var": 0}, (4250, 6750), id="half way up the curve"
        ),
        pytest.param(
            volt_var(*FALLING), {"V": 240, "var": 0}, (-1250, 1250), id="in the dead band"
        ),
        pytest.param(
            volt_var((90, 300), (110, -300)),
            {"V": 216, "var": 0},
            (9750, 12250),
            id="no more than can be injected",
        ),
        pytest.param(
            volt_var((90, 300), (110, -300)),
            {"V": 264, "var": 0},
            (-9250, -6750),
            id="no more than can be absorbed",
        ),
        pytest.param(
            volt_var(*FALLING, v_ref=110),
            {"V": 264, "var": 0},
            (-1250, 1250),
            id="a moved reference",
        ),
    ],
)
def test_what_the_meter_should_show(control, measured, bounds):
    assert between(control, **measured) == bounds


@pytest.mark.parametrize(
    ("changes", "bounds"),
    [
        ({}, (-6000, -4000)),
        ({"max_charge_rate_w": 30000}, (-6500, -3500)),
        ({"max_w": None}, (-5900, -4100)),
        ({"max_w": None, "max_charge_rate_w": None}, (-5050, -4950)),
    ],
    ids=["the larger rating", "charging more", "the known one", "none"],
)
def test_the_tolerance_is_a_twentieth_of_the_rating(changes, bounds):
    assert between(ActiveSetpoint(q(-5000)), a_station(**changes), W=0) == bounds


@pytest.mark.parametrize(
    ("measured", "holds"), [(9, False), (10, True), (15, True), (20, True), (21, False)]
)
def test_a_bound_holds_at_its_ends(measured, holds):
    assert Bound(W, Fraction(10), Fraction(20), Fraction(measured)).holds is holds

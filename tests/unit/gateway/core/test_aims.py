"""What the meter should show, to the watt and to the var."""

from fractions import Fraction

import pytest

from gateway.core.aims import aim
from gateway.core.plates import plates
from gateway.core.shown import Aim, Excuse, Shown
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.controls import (
    ActiveSetpoint,
    Alert,
    Connect,
    Energize,
    Excitation,
    FixedPowerFactor,
    FixedVar,
    Flow,
    FreqDroop,
    FreqWatt,
    Gradients,
    LimitOn,
    PowerFactorVertex,
    PowerLimit,
    Quantity,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)
from translators.canonical.curves import Curve, Vertex
from translators.units import Kind, parse_unit

KNOWN = {
    "max_w": 20000,
    "max_charge_rate_w": 18000,
    "max_discharge_rate_w": 16000,
    "max_va": 25000,
    "max_var": 11000,
    "max_var_neg": 8000,
    "v_nom": 240,
}


def shown(*, ratings=(), **measured):
    """Return a place whose ratings differ all, with a meter that is never wrong."""
    values = {k: v for k, v in (KNOWN | dict(ratings)).items() if v is not None}
    evse = Evse(1, Current.DC, 3, Ratings(**{k: Fraction(v) for k, v in values.items()}))
    profile = StationProfile("S", "2.1", Fraction(60), (evse,))
    return Shown(plates(profile)[1], 60.0, **{"meter": 0.0, **measured})


def q(value, unit="W"):
    return Quantity(Fraction(str(value)), parse_unit(unit))


def curve(*points, y="pct[setMaxVar]", x="pct[V_ref]"):
    vertices = tuple(Vertex(Fraction(str(a)), Fraction(str(b))) for a, b in points)
    return Curve(vertices, parse_unit(x), parse_unit(y))


def pf(excitation, flow=Flow.INJECTING, displacement="0.6"):
    return FixedPowerFactor(Fraction(displacement), excitation, flow)


def between(control, payload=None, **place):
    """Return the sense and the rounded range of an aim, or None."""
    found = aim(control, shown(**place), payload or {})
    return (
        (found.sense.value, round(found.low), round(found.high))
        if isinstance(found, Aim)
        else found
    )


def profile_payload(**period):
    return {"chargingProfile": {"chargingSchedule": [{"chargingSchedulePeriod": [{}, period]}]}}


FALLING = curve((92, 100), (98, 0), (102, 0), (108, -100))
WATTS = "pct[setMaxW]"
PF_CURVE = WattPowerFactor(
    (
        PowerFactorVertex(Fraction(0), Fraction(1), Excitation.OVER),
        PowerFactorVertex(Fraction(50), Fraction(8, 10), Excitation.OVER),
        PowerFactorVertex(Fraction(100), Fraction(6, 10), Excitation.UNDER),
    ),
    parse_unit(WATTS),
)
DROOP = FreqDroop(*(Fraction(n) for n in ("0.036", "0.036", "0.05", "0.05", "5")))
REACTIVE = {
    "over-excited injects": (pf(Excitation.OVER), {"watts": 3000}, (4000, 4000)),
    "under-excited absorbs": (pf(Excitation.UNDER), {"watts": 3000}, (-4000, -4000)),
    "over-excited while charging injects": (
        pf(Excitation.OVER, Flow.ABSORBING),
        {"watts": -3000},
        (4000, 4000),
    ),
    "within the class of the meter": (
        pf(Excitation.OVER),
        {"watts": 3000, "meter": 0.01},
        (3733, 4267),
    ),
    "no more var than there are": (pf(Excitation.UNDER), {"watts": 9000}, (-8000, -8000)),
    "a factor of nothing takes all var": (
        pf(Excitation.OVER, displacement="0"),
        {"watts": 9000},
        (11000, 11000),
    ),
    "per cent of var": (FixedVar(q(44, "pct[setMaxVar]")), {}, (4840, 4840)),
    "per cent of var, absorbed": (FixedVar(q(-50, "pct[setMaxVar]")), {}, (-4000, -4000)),
    "per cent of watts": (FixedVar(q(10, WATTS)), {}, (2000, 2000)),
    "var": (ReactiveSetpoint(q(2000, "var")), {}, (2000, 2000)),
    "kilovar": (ReactiveSetpoint(q(2, "kvar")), {}, (2000, 2000)),
    "without a car it may rest": (FixedVar(q(2000, "var")), {"session": False}, (0, 2000)),
    "half way up the curve": (VoltVar(FALLING), {"volts": 228}, (5500, 5500)),
    "in the dead band": (VoltVar(FALLING), {"volts": 240}, (0, 0)),
    "absorbing of the smaller rating": (VoltVar(FALLING), {"volts": 252}, (-4000, -4000)),
    "voltage within the class": (
        VoltVar(FALLING),
        {"volts": 228, "meter": 0.01},
        (3667, 7333),
    ),
    "a reference that may stretch or shift": (
        VoltVar(FALLING, v_ref=Fraction(110)),
        {"volts": 253},
        (3972, 4736),
    ),
    "a reference baked as a shift": (
        VoltVar(FALLING, v_ref=Fraction(110)),
        {"volts": 253, "vref": "bake_additive"},
        (4736, 4736),
    ),
    "a reference baked as a factor": (
        VoltVar(FALLING, v_ref=Fraction(110)),
        {"volts": 264, "vref": "bake_multiplicative"},
        (0, 0),
    ),
    "beyond the capability": (
        VoltVar(curve((90, 90), (110, 90), y=WATTS)),
        {"volts": 240},
        (11000, 11000),
    ),
    "var over exported watts": (
        WattVar(curve((0, 0), (100, -100), x=WATTS)),
        {"watts": 10000},
        (-4000, -4000),
    ),
    "var over charged watts": (
        WattVar(curve((-100, 100), (0, 0), x=WATTS)),
        {"watts": -9000},
        (5500, 5500),
    ),
    "var over more watts than its VA leave it": (
        WattVar(curve((-100, 100), (0, 0), x=WATTS)),
        {"watts": -9000, "ratings": {"max_va": 9000}},
        (5500, 11000),
    ),
    "the same where it exports": (
        WattVar(curve((0, 0), (100, -100), x=WATTS)),
        {"watts": 8000, "var": -6000, "ratings": {"max_va": 10000}},
        (-8000, -3200),
    ),
    "a factor over watts": (PF_CURVE, {"watts": 10000}, (7500, 7500)),
    "a factor over more watts than its VA leave it": (
        PF_CURVE,
        {"watts": 10000, "var": 7500, "ratings": {"max_va": 12500}},
        (-8000, 11000),
    ),
    "between two sides of unity anything": (PF_CURVE, {"watts": 15000}, (-8000, 11000)),
    "at the end of the curve the last": (PF_CURVE, {"watts": 20000}, (-8000, -8000)),
}


@pytest.mark.parametrize(("control", "place", "expected"), REACTIVE.values(), ids=REACTIVE)
def test_var_that_the_meter_should_show(control, place, expected):
    sense, low, high = between(control, **place)
    assert sense == "target"
    assert (low, high) == pytest.approx(expected, abs=1)
    assert aim(control, shown(**place), {}).kind is Kind.REACTIVE


ACTIVE = {
    "watts": (ActiveSetpoint(q(-5000)), {}, ("target", -5000, -5000)),
    "kilowatts": (ActiveSetpoint(q(5, "kW")), {}, ("target", 5000, 5000)),
    "no more than can be exported": (ActiveSetpoint(q(19000)), {}, ("target", 16000, 16000)),
    "no more than can be charged": (ActiveSetpoint(q(-19000)), {}, ("target", -18000, -18000)),
    "beside a droop": (
        ActiveSetpoint(q(5000)),
        {"droop": (-2000.0, -1000.0)},
        ("target", 3000, 5000),
    ),
    "of the storage, with what is lost": (
        StorageTarget(q(1000)),
        {},
        ("target", 850, 1150),
    ),
    "an export limit": (PowerLimit(LimitOn.EXPORT, q(1500)), {}, ("ceiling", 1500, 1500)),
    "a generation limit": (
        PowerLimit(LimitOn.GENERATION, q(50, WATTS)),
        {},
        ("ceiling", 10000, 10000),
    ),
    "an import limit": (PowerLimit(LimitOn.IMPORT, q(7000)), {}, ("floor", -7000, -7000)),
    "a load limit": (PowerLimit(LimitOn.LOAD, q(7000)), {}, ("floor", -7000, -7000)),
    "disconnected": (Connect(connected=False), {}, ("target", 0, 0)),
    "ceased": (Energize(energized=False), {}, ("target", 0, 0)),
    "volt-watt in per cent": (
        VoltWatt(curve((105, 100), (110, 0), y=WATTS)),
        {"volts": 258},
        ("ceiling", 10000, 10000),
    ),
    "volt-watt in watts over volts": (
        VoltWatt(curve((250, 9000), (260, 1000), y="W", x="V")),
        {"volts": 255},
        ("ceiling", 5000, 5000),
    ),
    "volt-watt below nothing bounds no charge": (
        VoltWatt(curve((105, 100), (110, -100), y=WATTS)),
        {"volts": 264},
        ("ceiling", 0, 0),
    ),
    "freq-watt": (
        FreqWatt(curve((60, 100), (61, 0), x="Hz", y=WATTS)),
        {"hertz": 60.5},
        ("ceiling", 9600, 10400),
    ),
    "freq-watt that may hold on": (
        FreqWatt(curve((60, 100), (61, 0), x="Hz", y=WATTS), hysteresis_delay=Fraction(300)),
        {"hertz": 60.5},
        ("ceiling", 0, 10400),
    ),
    "droop above nominal": (DROOP, {"hertz": 60.536}, ("ceiling", 12800, 12800)),
    "droop above nominal beside a setpoint": (
        DROOP,
        {"hertz": 60.536, "base": (8000.0, 8000.0)},
        ("ceiling", 4800, 4800),
    ),
    "droop below nominal": (DROOP, {"hertz": 59.464}, ("floor", -14800, -14800)),
    "droop never asks for charge": (DROOP, {"hertz": 63}, ("ceiling", 0, 0)),
    "droop never asks for discharge": (DROOP, {"hertz": 56}, ("floor", 0, 0)),
}


@pytest.mark.parametrize(("control", "place", "expected"), ACTIVE.values(), ids=ACTIVE)
def test_watts_that_the_meter_should_show(control, place, expected):
    told = profile_payload(setpoint=1)
    assert between(control, told, **place) == expected
    assert aim(control, shown(**place), told).kind is Kind.POWER


def test_a_droop_keeps_the_least_power_of_its_source():
    kept = FreqDroop(*(Fraction(n) for n in ("0.036", "0.036", "0.05", "0.05", "5", "3000")))
    assert between(kept, hertz=63) == ("ceiling", 3000, 3000)


def test_a_setpoint_that_was_told_as_a_limit_may_be_undercut():
    assert between(ActiveSetpoint(q(-5000)), profile_payload(limit=5000)) == ("floor", -5000, -5000)


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (RelativeActiveSetpoint(q(1)), ("target", -4000, -4000)),
        (RelativeReactiveSetpoint(q(1, "var")), ("target", 1500, 1500)),
    ],
)
def test_what_is_relative_is_judged_by_what_was_told(control, expected):
    told = profile_payload(setpoint=4000, setpointReactive=-1500)
    assert between(control, told) == expected


@pytest.mark.parametrize(("unit", "expected"), [("W", ("floor", -4000, -4000)), ("A", None)])
def test_what_is_relative_and_told_as_a_limit_may_be_undercut(unit, expected):
    told = profile_payload(limit=4000)
    told["chargingProfile"]["chargingSchedule"][0]["chargingRateUnit"] = unit
    assert between(RelativeActiveSetpoint(q(1)), told) == expected


def test_a_displacement_that_a_rating_bounded_counts_as_told():
    told = {"fixedPFInject": {"displacement": 0.8}}
    assert between(pf(Excitation.OVER), told, watts=4000) == ("target", 3000, 3000)


UNTOLD = {
    "power flows the other way": (pf(Excitation.OVER), {"watts": -1000}),
    "no power measured": (pf(Excitation.OVER), {}),
    "no voltage measured": (VoltVar(FALLING), {}),
    "no nominal voltage": (VoltVar(FALLING), {"volts": 240, "ratings": {"v_nom": None}}),
    "a reference that follows the grid": (VoltVar(FALLING, v_ref_auto=True), {"volts": 240}),
    "a curve of an unknown rating": (
        VoltVar(FALLING),
        {"volts": 240, "ratings": {"max_var": None}},
    ),
    "a curve of what is available": (
        VoltVar(curve((90, 1), (110, 0), y="pct[statVarAvail]")),
        {"volts": 240},
    ),
    "a percentage of an unknown rating": (
        FixedVar(q(44, "pct[setMaxVar]")),
        {"ratings": {"max_var": None}},
    ),
    "a limit of an unknown rating": (
        PowerLimit(LimitOn.EXPORT, q(50, WATTS)),
        {"ratings": {"max_w": None}},
    ),
    "a setpoint of an unknown rating": (
        ActiveSetpoint(q(50, WATTS)),
        {"ratings": {"max_w": None}},
    ),
    "watt-var without watts": (WattVar(curve((0, 0), x=WATTS)), {}),
    "watt-var of an unknown rating": (
        WattVar(curve((0, 0), x=WATTS)),
        {"watts": 1, "ratings": {"max_w": None}},
    ),
    "watt-PF without watts": (PF_CURVE, {}),
    "volt-watt without volts": (VoltWatt(FALLING), {}),
    "volt-watt of an unknown rating": (
        VoltWatt(curve((90, 1), y=WATTS)),
        {"volts": 240, "ratings": {"max_w": None}},
    ),
    "freq-watt without hertz": (FreqWatt(FALLING), {}),
    "droop without hertz": (DROOP, {}),
    "droop of an unknown rating": (DROOP, {"hertz": 61, "ratings": {"max_w": None}}),
    "droop at nominal": (DROOP, {"hertz": 60}),
    "droop where exports are not known": (
        FreqDroop(*(Fraction(n) for n in ("0", "0", "1", "1", "5"))),
        {"hertz": 59, "ratings": {"max_charge_rate_w": None}},
    ),
    "storage of an unknown rating": (
        StorageTarget(q(50, WATTS)),
        {"ratings": {"max_w": None}},
    ),
    "a change that was not told": (RelativeActiveSetpoint(q(1)), {}),
    "permission to flow": (Energize(energized=True), {}),
    "a gradient": (Gradients(Fraction(1)), {}),
    "a word": (Alert("a", "b"), {}),
}


@pytest.mark.parametrize(("control", "place"), UNTOLD.values(), ids=UNTOLD)
def test_what_the_meter_cannot_tell_is_not_judged(control, place):
    assert between(control, **place) is None


def test_a_setpoint_without_a_car_is_excused():
    assert between(ActiveSetpoint(q(1)), session=False) == Excuse("no session")


@pytest.mark.parametrize(
    ("control", "response"),
    [
        (pf(Excitation.OVER), 5),
        (VoltVar(FALLING, Fraction(7)), 7),
        (ActiveSetpoint(q(1)), 10),
        (VoltWatt(FALLING, Fraction(30)), 30),
    ],
)
def test_how_soon_is_what_the_control_says_or_what_is_usual(control, response):
    place = shown(watts=1.0, volts=240.0)
    assert aim(control, place, profile_payload(setpoint=1)).response_s == response


def test_a_setpoint_beside_a_droop_is_as_slow_as_the_droop():
    assert aim(ActiveSetpoint(q(1)), shown(droop_response_s=60), {}).response_s == 60

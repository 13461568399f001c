"""Stations that have to leave the grid and do not, that come back too early, and that are rightly away."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from gateway.core.events import HeldControl, StationConnected, StationDisconnected
from gateway.core.forces import away_s, gradient
from gateway.core.station import StationRules, StationState
from gateway.simulators.station_options import Personality
from support.engine_bench import a_command, a_default, pf
from support.followed import Side, options, profile_of
from translators.canonical.controls import (
    ActiveSetpoint,
    EnterService,
    FixedVar,
    Gradients,
    Quantity,
    TripCurve,
    TripQuantity,
    TripRegion,
    TripSide,
)
from translators.canonical.curves import Vertex
from translators.units import parse_unit

VOLTS, HERTZ = TripQuantity.VOLTAGE, TripQuantity.FREQUENCY
HIGH, LOW = TripSide.HIGH, TripSide.LOW


def trip(quantity, side, *points, region=TripRegion.MUST_TRIP):
    unit = parse_unit("Hz" if quantity is HERTZ else "pct[setEffectiveV]")
    vertices = tuple(Vertex(Fraction(str(x)), Fraction(str(y))) for x, y in points)
    return TripCurve(quantity, side, region, vertices, unit)


HV = trip(VOLTS, HIGH, (112, 3), (120, 1))
TRIPS = {
    "high voltage": (HV, "HVMustTrip", {"voltage_pu": 1.16}),
    "low voltage": (trip(VOLTS, LOW, (50, 1), (80, 3)), "LVMustTrip", {"voltage_pu": 0.7}),
    "high frequency": (trip(HERTZ, HIGH, (51, 3), (52, 1)), "HFMustTrip", {"hertz": 51.5}),
    "low frequency": (trip(HERTZ, LOW, (48, 1), (49, 3)), "LFMustTrip", {"hertz": 48.5}),
    "momentary cessation": (
        trip(VOLTS, HIGH, (112, 3), (120, 1), region=TripRegion.MOMENTARY_CESSATION),
        "HVMomCess",
        {"voltage_pu": 1.16},
    ),
    "points the other way round": (
        trip(VOLTS, LOW, (80, 3), (50, 1)),
        "LVMustTrip",
        {"voltage_pu": 0.7},
    ),
}


def grid(side, voltage_pu=1.0, hertz=50.0):
    side.grid.set_voltage(voltage_pu)
    side.grid.set_frequency(hertz)


def a_side(book, *controls, defaults=(), personality=None, **changes):
    side = Side(book, options(**{"discharge_w": 10_000, **changes}))
    side.core.personality = personality or Personality()
    for number, control in enumerate(defaults):
        side.hears(a_default(f"D{number}", control))
    side.run(2)
    for number, control in enumerate(controls):
        side.hears(a_command(f"M{number}", control, start=side.minute + 1 / 60))
    side.run(4)
    return side


@pytest.mark.parametrize("name", TRIPS)
def test_who_stays_on_the_grid_beyond_a_curve_is_found(book, name):
    curve, kind, away = TRIPS[name]
    side = a_side(book, curve, personality=Personality(ignores=frozenset({kind})))
    grid(side, **away)
    side.run(4)
    assert side.not_followed == []
    side.run(6)
    assert side.not_followed


@pytest.mark.parametrize("name", TRIPS)
def test_who_leaves_as_the_curve_says_is_not_suspected_nor_for_what_it_does_no_more(book, name):
    curve, _, away = TRIPS[name]
    beside = FixedVar(Quantity(Fraction(40), parse_unit("pct[setMaxVar]")))
    side = a_side(book, curve, beside)
    grid(side, **away)
    side.run(30)
    grid(side)
    side.run(60)
    assert side.not_followed == []
    excuses = {record.details["reason"] for record in side.bench.audited("control.excused")}
    assert excuses
    assert {"started"} <= set(side.bench.told("M0"))


def test_a_curve_that_is_exceeded_again_after_a_silence_counts_from_then(book):
    side = a_side(book, trip(VOLTS, HIGH, (112, 13), (120, 11)))
    grid(side, voltage_pu=1.16)
    side.run(4)
    side.bench.hear(StationDisconnected("CS1"))
    for seconds, voltage_pu in ((60, 1.0), (1, 1.16)):
        grid(side, voltage_pu)
        side.seconds += seconds
        side.core.advance(side.seconds)
    side.core.outbox.clear()  # nobody heard that all was well meanwhile
    side.bench.now = datetime.fromtimestamp(side.seconds, UTC)
    side.bench.hear(StationConnected("CS1", profile_of(side.options)))
    side.run(8)
    assert side.core.inverter.protection.tripped is None
    assert side.not_followed == []


def test_a_curve_that_is_gone_leaves_nothing_behind(book):
    side = a_side(book, HV, defaults=[SERVICE])
    grid(side, voltage_pu=1.16)
    side.run(2)
    watch = side.bench.engine.world.stations["CS1"].watch
    assert [key[1] for key in watch.beyond] == ["TripCurve.voltage.high.must_trip"]
    side.bench.withdraw("M0")
    side.run(2)
    assert watch.beyond == {}


def test_a_grid_that_is_not_beyond_the_curve_asks_for_nothing(book):
    side = a_side(book, HV, personality=Personality(ignores=frozenset({"HVMustTrip"})))
    grid(side, voltage_pu=1.105)
    side.run(20)
    assert side.not_followed == []


def test_a_curve_that_permits_and_does_not_demand_is_not_judged(book):
    curve = trip(VOLTS, HIGH, (112, 3), (120, 1), region=TripRegion.MAY_TRIP)
    side = a_side(book, curve)
    grid(side, voltage_pu=1.16)
    side.run(20)
    assert side.not_followed == []


def test_who_leaves_because_it_may_is_not_suspected(book):
    curve = trip(VOLTS, HIGH, (112, 2), (120, 1), region=TripRegion.MAY_TRIP)
    beside = FixedVar(Quantity(Fraction(40), parse_unit("pct[setMaxVar]")))
    side = a_side(book, curve, beside, personality=Personality(trips_early=True))
    grid(side, voltage_pu=1.16)
    side.run(20)
    assert side.core.inverter.protection.tripped == "HVMayTrip"
    grid(side)
    side.run(60)
    assert side.not_followed == []


def test_without_a_voltage_no_trip_is_judged(book):
    side = a_side(book, HV, plate=options().plate)
    state = side.bench.engine.world.stations["CS1"]
    ratings = state.profile.evses[0].ratings
    object.__setattr__(ratings, "v_nom", None)
    state.watch.plates = None
    grid(side, voltage_pu=1.16)
    side.core.personality = Personality(ignores=frozenset({"HVMustTrip"}))
    side.run(20)
    assert side.not_followed == []


SERVICE = EnterService(
    *(Fraction(str(n)) for n in (106, 92, "50.2", "49.5", 20, 0)), ramp_time=Fraction(10)
)


@pytest.mark.parametrize("good", [{}, {"voltage_pu": 1.1}], ids=["good for long", "still bad"])
def test_who_comes_back_before_enter_service_lets_it_is_found(book, good):
    side = a_side(
        book,
        HV,
        defaults=[SERVICE],
        personality=Personality(ignores=frozenset({"EnterService"})),
    )
    grid(side, voltage_pu=1.16)
    side.run(6)
    assert side.core.inverter.protection.tripped == "HVMustTrip"
    grid(side, **good)
    side.run(12)
    assert side.not_followed == ["EnterService"]


@pytest.mark.parametrize("discharge_w", [10_000, 0])
def test_who_waits_as_enter_service_says_and_returns_softly_is_not(book, discharge_w):
    setpoint = ActiveSetpoint(Quantity(Fraction(15_000), parse_unit("W")))
    side = a_side(
        book,
        HV,
        setpoint,
        defaults=[SERVICE, Gradients(Fraction(20), Fraction(2))],
        discharge_w=discharge_w,
    )
    grid(side, voltage_pu=1.16)
    side.run(6)
    grid(side)
    side.run(120)
    assert side.not_followed == []
    assert side.core.inverter.p_w > 9_000
    assert side.bench.engine.world.stations["CS1"].watch.left_at == 0.0


def test_a_limit_of_somebody_else_is_an_excuse_and_is_named(book):
    side = a_side(book, ActiveSetpoint(Quantity(Fraction(-9_000), parse_unit("W"))), discharge_w=0)
    state = side.bench.engine.world.stations["CS1"]
    (entry,) = state.ledger.entries.values()
    state.bound = frozenset({("EMS", entry.desired.id)})
    side.core.personality = Personality(ignores=frozenset({"profiles"}))
    side.run(40)
    assert side.not_followed == []
    (excused,) = side.bench.audited("control.excused")
    assert excused.details["reason"] == "a limit of EMS"


def test_who_has_left_is_judged_anew_once_it_is_back(book):
    side = a_side(book, HV, pf("0.9"), defaults=[SERVICE])
    grid(side, voltage_pu=1.16)
    side.run(6)
    grid(side)
    side.core.personality = Personality(ignores=frozenset({"FixedPFInject"}))
    side.run(90)
    assert side.not_followed == ["FixedPowerFactor.injecting"]


def test_without_a_nominal_voltage_enter_service_goes_by_the_frequency(book):
    side = a_side(
        book, HV, defaults=[SERVICE], personality=Personality(ignores=frozenset({"EnterService"}))
    )
    grid(side, voltage_pu=1.16)
    side.run(6)
    state = side.bench.engine.world.stations["CS1"]
    object.__setattr__(state.profile.evses[0].ratings, "v_nom", None)
    state.watch.plates = None
    grid(side)
    side.run(12)
    assert side.not_followed == ["EnterService"]


def its_own(rate):
    body = {"priority": 1, "gradient": rate, "softGradient": 0}
    payload = {"isDefault": True, "controlType": "Gradients", "controlId": "own", "gradient": body}
    return HeldControl("own", "SetDERControl", payload)


@pytest.mark.parametrize("dialect", ["pct_per_s", "seconds_full_scale"])
def test_a_gradient_of_its_own_counts_too(book, dialect):
    side = Side(book, options(discharge_w=0))
    profile = profile_of(side.options)
    profile = replace(profile, dialect=replace(profile.dialect, gradient=dialect))
    side.bench.connect(profile, held=[its_own(2 if dialect == "pct_per_s" else 50)])
    state = side.bench.engine.world.stations["CS1"]
    assert gradient(state, soft=False) == 2
    assert gradient(state, soft=True) == 2


def test_without_a_profile_the_text_is_read():
    assert gradient(StationState(StationRules("CS1", ("dso",))), soft=True) is None
    assert away_s(StationState(StationRules("CS1", ("dso",)))) == 300


@pytest.mark.parametrize(("interval_s", "found"), [(5.0, True), (30.0, False)])
def test_samples_far_apart_do_not_say_that_a_trip_was_due_all_the_time(book, interval_s, found):
    """Nobody saw whether the grid was well in between, and the station rightly back."""
    station = options(meter_interval_s=interval_s, discharge_w=9000)
    side = Side(book, station)
    side.core.personality = Personality(ignores=frozenset({"HVMustTrip"}))
    side.run(3)
    side.hears(a_command("M1", HV, start=side.minute + 1 / 60))
    side.run(5)
    grid(side, voltage_pu=1.16)
    side.run(100)
    assert bool(side.not_followed) is found

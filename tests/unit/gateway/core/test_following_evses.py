"""Stations of two EVSEs, main meters, and stations that only charge: who is judged by what."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.effects import PostSamples
from gateway.core.events import SamplesTaken
from gateway.simulators.station_core import PROFILES
from gateway.simulators.station_options import Nameplate, Personality
from support.engine_bench import a_command, a_default, limit, pf
from support.followed import PLATE, Side, options
from translators.canonical.controls import (
    ActiveSetpoint,
    Energize,
    FixedVar,
    FreqDroop,
    Gradients,
    LimitOn,
    Quantity,
    VoltWatt,
)
from translators.canonical.curves import Curve, Vertex
from translators.canonical.telemetry import Sample
from translators.units import Kind, parse_unit

TWO = {"evses": 2}
VAR = FixedVar(Quantity(Fraction(9_000), parse_unit("var")))


def watts(value):
    return ActiveSetpoint(Quantity(Fraction(value), parse_unit("W")))


def a_side(book, *controls, personality=None, version="2.1", before=None, **changes):
    side = Side(book, options(**{"discharge_w": 8_000, **changes}), version=version)
    side.core.personality = personality or Personality()
    if before is not None:
        before(side)
    side.run(3)
    for number, control in enumerate(controls):
        side.hears(a_command(f"M{number}", control, start=side.minute + 1 / 60))
    side.run(4)
    return side


FOLLOWED = {
    "power factor": (pf("0.9"),),
    "var of the station, in parts": (VAR,),
    "export limit of both together": (limit(LimitOn.EXPORT, 9_000),),
    "cease": (Energize(energized=False),),
    "a limit beside var": (limit(LimitOn.EXPORT, 4_000), VAR),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_two_evses_that_follow_are_not_suspected(book, name):
    side = a_side(book, *FOLLOWED[name], **TWO)
    side.run(40)
    assert side.not_followed == []
    assert side.bench.engine.world.stations["CS1"].watch.tracks


IGNORED = {
    "power factor": (pf("0.9"), "FixedPFInject", [1, 2]),
    "var of the station, in parts": (VAR, "FixedVar", [1, 2]),
    "export limit of both together": (limit(LimitOn.EXPORT, 9_000), "LimitMaxDischarge", [None]),
    "cease": (Energize(energized=False), PROFILES, [None]),
}


@pytest.mark.parametrize("name", IGNORED)
def test_two_evses_that_do_nothing_are_found_each_or_together(book, name):
    control, kind, evses = IGNORED[name]
    side = a_side(book, control, personality=Personality(ignores=frozenset({kind})), **TWO)
    side.run(40)
    found = [record.details["evse"] for record in side.bench.audited("control.not_followed")]
    assert sorted(found, key=str) == evses


def test_one_evse_that_does_nothing_is_named(book):
    side = a_side(book, pf("0.9"), **TWO)
    second = side.core.evses[1]
    second.inverter.plate = replace(second.inverter.plate, max_var_neg=1.0)
    side.run(20)
    (record,) = side.bench.audited("control.not_followed")
    assert record.details["evse"] == 2


def test_an_evse_without_a_car_need_not_take_part(book):
    side = a_side(book, VAR, before=lambda s: s.core.plug(s.seconds, present=False, evse=2), **TWO)
    side.run(40)
    assert side.not_followed == []


def test_a_setpoint_is_judged_at_the_evse_of_its_transaction(book):
    def one_car(side):
        side.core.plug(side.seconds, present=False, evse=1)

    side = a_side(book, watts(6_000), before=one_car, **TWO)
    side.run(20)
    assert side.not_followed == []
    side.core.personality = Personality(ignores=frozenset({PROFILES}))
    side.core.plug(side.seconds, present=True, evse=2, discharge_w=0, demand_w=9_000)
    side.run(30)
    (record,) = side.bench.audited("control.not_followed")
    assert record.details["evse"] == 2


UNSHOWN = Personality(unsupported=frozenset({"GetCompositeSchedule"}))


@pytest.mark.parametrize(
    ("setpoint", "bound", "wishes"),
    [
        (-12_000, limit(LimitOn.LOAD, 5_000), {"demand_w": 12_000}),
        (12_000, limit(LimitOn.EXPORT, 5_000), {"discharge_w": 8_000}),
    ],
    ids=["charging", "discharging"],
)
def test_a_limit_of_the_station_that_is_used_up_leaves_a_setpoint_less(
    book, setpoint, bound, wishes
):
    def one_car(side):
        side.core.plug(side.seconds, present=False, evse=1)

    wishes = {"discharge_w": 0, **wishes}
    side = a_side(
        book, watts(setpoint), bound, before=one_car, personality=UNSHOWN, **TWO, **wishes
    )
    side.run(40)
    functions = {key[1] for key in side.bench.engine.world.stations["CS1"].watch.tracks}
    assert "ActiveSetpoint" in functions
    assert "ActiveSetpoint" not in side.not_followed


def test_values_of_two_evses_that_are_apart_are_no_sum(book):
    side = a_side(
        book,
        limit(LimitOn.EXPORT, 9_000),
        personality=Personality(ignores=frozenset({"LimitMaxDischarge"})),
        **TWO,
    )
    told = side._measured

    def apart(evse, values):
        if evse == 1 or side.seconds % 7 > 4:
            told(evse, values)

    side._measured = apart
    side.run(0.5)
    before = len(side.not_followed)
    side.run(3)
    assert before == 0


def test_a_missing_meter_of_a_running_evse_leaves_the_sum_open(book):
    side = Side(book, options(discharge_w=8_000, **TWO))
    told = side._measured
    side.bench.engine.world.stations["CS1"].meters.restarted()
    side._measured = lambda evse, values: told(evse, values) if evse == 1 else None
    side.core.personality = Personality(ignores=frozenset({"LimitMaxDischarge"}))
    side.hears(a_command("M0", limit(LimitOn.EXPORT, 9_000), start=side.minute + 1 / 60))
    side.run(40)
    assert side.not_followed == []


def test_a_main_meter_counts_for_all(book):
    side = Side(book, options(discharge_w=8_000, **TWO))
    told = side._measured
    side.bench.engine.world.stations["CS1"].meters.restarted()
    side._measured = lambda evse, values: told(0, values) if evse == 1 else None
    side.core.personality = Personality(ignores=frozenset({"FixedPFInject"}))
    side.hears(a_command("M0", pf("0.8"), start=side.minute + 1 / 60))
    side.run(40)
    (record,) = side.bench.audited("control.not_followed")
    assert record.details["evse"] is None


@pytest.mark.parametrize("follows", [True, False])
def test_an_old_station_is_judged_by_its_limit(book, follows):
    ignores = frozenset() if follows else frozenset({PROFILES})
    side = a_side(
        book,
        limit(LimitOn.LOAD, 4_000),
        personality=Personality(ignores=ignores),
        version="2.0.1",
        discharge_w=0,
        demand_w=9_000,
    )
    side.run(40)
    assert bool(side.not_followed) is not follows


def test_a_charge_setpoint_of_an_old_station_may_be_undercut(book):
    side = a_side(book, watts(-9_000), version="2.0.1", discharge_w=0, demand_w=3_000)
    side.run(40)
    assert side.not_followed == []


@pytest.mark.parametrize(("ratings", "found"), [({}, True), ({"max_a": 10}, False)])
def test_where_amps_leave_less_nobody_is_suspected(book, ratings, found):
    """Of 7,200 VA 7,000 W leave 1,685 var."""
    plate = replace(PLATE, **ratings)
    personality = Personality() if ratings else Personality(ignores=frozenset({"FixedVar"}))
    side = a_side(
        book, VAR, plate=plate, discharge_w=7_000, reactive_first=False, personality=personality
    )
    side.run(30)
    assert bool(side.not_followed) is found


def test_a_droop_counts_from_the_setpoint_only_where_that_is_reached(book):
    droop = FreqDroop(*(Fraction(n) for n in ("0.036", "0.036", "0.05", "0.05", "2")))
    side = a_side(book, watts(15_000), droop, discharge_w=0)
    side.run(30)
    side.grid.set_frequency(50.3)
    side.run(30)
    assert side.not_followed == []
    slow = a_side(
        book,
        watts(15_000),
        droop,
        discharge_w=0,
        before=lambda s: s.hears(a_default("D1", Gradients(Fraction(1), Fraction(0)))),
    )
    slow.grid.set_frequency(50.3)
    slow.run(60)
    assert slow.not_followed == []


def test_a_declared_class_of_the_meter_narrows_or_widens_what_is_allowed(book):
    def found(percent):
        side = Side(book, options(discharge_w=8_000))
        state = side.bench.engine.world.stations["CS1"]
        object.__setattr__(state.rules, "policy", {"meter_class_pct": percent})
        side.core.personality = Personality(ignores=frozenset({"FixedVar"}))
        side.run(2)
        control = FixedVar(Quantity(Fraction(1_400), parse_unit("var")))
        side.hears(a_command("M0", control, start=side.minute + 1 / 60))
        side.run(40)
        return bool(side.not_followed)

    assert found("0.5")
    assert not found("3")


def test_volt_watt_is_judged_by_each_evse(book):
    points = tuple(Vertex(Fraction(x), Fraction(y)) for x, y in ((104, 100), (107, 10)))
    curve = Curve(points, parse_unit("pct[V_ref]"), parse_unit("pct[setMaxW]"))
    ignores = Personality(ignores=frozenset({"VoltWatt"}))
    plate = Nameplate(v_nom=240)
    side = a_side(book, VoltWatt(curve), personality=ignores, plate=plate, **TWO)
    side.grid.set_voltage(1.08)
    side.run(40)
    assert len(side.not_followed) == 2


def test_an_evse_whose_meter_is_doubtful_leaves_the_other_judged(book):
    side = a_side(
        book, pf("0.9"), personality=Personality(ignores=frozenset({"FixedPFInject"})), **TWO
    )
    side.bench.engine.world.stations["CS1"].meters.places[1].clear()
    told = side._measured
    side._measured = lambda evse, values: told(evse, values) if evse == 2 else None
    side.run(20)
    found = {record.details["evse"] for record in side.bench.audited("control.not_followed")}
    assert found == {2}


def test_samples_of_a_station_that_is_not_known_yet_only_go_up(bench):
    at = bench.now
    samples = (Sample("CS1", 1, Kind.POWER, Fraction(1), at),)
    bench.hear(SamplesTaken("CS1", samples))
    assert bench.last(PostSamples).samples == samples
    assert bench.audited("control.not_followed") == []


@pytest.mark.parametrize("follows", [True, False])
def test_a_percentage_at_one_of_two_evses_is_what_the_station_was_told(book, follows):
    def one_car(side):
        side.core.plug(side.seconds, present=False, evse=1)

    share = ActiveSetpoint(Quantity(Fraction(-20), parse_unit("pct[setMaxW|setMaxChargeRateW]")))
    ignores = frozenset() if follows else frozenset({PROFILES})
    side = a_side(
        book, share, before=one_car, discharge_w=0, personality=Personality(ignores=ignores), **TWO
    )
    side.run(40)
    assert bool(side.not_followed) is not follows
    assert "started" in side.bench.told("M0")

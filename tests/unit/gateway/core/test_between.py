"""Which of several utilities has its way when."""

import typing
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.between import RULED, Subject, combine, conflicts, forbids, rules_of, subjects
from gateway.core.timeline import Segment
from support.engine_bench import NOON, a_profile, limit, pf
from translators.canonical import controls as c
from translators.canonical.commands import Interval


def minutes(count):
    return None if count is None else NOON + timedelta(minutes=count)


def a_span(key="A", start=0, end=60, function="VoltVar", **more):
    return Segment(key, function, Interval(minutes(start), minutes(end)), **more)


def a_line(*spans):
    """Return what one utility wants, by function."""
    return {s.function: tuple(o for o in spans if o.function == s.function) for s in spans}


def told(found):
    """Return (key, start, end) in minutes, over all functions."""
    return sorted(
        (
            span.key,
            int((span.interval.start - NOON).total_seconds() // 60),
            None
            if span.interval.end is None
            else int((span.interval.end - NOON).total_seconds() // 60),
        )
        for spans in found.values()
        for span in spans
    )


A = a_span("A", 20, 40)
CUTS = {
    "inside": (a_span("B", 0, 60), [("B", 0, 20), ("B", 40, 60)]),
    "before it": (a_span("B", 0, 20), [("B", 0, 20)]),
    "after it": (a_span("B", 40, 60), [("B", 40, 60)]),
    "into it": (a_span("B", 0, 30), [("B", 0, 20)]),
    "out of it": (a_span("B", 30, 60), [("B", 40, 60)]),
    "covered": (a_span("B", 25, 35), []),
    "the same time": (a_span("B", 20, 40), []),
    "without end": (a_span("B", 0, None), [("B", 0, 20), ("B", 40, None)]),
}


@pytest.mark.parametrize(("weak", "left"), CUTS.values(), ids=CUTS)
def test_the_weaker_is_cut_while_the_stronger_holds_and_comes_back(weak, left):
    assert told(combine([a_line(A), a_line(weak)])) == [("A", 20, 40), *left]


def test_one_without_end_leaves_nothing_behind_it():
    found = combine([a_line(a_span("A", 20, None)), a_line(a_span("B", 0, None))])
    assert told(found) == [("A", 20, None), ("B", 0, 20)]


def test_what_the_strongest_takes_from_the_second_may_be_the_thirds():
    first = a_line(a_span("A", 0, 30, "FixedPowerFactor.injecting"))
    second = a_line(a_span("B", 0, 60, "FixedVar"))
    third = a_line(a_span("C", 0, 60, "FixedPowerFactor.absorbing"))
    assert told(combine([first, second, third])) == [("A", 0, 30), ("B", 30, 60), ("C", 0, 30)]


def test_two_stronger_ones_cut_three_pieces():
    lines = [a_line(a_span("A", 10, 20)), a_line(a_span("B", 30, 40)), a_line(a_span("C", 0, 50))]
    pieces = [("C", 0, 10), ("C", 20, 30), ("C", 40, 50)]
    assert told(combine(lines)) == [("A", 10, 20), ("B", 30, 40), *pieces]


def test_only_the_piece_that_ends_as_before_was_beaten_by_its_own():
    weak = a_span("B", 0, 60, beaten_by="C", yields=True)
    first, second = combine([a_line(A), a_line(weak)])["VoltVar"][::2]
    assert (first.beaten_by, first.yields) == (None, False)
    assert (second.beaten_by, second.yields) == ("C", True)


def functions():
    """Return one control of each class, by function."""
    quantity = limit().value
    curve = ()
    made = {
        c.FixedPowerFactor: pf(),
        c.PowerLimit: limit(),
        c.TripCurve: c.TripCurve(
            c.TripQuantity.VOLTAGE, c.TripSide.LOW, c.TripRegion.MUST_TRIP, curve, quantity.unit
        ),
    }
    names = [cls.__name__ for cls in typing.get_args(c.DerControl.__value__) if cls not in made]
    return [*map(c.function_of, made.values()), *names]


CONFLICTS = [
    ("ActiveSetpoint", "StorageTarget"),
    ("ActiveSetpoint", "RelativeActiveSetpoint"),
    ("ActiveSetpoint", "ChargeStateTarget"),
    ("ActiveSetpoint", "ReactiveSetpoint"),
    ("FixedVar", "VoltVar"),
    ("FixedVar", "ReactiveSetpoint"),
    ("WattVar", "WattPowerFactor"),
    ("FixedPowerFactor.injecting", "VoltVar"),
    ("FixedPowerFactor.absorbing", "RelativeReactiveSetpoint"),
    ("FreqWatt", "FreqDroop"),
    ("TripCurve.voltage.low.must_trip", "TripCurve.voltage.low.may_trip"),
    ("VoltWatt", "VoltWatt"),
    ("PowerMonitoring", "PowerMonitoring"),
]
PEACE = [
    ("PowerLimit.import.device", "PowerLimit.import.device"),
    ("PowerLimit.export.device", "ActiveSetpoint"),
    ("FixedPowerFactor.injecting", "FixedPowerFactor.absorbing"),
    ("ActiveSetpoint", "VoltVar"),
    ("ActiveSetpoint", "FreqDroop"),
    ("VoltWatt", "VoltVar"),
    ("TripCurve.voltage.low.must_trip", "TripCurve.voltage.high.must_trip"),
    ("Price", "Price"),
    ("Connect", "ActiveSetpoint"),
]


@pytest.mark.parametrize(
    ("one", "other", "cut"),
    [(*pair, True) for pair in CONFLICTS] + [(*pair, False) for pair in PEACE],
)
def test_what_one_station_cannot_do_for_two_utilities_is_the_stronger_ones(one, other, cut):
    for strong, weak in [(one, other), (other, one)]:
        found = combine(
            [a_line(a_span("A", 20, 40, strong)), a_line(a_span("B", 0, 60, weak))],
        )
        pieces = [("B", 0, 20), ("B", 40, 60)] if cut else [("B", 0, 60)]
        assert told(found) == [("A", 20, 40), *pieces]


def test_every_control_has_its_subjects():
    beside = {"PowerLimit", "ReactiveLimit", "ApparentLimit", "Price", "Alert"}
    permissions = {"Connect", "Energize", "GridConnectPermit", "IslandPermit"}
    for function in functions():
        free = function.partition(".")[0] in beside | permissions
        assert bool(subjects(function)) is not free, function


def test_the_table_names_controls_alone():
    names = {cls.__name__ for cls in typing.get_args(c.DerControl.__value__)}
    assert {name.partition(".")[0] for name in RULED} <= names
    assert {subject for ruled in RULED.values() for subject in ruled} == set(Subject)


@pytest.mark.parametrize("name", ["Connect", "Energize", "GridConnectPermit", "IslandPermit"])
@pytest.mark.parametrize("strong_forbids", [True, False])
def test_whoever_forbids_forbids_whatever_others_permit(name, strong_forbids):
    lines = [a_line(a_span("A", 20, 40, name)), a_line(a_span("B", 0, 60, name))]
    forbidding = {("A" if strong_forbids else "B", name)}
    left = [("A", 20, 40), ("B", 0, 20), ("B", 40, 60)] if strong_forbids else [("B", 0, 60)]
    assert told(combine(lines, forbidding)) == left


def test_two_that_forbid_and_two_that_permit_hold_together():
    lines = [a_line(a_span("A", 20, 40, "Connect")), a_line(a_span("B", 0, 60, "Connect"))]
    both = [("A", 20, 40), ("B", 0, 60)]
    assert told(combine(lines)) == both
    assert told(combine(lines, {("A", "Connect"), ("B", "Connect")})) == both


@pytest.mark.parametrize("name", ["FreqWatt", "FreqDroop"])
@pytest.mark.parametrize("has_control", [True, False])
def test_a_curve_over_frequency_that_is_a_profile_cannot_stand_beside_a_setpoint(name, has_control):
    profile = a_profile()
    modes = frozenset({name} if has_control else ())
    station = replace(profile, evses=(replace(profile.evses[0], der_modes=modes),))
    rules = rules_of(station)
    assert conflicts(name, "ActiveSetpoint", rules) is not has_control
    lines = [a_line(a_span("A", 20, 40, name)), a_line(a_span("B", 0, 60, "ActiveSetpoint"))]
    pieces = [("B", 0, 60)] if has_control else [("B", 0, 20), ("B", 40, 60)]
    assert told(combine(lines, (), rules)) == [("A", 20, 40), *pieces]


def test_of_an_unknown_station_nothing_is_known_to_be_lacking():
    assert rules_of(None) is subjects


@pytest.mark.parametrize(
    ("control", "forbidding"),
    [
        (c.Connect(connected=False), True),
        (c.Connect(connected=True), False),
        (c.Energize(energized=False), True),
        (c.GridConnectPermit(permitted=False), True),
        (c.IslandPermit(permitted=False), True),
        (c.IslandPermit(permitted=True), False),
        (c.ChargeStateTarget(Fraction(0)), False),
    ],
)
def test_what_takes_a_permission_away(control, forbidding):
    assert forbids(control) is forbidding

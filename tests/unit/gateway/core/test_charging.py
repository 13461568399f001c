"""Limits that others gave a station, and priority charging of drivers."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.engine import Engine
from gateway.core.events import (
    LimitCleared,
    LimitNoticed,
    PriorityNoticed,
    ReplyStatus,
    TransactionsChanged,
)
from gateway.core.station import StationRules
from support.engine_bench import Bench, a_command, a_profile, limit
from translators.canonical.capability import Transaction
from translators.canonical.controls import ActiveSetpoint, Quantity
from translators.ocpp.foreign import ForeignLimit, Rate
from translators.units import parse_unit


def setpoint(watts):
    return ActiveSetpoint(Quantity(Fraction(watts), parse_unit("W")))


def a_bench(book, control, policy=None, profile=None):
    """Return a bench where CS1 runs one control of ours and has shown it."""
    bench = Bench(Engine(book, [StationRules("CS1", ("dso",), policy=policy or {})]))
    bench.connect(profile or a_profile())
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    bench.command(a_command("M1", control, start=0))
    bench.reply()
    bench.reply(ReplyStatus.NOT_SUPPORTED)  # a composite schedule
    return bench


def noticed(bench, watts, *, evse=None, source="EMS", unit="W", phases=None, beside=()):
    """Let somebody else limit the station; `beside` are further rates of the same limit."""
    rates = () if watts is None else (Rate(Fraction(watts), unit, phases),)
    bench.hear(LimitNoticed("CS1", ForeignLimit(source, evse, (*rates, *beside))))


def binding(bench):
    return [e.details["source"] for e in bench.audited("limit.binds")]


@pytest.mark.parametrize(
    ("control", "watts", "binds"),
    [
        (setpoint(-5000), 4999, True),
        (setpoint(-5000), 5000, False),
        (setpoint(5000), 0, False),
        (limit(watts=7000), 6999, True),
        (limit(watts=7000), 7001, False),
        (limit(watts=0), 0, False),
        (setpoint(-5000), None, False),
    ],
    ids=["a setpoint", "just enough", "discharge", "a limit", "looser", "of nothing", "unknown"],
)
def test_a_limit_of_somebody_else_is_told_where_it_leaves_less(book, control, watts, binds):
    bench = a_bench(book, control)
    noticed(bench, watts)
    assert binding(bench) == (["EMS"] if binds else [])
    assert len(bench.audited("limit.foreign")) == 1


def test_amps_and_watts_are_compared_as_watts(book):
    bench = a_bench(book, setpoint(-5000))
    noticed(bench, 6000, beside=(Rate(Fraction(16), "A"),))
    assert binding(bench) == []
    noticed(bench, 6000, beside=(Rate(Fraction(6), "A"),))
    assert binding(bench) == ["EMS"]


@pytest.mark.parametrize(
    ("phases", "rate", "binds"), [(None, 7, False), (None, 6, True), (1, 20, True), (1, 21, False)]
)
def test_amps_count_at_the_nominal_voltage(book, phases, rate, binds):
    bench = a_bench(book, setpoint(-5000))  # 240 V, 3 phases: 6.9 A
    noticed(bench, rate, unit="A", phases=phases)
    assert bool(binding(bench)) is binds


def test_amps_without_a_nominal_voltage_tell_nothing(book):
    profile = a_profile()
    (evse,) = profile.evses
    bare = replace(evse, ratings=replace(evse.ratings, v_nom=None))
    bench = a_bench(book, setpoint(-5000), profile=replace(profile, evses=(bare,)))
    noticed(bench, 1, unit="A")
    assert binding(bench) == []


@pytest.mark.parametrize(("evse", "binds"), [(None, True), (1, True), (2, False)])
def test_a_limit_of_another_evse_leaves_ours_alone(book, evse, binds):
    profile = a_profile()
    (first,) = profile.evses
    two = replace(profile, evses=(first, replace(first, id=2)))
    bench = a_bench(book, setpoint(-5000), profile=two)
    noticed(bench, 100, evse=evse)
    assert bool(binding(bench)) is binds


def test_it_is_told_once_and_once_more_when_it_ends(book):
    bench = a_bench(book, setpoint(-5000))
    noticed(bench, 100)
    noticed(bench, 200)
    noticed(bench, 9000)
    assert binding(bench) == ["EMS"]
    assert len(bench.audited("limit.binds_no_more")) == 1


def test_what_starts_under_a_limit_is_told_as_well(book):
    bench = a_bench(book, setpoint(-100))
    noticed(bench, 3000)
    bench.command(a_command("M1", setpoint(-5000), start=0, version=1))
    assert binding(bench) == []
    bench.reply()
    assert binding(bench) == ["EMS"]


@pytest.mark.parametrize(
    ("source", "evse", "left"),
    [("EMS", None, []), ("EMS", 1, [None]), ("EMS", 2, [None, 1]), ("SO", None, [None, 1])],
)
def test_a_source_takes_back_one_limit_or_all_of_its_own(book, source, evse, left):
    bench = a_bench(book, setpoint(-5000))
    noticed(bench, 100)
    noticed(bench, 200, evse=1)
    bench.hear(LimitCleared("CS1", source, evse))
    assert [key[1] for key in bench.engine.world.stations["CS1"].limits] == left


def test_of_many_limits_the_newest_are_kept(book):
    bench = a_bench(book, setpoint(-5000))
    for number in range(33):
        noticed(bench, 9000, source=f"S{number}")
    noticed(bench, 9000, source="S1")
    known = [source for source, _ in bench.engine.world.stations["CS1"].limits]
    assert known == [*(f"S{number}" for number in range(2, 33)), "S1"]


@pytest.mark.parametrize("policy", ["allow", "end"])
def test_priority_charging_is_ended_only_where_policy_says_so(book, policy):
    bench = a_bench(book, setpoint(-5000), {"priority_charging": policy})
    bench.hear(PriorityNoticed("CS1", "T1", activated=True))
    assert len(bench.audited("control.overridden")) == 1
    calls = bench.calls("UsePriorityCharging")
    assert [c.payload for c in calls] == [{"transactionId": "T1", "activate": False}] * (
        policy == "end"
    )


@pytest.mark.parametrize(("number", "activated"), [("T1", False), ("T2", True)])
def test_priority_that_ends_or_is_of_another_transaction_overrides_nothing(book, number, activated):
    bench = a_bench(book, setpoint(-5000), {"priority_charging": "end"})
    bench.hear(PriorityNoticed("CS1", number, activated=activated))
    assert bench.audited("control.overridden") == bench.calls("UsePriorityCharging") == []
    assert bench.audited("priority.charging")[0].details["activated"] is activated


def test_the_answer_to_ending_it_is_kept(book):
    bench = a_bench(book, setpoint(-5000), {"priority_charging": "end"})
    bench.hear(PriorityNoticed("CS1", "T1", activated=True))
    bench.reply(ReplyStatus.REJECTED, reason="NoProfile")
    assert bench.audited("priority.answered")[0].details["reason"] == "NoProfile"
    assert bench.engine.quiet

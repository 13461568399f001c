"""How fast a command for many stations takes hold: minutes on a feeder, and a group that goes first."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from gateway.core.events import ReplyStatus
from gateway.core.orders import ParticipationChanged
from gateway.core.pace import Canary, Feeder, PaceRules, minutes
from gateway.core.records import CommandRecord
from support.engine_bench import NOON, a_command, limit, pf
from support.fleet import Fleet
from translators.canonical.commands import Origin, Protocol, Randomization, Revision, Target
from translators.canonical.controls import ActiveSetpoint, Energize, Quantity
from translators.canonical.telemetry import ControlOutcome as Told
from translators.units import parse_unit


def setpoint(watts=-4000):
    return ActiveSetpoint(Quantity(Fraction(watts), parse_unit("W")))


def feeder(most, **swings):
    return Feeder("F", {name: Fraction(value) for name, value in swings.items()}, Fraction(most))


@pytest.fixture
def three(book):
    return Fleet(book, "ABC", PaceRules((feeder(50_000, A=44_000, B=44_000, C=5_000),)))


CANARY = PaceRules(canary=Canary(frozenset("A"), timedelta(minutes=2)))


@pytest.fixture
def trusting(book):
    return Fleet(book, "ABC", CANARY)


def test_stations_of_one_minute_stay_within_the_bound():
    found = minutes(feeder(100, A=60, B=40, C=1, D=100, E=99, F=2))
    assert found == {"A": 0, "B": 0, "C": 1, "D": 2, "E": 3, "F": 4}


def test_a_station_that_moves_more_than_the_bound_has_a_minute_of_its_own():
    assert minutes(feeder(100, A=10, B=300, C=10)) == {"A": 0, "B": 1, "C": 2}


def test_a_setpoint_starts_at_each_station_in_its_minute_and_ends_with_the_event(three):
    three.command(setpoint(), stations="ABC")
    assert [three.begins(name) for name in "ABC"] == [10, 11, 11]
    assert {three.record(name).planned.end for name in "ABC"} == {NOON + timedelta(minutes=70)}
    assert [a.details["seconds"] for a in three.audited("command.paced")] == [60, 60]


def test_who_comes_late_is_paced_from_then_on(three):
    three.at(20)
    three.command(setpoint(), stations="ABC")
    assert [three.begins(name) for name in "ABC"] == [10, 21, 21]


@pytest.mark.parametrize(
    "controls",
    [(limit(),), (setpoint(), limit()), (Energize(energized=False),), (pf(),)],
    ids=["a limit", "a limit beside a setpoint", "to cease", "what moves no watts"],
)
def test_what_restricts_or_moves_nothing_is_never_late(three, controls):
    three.command(*controls, stations="ABC")
    assert [three.begins(name) for name in "ABC"] == [10, 10, 10]


def test_an_event_that_is_over_before_its_turn_takes_no_part(three):
    three.command(setpoint(), stations="C", start=10, minutes=1)
    three.at(12)
    assert three.told("C") == [Told.RECEIVED, Told.NO_PARTICIPATION]


def test_a_new_edition_keeps_the_pace_of_what_runs_and_of_what_does_not(three):
    three.command(setpoint(), stations="B")
    three.command(setpoint(-3000), stations="B", version=1)
    assert three.begins("B") == 11
    three.at(12)
    three.command(setpoint(-2000), stations="B", version=2)
    assert three.begins("B") == 11


def test_what_a_site_passes_on_keeps_the_minutes_and_waits_for_nobody(book):
    pace = PaceRules((feeder(1, A=9, B=9),), Canary(frozenset("A"), timedelta(minutes=2)))
    fleet = Fleet(book, "AB", pace)
    origin = Origin("site:home:000:dso", Protocol.SITE, Revision.SITE)
    fleet.command(setpoint(), stations="AB", origin=origin)
    found = fleet.engine.world.records["B"]["site:home:000:dso/B/M1"]
    assert found.waits_s == 60


def test_what_a_site_splits_anew_keeps_its_minute(book):
    fleet = Fleet(book, "AB", PaceRules((feeder(1, A=9, B=9),)))
    origin = Origin("site:home:000:dso", Protocol.SITE, Revision.SITE)
    names = {"stations": "B", "origin": origin, "start": 0}
    record = fleet.engine.world.records["B"]
    key = "site:home:000:dso/B/M1"
    fleet.command(pf(), setpoint(), **names)
    fleet.at(0.5)
    fleet.command(pf(), setpoint(-2000), version=1, **names)
    assert record[key].waits_s == 60
    fleet.command(pf(), version=2, **names)
    fleet.command(pf(), setpoint(-2000), version=3, **names)
    assert record[key].waits_s == 60
    fleet.command(limit(), version=4, **names)
    assert record[key].waits_s == 0


def test_the_others_start_when_the_first_have_shown_that_it_goes_well(trusting):
    trusting.command(pf(), stations="ABC")
    assert [trusting.begins(name) for name in "ABC"] == [10, 12, 12]
    trusting.at(10)
    trusting.started("A")
    trusting.at(12)
    trusting.started("B")
    assert trusting.told("B") == [Told.RECEIVED, Told.STARTED]
    assert not trusting.audited("command.declined")


def test_where_the_first_refuse_the_others_take_no_part(trusting):
    trusting.command(pf(), stations="BC")
    trusting.answers["A"] = ReplyStatus.REJECTED
    trusting.command(pf(), stations="A")
    assert [trusting.told(name)[-1] for name in "BC"] == [Told.OPTED_OUT, Told.OPTED_OUT]
    declined = trusting.audited("command.declined")
    assert declined[0].actor == "canary"
    (failed,) = trusting.audited("canary.failed")
    assert (failed.subject, failed.details["kept_back"]) == ("M1", 2)
    assert declined[0].details["reason"] == "A of the canary group does not carry it out"
    states = (trusting.engine.world.stations[name] for name in "BC")
    assert not any(state.ledger.entries for state in states)  # what they had is taken back


def test_who_hears_of_it_after_the_first_refused_takes_no_part_either(trusting):
    trusting.answers["A"] = ReplyStatus.REJECTED
    trusting.command(pf(), stations="AB")
    assert trusting.told("B") == [Told.RECEIVED, Told.OPTED_OUT]
    assert not trusting.engine.world.stations["B"].ledger.entries


def test_where_the_first_never_start_the_others_do_not(trusting):
    trusting.command(pf(), stations="ABC")
    trusting.at(11.9)
    assert trusting.told("B") == [Told.RECEIVED]
    trusting.at(11.95)
    assert trusting.told("B") == [Told.RECEIVED, Told.OPTED_OUT]
    (declined, _) = trusting.audited("command.declined")
    assert declined.details["reason"] == "nobody of the canary group carried it out"


def test_where_the_first_do_not_follow_the_others_take_no_part(trusting):
    trusting.command(pf(), stations="ABC")
    trusting.at(10)
    trusting.started("A")
    record = trusting.record("A")
    trusting.engine.world.records["A"][record.key] = record.seen(
        "FixedPowerFactor.injecting", followed=False
    )
    trusting.at(11.95)
    assert trusting.told("B")[-1] is Told.OPTED_OUT


def test_the_gateway_looks_at_the_first_by_itself_when_their_time_is_over(trusting):
    trusting.command(pf(), stations="ABC")
    trusting.at(10)
    trusting.started("A")
    judged = NOON + timedelta(minutes=12) - timedelta(seconds=5)
    assert trusting.engine.world.stations["A"].wake_at == judged


def test_an_event_for_none_of_the_first_only_comes_later(trusting):
    trusting.command(pf(), stations="B")
    trusting.at(12)
    trusting.started("B")
    assert trusting.told("B") == [Told.RECEIVED, Told.STARTED]


def test_an_operator_may_let_others_take_part_after_all(trusting):
    trusting.answers["A"] = ReplyStatus.REJECTED
    trusting.command(pf(), stations="AB")
    trusting.hear(ParticipationChanged("M1", False, "A is broken", "ann"))
    assert trusting.told("B")[-1] is Told.OPTED_IN


@pytest.mark.parametrize("span", [0, 600, -600], ids=["exact", "drawn later", "drawn earlier"])
def test_a_thousand_stations_never_move_a_feeder_by_more_than_its_bound_in_any_minute(book, span):
    """Whatever each did before, is asked for, and drew: from one end of its ratings to the other."""
    swings = {f"S{n}": Fraction(1_000 + 977 * n % 20_000) for n in range(1_000)}
    rules = PaceRules((Feeder("F", swings, Fraction(250_000)),))
    moved = defaultdict(Fraction)
    for at, (name, swing) in enumerate(swings.items()):
        record = _record(name, span, draw=span * at // 999)
        moved[record.planned.start + rules.wait(record, NOON)] += swing
    assert max(moved.values()) <= 250_000
    assert sum(moved.values()) == sum(swings.values())
    assert len(moved) <= 2 * sum(swings.values()) / 250_000
    starts = sorted(moved)
    assert all(b - a >= timedelta(minutes=1) for a, b in pairwise(starts))


@pytest.mark.parametrize("control", [pf(), setpoint()], ids=["a mode", "a setpoint on a feeder"])
@pytest.mark.parametrize("span", [300, -300], ids=["drawn later", "drawn earlier"])
def test_the_first_come_first_whatever_was_drawn(span, control):
    pace = replace(CANARY, feeders=(feeder(1, A=9, B=9),))
    ends = {name: [_start(pace, name, control, span, draw) for draw in (0, span)] for name in "AB"}
    assert min(ends["B"]) - max(ends["A"]) >= CANARY.canary.wait


def test_a_feeder_that_may_move_at_once_keeps_what_was_drawn():
    pace = PaceRules((feeder(100, A=9, B=9),))
    assert [_start(pace, name, setpoint(), 300, 120) for name in "AB"] == [_TEN_TWELVE] * 2


_TEN_TWELVE = NOON + timedelta(minutes=12)


def _start(pace, name, control, span, draw):
    record = _record(name, span, draw, control)
    return record.planned.start + pace.wait(record, NOON)


def _record(name, span=0, draw=0, control=None):
    drawn = Randomization(start_s=span, start_draw_s=draw)
    command = a_command("M1", control or setpoint(), target=Target(name), randomization=drawn)
    return CommandRecord(command)


def test_who_hears_of_it_after_the_first_refused_is_told_nothing(trusting):
    trusting.answers["A"] = ReplyStatus.REJECTED
    trusting.command(pf(), stations="A")
    trusting.command(pf(), stations="B")
    assert [
        a.subject for a in trusting.audited("control.dispatched") if a.details["station"] == "B"
    ] == []
    assert trusting.told("B") == [Told.RECEIVED, Told.OPTED_OUT]

"""What no utility should say and no clock should do: it is told, and nothing is lost."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core import intake
from gateway.core.events import Now, StationDescribed, Tick
from support.engine_bench import NOON, a_command, a_profile, limit, pf
from translators.canonical.commands import Interval
from translators.canonical.controls import LimitOn, PowerLimit, Quantity
from translators.canonical.telemetry import ControlOutcome as Told
from translators.units import parse_unit

TEN_YEARS = timedelta(days=3653)
TO_1970 = timedelta(seconds=-NOON.timestamp())


def start_of(call):
    return call.payload["fixedPFInject"]["startTime"]


@pytest.mark.parametrize(
    "jump",
    [
        *(timedelta(hours=hours) for hours in (-24, -1, 1, 24)),
        timedelta(seconds=3),
        TO_1970,
    ],
    ids=str,
)
def test_a_step_of_our_clock_moves_no_start_by_the_utilitys_clock(ready, jump):
    """The station's clock is ours: it is told the same instant by what our clock shows now."""
    ready.command(a_command("M1", start=10))
    ready.reply()
    now = NOON + timedelta(seconds=5) + jump
    ready.take(ready.engine.handle(Tick(), Now(now, 5.0, {"dso": -jump})))
    assert len(ready.audited("clock.jumped")) == 1
    expected = NOON + timedelta(minutes=10) + jump
    assert start_of(ready.calls("SetDERControl")[-1]) == f"{expected:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("seconds", [-1, 1])
def test_a_leap_second_of_the_utility_moves_nothing(ready, seconds):
    ready.command(a_command("M1", start=10))
    ready.reply()
    ready.offset = timedelta(seconds=seconds)
    ready.at(1)
    assert len(ready.calls()) == 1
    assert ready.audited("clock.stepped") == []


def test_ten_thousand_controls_at_one_instant_are_taken_as_far_as_they_can_be_told(
    ready, monkeypatch
):
    monkeypatch.setattr(intake, "MOST", 20)
    begin = time.process_time()
    for number in range(10_000):
        ready.command(a_command(f"M{number}"))
    assert time.process_time() - begin < 30
    assert len(ready.engine.world.records["CS1"]) == 20
    assert len(ready.audited("command.crowded")) == 9_980
    assert ready.told("M19") == [Told.RECEIVED]
    assert ready.told("M20") == ready.told("M9999") == [Told.NOT_APPLICABLE]


def test_who_asks_for_too_much_is_taken_again_when_something_is_over(ready, monkeypatch):
    monkeypatch.setattr(intake, "MOST", 1)
    ready.command(a_command("M1"))
    ready.command(a_command("M2"))
    ready.command(a_command("M1", pf("0.9"), version=1))
    assert len(ready.audited("command.updated")) == 1
    ready.at(71)
    ready.command(a_command("M2", start=80))
    assert ready.told("M2") == [Told.NOT_APPLICABLE, Told.RECEIVED]


def test_a_control_of_ten_years_is_told_whole_and_runs_to_its_end(ready):
    ready.command(a_command("M1", interval=Interval(NOON, NOON + TEN_YEARS)))
    (call,) = ready.calls("SetDERControl")
    assert call.payload["fixedPFInject"]["duration"] == 315_619_200
    ready.reply()
    ready.notice(ready.control_id())
    for years in range(1, 10):
        ready.at(years * 525_600)
    assert len(ready.calls()) == 1
    ready.at(TEN_YEARS / timedelta(minutes=1))
    assert ready.told()[-1] is Told.COMPLETED


def test_a_control_in_ten_years_waits(ready):
    begin = NOON + TEN_YEARS
    ready.command(a_command("M1", interval=Interval(begin, begin + timedelta(hours=1))))
    assert start_of(ready.calls("SetDERControl")[0]) == "2036-12-01T12:00:00Z"


def test_the_same_mrid_with_other_content_is_another_edition_whatever_its_version(ready):
    ready.command(a_command("M1", pf("0.95")))
    ready.reply()
    ready.command(a_command("M1", pf("0.9")))
    assert len(ready.audited("command.updated")) == 1
    first, second = ready.calls("SetDERControl")
    assert first.payload["controlId"] == second.payload["controlId"]
    assert second.payload["fixedPFInject"]["displacement"] == 0.9


def a_share(percent=50):
    return PowerLimit(LimitOn.EXPORT, Quantity(percent, parse_unit("pct[setMaxW]")))


def unrated():
    profile = a_profile()
    evses = tuple(
        replace(e, ratings=replace(e.ratings, max_w=None, max_discharge_rate_w=None))
        for e in profile.evses
    )
    return replace(profile, evses=evses)


def test_ratings_that_vanish_under_a_control_that_needs_them_are_told(ready):
    ready.command(a_command("M1", a_share(), start=0))
    ready.reply()
    ready.hear(StationDescribed("CS1", unrated()))
    assert len(ready.audited("command.refused")) >= 1
    assert ready.told()[-1] is Told.NOT_APPLICABLE


def controls_set(bench):
    return [call for call in bench.calls() if call.action.startswith("Set")]


def test_ratings_that_vanish_and_come_back_disturb_no_control_that_needs_none(ready):
    ready.command(a_command("M1", pf(), limit(watts=7000), start=0))
    ready.reply()
    sent = controls_set(ready)
    for profile in (unrated(), a_profile()):
        ready.hear(StationDescribed("CS1", profile))
    assert controls_set(ready) == sent

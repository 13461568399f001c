"""A plan is remembered while it would be the same, and made anew when it would not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core import plans as module
from gateway.core.agenda import Line
from gateway.core.dispatch import Scene, wanted
from gateway.core.lifecycle import State
from gateway.core.plans import Plans
from gateway.core.records import CommandRecord
from gateway.core.translating import Translator
from support.engine_bench import NOON, a_command, a_default, a_profile, limit, pf
from translators.canonical.capability import Situation
from translators.canonical.commands import Interval, Target
from translators.canonical.controls import LimitOn

PROFILE = a_profile()


@pytest.fixture
def made(monkeypatch):
    """Return the plans that were made, oldest first."""
    done = []

    def counted(lines, scene):
        done.append(wanted(lines, scene))
        return done[-1]

    monkeypatch.setattr(module, "wanted", counted)
    return done


def a_line(*commands, offset=timedelta()):
    records = tuple(CommandRecord(command, State.SCHEDULED) for command in commands)
    return (Line("dso", offset, records),)


def a_scene(book, minute=0, **changes):
    profile = changes.pop("profile", PROFILE)
    now = NOON + timedelta(minutes=minute)
    return replace(Scene(profile, Situation(), Translator(book), now), **changes)


def test_the_same_once_more_is_remembered(book, made):
    plans, lines = Plans(), a_line(a_command())
    assert plans.wanted(lines, a_scene(book)) == plans.wanted(lines, a_scene(book, 9))
    assert len(made) == 1


@pytest.mark.parametrize("minute", [10, 69, 70, 100], ids=str)
def test_a_start_or_an_end_makes_it_anew(book, made, minute):
    plans, lines = Plans(), a_line(a_command())
    plans.wanted(lines, a_scene(book))
    found = plans.wanted(lines, a_scene(book, minute))
    assert len(made) == 2
    assert found == wanted(lines, a_scene(book, minute))


def test_a_clock_that_went_back_makes_it_anew(book, made):
    plans, lines = Plans(), a_line(a_command())
    plans.wanted(lines, a_scene(book, 20))
    plans.wanted(lines, a_scene(book, 5))
    assert len(made) == 2


def test_an_end_that_is_put_off_makes_it_anew(book, made):
    plans, lines = Plans(), a_line(a_command(interval=Interval(NOON, None)))
    for day in (0, 0.4, 0.6, 0.9):
        found = plans.wanted(lines, a_scene(book, day * 24 * 60))
        assert found == wanted(lines, a_scene(book, day * 24 * 60))
    assert len(made) == 2


def test_a_default_is_remembered_for_ever(book, made):
    plans, lines = Plans(), a_line(a_command(interval=None, is_default=True))
    plans.wanted(lines, a_scene(book))
    plans.wanted(lines, a_scene(book, 10**6))
    assert len(made) == 1


@pytest.mark.parametrize(
    ("lines", "changes"),
    [
        (a_line(a_command("M1", pf("0.9"))), {}),
        (a_line(a_command(), a_command("M2", limit())), {}),
        (a_line(a_command(), offset=timedelta(seconds=5)), {}),
        (a_line(a_command()), {"profile": a_profile(der=False)}),
        (a_line(a_command()), {"situation": Situation(policy={"discharge": "forbid"})}),
        (a_line(a_command()), {"apart": frozenset({"dso"})}),
    ],
    ids=["other numbers", "one more", "a clock", "the station", "a policy", "other ids"],
)
def test_whatever_it_rests_on_makes_it_anew(book, made, lines, changes):
    plans = Plans()
    plans.wanted(a_line(a_command()), a_scene(book))
    found = plans.wanted(lines, a_scene(book, **changes))
    assert len(made) == 2
    assert found == wanted(lines, a_scene(book, **changes))


def test_other_rules_make_it_anew(book, made):
    plans, lines = Plans(), a_line(a_command())
    plans.wanted(lines, a_scene(book))
    plans.wanted(lines, a_scene(replace(book, digest="other")))
    assert len(made) == 2


def test_the_plans_that_were_used_last_are_remembered(book, made):
    plans, lines = Plans(most=2), a_line(a_command())
    (evse,) = PROFILE.evses
    first, second, third = (
        a_scene(book, profile=replace(PROFILE, evses=(replace(evse, phases=phases),)))
        for phases in (1, 2, 3)
    )
    for scene in (first, second, first, third):
        plans.wanted(lines, scene)
    assert len(made) == 3
    plans.wanted(lines, first)
    assert len(made) == 3
    plans.wanted(lines, second)
    assert len(made) == 4


def several(station):
    """Return commands of two utilities for a station: one is beaten, limits meet, a default lies below."""
    here = {"target": Target(station)}
    one = a_line(
        a_command("M1", pf(), limit(watts=7000), start=-10, **here),
        a_command("M2", limit(LimitOn.LOAD, 5000), start=-5, minutes=30, primacy=5, **here),
        a_command("M3", pf("0.9"), start=0, minutes=30, primacy=5, **here),
        a_default("D1", pf("0.98"), **here),
    )
    origin = replace(a_command().origin, utility="other")
    other = a_command("M1", pf("0.92"), limit(watts=6000), origin=origin, start=5, **here)
    rest = CommandRecord(other, State.SCHEDULED)
    return (*one, Line("other", timedelta(seconds=3), (rest,)))


@pytest.mark.parametrize("minute", [0, 10, 26, 70], ids=str)
def test_stations_that_are_alike_share_a_plan_and_each_holds_what_it_would_alone(
    book, made, minute
):
    plans, apart = Plans(), frozenset({"other"})
    for name in ("A", "B"):
        scene = a_scene(book, minute, profile=replace(PROFILE, id=name), apart=apart)
        lines = several(name)
        alone = wanted(lines, scene)
        assert plans.wanted(lines, scene) == alone
        assert alone.desired
    assert len(made) == 1


def test_more_stations_than_are_remembered_get_their_own_of_one_plan(book, made):
    plans = Plans(most=1)
    for name in ("A", "B", "A"):
        scene = a_scene(book, profile=replace(PROFILE, id=name))
        lines = a_line(a_command(target=Target(name)))
        assert plans.wanted(lines, scene) == wanted(lines, scene)
    assert len(made) == 1

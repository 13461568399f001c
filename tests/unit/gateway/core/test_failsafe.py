"""When a utility counts as silent and when as back, without an engine: words, time, a start."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core import failsafe
from gateway.core.events import Now
from gateway.core.failsafe import FailSafe, Hearing, Patience, Stage, UtilityRules
from support.engine_bench import NOON, limit

HEARD, SILENT, LIMITED = Stage.HEARD, Stage.SILENT, Stage.LIMITED
LIMITS = Patience(silent_s=90, return_s=60, poll_s=30, limited_s=600)


def a_hearing(stage=HEARD, **changes):
    return Hearing(**{"word": 1000.0, "poll_s": 30.0, "stage": stage} | changes)


def after(hearing, seconds, patience=LIMITS, *, runs=False):
    """Return what is left of a hearing so many seconds after its last word."""
    return failsafe.passed(hearing, patience, hearing.word + seconds, runs=runs)


@pytest.mark.parametrize(
    ("seconds", "runs", "stage"),
    [
        (89.9, False, HEARD),
        (90, False, SILENT),
        (599.9, False, SILENT),
        (600, False, LIMITED),
        (600, True, SILENT),
        (10_000, True, SILENT),
    ],
)
def test_silence_is_judged_by_its_length(seconds, runs, stage):
    assert after(a_hearing(), seconds, runs=runs).stage is stage


def test_without_fail_safe_controls_a_utility_is_silent_and_no_more():
    patience = replace(LIMITS, limited_s=None)
    assert after(a_hearing(), 10**9, patience).stage is SILENT
    assert failsafe.due(a_hearing(SILENT), patience) is None


def test_fail_safe_controls_never_hold_before_the_utility_is_silent():
    patience = replace(LIMITS, limited_s=10)
    assert after(a_hearing(), 89, patience).stage is HEARD
    assert after(a_hearing(), 90, patience).stage is LIMITED


@pytest.mark.parametrize(("given", "silent", "back"), [((None, None), 900, 270), ((50, 7), 50, 7)])
def test_times_that_are_not_given_follow_the_poll_interval(given, silent, back):
    patience = Patience(silent_s=given[0], return_s=given[1])
    hearing = a_hearing(poll_s=300.0)
    assert hearing.silent_s(patience) == silent
    assert hearing.return_s(patience) == back


def words(hearing, *instants, patience=LIMITS):
    """Return what words at these instants make of it, time passing between them."""
    for instant in instants:
        hearing = failsafe.passed(hearing, patience, instant, runs=False)
        hearing = failsafe.heard(hearing, patience, 30.0, instant)
    return hearing


@pytest.mark.parametrize("stage", [SILENT, LIMITED])
@pytest.mark.parametrize(
    ("instants", "back"),
    [
        ((2000,), False),
        ((2000, 2059), False),
        ((2000, 2060), True),
        ((2000, 2030, 2060), True),
        ((2000, 2030, 2120), False),
        ((2000, 2120), False),
        ((2000, 2030, 2120, 2180), True),
    ],
)
def test_a_utility_is_back_when_it_was_heard_for_a_time_without_a_gap(stage, instants, back):
    hearing = words(a_hearing(stage, word=1950.0), *instants)
    assert hearing.stage is (HEARD if back else stage)
    assert (hearing.row is None) is back


def test_a_word_takes_the_poll_interval_with_it():
    assert failsafe.heard(a_hearing(), LIMITS, 900.0, 1010.0).poll_s == 900.0


def test_who_is_heard_again_counts_as_silent_only_from_the_last_word():
    hearing = words(a_hearing(SILENT), 1500)
    assert failsafe.due(hearing, LIMITS) == 1590
    assert failsafe.passed(hearing, LIMITS, 1600.0, runs=False).stage is SILENT
    assert failsafe.passed(hearing, LIMITS, 2100.0, runs=False).stage is LIMITED


@pytest.mark.parametrize(
    ("hearing", "due"),
    [(a_hearing(), 1090), (a_hearing(SILENT), 1600), (a_hearing(LIMITED), None)],
)
def test_it_is_known_when_time_alone_changes_something(hearing, due):
    assert failsafe.due(hearing, LIMITS) == due


def at_start(document=None, patience=LIMITS, minutes=0, monotonic=500.0):
    now = Now(NOON + timedelta(minutes=minutes), monotonic)
    return failsafe.begin(document, patience, now)


def kept(hearing, monotonic=1000.0):
    return failsafe.document(hearing, Now(NOON, monotonic))


def test_who_was_never_heard_has_its_whole_patience():
    assert at_start() == Hearing(500.0, 30.0)


def test_who_was_heard_before_has_a_minute_to_be_met_again():
    begun = at_start(kept(a_hearing()), minutes=60)
    assert begun.stage is HEARD
    assert begun.silent_at(LIMITS) == 560


def test_a_word_of_just_before_the_start_counts():
    assert at_start(kept(a_hearing(word=990.0))).silent_at(LIMITS) == 580


@pytest.mark.parametrize("stage", [SILENT, LIMITED])
def test_a_silence_lives_on_over_a_start(stage):
    begun = at_start(kept(a_hearing(stage)), minutes=5)
    assert begun.stage is stage
    assert begun.word == 200.0


def test_a_clock_that_went_back_makes_nobody_silent():
    begun = at_start(kept(a_hearing()), minutes=-(10**6))
    assert (begun.stage, begun.word) == (HEARD, 500.0)


COLD = replace(LIMITS, cold=True)


@pytest.mark.parametrize("document", [None, kept(a_hearing())])
def test_a_cold_start_may_ask_for_fail_safe_controls_until_the_first_word(document):
    begun = at_start(document, COLD)
    assert (begun.stage, begun.cold) == (LIMITED, True)
    assert failsafe.heard(begun, COLD, 30.0, 500.5) == Hearing(500.5, 30.0)


def test_a_cold_start_in_a_silence_is_left_as_a_silence_is():
    begun = at_start(kept(a_hearing(LIMITED)), COLD)
    assert not begun.cold
    assert failsafe.heard(begun, COLD, 30.0, 500.5).stage is LIMITED


def test_a_cold_start_without_a_word_is_one_at_the_next_start_too():
    again = at_start(kept(at_start(None, COLD), 500.0), COLD)
    assert (again.stage, again.cold) == (LIMITED, True)


@pytest.mark.parametrize("cold", [False, True])
def test_patience_is_of_the_utility_and_of_the_station(cold):
    utility = UtilityRules(silent_s=1, return_s=2, poll_s=3)
    assert Patience.of(utility, FailSafe((limit(),), 4, cold)) == Patience(1, 2, 3, 4, cold)
    assert Patience.of(utility, FailSafe((), 4, cold)) == Patience(1, 2, 3, None, False)

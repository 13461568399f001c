"""What a meter has to show of one step of a commissioning."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from gateway.core.trial import Step, Verdict, judge
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind

AT = datetime(2026, 12, 1, tzinfo=UTC)
P, Q, V = Kind.POWER, Kind.REACTIVE, Kind.VOLTAGE
L1, L2, L3 = Phase.L1, Phase.L2, Phase.L3


def step(watts=None, var=None, *, at_most=False):
    return Step("a step", (), _exact(watts), _exact(var), at_most)


def _exact(value):
    return None if value is None else Fraction(value)


def sample(kind, value, phase=Phase.ALL, *, evse=1, quality=Quality.GOOD):
    return Sample("CS1", evse, kind, Fraction(value), AT, phase, quality)


def phases(*watts):
    return [sample(P, value, phase) for value, phase in zip(watts, (L1, L2, L3), strict=True)]


CASES = {
    "as asked": (step(3000), [sample(P, 2900)], ""),
    "the mean counts": (step(3000), [sample(P, 1000), sample(P, 5000)], ""),
    "P and Q": (step(3000, -900), [sample(P, 3000), sample(Q, -900)], ""),
    "half as much again": (step(-3000), [sample(P, -4600)], "too much: -4600 W for -3000 W"),
    "hardly anything": (step(-3000), [sample(P, -900)], "does not follow: -900 W for -3000 W"),
    "the other way": (step(-3000), [sample(P, 2900)], "wrong sign: +2900 W for -3000 W"),
    "var the other way": (step(var=500), [sample(Q, -500)], "wrong sign: -500 var for +500 var"),
    "right P and wrong Q": (
        step(3000, -900),
        [sample(P, 3000), sample(Q, 900)],
        "wrong sign: +900 var for -900 var",
    ),
    "less than a limit": (step(-3000, at_most=True), [sample(P, -400)], ""),
    "more than a limit": (
        step(-3000, at_most=True),
        [sample(P, -3400)],
        "too much: -3400 W for -3000 W",
    ),
    "three phases": (step(3000), [sample(P, 3000), *phases(1000, 1000, 1000)], ""),
    "a phase of the other side": (
        step(3000),
        [sample(P, 3000), *phases(2000, -1000, 2000)],
        "wrong sign of L2: +3000 W for +3000 W",
    ),
    "a phase that is missing": (
        step(3000),
        [sample(P, 3000), *phases(1000, 1000, 0)],
        "phases add up to +2000 W: +3000 W for +3000 W",
    ),
    "EVSEs add up": (step(3000), [sample(P, 1500), sample(P, 1500, evse=2)], ""),
    "a main meter shows all": (step(3000), [sample(P, 3000, evse=0), sample(P, 1500)], ""),
}


@pytest.mark.parametrize(("asked", "samples", "problem"), CASES.values(), ids=CASES)
def test_what_is_plausible(asked, samples, problem):
    found = judge(asked, samples)
    assert (found.verdict, found.reason) == (
        Verdict.FAILED if problem else Verdict.PASSED,
        problem,
    )


NOTHING = {
    "no samples": (step(3000), [], "no meter shows W"),
    "only volts": (step(3000), [sample(V, 230)], "no meter shows W"),
    "doubtful ones": (
        step(3000),
        [sample(P, 3000, quality=Quality.QUESTIONABLE)],
        "no meter shows W",
    ),
    "no var": (step(3000, 900), [sample(P, 3000)], "no meter shows var"),
    "nothing flows under a limit": (
        step(-3000, at_most=True),
        [sample(P, -100)],
        "nothing flows",
    ),
}


@pytest.mark.parametrize(("asked", "samples", "reason"), NOTHING.values(), ids=NOTHING)
def test_what_shows_nothing_is_not_judged(asked, samples, reason):
    found = judge(asked, samples)
    assert (found.verdict, found.reason) == (Verdict.NOT_JUDGED, reason)


def test_what_was_measured_is_told_by_kind_and_phase():
    found = judge(step(3000), [sample(P, 3000), *phases(1000, 900, 1100), sample(V, 230)])
    assert found.measured == (("W.L1", 1000), ("W.L2", 900), ("W.L3", 1100), ("W", 3000))

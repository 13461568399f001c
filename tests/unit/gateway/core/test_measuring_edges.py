"""From which instant on a control is judged by its samples, and what counts as of one instant."""

from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.events import SamplesTaken
from gateway.core.meters import STATION, Meters
from support.engine_bench import NOON, a_command
from support.stations import an_evse
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind


def hears(bench, at, *values):
    """Hear W and var at an instant, each so many seconds after it."""
    bench.now = at
    bench.hear(
        SamplesTaken(
            "CS1",
            tuple(
                Sample("CS1", 1, kind, Fraction(value), at + timedelta(seconds=after))
                for kind, value, after in values
            ),
        )
    )


def a_station_that_does_nothing(bench, *seconds):
    """Let a power factor run and be ignored; hear the meter at these seconds; say if it was found."""
    bench.command(a_command())
    bench.reply()
    begin = NOON + timedelta(minutes=10)
    hears(bench, begin - timedelta(seconds=5), (Kind.POWER, 10000, 0), (Kind.REACTIVE, 0, 0))
    bench.at(10)
    bench.notice(bench.control_id())
    for after in seconds:
        at = begin + timedelta(seconds=after)
        hears(bench, at, (Kind.POWER, 10000, 0), (Kind.REACTIVE, 0, 0))
    return bool(bench.audited("control.not_followed"))


@pytest.mark.parametrize(
    ("seconds", "found"),
    [((1, 2), False), ((2.1, 4), False), ((7, 8), False), ((8, 9), True), ((60, 120), True)],
)
def test_a_control_is_judged_once_it_had_time_to_act(ready, seconds, found):
    assert a_station_that_does_nothing(ready, *seconds) is found


def test_values_that_are_apart_are_not_judged_together(ready):
    a_station_that_does_nothing(ready)
    for seconds in (10, 20, 30):
        at = NOON + timedelta(minutes=10, seconds=seconds)
        hears(ready, at, (Kind.POWER, 10000, -5), (Kind.REACTIVE, 0, 0))
    assert ready.audited("control.not_followed") == []


def a_sample(seconds=0, value=1, *, kind=Kind.POWER, evse=1, **changes):
    at = NOON + timedelta(seconds=seconds)
    return Sample("CS1", evse, kind, Fraction(value), at, **changes)


EVSES = [an_evse(1), an_evse(2)]


def meters(*told):
    """Return meters that took one sample after the other, each (seconds of arrival, sample)."""
    found = Meters()
    return found, [
        found.take([sample], EVSES, NOON + timedelta(seconds=seconds)) is not None
        for seconds, sample in told
    ]


ARRIVALS = {
    "at once": ([(0, a_sample(0)), (1, a_sample(1))], [True, True]),
    "twice": ([(0, a_sample(0)), (1, a_sample(0))], [True, False]),
    "the older after the newer": ([(5, a_sample(5)), (6, a_sample(4))], [True, False]),
    "an old one first": ([(99, a_sample(0)), (100, a_sample(100))], [False, False]),
    "after an old one all is well": (
        [(99, a_sample(0)), (100, a_sample(100)), (101, a_sample(101))],
        [False, False, True],
    ),
    "a clock that is behind": ([(99, a_sample(0)), (100, a_sample(1))], [False, True]),
    "a clock that is ahead": ([(0, a_sample(99)), (1, a_sample(100))], [False, True]),
    "kept back": ([(0, a_sample(0)), (20, a_sample(9))], [True, False]),
    "a little late": ([(0, a_sample(0)), (12, a_sample(3))], [True, True]),
    "of a phase": ([(0, a_sample(phase=Phase.L1))], [False]),
    "doubtful": ([(0, a_sample(quality=Quality.QUESTIONABLE))], [False]),
}


@pytest.mark.parametrize(("told", "newer"), ARRIVALS.values(), ids=ARRIVALS)
def test_only_what_is_newer_and_in_time_is_judged(told, newer):
    assert meters(*told)[1] == newer


def test_an_instant_of_a_wrong_clock_is_one_of_ours():
    known, _ = meters((100, a_sample(0)), (101, a_sample(1)))
    assert known.fresh_at == (NOON + timedelta(seconds=101)).timestamp()


def test_a_new_connection_begins_with_nothing():
    known, _ = meters((0, a_sample(0)), (1, a_sample(1)))
    known.restarted()
    assert known == Meters()


def test_what_was_shown_before_is_known_too():
    known, _ = meters((0, a_sample(0, 7)), (1, a_sample(1, 8)))
    assert known.at(1)[Kind.POWER].value == 8
    assert known.before(1)[Kind.POWER].value == 7
    assert known.before(2) == {}


def test_a_sample_without_an_evse_is_of_the_station():
    known, _ = meters((0, a_sample(evse=None)), (0, a_sample(evse=0, kind=Kind.REACTIVE)))
    assert set(known.at(STATION)) == {Kind.POWER, Kind.REACTIVE}


def test_a_station_that_makes_up_evses_shows_nothing_by_them():
    known, newer = meters(*((0, a_sample(evse=number)) for number in range(3, 1000)))
    assert not any(newer)
    assert known.places == {}
    assert known.fresh_at is None

"""From which instant on a control is judged by its samples."""

from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.events import SamplesTaken
from support.engine_bench import a_command
from translators.canonical.telemetry import Sample
from translators.units import Kind


def a_station_that_does_nothing(bench, *seconds):
    """Start a power factor, report W and var of these seconds after it twice; say if it was found."""
    bench.command(a_command())
    bench.reply()
    bench.at(10)
    bench.notice(bench.control_id())
    begin = bench.now
    for _ in range(2):
        samples = tuple(
            Sample("CS1", 1, kind, Fraction(value), begin + timedelta(seconds=after))
            for kind, value, after in zip(
                (Kind.POWER, Kind.REACTIVE), (10000, 0), seconds, strict=True
            )
        )
        bench.hear(SamplesTaken("CS1", samples))
    return bool(bench.audited("control.not_followed"))


@pytest.mark.parametrize(("second", "found"), [(1.999, False), (2, True)])
def test_a_control_is_judged_two_seconds_after_its_start(ready, second, found):
    assert a_station_that_does_nothing(ready, second, second) is found


def test_the_newest_sample_of_a_report_says_when_it_was(ready):
    assert a_station_that_does_nothing(ready, 0, 10)

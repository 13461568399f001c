"""When the values of meters were true, although clocks are wrong and are set."""

from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.meters import Meters
from support.engine_bench import NOON
from translators.canonical.telemetry import Sample
from translators.units import Kind


def shown(meters, received_s, *, behind_s=0, watts=5000):
    """Let a sample come of a station whose clock is behind ours; return its instant if it judges."""
    at = NOON + timedelta(seconds=received_s - behind_s)
    sample = Sample("CS1", None, Kind.POWER, Fraction(watts), at)
    newest = meters.take([sample], (), NOON + timedelta(seconds=received_s))
    return None if newest is None else newest - NOON.timestamp()


@pytest.mark.parametrize("behind_s", [20, 3600, 86_400])
def test_a_station_whose_clock_is_set_back_judges_again_after_five_minutes(behind_s):
    meters = Meters()
    assert [shown(meters, t) for t in (0, 60)] == [0, 60]
    assert {shown(meters, t, behind_s=behind_s) for t in range(120, 420, 60)} == {None}
    found = [shown(meters, t, behind_s=behind_s) for t in (480, 540, 600)]
    assert found == [None, 540, 600]
    assert meters.at(0)[Kind.POWER].at - NOON.timestamp() == 600


def test_what_was_kept_back_for_minutes_judges_nothing_where_others_come_in_time():
    meters = Meters()
    shown(meters, 0)
    for received in range(60, 1200, 60):
        assert shown(meters, received + 1, behind_s=900) is None
        assert shown(meters, received + 2) == received + 2


@pytest.mark.parametrize("back_s", [60, 3600, 86_400])
def test_where_our_own_clock_is_set_back_samples_judge_at_once_again(back_s):
    meters = Meters()
    shown(meters, 0)
    assert shown(meters, 30 - back_s, behind_s=-back_s) is None
    found = [shown(meters, t - back_s, behind_s=-back_s) for t in (60, 90)]
    assert found == [60 - back_s, 90 - back_s]


@pytest.mark.parametrize("ahead_s", [60, 3600])
def test_where_our_own_clock_is_set_ahead_samples_judge_after_five_minutes(ahead_s):
    meters = Meters()
    shown(meters, 0)
    assert {shown(meters, t + ahead_s, behind_s=ahead_s) for t in range(60, 360, 60)} == {None}
    assert shown(meters, 480 + ahead_s, behind_s=ahead_s) is None
    assert shown(meters, 540 + ahead_s, behind_s=ahead_s) == 540 + ahead_s

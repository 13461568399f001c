"""Gaps between two commands of one function: bridged up to five seconds, and no instant longer."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.timeline import Claim, arbitrate
from translators.canonical.commands import Interval

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def end_of_first(gap_s, **changes):
    """Return how many seconds after its own end the first of two commands lets go."""
    end = NOON + HOUR
    later = Interval(end + timedelta(seconds=gap_s), end + 2 * HOUR)
    claims = [
        Claim("A", "VoltVar", 1, NOON, Interval(NOON, end), **changes),
        Claim("B", "VoltVar", 1, NOON, later),
    ]
    first, second = arbitrate(claims, resume=False)["VoltVar"]
    assert second.interval == later
    return (first.interval.end - end).total_seconds()


@pytest.mark.parametrize(
    ("gap_s", "longer_s"), [(0, 0), (0.001, 0.001), (4.999, 4.999), (5, 5), (5.001, 0), (60, 0)]
)
def test_a_short_gap_is_bridged(gap_s, longer_s):
    assert end_of_first(gap_s) == longer_s


def test_a_command_that_ends_for_good_bridges_nothing():
    assert end_of_first(1, bridges=False) == 0

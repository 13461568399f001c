"""Samples: cheap to make, exact when asked, equal where they say the same."""

from datetime import timedelta

import pytest

from support.translation import NOON, F
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind


def a_sample(number=7, divisor=1, station="CS1", evse=1, kind=Kind.POWER, at=NOON, **changes):
    return Sample(station, evse, kind, number, at, divisor=divisor, **changes)


@pytest.mark.parametrize(
    ("number", "divisor", "value"),
    [
        (-7, 1, F(-7)),
        (7360500000, 10**6, F("7360.5")),
        (690300, 3000, F("230.1")),
        (F(1, 3), 1, F(1, 3)),
        (F(1, 3), 2, F(1, 6)),
        (0, 5, F(0)),
    ],
)
def test_a_value_is_its_number_by_its_divisor_exactly(number, divisor, value):
    sample = a_sample(number, divisor)
    for _ in range(2):  # made when it is first asked for, and no other one later
        assert sample.value == value
        assert type(sample.value) is F


def test_samples_that_say_the_same_are_equal_however_they_were_made():
    one, other = a_sample(7000, 1000), a_sample(F(7))
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 8},
        {"divisor": 2},
        {"station": "CS2"},
        {"evse": None},
        {"kind": Kind.REACTIVE},
        {"at": NOON + timedelta(microseconds=1)},
        {"phase": Phase.L1},
        {"quality": Quality.QUESTIONABLE},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_samples_that_differ_in_anything_are_not_equal(changes):
    assert a_sample(**changes) != a_sample()


def test_a_sample_is_no_other_thing():
    assert a_sample() != ("CS1", 1, Kind.POWER, F(7), NOON, Phase.ALL, Quality.GOOD)


def test_a_sample_says_all_that_it_holds():
    shown = repr(a_sample(14, 2))
    assert shown.startswith("Sample('CS1', 1, <Kind.POWER: 'W'>, Fraction(7, 1), datetime.")
    assert shown.endswith("<Phase.ALL: 'all'>, <Quality.GOOD: 'good'>)")


def test_a_sample_takes_no_further_field():
    with pytest.raises(AttributeError):
        a_sample().quantity = "W"

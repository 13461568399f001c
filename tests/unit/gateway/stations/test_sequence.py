"""Numbers of a transaction's events: each gap found once, filled by what comes late, never by a replay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stations.sequence import MOST_GAPS, Place, Sequence


def heard(*numbers):
    """Return the sequence after these numbers, each with words of its own, and what each was found to be."""
    sequence = Sequence()
    return sequence, [sequence.take(number, place) for place, number in enumerate(numbers)]


def places(*numbers):
    return [place.value for place, _ in heard(*numbers)[1]]


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ((0, 1, 2), ["next", "next", "next"]),
        ((7,), ["next"]),
        ((0, 2, 1), ["next", "next", "late"]),
        ((0, 5, 3, 1, 4, 2), ["next", "next", "late", "late", "late", "late"]),
        ((0, 2, 4, 3, 1), ["next", "next", "next", "late", "late"]),
        ((0, 2, 1, 1), ["next", "next", "late", "odd"]),
        ((3, 2), ["next", "odd"]),
        ((0, 0), ["next", "odd"]),
        ((0, 1.0, 2), ["next", "next", "next"]),
        ((-4, -2, -3), ["next", "next", "late"]),
        ((1e300, 2.0), ["next", "odd"]),
    ],
)
def test_each_event_has_its_place(numbers, found):
    assert places(*numbers) == found


def test_the_same_words_under_the_newest_number_are_the_same_event():
    sequence = Sequence()
    assert sequence.take(4, 1)[0] is Place.NEXT
    assert sequence.take(4, 1)[0] is Place.AGAIN
    assert sequence.take(4, 2)[0] is Place.ODD
    assert sequence.take(5, 3)[0] is Place.NEXT
    assert sequence.take(4, 1)[0] is Place.ODD


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [((0, 1), range(0)), ((0, 2), range(1, 2)), ((9, 12), range(10, 12)), ((5,), range(0))],
)
def test_what_is_skipped_is_found_when_it_is_skipped(numbers, missing):
    assert heard(*numbers)[1][-1] == (Place.NEXT, missing)


def test_numbers_that_no_counter_reaches_stay_within_what_json_carries():
    _, found = heard(-1e300, 1e300)
    assert found[-1][1] == range(-(2**53) + 1, 2**53)


def test_of_many_gaps_the_oldest_is_forgotten():
    sequence, _ = heard(*range(0, 2 * MOST_GAPS + 4, 2))
    assert len(sequence.missing) == MOST_GAPS
    assert sequence.take(1, 99)[0] is Place.ODD
    assert sequence.take(3, 99)[0] is Place.LATE


@given(st.permutations(range(8)))
def test_nothing_is_missing_any_more_once_all_have_come(order):
    sequence, found = heard(*order)
    later = [number for number in range(8) if number > order[0]]
    assert sequence.missing == []
    assert [p for p, _ in found].count(Place.ODD) == 8 - 1 - len(later)

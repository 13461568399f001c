"""Who holds a function when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.timeline import Claim, arbitrate
from translators.canonical.commands import Interval

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def minutes(count):
    return NOON + timedelta(minutes=count)


def a_claim(key="A", start=0, end=60, *, primacy=10, created=0, function="VoltVar"):
    interval = Interval(minutes(start), None if end is None else minutes(end))
    return Claim(key, function, primacy, minutes(created), interval)


def spans(claims, *, resume=False):
    """Return (key, start, end) in minutes, per segment, of the one function."""
    (segments,) = arbitrate(claims, resume=resume).values()
    return [
        (
            s.key,
            int((s.interval.start - NOON).total_seconds() // 60),
            None if s.interval.end is None else int((s.interval.end - NOON).total_seconds() // 60),
        )
        for s in segments
    ]


CASES = {
    "alone": ([a_claim()], [("A", 0, 60)]),
    "better inside": (
        [a_claim(), a_claim("B", 20, 40, primacy=5)],
        [("A", 0, 20), ("B", 20, 40)],
    ),
    "better at the start": (
        [a_claim(), a_claim("B", -10, 20, primacy=5)],
        [("B", -10, 20), ("A", 20, 60)],
    ),
    "better covers all": (
        [a_claim(), a_claim("B", -10, 70, primacy=5)],
        [("B", -10, 70)],
    ),
    "worse inside": ([a_claim(), a_claim("B", 20, 40, primacy=20)], [("A", 0, 60)]),
    "worse outlasts": (
        [a_claim(), a_claim("B", 20, 90, primacy=20)],
        [("A", 0, 60), ("B", 60, 90)],
    ),
    "same start, better wins": (
        [a_claim(), a_claim("B", 0, 30, primacy=5)],
        [("B", 0, 30), ("A", 30, 60)],
    ),
    "equal primacy, newer wins": (
        [a_claim(), a_claim("B", 20, 40, created=1)],
        [("A", 0, 20), ("B", 20, 40)],
    ),
    "equal primacy and age, the key decides": (
        [a_claim("B"), a_claim("A")],
        [("A", 0, 60)],
    ),
    "back to back": (
        [a_claim(), a_claim("B", 60, 90)],
        [("A", 0, 60), ("B", 60, 90)],
    ),
    "with a gap": (
        [a_claim(), a_claim("B", 70, 90)],
        [("A", 0, 60), ("B", 70, 90)],
    ),
    "three deep": (
        [a_claim(), a_claim("B", 10, 50, primacy=5), a_claim("C", 20, 30, primacy=1)],
        [("A", 0, 10), ("B", 10, 20), ("C", 20, 30)],
    ),
    "without end": (
        [a_claim(end=None), a_claim("B", 20, 40, primacy=20)],
        [("A", 0, None)],
    ),
}


@pytest.mark.parametrize(("claims", "expected"), CASES.values(), ids=CASES)
def test_the_lowest_primacy_then_the_newest_holds_a_function(claims, expected):
    assert spans(claims) == expected


def test_a_beaten_command_comes_back_only_where_the_revision_knows_it():
    claims = [a_claim(), a_claim("B", 20, 40, primacy=5)]
    assert spans(claims, resume=True) == [("A", 0, 20), ("B", 20, 40), ("A", 40, 60)]


def test_functions_do_not_compete_with_each_other():
    claims = [a_claim(), a_claim("B", function="FreqDroop", primacy=5)]
    assert set(arbitrate(claims, resume=False)) == {"VoltVar", "FreqDroop"}


@pytest.mark.parametrize(("primacy", "yields"), [(5, True), (10, False)])
def test_a_segment_says_who_took_over_and_whether_by_better_primacy(primacy, yields):
    claims = [a_claim(), a_claim("B", 20, 40, primacy=primacy, created=1)]
    first = arbitrate(claims, resume=False)["VoltVar"][0]
    assert (first.beaten_by, first.yields) == ("B", yields)


def test_a_segment_that_ends_by_itself_was_beaten_by_nobody():
    claims = [a_claim(), a_claim("B", 60, 90, primacy=5)]
    first = arbitrate(claims, resume=False)["VoltVar"][0]
    assert (first.beaten_by, first.yields) == (None, False)


def winner_by_force(claims, instant, *, resume):
    """The brute-force reference: replay minute by minute who holds the function."""
    beaten, holder = set(), None
    for minute in range(instant + 1):
        covering = [
            c for c in claims if c.interval.start <= minutes(minute) < c.end and c.key not in beaten
        ]
        best = min(covering, key=lambda c: c.rank, default=None)
        if not resume and holder is not None and best is not None and best is not holder:
            beaten.add(holder.key)
        holder = best
    return None if holder is None else holder.key


@st.composite
def claim_sets(draw):
    count = draw(st.integers(1, 6))
    claims = []
    for number in range(count):
        start = draw(st.integers(0, 30))
        claims.append(
            a_claim(
                key=f"K{number}",
                start=start,
                end=start + draw(st.integers(1, 20)),
                primacy=draw(st.integers(0, 3)),
                created=draw(st.integers(0, 3)),
            )
        )
    return claims


@settings(deadline=None)
@given(claims=claim_sets(), resume=st.booleans())
def test_arbitration_agrees_with_a_minute_by_minute_reference(claims, resume):
    (segments,) = arbitrate(claims, resume=resume).values()
    for instant in range(55):
        held = [s.key for s in segments if s.interval.covers(minutes(instant))]
        expected = winner_by_force(claims, instant, resume=resume)
        assert held == ([] if expected is None else [expected])

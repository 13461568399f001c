"""Token buckets: bursts, rates, debts, and how many are remembered; time is a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols.rates import Bucket, Buckets, Rate

SLOW = Rate(per_s=2, burst=3)


def drained(now=0.0):
    bucket = Bucket(SLOW, now)
    for _ in range(3):
        bucket.take()
    return bucket


def test_a_new_bucket_holds_its_burst():
    bucket = Bucket(SLOW, 0)
    waits = []
    for _ in range(4):
        waits.append(bucket.wait(0))
        bucket.take()
    assert waits == [0, 0, 0, 0.5]


@pytest.mark.parametrize(
    ("now", "wait"),
    [
        pytest.param(0.0, 0.5, id="at once"),
        pytest.param(0.25, 0.25, id="half a token later"),
        pytest.param(0.5, 0, id="one token later"),
        pytest.param(-5.0, 0.5, id="a clock that stepped back gives nothing"),
    ],
)
def test_a_drained_bucket_says_how_long(now, wait):
    assert drained().wait(now) == wait


def test_time_gives_back_no_more_than_the_burst():
    bucket = drained()
    assert bucket.wait(1e6) == 0
    assert bucket.tokens == 3
    for _ in range(3):
        bucket.take()
    assert bucket.wait(1e6) == 0.5


def test_what_was_taken_without_waiting_is_owed():
    bucket = drained()
    bucket.take()
    assert bucket.wait(0) == 1.0


def test_a_token_that_was_not_used_is_given_back():
    bucket = drained()
    bucket.give_back()
    assert bucket.wait(0) == 0


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_no_more_goes_through_than_the_rate_allows(gaps):
    bucket, now, through = Bucket(SLOW, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        if not bucket.wait(now):
            bucket.take()
            through += 1
    assert through <= SLOW.burst + SLOW.per_s * now + 1e-6


def test_each_key_has_a_bucket_of_its_own():
    buckets = Buckets(SLOW, most=9)
    for _ in range(3):
        buckets.of("a", 0).take()
    assert buckets.of("a", 0).wait(0) > 0
    assert buckets.of("b", 0).wait(0) == 0


def test_those_unused_for_longest_are_forgotten_first():
    buckets = Buckets(SLOW, most=2)
    for key in ("a", "b"):
        for _ in range(3):
            buckets.of(key, 0).take()
    buckets.of("a", 0)
    buckets.of("c", 0)
    assert len(buckets) == 2
    assert buckets.of("a", 0).wait(0) > 0
    assert buckets.of("b", 0).wait(0) == 0

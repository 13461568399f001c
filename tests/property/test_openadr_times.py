"""Laws of the line of time: whatever an event says, its intervals are in order and cover what they should."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from support.openadr import START, a_payload, an_event, an_interval, line
from translators.openadr.intervals import MOST_SLOTS, drawn
from translators.openadr.times import ENDLESS, Duration, duration, start
from translators.rules.values import Unmet

seconds = st.integers(1, 100_000)
lengths = st.lists(seconds, min_size=1, max_size=8)
instants = st.integers(0, 7_000_000_000).map(lambda number: datetime.fromtimestamp(number, UTC))


def spelled(total, form):
    """A duration of so many seconds in one of its spellings."""
    days, rest = divmod(total, 86400)
    hours, below = divmod(rest, 3600)
    minutes, left = divmod(below, 60)
    return (
        f"PT{total}S",
        f"P{days}DT{hours}H{minutes}M{left}S",
        f"P0Y0M{days}DT{hours}H{minutes}M{left}S",
        f"PT{total // 60}M{total % 60}S",
    )[form]


def event_of_lengths(spans, **changes):
    return an_event(*(an_interval(duration=f"PT{span}S") for span in spans), **changes)


def total_of(slots):
    return sum(((slot.end - slot.start) for slot in slots), timedelta(0))


@given(st.integers(0, 9_000_000), st.integers(0, 3))
def test_every_spelling_of_a_duration_is_the_same_length(total, form):
    assert duration(spelled(total, form), "here") == Duration(total)


@given(st.integers(9999 * 365, 10**11))
def test_from_9999_years_on_there_is_no_end(days):
    assert duration(f"P{days}D", "here") is ENDLESS


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused_by_name(text):
    for read in (duration, start):
        try:
            read(text, "here")
        except Unmet as unmet:
            assert (unmet.outcome, unmet.where) == ("invalid", "here")  # noqa: PT017 - any text


@given(instants, st.integers(-14 * 60, 14 * 60))
def test_a_start_is_the_same_instant_whatever_its_zone(instant, minutes):
    offset = timedelta(minutes=minutes)
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    local = (instant + offset).replace(tzinfo=None).isoformat()
    assert start(local + zone, "here") == instant


@given(lengths)
def test_intervals_lie_end_to_end_and_last_what_they_say(spans):
    slots = line(event_of_lengths(spans)).slots
    assert slots[0].start == START
    assert [int((slot.end - slot.start).total_seconds()) for slot in slots] == spans
    assert all(left.end == right.start for left, right in pairwise(slots))


@given(lengths, st.integers(1, 400_000))
def test_event_duration_is_filled_exactly_by_repeating_or_cutting(spans, total):
    assume(total <= sum(spans) * 100)
    looped = line(event_of_lengths(spans, duration=f"PT{total}S"))
    assert total_of(looped.slots) == timedelta(seconds=total)
    assert looped.slots[-1].end == START + timedelta(seconds=total)
    assert all(slot.end > slot.start for slot in looped.slots)


@given(lengths, st.integers(0, 10**9))
def test_a_loop_seen_later_is_the_same_loop(spans, ahead):
    event = event_of_lengths(spans, duration="P9999Y")
    now = START + timedelta(seconds=ahead)
    seen = line(event, now=now).slots
    assert len(seen) == MOST_SLOTS
    assert seen[0].start <= now < seen[0].end
    lap, place = divmod(int(seen[0].key), len(spans))
    assert place == seen[0].interval
    assert seen[0].start == START + timedelta(seconds=lap * sum(spans) + sum(spans[:place]))


@given(lengths, st.integers(0, 900_000))
def test_what_is_left_out_is_what_has_ended(spans, ahead):
    event, now = event_of_lengths(spans), START + timedelta(seconds=ahead)
    everything = line(event).slots
    assert line(event, now=now).slots == tuple(slot for slot in everything if slot.end > now)


@given(st.integers(1, 5000), st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_parts_cover_their_interval_and_change_at_whole_seconds(span, values):
    event = an_event(an_interval(a_payload("A", *values), duration=f"PT{span}S"))
    slots = line(event).slots
    assert total_of(slots) == timedelta(seconds=span)
    assert (slots[0].start, slots[-1].end) == (START, START + timedelta(seconds=span))
    edges = {int(Fraction(place * span, len(values))) for place in range(len(values))}
    assert {int((slot.start - START).total_seconds()) for slot in slots} == edges


@given(
    st.text(min_size=1, max_size=8), st.text(max_size=8), st.integers(1, 43_200), st.integers(2, 9)
)
def test_a_random_start_is_stable_within_its_span_and_moves_followers_alike(seed, name, span, many):
    intervals = [an_interval(randomizeStart=f"PT{span}S"), *[an_interval()] * (many - 1)]
    slots = line(an_event(*intervals)).slots
    draws = {drawn(seed, name, slot) for slot in slots}
    assert len(draws) == 1
    assert abs(draws.pop()) <= span
    again = line(an_event(*intervals), now=START + timedelta(hours=1)).slots
    assert drawn(seed, name, again[0]) == drawn(seed, name, slots[0])


@given(lengths, st.data())
def test_names_of_slots_never_meet(spans, data):
    values = [data.draw(st.integers(1, 4)) for _ in spans]
    intervals = [
        an_interval(a_payload("A", *range(many)), duration=f"PT{span}S")
        for span, many in zip(spans, values, strict=True)
    ]
    keys = [slot.key for slot in line(an_event(*intervals, duration="P9999Y")).slots]
    assert len(keys) == len(set(keys))

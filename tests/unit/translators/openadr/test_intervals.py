"""When intervals hold: inherited, own, looped, cut, split, random, now, and what cannot be."""

from datetime import timedelta

import pytest

from support.openadr import CREATED, START, a_payload, an_event, an_interval, line, spans
from translators.canonical.commands import Revision
from translators.openadr.intervals import MOST_SLOTS, Clock, drawn, expand, timeless
from translators.openadr.wire import event_of
from translators.rules.values import Unmet

HOUR = timedelta(hours=1)


def test_intervals_follow_each_other_and_inherit():
    assert spans(line(an_event(an_interval(), an_interval()))) == [(0, 3600), (3600, 3600)]


def test_an_interval_may_bring_a_duration_alone():
    event = an_event(an_interval(), an_interval(duration="PT10M"), an_interval())
    assert spans(line(event)) == [(0, 3600), (3600, 600), (4200, 3600)]


def test_an_interval_may_bring_a_start_of_its_own():
    event = an_event(an_interval(), an_interval(start="2027-03-09T16:00:00Z"))
    assert spans(line(event)) == [(0, 3600), (5400, 3600)]


def test_a_first_interval_with_its_own_start_needs_no_event_start():
    own = an_interval(start="2027-03-09T16:00:00Z", duration="PT5M")
    assert spans(line(an_event(own, intervalPeriod=...))) == [(5400, 300)]
    assert spans(line(an_event(own))) == [(5400, 300)]


@pytest.mark.parametrize("now", ["0001-01-01", "0000-00-00", ...], ids=["1", "0", "absent"])
def test_a_start_of_now_is_when_the_event_was_first_seen(now):
    period = {"start": now, "duration": "PT1H"}
    event = an_event(intervalPeriod={k: v for k, v in period.items() if v is not ...})
    assert spans(line(event, received=START + HOUR)) == [(3600, 3600)]
    (slot,) = line(event).slots
    assert slot.start == CREATED


def test_now_in_a_first_interval_is_the_event_start_and_in_a_later_one_the_end_before():
    event = an_event(an_interval(start="0001-01-01"), an_interval(start="0001-01-01"))
    assert spans(line(event)) == [(0, 3600), (3600, 3600)]


def test_now_without_any_receipt_is_refused():
    event = an_event(createdDateTime="12:29:24", intervalPeriod={"duration": "PT1H"})
    with pytest.raises(Unmet, match="nothing says when it came"):
        line(event)


def test_year_1_and_no_duration_take_a_known_event_back():
    event = an_event(intervalPeriod={"start": "0001-01-01", "duration": "PT0S"})
    taken = line(event, received=START, known=True)
    assert (taken.slots, taken.cancelled) == ((), True)


def test_year_1_and_no_duration_hold_without_end_where_they_are_seen_first():
    event = an_event(intervalPeriod={"start": "0001-01-01", "duration": "PT0S"})
    assert spans(line(event, received=START)) == [(0, None)]


OWN = {"start": "0001-01-01", "duration": "PT0S"}


def test_an_interval_of_year_1_and_no_duration_holds_without_end_where_it_is_seen_first():
    first = an_interval(start="2027-03-09T14:30:00Z", duration="PT1H")
    event = an_event(first, an_interval(**OWN), intervalPeriod=...)
    assert spans(line(event, received=START)) == [(0, 3600), (3600, None)]
    assert spans(line(an_event(an_interval(**OWN), intervalPeriod=...), received=START)) == [
        (0, None)
    ]


def test_an_interval_of_year_1_and_no_duration_is_taken_back_from_a_known_event():
    event = an_event(an_interval(), an_interval(**OWN), an_interval())
    assert spans(line(event, received=START, known=True)) == [(0, 3600), (3600, 3600)]
    alone = line(an_event(an_interval(**OWN)), received=START, known=True)
    assert (alone.slots, alone.cancelled) == ((), True)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (an_event(intervalPeriod=OWN), True),
        (an_event(an_interval(**OWN), intervalPeriod=...), True),
        (an_event(an_interval(), an_interval(**OWN)), False),
        (an_event(), False),
        (an_event(intervals=[], intervalPeriod=...), False),
        (an_event(intervalPeriod={**OWN, "duration": "P1M"}), False),
    ],
)
def test_an_event_is_timeless_where_nothing_of_it_has_a_time(event, says):
    assert timeless(event_of(event)) is says


def test_a_duration_of_the_event_counts_for_an_interval_of_year_1():
    event = an_event(
        an_interval(start="0001-01-01"),
        intervalPeriod={"start": "2027-03-09T14:30:00Z", "duration": "PT0S"},
    )
    assert spans(line(event, received=START)) == [(0, None)]


def test_a_duration_that_is_missing_is_no_end_in_3_0_and_refused_in_3_1():
    event = an_event(intervalPeriod={"start": "2027-03-09T14:30:00Z"})
    assert spans(line(event, "3.0")) == [(0, None)]
    with pytest.raises(Unmet, match="no duration that ends the interval"):
        line(event)
    assert spans(line({**event, "duration": "PT2H"})) == [(0, 7200)]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        pytest.param("PT2H", [(0, 3600), (3600, 3600)], id="as long"),
        pytest.param("PT1H30M", [(0, 3600), (3600, 1800)], id="shorter"),
        pytest.param("PT20M", [(0, 1200)], id="within the first"),
        pytest.param(
            "PT3H30M", [(0, 3600), (3600, 3600), (7200, 3600), (10800, 1800)], id="longer"
        ),
        pytest.param("PT0S", [], id="nothing"),
    ],
)
def test_event_duration_ends_or_repeats_the_intervals(total, expected):
    assert spans(line(an_event(an_interval(), an_interval(), duration=total))) == expected


def test_event_duration_without_end_loops_as_far_as_is_looked_ahead():
    looped = line(an_event(an_interval(), an_interval(), duration="P9999Y"))
    assert (len(looped.slots), looped.beyond) == (MOST_SLOTS, True)
    assert [slot.key for slot in looped.slots[:4]] == ["0", "1", "2", "3"]


def test_event_duration_without_end_leaves_an_interval_without_end_alone():
    period = {"start": "2027-03-09T14:30:00Z", "duration": "P9999Y"}
    assert spans(line(an_event(intervalPeriod=period, duration="P9999Y"))) == [(0, None)]


def test_gaps_are_repeated_too():
    event = an_event(
        an_interval(), an_interval(start="2027-03-09T16:00:00Z", duration="PT30M"), duration="PT4H"
    )
    assert spans(line(event)) == [(0, 3600), (5400, 1800), (7200, 3600), (12600, 1800)]


def test_a_loop_that_has_run_for_years_starts_at_the_lap_of_now():
    event = an_event(an_interval(), an_interval(), duration="P9999Y")
    began = START + timedelta(days=3650) + HOUR * 1.5
    first = line(event, now=began).slots[0]
    assert first.start == START + timedelta(days=3650) + HOUR
    assert first.key == str(3650 * 24 + 1)


def test_a_loop_ends_with_the_calendar():
    period = {"start": "2027-03-09T14:30:00Z", "duration": "P2000000D"}
    looped = line(an_event(intervalPeriod=period, duration="P9999Y"))
    assert (len(looped.slots), looped.beyond) == (1, False)


def test_what_has_ended_is_left_out():
    event = an_event(an_interval(), an_interval())
    assert spans(line(event, now=START + HOUR)) == [(3600, 3600)]
    assert line(event, now=START + HOUR * 2).slots == ()


def test_the_interval_that_covers_now_keeps_its_start():
    assert spans(line(an_event(), now=START + HOUR / 2)) == [(0, 3600)]


def test_several_values_split_an_interval_into_equal_parts():
    split = line(an_event(an_interval(a_payload("A", 3, 2, 1), a_payload("B", 9))))
    assert spans(split) == [(0, 1200), (1200, 1200), (2400, 1200)]
    assert [[int(p.values[0]) for p in slot.payloads] for slot in split.slots] == [
        [3, 9],
        [2, 9],
        [1, 9],
    ]
    assert [slot.key for slot in split.slots] == ["0", "0.1", "0.2"]
    assert not split.uneven


def test_payloads_with_different_numbers_of_values_change_each_at_its_own_times():
    split = line(an_event(an_interval(a_payload("A", 1, 2), a_payload("B", 7, 8, 9))))
    assert spans(split) == [(0, 1200), (1200, 600), (1800, 600), (2400, 1200)]
    assert [[int(p.values[0]) for p in slot.payloads] for slot in split.slots] == [
        [1, 7],
        [1, 8],
        [2, 8],
        [2, 9],
    ]


def test_parts_change_at_whole_seconds_and_say_so():
    split = line(an_event(an_interval(a_payload("A", 1, 2, 3), duration="PT10S")))
    assert spans(split) == [(0, 3), (3, 3), (6, 4)]
    assert split.uneven


def test_more_values_than_seconds_leave_no_empty_part():
    split = line(an_event(an_interval(a_payload("A", 1, 2, 3), duration="PT2S")))
    assert spans(split) == [(0, 1), (1, 1)]
    assert [int(slot.payloads[0].values[0]) for slot in split.slots] == [2, 3]


def test_parts_that_have_ended_are_left_out():
    split = an_event(an_interval(a_payload("A", 1, 2)))
    assert spans(line(split, now=START + HOUR / 2)) == [(1800, 1800)]


def test_as_many_values_as_a_schedule_has_periods_are_taken():
    split = line(an_event(an_interval(a_payload("A", *range(1024)))))
    assert (len(split.slots), split.uneven) == (1024, True)


def test_texts_points_and_curves_split_nothing():
    points = [{"x": 1, "y": 2}, {"x": 2, "y": 3}]
    payloads = (a_payload("T", "a", "b"), a_payload("P", *points), a_payload("CURVE", 1, 2))
    assert spans(line(an_event(an_interval(*payloads)))) == [(0, 3600)]


def test_an_event_without_intervals_has_no_line():
    nothing = line(an_event(intervals=[]))
    assert (nothing.slots, nothing.beyond, nothing.cancelled, nothing.uneven) == ((), *[False] * 3)
    assert line(an_event(intervals=None)).slots == ()


def test_an_interval_of_no_length_is_passed_over_beside_others():
    event = an_event(an_interval(), an_interval(duration="PT0S"), an_interval())
    assert spans(line(event)) == [(0, 3600), (3600, 3600)]


def test_an_interval_of_no_length_is_no_fault_once_the_others_are_over():
    event = an_event(an_interval(), an_interval(duration="PT0S"))
    assert spans(line(event, now=START + timedelta(hours=2))) == []


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        pytest.param(an_event(an_interval(duration="PT0S")), "lasts no time", id="no time"),
        pytest.param(
            an_event(an_interval(duration="PT0S"), duration="PT1H"), "lasts no time", id="no lap"
        ),
        pytest.param(
            an_event(an_interval(), an_interval(start="2027-03-09T15:00:00Z")),
            "lies before the end of the interval before",
            id="overlap",
        ),
        pytest.param(
            an_event(an_interval(duration="P9999Y"), an_interval()),
            "follows an interval without end",
            id="after the end of time",
        ),
        pytest.param(
            an_event(an_interval(duration="P3000000D")), "ends after the year 9999", id="too far"
        ),
        pytest.param(
            an_event(an_interval(randomizeStart="P9999Y")), "is without end", id="random for ever"
        ),
        pytest.param(
            an_event(an_interval(randomizeStart="-PT5M")), "negative", id="random backwards"
        ),
        pytest.param(
            an_event(an_interval(a_payload("A", 1, 2), duration="P9999Y")),
            "several values for a time without end",
            id="values for ever",
        ),
        pytest.param(
            an_event(an_interval(a_payload("A", *range(1025)))),
            "lists more than 1024 values",
            id="too many values",
        ),
        pytest.param(an_event(duration="P1M"), "calendar", id="a month in all"),
    ],
)
def test_what_cannot_be_timed_is_refused_by_name(event, problem):
    with pytest.raises(Unmet) as caught:
        line(event)
    assert problem in caught.value.problem
    assert caught.value.outcome == "invalid"


def test_followers_move_with_the_interval_before_unless_they_have_a_span_of_their_own():
    period = {"start": "2027-03-09T14:30:00Z", "duration": "PT1H", "randomizeStart": "PT5M"}
    later = an_interval(start="2027-03-09T18:00:00Z")
    own = an_interval(start="2027-03-09T20:00:00Z", randomizeStart="PT1M")
    event = an_event(an_interval(), an_interval(), later, own, intervalPeriod=period)
    slots = line(event).slots
    assert [(slot.randomize, slot.shift) for slot in slots] == [
        (300, 0),
        (300, 0),
        (300, 0),
        (60, 3),
    ]
    draws = [drawn("site", "e1", slot) for slot in slots]
    assert draws[0] == draws[1] == draws[2]
    assert all(abs(draw) <= slot.randomize for draw, slot in zip(draws, slots, strict=True))


def test_a_draw_is_the_same_at_every_reading_and_differs_between_sites_and_events():
    event = an_event(an_interval(randomizeStart="PT12H"))
    (slot,) = line(event).slots
    names = [("a", "e"), ("b", "e"), ("a", "f")]
    assert len({drawn(seed, name, slot) for seed, name in names}) == 3
    assert drawn("a", "e", slot) == drawn("a", "e", line(event).slots[0])


def test_no_span_draws_nothing():
    (slot,) = line(an_event()).slots
    assert drawn("a", "e", slot) == 0


def test_of_10000_intervals_as_many_are_looked_at_as_a_schedule_holds():
    event = event_of(an_event(*[an_interval(duration=f"PT{n % 900 + 1}S") for n in range(10_000)]))
    line = expand(event, Clock(Revision.OPENADR_3_1))
    assert (len(line.slots), line.beyond) == (MOST_SLOTS, True)

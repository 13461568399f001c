"""Which intervals a report covers, and when it is due: the patterns of user guide 7.5."""

from datetime import UTC, datetime, timedelta

import pytest

from support.openadr import START, an_event, an_interval
from translators.canonical.commands import Revision
from translators.openadr.intervals import Clock
from translators.openadr.requests import report_requests
from translators.openadr.windows import ad_hoc, report_name, windows
from translators.openadr.wire import event_of

USAGE = {"payloadType": "USAGE"}


def an_asking(*descriptors, hours=4, **changes):
    intervals = [an_interval() for _ in range(hours)]
    return event_of(an_event(*intervals, reportDescriptors=list(descriptors), **changes))


def found(event, *, revision="3.1", **clock):
    (request,) = report_requests(event)
    return windows(event, request, Clock(Revision(revision), **clock))


def covered(hours=4, *, now=None, event=None, **asked):
    """Return (hours from START to the due instant, places of the intervals) of each report."""
    made = an_asking({**USAGE, **asked}, hours=hours, **(event or {}))
    return [
        (hours_to(it.due), [hours_to(span.start) for span in it.spans])
        for it in found(made, now=now)
    ]


def hours_to(instant):
    return (instant - START).total_seconds() / 3600


@pytest.mark.parametrize(
    ("asked", "reports"),
    [
        ({}, [(4, [0, 1, 2, 3])]),
        ({"historical": False}, [(0, [0, 1, 2, 3])]),
        ({"startInterval": 1, "numIntervals": 3}, [(2, [0, 1])]),
        (
            {"startInterval": 1, "numIntervals": 2, "frequency": 2, "repeat": 3},
            [(2, [0, 1]), (4, [2, 3])],
        ),
        (
            {
                "startInterval": 0,
                "numIntervals": 2,
                "frequency": 1,
                "repeat": 3,
                "historical": False,
            },
            [(0, [0, 1]), (1, [1, 2]), (2, [2, 3])],
        ),
        ({"startInterval": 3, "frequency": 1, "repeat": -1}, [(4, [0, 1, 2, 3])]),
        ({"frequency": 0}, []),
        ({"repeat": 0}, []),
        ({"startInterval": 9}, []),
    ],
)
def test_the_user_guides_patterns_of_reports(asked, reports):
    assert covered(**asked) == reports


def test_a_looped_event_is_reported_lap_by_lap():
    looped = {"duration": "PT6H"}
    assert covered(2, event=looped, repeat=-1) == [(2, [0, 1]), (4, [2, 3]), (6, [4, 5])]


def test_an_interval_without_end_is_never_looked_back_on():
    endless = {"intervalPeriod": {"start": "2027-03-09T14:30:00Z", "duration": "P9999Y"}}
    assert covered(1, event=endless) == []
    assert covered(1, event=endless, historical=False) == [(0, [0])]


def test_a_report_that_would_lack_an_interval_is_left_out():
    later = START + timedelta(hours=2)
    every = {"startInterval": 0, "frequency": 1, "repeat": -1, "now": later}
    assert covered(**every) == []
    assert covered(**every, numIntervals=1) == [(3, [2]), (4, [3])]


def test_an_interval_without_length_makes_no_report_due():
    event = event_of(
        an_event(
            an_interval(),
            {**an_interval(duration="PT0S"), "id": 1},
            {**an_interval(), "id": 2},
            reportDescriptors=[{**USAGE, "startInterval": 0, "frequency": 1, "repeat": -1}],
        )
    )
    assert [[span.id for span in window.spans] for window in found(event)] == [[0], [0, 2]]


def test_a_forecast_beyond_what_is_looked_ahead_is_left_out():
    endless = {"duration": "P9999Y"}
    asked = {"historical": False, "frequency": 1, "repeat": 2}
    assert covered(1, event=endless, numIntervals=3, **asked) == [(0, [0, 1, 2]), (1, [1, 2, 3])]
    assert covered(1, event=endless, numIntervals=2000, **asked) == []


def test_each_report_has_a_name_of_its_own_that_never_changes():
    event = an_asking(
        {**USAGE, "startInterval": 0, "frequency": 1, "repeat": -1, "numIntervals": 1}
    )
    (request,) = report_requests(event)
    made = found(event)
    names = [report_name("e", request, "CS" * 99, window) for window in made]
    again = [report_name("e", request, "CS" * 99, window) for window in made]
    assert names == again
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 128
    assert report_name("f", request, "CS" * 99, made[0]) not in names


def test_a_day_of_minutes_is_reported_on_as_a_whole():
    minutes = [an_interval()] * 1440
    event = event_of(
        an_event(*minutes, reportDescriptors=[{**USAGE, "repeat": -1}], duration="P9999Y")
    )
    assert [len(window.spans) for window in found(event)] == [1440] * 3


def test_reports_that_would_repeat_without_measure_are_no_more_than_anybody_reads():
    asked = {**USAGE, "startInterval": 0, "frequency": 1, "repeat": -1}
    event = event_of(an_event(*[an_interval()] * 2000, reportDescriptors=[asked]))
    assert sum(len(window.spans) for window in found(event)) <= 200_000


def ids(event, **clock):
    return [[span.id for span in window.spans] for window in found(event, **clock)]


def test_a_report_has_the_ids_of_the_events_intervals():
    numbered = [{**an_interval(), "id": number} for number in (7, 3, 12)]
    event = an_event(*numbered, reportDescriptors=[USAGE], duration="PT6H")
    assert ids(event_of(event)) == [[7, 3, 12]]


@pytest.mark.parametrize("odd", [None, "x", True])
def test_an_interval_without_an_id_has_its_place(odd):
    intervals = [{**an_interval(), "id": 4}, {**an_interval(), "id": odd}]
    assert ids(event_of(an_event(*intervals, reportDescriptors=[USAGE]))) == [[4, 1]]


def implied(*, revision="3.1", now=None, event=None, **asked):
    """Return start and due instant (hours) of the reports of an event without intervals."""
    changes = {"intervals": [], "reportDescriptors": [{**USAGE, **asked}], **(event or {})}
    made = found(event_of(an_event(**changes)), revision=revision, now=now)
    return [([hours_to(span.start) for span in it.spans], hours_to(it.due)) for it in made]


@pytest.mark.parametrize("revision", ["3.0", "3.1"])
def test_an_event_without_intervals_implies_them(revision):
    rolling = {"startInterval": 0, "numIntervals": 2, "frequency": 1, "repeat": 2}
    assert implied(revision=revision, historical=False, **rolling) == [([0, 1], 0), ([1, 2], 1)]
    assert implied(revision=revision) == [([0], 1)]


def test_the_duration_of_an_event_ends_what_it_implies():
    every = {"startInterval": 0, "numIntervals": 1, "frequency": 1, "repeat": -1}
    assert implied(**every, event={"duration": "PT2H"}) == [([0], 1), ([1], 2)]


@pytest.mark.parametrize("period", [None, {"start": "2027-03-09T14:30:00Z"}])
def test_an_event_that_implies_no_interval_has_no_time_of_reports(period):
    assert implied(event={"intervalPeriod": period}) == []


def test_a_loop_of_seconds_that_began_a_year_ago_is_read_at_once():
    event = {"intervalPeriod": {"start": "2026-03-09T14:30:00Z", "duration": "PT1S"}}
    every = {"startInterval": 0, "numIntervals": 1, "frequency": 1, "repeat": -1}
    made = implied(**every, event=event, now=START)
    assert (len(made), made[0]) == (1024, ([0], pytest.approx(1 / 3600)))
    assert implied(**{**every, "repeat": 100}, event=event, now=START) == []


def pieces(grid, *intervals, **asked):
    event = an_event(*intervals, reportDescriptors=[{**USAGE, "reportIntervals": grid, **asked}])
    return [
        [(span.id, f"{span.start:%H:%M}", f"{span.end:%H:%M}") for span in window.spans]
        for window in found(event_of(event))
    ]


def test_sub_intervals_are_quarters_of_an_hour_under_the_id_of_their_interval():
    odd = {**an_interval(start="2027-03-09T14:40:00Z", duration="PT20M"), "id": 5}
    assert pieces("SUB_INTERVALS", odd, {**an_interval(duration="PT10M"), "id": 6}) == [
        [(5, "14:40", "14:45"), (5, "14:45", "15:00"), (6, "15:00", "15:10")]
    ]


def test_open_intervals_know_no_borders_of_the_event():
    first = an_interval(start="2027-03-09T14:40:00Z", duration="PT10M")
    gap = an_interval(start="2027-03-09T16:00:00Z", duration="PT5M")
    assert pieces("OPEN_INTERVALS", first, an_interval(duration="PT10M"), gap) == [
        [(0, "14:40", "14:45"), (1, "14:45", "15:00"), (2, "16:00", "16:05")]
    ]


@pytest.mark.parametrize(
    ("duration", "count", "first"),
    [("P5D", 480 + 1, 1800 / 2), ("P20D", 481, 1800), ("P300D", 301, 34200), ("P9000D", 1, None)],
)
def test_pieces_are_longer_where_they_would_be_too_many(duration, count, first):
    long = an_interval(duration=duration)
    event = an_event(long, reportDescriptors=[{**USAGE, "reportIntervals": "SUB_INTERVALS"}])
    (window,) = found(event_of(event))
    assert len(window.spans) in {count, count - 1}
    if first is not None:
        assert (window.spans[0].end - window.spans[0].start).total_seconds() == first


def test_what_is_asked_of_the_future_is_not_divided():
    assert pieces("SUB_INTERVALS", an_interval(), historical=False) == [[(0, "14:30", "15:30")]]


def lasts(event, received=START - timedelta(hours=1)):
    return ad_hoc(event_of(event), Clock(Revision.OPENADR_3_1, received))


def test_at_any_time_is_while_the_event_lasts():
    assert lasts(an_event()) == (START, START + timedelta(hours=1))
    assert lasts(an_event(), START + timedelta(minutes=5))[0] == START + timedelta(minutes=5)
    assert lasts(an_event(duration="P9999Y")) == (START, None)
    assert lasts(an_event(intervals=[])) == (START - timedelta(hours=1), None)
    assert lasts(an_event(intervals=[]), None)[0] == datetime(1970, 1, 1, tzinfo=UTC)

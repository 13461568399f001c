"""When an event ends, as far as that can be told."""

from datetime import datetime, timedelta

import pytest

from support.openadr import ENDLESS, START, an_event, an_interval
from translators.canonical.commands import Revision
from translators.openadr.intervals import Clock
from translators.openadr.lifetime import begins_after, lifetime
from translators.openadr.wire import event_of

HOUR = timedelta(hours=1)
RECEIVED = START - 5 * HOUR


def ends(event, **clock):
    known = {"revision": Revision.OPENADR_3_1, "received": RECEIVED, "now": START + 99 * HOUR}
    return lifetime(event_of(event), Clock(**{**known, **clock}))


def period(start="2027-03-09T14:30:00Z", duration="PT1H", **more):
    told = {"start": start, "duration": duration, **more}
    return {name: text for name, text in told.items() if text is not None}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (an_event(), START + HOUR),
        (an_event(an_interval(), an_interval(), an_interval()), START + 3 * HOUR),
        (an_event(an_interval(), an_interval(duration="PT2H")), START + 3 * HOUR),
        (an_event(duration="PT30M"), START + HOUR / 2),
        (an_event(intervalPeriod=period(randomizeStart="PT5M")), START + HOUR + HOUR / 12),
        (an_event(intervalPeriod=period("0001-01-01")), RECEIVED + HOUR),
        (
            an_event(
                an_interval(start="2027-03-09T14:30:00Z", duration="PT1H"), intervalPeriod=...
            ),
            START + HOUR,
        ),
    ],
    ids=["one", "three", "one of its own length", "cut", "random", "now", "of its own"],
)
def test_an_event_ends_with_its_last_interval(event, expected):
    assert ends(event) == expected


@pytest.mark.parametrize(
    "event",
    [
        an_event(intervalPeriod=period(duration=ENDLESS)),
        an_event(an_interval(), an_interval(duration=ENDLESS)),
        an_event(duration=ENDLESS),
        an_event(intervals=[]),
        an_event(intervalPeriod=period("soon")),
        an_event(intervalPeriod=period(duration="-PT1H")),
        an_event(intervalPeriod=period(duration="PT0S")),
        an_event(intervalPeriod=period("9999-12-31T23:30:00Z")),
        an_event(intervalPeriod=period(duration=None)),
        an_event(intervalPeriod=period("0001-01-01", "PT0S")),
    ],
    ids=[
        "endless",
        "endless at last",
        "looped",
        "report only",
        "no time",
        "negative",
        "no length",
        "after the calendar",
        "no duration",
        "taken back",
    ],
)
def test_some_events_end_never_or_nobody_can_tell(event):
    assert ends(event) is None


def test_nothing_ends_in_the_older_edition_without_a_duration():
    assert (
        ends(an_event(intervalPeriod=period(duration=None)), revision=Revision.OPENADR_3_0) is None
    )


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2027-03-09T14:30:00Z", True),
        ("2027-03-09T13:30:00Z", False),
        ("0001-01-01", False),
        ("soon", False),
        (None, False),
    ],
)
def test_an_event_is_to_come_where_it_says_so(start, expected):
    moment = datetime.fromisoformat("2027-03-09T14:00:00Z")
    assert begins_after(event_of(an_event(intervalPeriod=period(start))), moment) is expected

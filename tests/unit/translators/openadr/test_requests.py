"""reportDescriptors: their defaults, what cannot be read, and which intervals a report covers when."""

from datetime import timedelta
from decimal import Decimal

import pytest

from support.openadr import START, an_event, an_interval
from translators.canonical.commands import Revision
from translators.errors import DocumentError
from translators.openadr.intervals import Clock
from translators.openadr.requests import ReportRequest, report_name, report_requests, windows
from translators.openadr.wire import event_of

USAGE = {"payloadType": "USAGE"}


def an_asking(*descriptors, hours=4, **changes):
    intervals = [an_interval() for _ in range(hours)]
    return event_of(an_event(*intervals, reportDescriptors=list(descriptors), **changes))


def covered(hours=4, *, now=None, event=None, **asked):
    """Return (hours from START to the due instant, numbers of the intervals) of each report."""
    made = an_asking({**USAGE, **asked}, hours=hours, **(event or {}))
    (request,) = report_requests(made)
    found = windows(made, request, Clock(Revision.OPENADR_3_1, now=now))
    return [
        ((window.due - START).total_seconds() / 3600, [int(slot.key) for slot in window.slots])
        for window in found
    ]


def test_a_descriptor_has_the_defaults_of_the_standard():
    assert report_requests(an_asking(USAGE)) == (ReportRequest(0, "USAGE"),)


def test_null_is_the_default_too():
    told = dict.fromkeys(["units", "readingType", "aggregate", "frequency", "reportIntervals"])
    assert report_requests(an_asking({**USAGE, **told})) == (ReportRequest(0, "USAGE"),)


@pytest.mark.parametrize(
    ("descriptor", "where"),
    [
        (7, "reportDescriptors[0]"),
        ({}, "reportDescriptors[0]/payloadType"),
        ({"payloadType": ""}, "reportDescriptors[0]/payloadType"),
        ({**USAGE, "units": 1}, "reportDescriptors[0]/units"),
        ({**USAGE, "aggregate": "yes"}, "reportDescriptors[0]/aggregate"),
        ({**USAGE, "startInterval": -2}, "reportDescriptors[0]/startInterval"),
        ({**USAGE, "frequency": Decimal("1.5")}, "reportDescriptors[0]/frequency"),
        ({**USAGE, "repeat": True}, "reportDescriptors[0]/repeat"),
        ({**USAGE, "numIntervals": Decimal("NaN")}, "reportDescriptors[0]/numIntervals"),
        ({**USAGE, "reportIntervals": "SOME"}, "reportDescriptors[0]/reportIntervals"),
    ],
)
def test_a_descriptor_that_cannot_be_read_hides_no_other(descriptor, where):
    refused, read = report_requests(an_asking(descriptor, USAGE))
    assert isinstance(refused, DocumentError)
    assert refused.where == where
    assert read == ReportRequest(1, "USAGE")


def test_descriptors_that_are_no_list_ask_for_nothing():
    event = an_asking(USAGE)
    assert (
        report_requests(type(event)(**{**_fields(event), "raw": {"reportDescriptors": {}}})) == ()
    )


def _fields(event):
    return {name: getattr(event, name) for name in type(event).__dataclass_fields__}


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
            an_interval(duration="PT0S"),
            an_interval(),
            reportDescriptors=[{**USAGE, "startInterval": 0, "frequency": 1, "repeat": -1}],
        )
    )
    (request,) = report_requests(event)
    found = windows(event, request, Clock(Revision.OPENADR_3_1))
    assert [[int(slot.key) for slot in window.slots] for window in found] == [[0], [0, 2]]


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
    found = windows(event, request, Clock(Revision.OPENADR_3_1))
    names = [report_name("e", request, "CS" * 99, window) for window in found]
    again = [report_name("e", request, "CS" * 99, window) for window in found]
    assert names == again
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 128
    assert report_name("f", request, "CS" * 99, found[0]) not in names

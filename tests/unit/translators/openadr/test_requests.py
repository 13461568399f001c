"""reportDescriptors: their defaults, and what cannot be read."""

from decimal import Decimal

import pytest

from support.openadr import an_event, an_interval, read
from translators.errors import DocumentError
from translators.openadr.requests import ReportRequest, report_requests
from translators.openadr.wire import event_of

USAGE = {"payloadType": "USAGE"}


def an_asking(*descriptors, hours=4, **changes):
    intervals = [an_interval() for _ in range(hours)]
    return event_of(an_event(*intervals, reportDescriptors=list(descriptors), **changes))


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
        ({**USAGE, "targets": "CS1"}, "reportDescriptors[0]/targets"),
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
    refused, heard = report_requests(an_asking(descriptor, USAGE))
    assert isinstance(refused, DocumentError)
    assert refused.where == where
    assert heard == ReportRequest(1, "USAGE")


@pytest.mark.parametrize("found", [{}, "USAGE", 7, False], ids=repr)
def test_descriptors_that_are_no_list_are_refused_alone(found):
    event = an_event(reportDescriptors=found)
    (refused,) = report_requests(event_of(event))
    assert (refused.where, refused.problem) == ("reportDescriptors", "is no list")
    done = read(event)
    (limit,) = done.value
    assert [type(it).__name__ for it in limit.controls] == ["PowerLimit"]
    assert [(it.kind.value, it.where) for it in done.losses] == [("drop", "reportDescriptors")]


def test_a_descriptor_that_cannot_be_read_is_a_loss_of_its_event():
    done = read(an_event(reportDescriptors=[USAGE, {}]))
    assert [(len(done.value), it.where) for it in done.losses] == [
        (1, "reportDescriptors[1]/payloadType")
    ]

"""Events as JSON has them: both editions, what peers really send, and what is no event."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from support.openadr import an_event, an_interval
from translators.errors import DocumentError
from translators.openadr.wire import (
    LARGEST_TEXT,
    Descriptor,
    Event,
    Payload,
    Period,
    Point,
    event_of,
    parse,
    program_of,
)


def values(*items):
    return event_of(an_event(an_interval({"type": "X", "values": list(items)}))).intervals[0]


def test_an_event_of_3_1_is_read():
    event = event_of(an_event(eventName="evening", duration="PT4H", reportDescriptors=[{}, {}]))
    assert (event.id, event.program, event.name, event.priority) == ("e1", "flex", "evening", 4)
    assert event.period == Period("2027-03-09T14:30:00Z", "PT1H")
    assert event.duration == "PT4H"
    assert event.descriptors == {"IMPORT_CAPACITY_LIMIT": Descriptor("KW")}
    assert event.raw["eventName"] == "evening"


def test_an_event_of_3_0_is_read_alike():
    targets = [{"type": "GROUP", "values": ["feeder7"]}]
    old, new = an_event(targets=targets), an_event(targets=["feeder7"])
    assert event_of(old) == event_of(new)


def test_nulls_are_what_is_absent():
    names = ("eventName", "priority", "duration", "intervalPeriod", "payloadDescriptors")
    nothing = dict.fromkeys((*names, "reportDescriptors", "intervals", "modificationDateTime"))
    event = event_of({"id": "1", "programID": "p", **nothing})
    assert event == Event("1", "p", "", None, None, "", None, None, None, (), {}, 0)


def test_unknown_members_are_passed_over():
    odd = an_event(colour="red")
    odd["intervals"][0]["colour"] = "red"
    assert event_of(odd) == event_of(an_event())


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param(
            "2026-11-22T12:29:25Z", datetime(2026, 11, 22, 12, 29, 25, tzinfo=UTC), id="RFC 3339"
        ),
        pytest.param(
            "2026-11-22T13:29:25+01:00",
            datetime(2026, 11, 22, 12, 29, 25, tzinfo=UTC),
            id="an offset",
        ),
        pytest.param(
            "2026-11-22 12:29:24", datetime(2026, 11, 22, 12, 29, 24, tzinfo=UTC), id="a space"
        ),
        pytest.param("12:29:24", None, id="time alone"),
        pytest.param("0001-01-01T00:00:00+05:00", None, id="before the first year"),
        pytest.param("yesterday", None, id="words"),
        pytest.param(None, None, id="null"),
        pytest.param(5, None, id="a number"),
    ],
)
def test_dates_of_metadata_are_read_as_far_as_they_are_dates(text, read):
    event = event_of(an_event(createdDateTime=text, modificationDateTime=text))
    assert (event.created, event.modified) == (read, read)
    assert event.created_text == str(text or "")


@pytest.mark.parametrize(
    ("item", "read"),
    [
        pytest.param(7, Decimal(7), id="an integer"),
        pytest.param(0.1, Decimal("0.1"), id="a double, by its shortest text"),
        pytest.param(Decimal("0.10"), Decimal("0.10"), id="a decimal"),
        pytest.param(True, True, id="a boolean is no number"),
        pytest.param("7", "7", id="a text is no number"),
        pytest.param({"x": 1, "y": -0.5}, Point(Decimal(1), Decimal("-0.5")), id="a point"),
        pytest.param(
            {"x": 1, "y": {"x": 1, "y": 2}}, Point(Decimal(1), None), id="a point in a point"
        ),
        pytest.param("a\ud800b", "a?b", id="half a surrogate pair"),
        pytest.param({"x": 1}, None, id="half a point"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_value_is_a_number_a_text_a_boolean_or_a_point(item, read):
    assert values(item).payloads == (Payload("X", (read,)),)


def test_points_within_a_list_are_the_same_points():
    points = [{"x": 0.9, "y": 0.4}, {"x": 1.06, "y": -0.44}]
    assert values(points) == values(*points)


def test_an_interval_without_payloads_is_read():
    (interval,) = event_of(an_event(intervals=[{"id": 1}], payloadDescriptors=[])).intervals
    assert (interval.payloads, interval.period) == ((), Period())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"id": ...}, "id: field required", id="no id"),
        pytest.param({"id": ""}, "id: string should have at least 1 character", id="empty id"),
        pytest.param({"id": 7}, "id: input should be a valid string", id="a number as id"),
        pytest.param({"programID": ...}, "programID: field required", id="no program"),
        pytest.param({"priority": -1}, "priority: input should be greater", id="below 0"),
        pytest.param({"priority": "1"}, "priority: input should be a valid int", id="text"),
        pytest.param({"intervals": {}}, "intervals: input should be a valid list", id="no list"),
        pytest.param(
            {"intervals": [{"payloads": [{"values": [1]}]}], "payloadDescriptors": []},
            "intervals.0.payloads.0.type: field required",
            id="a payload without a type",
        ),
        pytest.param(
            {"intervalPeriod": {"start": 5}}, "intervalPeriod.start: input", id="a number as start"
        ),
    ],
)
def test_what_is_no_event_is_named_by_its_member(changes, problem):
    with pytest.raises(DocumentError, match="OpenADR 3 event") as caught:
        event_of(an_event(**changes))
    assert problem in str(caught.value)


def test_half_a_surrogate_pair_is_no_name_and_no_date():
    with pytest.raises(DocumentError, match="id: input should be a valid string"):
        event_of(an_event(id="e\ud800"))
    assert event_of(an_event(createdDateTime="\ud800")).created_text == "?"


def test_a_list_is_no_event():
    with pytest.raises(DocumentError, match="is no object"):
        event_of([])


def test_a_type_described_twice_is_refused_unless_alike():
    alike = [{"payloadType": "X", "units": "KW"}] * 2
    assert event_of(an_event(payloadDescriptors=alike)).descriptors == {"X": Descriptor("KW")}
    with pytest.raises(DocumentError, match=r"payloadDescriptors\[X\]: is described twice"):
        event_of(an_event(payloadDescriptors=[*alike, {"payloadType": "X", "units": "KVA"}]))


def test_a_program_says_what_its_payloads_are_measured_in():
    described = [
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "units": "KWH"},
        {"payloadType": "PRICE", "units": "KWH", "currency": "EUR"},
    ]
    program = program_of({"id": "p", "programName": "flex", "payloadDescriptors": described})
    assert (program.id, program.name) == ("p", "flex")
    assert program.descriptors == {"PRICE": Descriptor("KWH", "EUR")}
    assert program_of({"id": "p"}).descriptors == {}


def test_numbers_of_a_text_are_exact():
    assert parse('{"a": [0.1, 1e3, 7]}') == {"a": [Decimal("0.1"), Decimal("1e3"), 7]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('{"a"', "line 1 column 5: is no JSON", id="truncated"),
        pytest.param('{"a": NaN}', "NaN is no number", id="NaN"),
        pytest.param('{"a": Infinity}', "Infinity is no number", id="infinity"),
        pytest.param('{"a": 1, "a": 2}', "'a' stands twice", id="a member twice"),
        pytest.param("9" * 5000, "is no JSON", id="an absurd integer"),
        pytest.param("[" * 200_000, "is no JSON", id="absurdly deep"),
        pytest.param(" " * (LARGEST_TEXT + 1), "characters are more than", id="oversized"),
    ],
)
def test_what_is_no_json_is_named(text, problem):
    with pytest.raises(DocumentError) as caught:
        parse(text)
    assert problem in str(caught.value)

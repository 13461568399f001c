"""Events of every odd kind, in both editions: mapped, or refused by name; none of them costs a neighbour."""

from decimal import Decimal

import pytest

from support.openadr import LIMIT, START, a_context, a_payload, an_event, an_interval, told
from translators.errors import DocumentError
from translators.openadr.wire import parse

PLAIN = "ChargingStationMaxProfile limit 0:10000 until 3600"
NO_NUMBER = "not a decimal number within 1e±30"
ENDLESS = "ChargingStationMaxProfile limit 0:10000"


def spanning(**period):
    """An event whose period is this one alone."""
    return an_event(intervalPeriod=period)


def valued(*values, kind=LIMIT, **changes):
    return an_event(an_interval(a_payload(kind, *values)), **changes)


def lasting(text):
    return spanning(start="2027-03-09T14:30:00Z", duration=text)


def beginning(text):
    return spanning(start=text, duration="PT1H")


TIMES = {
    # what: (event, what becomes of it)
    "now as year 1": (beginning("0001-01-01"), PLAIN),
    "now as year 1 with a zone": (beginning("0001-01-01T00:00:00Z"), PLAIN),
    "now as year 1 with an offset": (beginning("0001-01-01T00:00:00+00:00"), PLAIN),
    "now as year 1 with a space": (beginning("0001-01-01 00:00:00"), PLAIN),
    "now as year 0": (beginning("0000-00-00"), PLAIN),
    "now as the first day of year 0": (beginning("0000-01-01"), PLAIN),
    "null in the place of a start": (spanning(start=None, duration="PT1H"), PLAIN),
    "a start with an offset": (beginning("2027-03-09T15:30:00+01:00"), PLAIN),
    "a start with fractions": (beginning("2027-03-09T14:30:00.000Z"), PLAIN),
    "a start without a zone": (
        beginning("2027-03-09T14:30:00"),
        "refused: '2027-03-09T14:30:00' has no time zone",
    ),
    "a date alone": (beginning("2027-03-09"), "refused: '2027-03-09' has no time zone"),
    "a time alone": (beginning("12:29:24"), "refused: '12:29:24' is no RFC 3339 instant"),
    "a day that is none": (
        beginning("2027-02-30T00:00:00Z"),
        "refused: '2027-02-30T00:00:00Z' is no RFC 3339 instant",
    ),
    "an empty start": (beginning(""), "refused: '' is no RFC 3339 instant"),
    "a start as a number": (
        spanning(start=1804602600, duration="PT1H"),
        "refused: intervalPeriod.start: input should be a valid string",
    ),
    "no end by its name": (lasting("P9999Y"), ENDLESS),
    "no end in days": (lasting("P3650000D"), ENDLESS),
    "no end as a VTN rewrites it": (lasting("P9999Y0M0DT0H0M0S"), ENDLESS),
    "no end in hours": (lasting("PT87591240H"), ENDLESS),
    "hours and days": (lasting("P0DT1H"), PLAIN),
    "a week": (lasting("P1W"), "ChargingStationMaxProfile limit 0:10000 until 604800"),
    "a negative hour": (lasting("-PT1H"), "refused: '-PT1H' is a negative duration"),
    "minus nothing": (lasting("-PT0S"), "refused: lasts no time"),
    "a calendar month": (
        lasting("P1M"),
        "refused: 'P1M' counts calendar years or months, which have no fixed length",
    ),
    "a calendar year": (
        lasting("P1Y"),
        "refused: 'P1Y' counts calendar years or months, which have no fixed length",
    ),
    "half a second": (lasting("PT0.5S"), "refused: 'PT0.5S' has parts of a second"),
    "half a minute": (lasting("PT0.5M"), PLAIN.replace("3600", "30")),
    "no duration": (lasting("P"), "refused: 'P' is no ISO 8601 duration"),
    "a duration of letters": (lasting("1h"), "refused: '1h' is no ISO 8601 duration"),
    "a duration of many digits": (
        lasting("P" + "9" * 40 + "D"),
        f"refused: 'P{'9' * 39}' is no ISO 8601 duration",
    ),
    "longer than the calendar": (lasting("P3000000D"), "refused: ends after the year 9999"),
    "an hour of no length": (lasting("PT0S"), "refused: lasts no time"),
}


@pytest.mark.parametrize("edition", ["3.0", "3.1"])
@pytest.mark.parametrize("name", TIMES)
def test_an_odd_time_is_read_or_refused_by_name(name, edition):
    event, becomes = TIMES[name]
    assert told(event, a_context(revision=edition, received=START))[0] == becomes


VALUES = {
    "NaN as text": (valued("NaN"), f"refused: is 'NaN', {NO_NUMBER}"),
    "infinity as text": (valued("Infinity"), f"refused: is 'Infinity', {NO_NUMBER}"),
    "a digit string": (valued("10"), PLAIN),
    "an empty text": (valued(""), f"refused: is '', {NO_NUMBER}"),
    "true": (valued(True), f"refused: is 'true', {NO_NUMBER}"),
    "null": (valued(None), "refused: is missing"),
    "nothing at all": (an_event(an_interval({"type": LIMIT, "values": []})), "refused: is missing"),
    "a point": (valued({"x": 1, "y": 2}), "refused: is missing"),
    "an object": (valued({"kw": 10}), "refused: is missing"),
    "a list within the list": (valued([10]), PLAIN),
    "a list within that": (valued([[10]]), "refused: is missing"),
    "many digits": (valued(Decimal("10." + "0" * 50)), PLAIN),
    "beyond the range": (
        valued(Decimal("1e12")),
        "refused: is 1000000000000, not in 0..1000000000",
    ),
    "a huge exponent": (valued(Decimal("1e999")), f"refused: is '1E+999', {NO_NUMBER}"),
    "below zero": (valued(-1), "refused: is -1, not in 0..1000000000"),
    "minus zero": (valued(Decimal("-0.0")), PLAIN.replace("10000", "0")),
    "no unit": (valued(10, payloadDescriptors=...), "refused: descriptor/units is missing"),
    "a private unit": (valued(10, units="KWp"), "refused: descriptor/units is 'KWp'"),
    "a unit in small letters": (valued(10, units="kw"), "refused: descriptor/units is 'kw'"),
    "amperes": (valued(10, units="AMPS"), "refused: descriptor/units is 'AMPS'"),
    "a private type": (
        valued(10, kind="X-SHED"),
        "refused: X-SHED is no payload type of OpenADR 3 that stations follow, and nothing binds it",
    ),
    "a type in small letters": (
        valued(10, kind="import_capacity_limit"),
        (
            "refused: import_capacity_limit is no payload type of OpenADR 3 that stations follow, "
            "and nothing binds it"
        ),
    ),
    "a type of spaces": (
        valued(10, kind=" "),
        "refused:   is no payload type of OpenADR 3 that stations follow, and nothing binds it",
    ),
    "the same limit twice": (
        an_event(an_interval(a_payload(LIMIT, 10), a_payload(LIMIT, 20))),
        f"{PLAIN}; refused: the interval asks for this twice",
    ),
    "a half surrogate in a text": (valued("\ud800", kind="ALERT_OTHER"), "Alert.OTHER"),
    "a text without end": (valued("x" * 100_000, kind="ALERT_OTHER"), "Alert.OTHER"),
}


@pytest.mark.parametrize("edition", ["3.0", "3.1"])
@pytest.mark.parametrize("name", VALUES)
def test_an_odd_value_is_read_or_refused_by_name(name, edition):
    event, becomes = VALUES[name]
    assert told(event, a_context(revision=edition))[0] == becomes


FORMS = {
    "no id": (an_event(id=...), "refused: id: field required"),
    "a number as id": (an_event(id=7), "refused: id: input should be a valid string"),
    "no program": (an_event(programID=...), "refused: programID: field required"),
    "a negative priority": (an_event(priority=-1), "refused: priority: input should be greater"),
    "half a priority": (an_event(priority=0.5), "refused: priority: input should be a valid int"),
    "intervals as an object": (an_event(intervals={}), "refused: intervals: input should be"),
    "an interval of null": (an_event(intervals=[None]), "refused: intervals.0: input should be"),
    "a payload without type": (
        an_event(an_interval()) | {"intervals": [{"payloads": [{"values": [1]}]}]},
        "refused: intervals.0.payloads.0.type: field required",
    ),
    "values as a number": (
        an_event() | {"intervals": [{"payloads": [{"type": LIMIT, "values": 1}]}]},
        "refused: intervals.0.payloads.0.values: input should be a valid list",
    ),
    "two units for one type": (
        an_event(payloadDescriptors=[{"payloadType": LIMIT, "units": u} for u in ("KW", "W")]),
        "refused: is described twice, differently",
    ),
    "snake case": ({"id": "1", "program_id": "0"}, "refused: programID: field required"),
    "a descriptor without its objectType": (an_event(), PLAIN),
    "members that nobody knows": (an_event(weather="fine", intervalPeriods=[1]), PLAIN),
    "reports of any form": (an_event(reportDescriptors=[1, None, "x", {}]), PLAIN),
    "reports as an object": (an_event(reportDescriptors={"payloadType": "USAGE"}), PLAIN),
    "reports as a text": (an_event(reportDescriptors="USAGE"), PLAIN),
    "intervals numbered alike": (
        an_event(an_interval(), an_interval(a_payload(LIMIT, 5))),
        "ChargingStationMaxProfile limit 0:10000 3600:5000 until 7200",
    ),
    "dates of metadata as they come": (
        an_event(createdDateTime="12:29:24", modificationDateTime="2026-11-22 12:29:24"),
        PLAIN,
    ),
    "dates of metadata that are none": (
        an_event(createdDateTime={"$date": 1}, modificationDateTime=[]),
        PLAIN,
    ),
    **{
        f"targets: {name}": (an_event(targets=targets), PLAIN)
        for name, targets in {
            "null": None,
            "strings": ["EAN 871685900012345678", "ünïcode", "", "'; DROP TABLE--", "\u202e"],
            "valuesMap": [{"type": "VEN_NAME", "values": ["v"]}, {"type": "GROUP", "values": []}],
            "numbers": [1, 2.5],
            "a string": "ven_0999",
            "an object": {"type": "VEN_NAME", "values": ["v"]},
            "nested": [[["x"]]],
        }.items()
    },
}


@pytest.mark.parametrize("edition", ["3.0", "3.1"])
@pytest.mark.parametrize("name", FORMS)
def test_an_odd_form_is_read_or_refused_by_name(name, edition):
    event, becomes = FORMS[name]
    assert told(event, a_context(revision=edition))[0].startswith(becomes)


@pytest.mark.parametrize("value", [None, 5, "event", [], True, {}], ids=repr)
def test_what_is_no_event_is_refused_by_name(value):
    said, losses = told(value)
    assert said.startswith("refused: ")
    assert losses == "unsupported"


LOOPS = {
    "a loop of no length": (
        an_event(an_interval(duration="PT0S"), duration="P9999Y"),
        "lasts no time",
    ),
    "a loop of a negative length": (an_event(duration="-PT1H"), "'-PT1H' is a negative duration"),
    "a loop of months": (an_event(duration="P3M"), "'P3M' counts calendar years or months"),
    "an interval behind one without end": (
        an_event(an_interval(duration="P9999Y"), an_interval()),
        "follows an interval without end",
    ),
    "values for a time without end": (
        an_event(an_interval(a_payload(LIMIT, 1, 2), duration="P9999Y")),
        "lists several values for a time without end",
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_that_cannot_be_is_refused_by_name(name):
    event, becomes = LOOPS[name]
    assert told(event)[0].startswith(f"refused: {becomes}")


@pytest.mark.parametrize("odd", [VALUES["NaN as text"][0], VALUES["a private type"][0]])
def test_an_odd_payload_costs_its_neighbour_nothing(odd):
    (payload,) = odd["intervals"][0]["payloads"]
    units = odd["payloadDescriptors"] + [{"payloadType": LIMIT, "units": "KW"}] * (
        payload["type"] != LIMIT
    )
    event = an_event(an_interval(), an_interval(payload), payloadDescriptors=units)
    said, _ = told(event)
    assert said.startswith(f"{PLAIN}; refused: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('[{"id": "1"}', "is no JSON", id="half an answer"),
        pytest.param("<html>", "is no JSON", id="HTML"),
        pytest.param('{"id": "1", "id": "2"}', "twice", id="a member twice"),
        pytest.param("[NaN]", "is no JSON", id="NaN"),
        pytest.param("[Infinity]", "is no JSON", id="infinity"),
        pytest.param("[" * 100_000, "recursion", id="nested without end"),
        pytest.param("", "is no JSON", id="nothing"),
    ],
)
def test_a_text_that_is_no_json_is_refused_by_name(text, problem):
    with pytest.raises(DocumentError, match=problem):
        parse(text)

"""Texts of time: what is an instant, a length, now, without end, and what is refused by name."""

from datetime import UTC, datetime, timedelta

import pytest

from translators.openadr.times import ENDLESS, Anchor, Duration, duration, start
from translators.rules.values import Unmet


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("PT15M", 900, id="minutes"),
        pytest.param("PT1H30M", 5400, id="hours and minutes"),
        pytest.param("P1D", 86400, id="a day"),
        pytest.param("P2W", 1209600, id="weeks"),
        pytest.param("P1DT1S", 86401, id="a day and a second"),
        pytest.param("PT0.5H", 1800, id="half an hour"),
        pytest.param("PT0,25M", 15, id="a comma"),
        pytest.param("PT0S", 0, id="nothing"),
        pytest.param("-PT0S", 0, id="minus nothing"),
        pytest.param("+PT1S", 1, id="a plus"),
        pytest.param("P0Y0M0DT0H20M0S", 1200, id="zeros of the calendar"),
        pytest.param(" PT20M ", 1200, id="spaces around"),
    ],
)
def test_a_duration_is_seconds(text, seconds):
    assert duration(text, "here") == Duration(seconds)
    assert duration(text, "here").length == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["P9999Y", "P9999Y0M0DT0H0M0S", "P119988M", "P3650000D", "PT87600000H", "P12000Y1M"]
)
def test_9999_years_are_without_end_by_value(text):
    assert duration(text, "here") is ENDLESS
    assert ENDLESS.length is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("-PT1H", "is a negative duration", id="negative"),
        pytest.param("-P9999Y", "is a negative duration", id="negative infinity"),
        pytest.param("P1M", "counts calendar years or months", id="a month"),
        pytest.param("P1Y", "counts calendar years or months", id="a year"),
        pytest.param("PT0.5S", "has parts of a second", id="half a second"),
        pytest.param("P", "is no ISO 8601 duration", id="nothing said"),
        pytest.param("PT", "is no ISO 8601 duration", id="no time said"),
        pytest.param("P1DT", "is no ISO 8601 duration", id="a T for nothing"),
        pytest.param("1H", "is no ISO 8601 duration", id="no P"),
        pytest.param("PT1H1H", "is no ISO 8601 duration", id="hours twice"),
        pytest.param("PT٣M", "is no ISO 8601 duration", id="other digits"),
        pytest.param("P" + "9" * 40 + "D", "is no ISO 8601 duration", id="absurd digits"),
        pytest.param("", "is no ISO 8601 duration", id="empty"),
    ],
)
def test_a_duration_that_no_station_can_be_told_is_refused_by_name(text, problem):
    with pytest.raises(Unmet) as caught:
        duration(text, "intervalPeriod/duration")
    assert problem in caught.value.problem
    assert (caught.value.outcome, caught.value.where) == ("invalid", "intervalPeriod/duration")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("2027-03-09T14:30:00Z", datetime(2027, 3, 9, 14, 30, tzinfo=UTC), id="Z"),
        pytest.param(
            "2027-03-09T15:30:00+01:00", datetime(2027, 3, 9, 14, 30, tzinfo=UTC), id="an offset"
        ),
        pytest.param(
            "2027-03-09 14:30:00Z", datetime(2027, 3, 9, 14, 30, tzinfo=UTC), id="a space"
        ),
    ],
)
def test_a_start_is_an_instant_in_utc(text, instant):
    assert start(text, "here") == instant


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01 00:00:00",
        "0001-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00+00:00",
        "0000-00-00",
        "0000-01-01",
        "0000-01-01T00:00:00Z",
    ],
)
def test_year_0_or_1_is_now(text):
    assert start(text, "here") is Anchor.NOW


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("2027-03-09T14:30:00", "has no time zone", id="no zone"),
        pytest.param("2027-03-09", "has no time zone", id="a date"),
        pytest.param("tomorrow", "is no RFC 3339 instant", id="words"),
        pytest.param("2027-02-30T00:00:00Z", "is no RFC 3339 instant", id="no such day"),
        pytest.param("0001-01-01T00:00:00+05:00", "is no RFC 3339 instant", id="before year 1"),
    ],
)
def test_a_start_that_is_no_instant_is_refused_by_name(text, problem):
    with pytest.raises(Unmet) as caught:
        start(text, "intervalPeriod/start")
    assert problem in caught.value.problem
    assert caught.value.where == "intervalPeriod/start"

"""The time patterns of the OpenADR 3 User Guide (7.2 to 7.4), in both editions: mapped, or refused by name.

The events have the shape of the guide's samples, its broken ones too.
"""

from datetime import UTC, datetime, timedelta

from support.openadr import (
    ENDLESS,
    START,
    an_event,
    an_interval,
    commands,
    one,
    prices,
    spans,
    told,
)
from support.openadr import line as line_of

HOUR = timedelta(hours=1)
NOW = "0001-01-01"


def test_7_2_a_minimal_event_has_one_price(context):
    event = one("PRICE", 0.17, payloadDescriptors=..., priority=..., objectType=...)
    assert told(event, context()) == ("Price.import.?", "")


def test_7_3_an_event_at_the_beginning_of_time_begins_when_it_comes(edition):
    for now in (NOW, f"{NOW}T00:00:00"):
        event = one("ALERT_OTHER", "now", intervalPeriod={"start": now, "duration": ENDLESS})
        assert spans(line_of(event, edition, received=START + HOUR)) == [(3600, None)]


def test_7_3_a_first_interval_at_the_beginning_of_time_begins_with_its_event(edition):
    event = an_event(an_interval(start=NOW), an_interval(start=NOW))
    assert spans(line_of(event, edition, received=START)) == [(0, 3600), (3600, 3600)]


def test_7_3_a_first_interval_without_any_event_period_begins_when_it_comes(edition):
    event = an_event(an_interval(start=NOW, duration="PT5M"), intervalPeriod=...)
    assert spans(line_of(event, edition, received=START)) == [(0, 300)]


def test_7_3_an_event_read_at_six_skips_ahead_to_the_price_of_six(context):
    midnight = {"start": "2027-03-09T00:00:00Z", "duration": "PT1H"}
    event = prices(*[0.1] * 25, intervalPeriod=midnight)
    at_six = datetime(2027, 3, 9, 6, tzinfo=UTC)
    found = commands(event, context(now=at_six))
    assert len(found) == 19
    assert found[0].interval.start == at_six


def test_7_3_an_event_whose_intervals_have_all_passed_asks_for_nothing(context):
    event = prices(0.1, 0.2)
    assert told(event, context(now=START + 2 * HOUR)) == ("nothing to do", "")


def test_7_3_a_month_has_no_length(context):
    event = prices(0.1, intervalPeriod={"start": NOW, "duration": "P1M"})
    said, _ = told(event, context())
    assert said == "refused: 'P1M' counts calendar years or months, which have no fixed length"


def test_7_3_several_prices_share_their_interval_in_equal_parts(edition):
    event = one("PRICE", 0.17, 0.03, 0.11, intervalPeriod={"start": NOW, "duration": "PT3H"})
    parts = line_of(event, edition, received=START)
    assert spans(parts) == [(0, 3600), (3600, 3600), (7200, 3600)]


def test_7_3_a_random_start_moves_all_that_follow_alike(edition):
    period = {"start": "2027-03-09T14:30:00Z", "duration": "PT1H", "randomizeStart": "PT10M"}
    event = an_event(an_interval(), an_interval(), intervalPeriod=period)
    assert [(slot.randomize, slot.shift) for slot in line_of(event, edition).slots] == [
        (600, 0)
    ] * 2


def test_7_3_a_tariff_of_a_day_repeats_for_as_long_as_its_event_says():
    day = prices(*[0.1] * 24, duration="P7D")
    assert len(line_of(day).slots) == 7 * 24
    assert line_of({**day, "duration": ENDLESS}).beyond
    assert len(line_of({**day, "duration": "PT12H"}).slots) == 12


def test_7_3_event_duration_is_unknown_to_3_0():
    assert len(line_of(prices(*[0.1] * 24, duration="P7D"), "3.0").slots) == 24


def test_7_4_an_interval_has_a_duration_of_its_own(edition):
    event = an_event(an_interval(), an_interval(duration="PT2H"))
    assert spans(line_of(event, edition)) == [(0, 3600), (3600, 7200)]


def test_7_4_each_interval_has_a_period_where_the_event_has_none(edition):
    gap = an_interval(start="2027-03-09T18:30:00Z", duration="PT1H")
    first = an_interval(start="2027-03-09T14:30:00Z", duration="PT30M")
    event = an_event(first, gap, intervalPeriod=...)
    assert spans(line_of(event, edition)) == [(0, 1800), (14400, 3600)]


def test_7_4_an_interval_without_any_period_is_refused_in_3_1(context, edition):
    said, _ = told(an_event(intervalPeriod=...), context())
    endless = "ChargingStationMaxProfile limit 0:10000"
    refused = "refused: is missing, and the event has no duration that ends the interval"
    assert said == (endless if edition == "3.0" else refused)


def test_7_4_intervals_that_overlap_are_refused(context):
    event = an_event(an_interval(), an_interval(start="2027-03-09T15:00:00Z"))
    assert told(event, context())[0] == "refused: lies before the end of the interval before"

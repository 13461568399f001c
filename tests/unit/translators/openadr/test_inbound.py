"""Events to canonical commands: identity, priority, times, traces, and events that are refused as a whole."""

from datetime import timedelta
from fractions import Fraction

import pytest

from support.openadr import (
    CREATED,
    LIMIT,
    START,
    a_context,
    a_payload,
    an_event,
    an_interval,
    commands,
    lost,
    read,
    refused,
)
from translators.canonical.commands import Interval, Protocol, Randomization, ResponseDuty
from translators.canonical.controls import (
    LimitOn,
    LimitScope,
    PowerLimit,
    Quantity,
)
from translators.openadr.inbound import FALLBACK_PRIORITY, UNSTATED_PRIORITY, served
from translators.units import parse_unit

SUBSCRIPTION = "IMPORT_CAPACITY_SUBSCRIPTION"


def test_an_event_is_one_command_for_each_interval():
    first, second = commands(an_event(an_interval(), an_interval(a_payload(LIMIT, 20.5))))
    limit = PowerLimit(
        LimitOn.IMPORT, Quantity(Fraction(20500), parse_unit("W")), LimitScope.CONNECTION_POINT
    )
    assert second.controls == (limit,)
    hour = timedelta(hours=1)
    assert first.interval == Interval(START, START + hour)
    assert second.interval == Interval(START + hour, START + hour * 2)
    assert (first.primacy, first.created, first.server_time) == (4, CREATED, CREATED)
    assert (first.target.station, first.description) == ("CS1", "")


def test_a_command_says_where_it_came_from():
    (command,) = commands(an_event(eventName="evening"), a_context(digest="00ff"))
    assert (command.origin.utility, command.origin.program) == ("vtn", "flex")
    assert (command.origin.href, command.origin.digest) == ("/events/e1", "00ff")
    assert command.origin.protocol is Protocol.OPENADR
    assert command.description == "evening"


def test_each_interval_has_a_name_of_its_own_and_the_first_the_event_s():
    names = [c.mrid for c in commands(an_event(an_interval(), an_interval(a_payload(LIMIT, 1, 2))))]
    assert names == [
        "vtn/e1/2027-03-09T09:00:00Z",
        "vtn/e1/2027-03-09T09:00:00Z#1",
        "vtn/e1/2027-03-09T09:00:00Z#1.1",
    ]


def test_an_id_that_a_vtn_uses_again_is_another_event():
    before, after = (an_event(createdDateTime=f"2027-03-0{n}T09:00:00Z") for n in (1, 2))
    assert commands(before)[0].mrid != commands(after)[0].mrid


def test_an_edition_keeps_the_name_and_is_newer():
    (old,), (new,) = (
        commands(an_event(modificationDateTime=text))
        for text in ("2027-03-09T09:00:00Z", "2027-03-09T10:00:00Z")
    )
    assert old.mrid == new.mrid
    assert old.created < new.created


def test_the_clock_of_the_vtn_is_when_it_was_served():
    now = START - timedelta(minutes=1)
    (command,) = commands(an_event(), a_context(now=now, received=START - timedelta(hours=1)))
    assert command.server_time == now


def test_an_event_whose_dates_cannot_be_read_is_as_old_as_can_be():
    (command,) = commands(an_event(createdDateTime="12:29:24"))
    assert (command.created.year, command.server_time.year) == (1970, 1970)


@pytest.mark.parametrize(("stated", "primacy"), [(0, 0), (7, 7), (None, UNSTATED_PRIORITY)])
def test_a_lower_priority_wins_and_none_loses_to_all(stated, primacy):
    event = an_event(priority=stated)
    assert served(event, a_context()).primacy == primacy
    assert [command.primacy for command in commands(event)] == [primacy]


def test_a_priority_beyond_int32_is_refused():
    assert refused(an_event(priority=2**31)) == [("invalid", "event", f"is {2**31}, beyond Int32")]


def test_a_subscription_is_a_command_that_every_limit_beats():
    payloads = (a_payload(SUBSCRIPTION, 30), a_payload("EXPORT_CAPACITY_LIMIT", 5))
    limit, fallback = commands(an_event(an_interval(*payloads), priority=None))
    assert (limit.primacy, fallback.primacy) == (UNSTATED_PRIORITY, FALLBACK_PRIORITY)
    assert fallback.mrid == "vtn/e1/2027-03-09T09:00:00Z/subscription"
    assert [command.controls[0].on for command in (limit, fallback)] == [
        LimitOn.EXPORT,
        LimitOn.IMPORT,
    ]


def test_a_limit_hides_the_subscription_of_its_time_whatever_the_order():
    payloads = (a_payload(SUBSCRIPTION, 30), a_payload(LIMIT, 50))
    (command,) = commands(an_event(an_interval(*payloads)))
    assert [control.value.value for control in command.controls] == [50000]


def test_two_subscriptions_of_one_time_are_one_too_many():
    payloads = (a_payload(SUBSCRIPTION, 30), a_payload("CAPACITY_SUBSCRIPTION", 50))
    result = read(an_event(an_interval(*payloads)))
    assert [control.value.value for control in result.value[0].controls] == [30000]
    assert [refusal.function for refusal in result.refusals] == ["CAPACITY_SUBSCRIPTION"]


def test_that_a_subscription_gives_way_is_traced():
    payloads = (a_payload(LIMIT, 50), a_payload(SUBSCRIPTION, 30))
    steps = read(an_event(an_interval(*payloads))).steps
    assert [
        (s.operation, s.source, s.after) for s in steps if s.operation == "covered by a limit"
    ] == [("covered by a limit", "intervals[0]/payloads[1]", "not in force")]


def test_a_document_tells_protocol_edition_and_kind():
    document = served(an_event(), a_context(revision="3.0"))
    told = (document.protocol, document.revision, document.kind)
    assert told == (Protocol.OPENADR, "3.0", "event")


def test_an_event_that_cannot_be_read_is_refused_as_a_whole():
    document = served({"id": "1"}, a_context())
    assert document.primacy == UNSTATED_PRIORITY
    assert refused({"id": "1"}) == [("invalid", "event", "programID: field required")]
    assert read({"id": "1"}).value == ()
    assert lost({"id": "1"}) == ["unsupported"]


def test_an_event_that_cannot_be_timed_is_refused_as_a_whole():
    period = {"start": "2027-03-09T14:30:00Z", "duration": "-PT1H"}
    result = read(an_event(intervalPeriod=period))
    assert result.value == ()
    (refusal,) = result.refusals
    assert refusal.where == "intervals[0]/intervalPeriod/duration"
    assert refusal.rule == "openadr.event"
    assert refusal.problem == "'-PT1H' is a negative duration"


def test_a_random_start_is_drawn_by_the_seed_and_left_alone_without_one():
    event = an_event(an_interval(randomizeStart="PT5M"), an_interval())
    spans = [command.randomization for command in commands(event)]
    assert spans == [Randomization(300)] * 2
    drawn = [command.randomization for command in commands(event, a_context(seed="site"))]
    assert drawn[0] == drawn[1]
    assert -300 <= drawn[0].start_draw_s <= 300
    assert commands(an_event(), a_context(seed="site"))[0].randomization == Randomization()


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(an_event(intervals=[]), id="no intervals"),
        pytest.param(an_event({"id": 0, "payloads": []}), id="no payloads"),
    ],
)
def test_what_asks_for_nothing_is_nothing(event):
    assert read(event).value == ()
    assert read(event).refusals == ()


def test_an_event_that_is_taken_back_is_no_command_and_no_refusal():
    event = an_event(intervalPeriod={"start": "0001-01-01", "duration": "PT0S"})
    assert [c.interval.end for c in commands(event, a_context(received=START))] == [None]
    gone = read(event, a_context(received=START, known=True))
    assert (gone.value, gone.refusals) == ((), ())


def test_more_intervals_than_are_looked_ahead_are_declared():
    result = read(an_event(*[an_interval(duration="PT1M")] * 1030))
    assert len(result.value) == 1024
    assert [(loss.kind.value, loss.where) for loss in result.losses] == [("drop", "intervals")]


def test_values_that_seconds_do_not_divide_are_declared():
    assert lost(an_event(an_interval(a_payload(LIMIT, 1, 2, 3), duration="PT10S"))) == ["round"]


def test_a_loss_of_every_interval_is_told_once():
    event = an_event(*[an_interval(a_payload("DISPATCH_SETPOINT", -5))] * 3)
    assert lost(event, a_context({"negative": "discharge"})) == ["binding"]


def test_where_the_times_of_a_command_come_from_is_traced():
    period = {"start": "2027-03-09T14:30:00Z"}
    event = an_event(
        an_interval(), an_interval(duration="PT5M"), intervalPeriod=period, duration="PT1H"
    )
    found = {
        (step.source, step.before, step.target)
        for step in read(an_event(an_interval(), an_interval(duration="PT5M"))).steps
    }
    assert ("intervalPeriod/start", "2027-03-09T14:30:00Z", "interval.start") in found
    assert ("intervalPeriod/duration", "PT1H", "interval.duration") in found
    later = "intervals[1]/intervalPeriod"
    assert (f"{later}/start", "the end before", "[1] interval.start") in found
    assert (f"{later}/duration", "PT5M", "[1] interval.duration") in found
    only = an_event(intervalPeriod=period, duration=event["duration"])
    assert ("intervalPeriod/duration", "PT1H", "interval.duration") in {
        (step.source, step.before, step.target) for step in read(only).steps
    }


@pytest.mark.parametrize(
    ("kind", "priority", "said"),
    [(LIMIT, 4, "4"), (LIMIT, None, "not stated"), (SUBSCRIPTION, 4, "subscription")],
)
def test_where_a_priority_comes_from_is_traced(kind, priority, said):
    steps = read(an_event(an_interval(a_payload(kind, 9)), priority=priority)).steps
    assert [s.before for s in steps if s.target == "primacy"] == [said]


def test_now_and_no_end_are_traced_as_such():
    event = an_event(intervalPeriod=None)
    steps = {
        (step.target, step.before, step.after)
        for step in read(event, a_context(revision="3.0")).steps
    }
    assert ("interval.start", "now", CREATED.isoformat()) in steps
    assert ("interval.duration", "not stated", "without end") in steps


def test_what_becomes_of_a_command_is_told_under_the_event_that_asked_for_it():
    (command,) = commands(an_event(an_interval(), id="e7"), a_context())
    assert command.response == ResponseDuty(specific=True, reply_to="e7")

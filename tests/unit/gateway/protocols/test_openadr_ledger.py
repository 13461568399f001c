"""What is kept of a VTN's events: what is over, for others or too much is not served, nor forgotten."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from gateway.protocols.openadr_changes import EventRemoved, EventServed, SessionKept
from gateway.protocols.openadr_events import AFTER, Ledger, Scope
from gateway.protocols.openadr_http import Answer, Role
from gateway.protocols.openadr_listing import Listing
from gateway.protocols.openadr_problem import Item
from support.openadr import an_event
from support.openadr_ven import (
    EPOCH,
    RESOURCES,
    AVtn,
    Course,
    a_program,
    an_access,
    named,
    removed,
    served,
    states,
)
from translators.canonical.commands import Revision
from translators.errors import DocumentError
from translators.openadr.wire import Program

DAY = AFTER.total_seconds()
ANYBODY = Scope({"flex": Program("flex")}, None, an_access().audience, Revision.OPENADR_3_1)


def at(hours, **changes):
    """An event of an hour that begins so many hours from the epoch of the course."""
    begin = (EPOCH + timedelta(hours=hours)).isoformat()
    return an_event(intervalPeriod={"start": begin, "duration": "PT1H"}, **changes)


def now_event(**changes):
    return an_event(intervalPeriod={"start": "0001-01-01T00:00:00Z", "duration": "PT1H"}, **changes)


def taken_back(**changes):
    return an_event(intervalPeriod={"start": "0001-01-01T00:00:00Z", "duration": "PT0S"}, **changes)


def pass_days(course, days):
    course.now += days * DAY
    return course.walk()


def held(changes):
    return [it.held for it in changes if isinstance(it, EventServed)]


def test_an_event_that_ended_a_day_ago_is_not_served():
    course = Course(AVtn([at(-26, id="old"), at(-2, id="late"), at(5, id="next")]))
    assert served(course.walk()) == ["late", "next"]


@pytest.mark.parametrize("restarts", [False, True])
def test_what_begins_now_under_an_id_of_long_ago_begins_now(restarts):
    course = Course(AVtn([now_event(id="1")]))
    course.walk()
    if restarts:
        course = Course(course.vtn, kept=course.kept())
    course.vtn.events = [now_event(id="1", createdDateTime="2027-03-12T09:00:00Z", priority=2)]
    (found,) = held(pass_days(course, 3))
    assert (found.received, found.known) == (course.utc, False)


def test_an_event_is_served_for_a_day_beyond_its_end_whatever_the_vtn_lists():
    course = Course(AVtn([at(0, id="1"), at(500, id="2")]))
    course.walk()
    course.now = 3600 + DAY - 60
    assert removed(course.walk()) == []
    course.now += 60
    assert removed(course.walk()) == ["1"]
    assert [it.event.id for it in course.ven.held] == ["2"]
    course.vtn.events = [at(500, id="2")]
    assert removed(course.poll()) == []


def test_an_event_that_began_when_it_came_is_not_begun_again():
    course = Course(AVtn([now_event(id="1")]))
    course.walk()
    assert removed(pass_days(course, 2)) == ["1"]
    assert pass_days(course, 1)[0].__class__.__name__ == "VtnHeard"
    after = Course(course.vtn, kept=json.loads(json.dumps(course.kept())))
    after.now = course.now
    assert served(after.walk()) == []


def test_an_event_that_never_had_a_time_is_not_taken_back_by_a_change_of_something_else():
    """User Guide 8.10.2: a subscription of year 1 and no time holds, also once it is of another amount."""
    course = Course(AVtn([taken_back(id="1")]))
    course.walk()
    course.vtn.events = [taken_back(id="1", eventName="more")]
    (more,) = held(course.poll())
    course.vtn.events = [now_event(id="1")]
    (timed,) = held(course.poll())
    course.vtn.events = [taken_back(id="1")]
    (gone,) = held(course.poll())
    assert [it.known for it in (more, timed, gone)] == [False, False, True]


def test_nor_by_a_change_that_came_while_we_were_down():
    course = Course(AVtn([taken_back(id="1")]))
    course.walk()
    after = Course(course.vtn, kept=json.loads(json.dumps(course.kept())))
    after.vtn.events = [taken_back(id="1", eventName="more")]
    (more,) = held(after.walk())
    assert not more.known


def test_an_event_that_is_over_and_is_taken_back_does_not_hold_from_now_on():
    course = Course(AVtn([at(-50, id="1", createdDateTime="2027-03-01T00:00:00Z")]))
    course.walk()
    course.vtn.events = [taken_back(id="1", createdDateTime="2027-03-01T00:00:00Z")]
    (found,) = held(course.poll())
    assert found.known


def test_an_edition_that_is_long_over_removes_the_one_that_is_served():
    course = Course(AVtn([at(1, id="1")]))
    course.walk()
    course.vtn.events = [at(-50, id="1")]
    assert removed(course.poll()) == ["1"]
    course.vtn.events = [at(2, id="1")]
    (found,) = held(course.poll())
    assert found.known


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (None, ["1"]),
        ([], ["1"]),
        (["feeder7"], ["1"]),
        (["CS1-1", "other"], ["1"]),
        (["other"], []),
        ([{"type": "RESOURCE_NAME", "values": ["CS1-1"]}], ["1"]),
        ([{"type": "RESOURCE_NAME", "values": ["feeder7"]}], []),
        ([{"type": "PROGRAM_NAME", "values": ["name of flex"]}], ["1"]),
        ([{"type": "EVENT_NAME", "values": ["another"]}], []),
        ("feeder7", []),
    ],
)
def test_events_for_others_are_left_out_whatever_the_vtn_filters(targets, expected):
    course = Course(AVtn(named("1", targets=targets)), resources=RESOURCES)
    assert served(course.walk()) == expected


def test_an_event_that_is_meant_for_us_no_more_is_removed():
    course = Course(AVtn(named("1", targets=["CS1-1"])), resources=RESOURCES)
    course.walk()
    course.vtn.events = named("1", targets=["other"])
    assert removed(course.poll()) == ["1"]


def test_a_program_that_becomes_known_by_its_name_brings_its_events():
    vtn = AVtn(named("1"), [a_program("flex", programName="old")])
    course = Course(vtn, programs=frozenset({"name of flex"}))
    assert served(course.walk()) == []
    vtn.programs = [a_program("flex")]
    course.ven.hint(course.now)
    assert served(course.poll()) == ["1"]


def test_a_document_of_before_is_read_and_changes_nothing():
    event = named("1")[0]
    content = {k: v for k, v in event.items() if not k.endswith("DateTime")}
    digest = sha256(json.dumps(content, sort_keys=True, default=repr).encode()).hexdigest()
    kept = {
        "seed": "0.25",
        "events": {
            "1": {
                "key": "1/2027-03-09T09:00:00Z",
                "created": "2027-03-09T09:00:00Z",
                "digest": digest,
                "received": "2027-03-09T10:00:00+00:00",
                "known": False,
            }
        },
    }
    course = Course(AVtn([event]), kept=kept)
    changes = course.walk()
    (found,) = held(changes)
    assert (found.key, found.received) == ("1/2027-03-09T09:00:00Z", EPOCH - timedelta(hours=2))
    assert (found.known, found.digest) == (False, digest)
    course.vtn.events = named("1", priority=0)
    (found,) = held(course.poll())
    assert (found.known, len(found.digest)) == (True, 32)


def test_what_is_kept_of_an_event_is_short():
    course = Course(AVtn(named(*map(str, range(100)))))
    course.walk()
    assert len(json.dumps(course.kept())) < 100 * 170


@pytest.mark.parametrize("number", [2**70, 1, "1\ud800"])
def test_content_that_no_machine_number_or_text_holds_is_told_apart(number):
    course = Course(AVtn(named("1", note=number)))
    course.walk()
    assert not [it for it in course.poll() if isinstance(it, SessionKept)]
    course.vtn.events = named("1", note=[number])
    assert len(held(course.poll())) == 1


def listed(ledger, events, utc=EPOCH, scope=ANYBODY, **more):
    items = [json.dumps(event).encode() for event in events]
    for item in items:
        ledger.note(Item(item), scope, utc)
    return ledger.take(items, scope, utc, **more)


def test_more_events_than_may_be_known_are_left_out_and_told():
    ledger = Ledger(most=5)
    assert len(listed(ledger, [at(1, id=str(n)) for n in range(8)])) == 5
    assert ledger.notes == ("3 more events than can be followed are left out",)
    assert len(ledger.document()) == 5


def test_what_is_over_makes_room_for_what_is_not():
    ledger = Ledger(most=5)
    listed(ledger, [at(-50, id=str(n)) for n in range(8)])
    assert (len(ledger.document()), ledger.held) == (5, [])
    changes = listed(ledger, [at(1, id=f"new {n}") for n in range(4)])
    assert len(changes) == 4
    assert len(ledger.document()) == 5


def test_events_that_are_longer_than_may_be_kept_are_left_out():
    size = len(json.dumps(at(1, id="0")))
    ledger = Ledger(most_bytes=3 * size)
    events = [at(1, id=str(n)) for n in range(6)]
    assert len(listed(ledger, events)) == 3
    assert len(ledger.held) == 3
    changed = [{**event, "priority": 9} for event in events]
    assert len([it for it in listed(ledger, changed) if isinstance(it, EventServed)]) == 3


def test_a_row_that_holds_again_makes_no_room():
    ledger = Ledger(most=2)
    listed(ledger, [at(-50, id="1"), at(-50, id="2")])
    changes = listed(ledger, [at(3, id="1"), at(3, id="2"), at(3, id="3")])
    assert served(changes) == ["1", "2"]
    assert len(ledger.held) == 2


def test_a_list_that_is_too_long_takes_nothing_of_the_page_that_is_too_much():
    listing = Listing(Role.EVENTS, "/events", most=60)
    page = json.dumps(named(*map(str, range(50)))).encode()
    assert not listing.answered(Answer(200, body=page))
    with pytest.raises(DocumentError, match="60 items"):
        listing.answered(Answer(200, body=page.replace(b'"id"', b'"id" ')))
    assert len(listing.items) == 50


def test_what_is_gone_makes_room_again():
    size = len(json.dumps(at(1, id="0")))
    ledger = Ledger(most_bytes=2 * size)
    events = [at(1, id=str(n)) for n in range(4)]
    listed(ledger, events)
    rest = events[2:]
    changes = listed(ledger, rest, gone=["0", "1"])
    assert [it for it in changes if isinstance(it, EventRemoved)] != []
    ledger.forget_others([json.dumps(event).encode() for event in rest])
    assert len(listed(ledger, rest)) == 2


def test_another_scope_reads_again_what_was_put_aside():
    ledger, other = Ledger(), replace(ANYBODY, followed=frozenset({"other"}))
    assert listed(ledger, named("1"), scope=other) == []
    assert len(listed(ledger, named("1"))) == 1


def long(*events):
    """A list of two pages: some of it is over, and some is to come."""
    past = [at(-90, id=f"past {n}") for n in range(60)]
    return [*past, at(0, id="now"), at(9, id="later"), *events]


class Filtering(AVtn):
    """A VTN that heeds `active`; `heeds` says which hours from the epoch are active."""

    heeds = staticmethod(lambda hours, passed: hours + 1 > passed)

    def answer(self, request, utc):
        every, query = self.events, dict(request.query)
        if request.path == "/events" and query.get("active") == "true":
            passed = (utc - EPOCH).total_seconds() / 3600
            self.events = [it for it in every if self.heeds(_hours(it), passed)]
        found = super().answer(request, utc)
        self.events = every
        return found


def _hours(event):
    begin = datetime.fromisoformat(event["intervalPeriod"]["start"])
    return (begin - EPOCH).total_seconds() / 3600


def asked(course, before=0):
    made = [it for it in course.vtn.requests[before:] if it.role is Role.EVENTS]
    return ["active" in dict(it.query) for it in made]


def test_only_what_is_not_over_is_asked_for_once_that_is_proved():
    course = Course(Filtering(long()))
    assert sorted(served(course.walk())) == ["later", "now"]
    assert course.poll()[-1].__class__.__name__ == "VtnHeard"
    before = len(course.vtn.requests)
    assert [type(it).__name__ for it in course.poll()] == ["VtnHeard"]
    assert set(asked(course, before)) == {True}
    course.vtn.events = [*long()[:-1], at(3, id="new")]
    changes = course.poll()
    assert served(changes) == ["new"]
    assert removed(changes) == ["later"]


def test_what_ended_while_only_the_rest_was_listed_is_served_for_a_day():
    course = Course(Filtering(long(at(500, id="far"))))
    course.walk()
    course.poll()
    course.now = 2 * 3600
    assert removed(course.walk()) == []
    course.now = 3600 + DAY
    assert removed(course.walk()) == ["now"]


def test_all_events_are_read_once_an_hour():
    course = Course(Filtering(long()))
    course.walk()
    course.poll()
    before, begun = len(course.vtn.requests), course.now
    while course.now < begun + 3700:
        course.poll()
    assert asked(course, before).count(False) == 3


@pytest.mark.parametrize(
    "heeds",
    [lambda _hours, _passed: True, lambda hours, passed: hours <= passed < hours + 1],
    ids=["overlooks it", "takes it for what runs now"],
)
def test_a_vtn_that_means_something_else_is_asked_for_all(heeds):
    vtn = Filtering(long())
    vtn.heeds = heeds
    course = Course(vtn)
    course.walk()
    assert removed(course.poll()) == []
    before = len(course.vtn.requests)
    course.poll()
    assert set(asked(course, before)) == {False}


def test_a_vtn_that_refuses_the_query_is_asked_for_all():
    course = Course(Filtering(long()))
    course.walk()
    course.vtn.faults = [400, 400, 400]
    assert states(course.poll())[0][0] is False
    course.poll()
    course.poll()
    course.poll()
    before = len(course.vtn.requests)
    course.poll()
    assert set(asked(course, before)) == {False}


def test_an_event_that_was_hidden_though_it_is_not_over_ends_the_trust():
    course = Course(Filtering(long()))
    course.walk()
    course.poll()
    course.vtn.heeds = lambda hours, _passed: hours == 0
    assert removed(course.poll()) == []
    before = len(course.vtn.requests)
    course.poll()
    assert set(asked(course, before)) == {False}


def test_the_older_edition_is_asked_for_all():
    course = Course(Filtering(long()), revision=Revision.OPENADR_3_0)
    course.walk()
    course.poll()
    assert set(asked(course)) == {False}


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, body=b'{"id": "other"}')])
def test_what_cannot_be_asked_for_by_its_id_is_not_removed(answer):
    course = Course(AVtn(named(*map(str, range(80)))))
    course.walk()
    course.vtn.events = course.vtn.events[1:]
    course.vtn.faults = [None, None, answer]
    assert removed(course.poll()) == []
    assert removed(course.poll()) == ["0"]

"""A VEN session: what it asks, what it learns, and what failures never do."""

import json
from datetime import timedelta

import pytest

from gateway.protocols.openadr_access import Resource
from gateway.protocols.openadr_changes import EventServed, RevisionFound, SessionKept, VtnHeard
from gateway.protocols.openadr_http import Answer, Role
from support.openadr import an_event
from support.openadr_ven import (
    EPOCH,
    RESOURCES,
    AVtn,
    Course,
    a_program,
    named,
    removed,
    served,
    states,
)
from translators.canonical.commands import Revision
from translators.errors import DocumentError


def test_a_walk_serves_every_event_with_its_program():
    course = Course(AVtn(named("1", "2")))
    changes = course.walk()
    assert served(changes) == ["1", "2"]
    assert isinstance(changes[0], SessionKept)
    assert RevisionFound(Revision.OPENADR_3_1) in changes
    assert VtnHeard(30.0) in changes
    assert states(changes) == [(True, "")]
    assert {it.held.program.name for it in changes if isinstance(it, EventServed)} == {
        "name of flex"
    }


def test_an_unchanged_list_changes_nothing():
    course = Course(AVtn(named("1")))
    course.walk()
    assert course.poll() == [VtnHeard(30.0)]


def test_a_deleted_event_is_removed_with_the_next_poll():
    course = Course(AVtn(named("1", "2")))
    course.walk()
    del course.vtn.events[0]
    assert removed(course.poll()) == ["1"]


def test_a_changed_event_is_served_anew_under_its_key():
    course = Course(AVtn(named("1")))
    (first,) = [it.held for it in course.walk() if isinstance(it, EventServed)]
    course.vtn.events[0]["priority"] = 1
    (second,) = [it.held for it in course.poll() if isinstance(it, EventServed)]
    assert (second.key, second.received, second.known) == (first.key, first.received, True)


def test_dates_of_metadata_change_nothing():
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.events[0] |= {"modificationDateTime": "12:29:24"}
    assert course.poll() == [VtnHeard(30.0)]


def test_an_id_that_is_given_to_another_event_is_another_event():
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.events = named("1", priority=0, createdDateTime="2027-03-10T00:00:00Z")
    changes = course.poll()
    assert removed(changes) == ["1"]
    (held,) = [it.held for it in changes if isinstance(it, EventServed)]
    assert (held.key, held.known) == ("1/2027-03-10T00:00:00Z", False)


def test_the_same_event_made_anew_stays_the_same():
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.events = named("1", createdDateTime="2027-03-10T00:00:00Z")
    assert [it for it in course.poll() if not isinstance(it, SessionKept)] == [VtnHeard(30.0)]


@pytest.mark.parametrize(
    "fault",
    [
        0,
        500,
        503,
        401,
        403,
        404,
        Answer(200, body=b'[{"id": "1"'),
        Answer(200, body=b"{}"),
        Answer(204),
    ],
)
def test_a_failure_removes_nothing_and_is_told_once(fault):
    course = Course(AVtn(named("1", "2")))
    course.walk()
    course.vtn.faults = [fault, fault]
    changes = course.poll() + course.poll()
    assert removed(changes) == []
    assert [up for up, _ in states(changes)] == [False]
    assert course.poll() == [VtnHeard(30.0), course.changes[-1]]


def test_hours_of_500_are_asked_twice_a_minute_at_most():
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.faults = [500] * 10_000
    before, begun = len(course.vtn.requests), course.now
    while course.now < begun + 3600:
        course.poll()
    assert len(course.vtn.requests) - before < 130
    course.vtn.faults = []
    assert states(course.poll()) == [(True, "")]


def test_retry_after_is_obeyed_even_when_a_push_comes():
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.faults = [Answer(503, {"retry-after": "120"})]
    course.poll()
    course.ven.hint(course.now)
    assert course.ven.wake_at() == course.now + 120


def test_a_part_of_a_list_serves_what_is_in_it_and_removes_nothing():
    course = Course(AVtn(named(*map(str, range(80)))))
    course.walk()
    course.vtn.events = named("new") + course.vtn.events[5:]
    course.vtn.faults = [None, 500]
    changes = course.poll()
    assert (served(changes), removed(changes)) == (["new"], [])
    assert sorted(removed(course.poll())) == sorted("01234")


def test_an_event_that_slipped_between_pages_is_not_removed():
    course = Course(AVtn(named(*map(str, range(120)))))
    course.walk()

    class Shifting(AVtn):
        def answer(self, request, utc):
            found = super().answer(request, utc)
            if request.role is Role.EVENTS and dict(request.query).get("skip") == "0":
                self.events = self.events[1:]  # deleted behind the reader's back
            return found

    course.vtn = Shifting(course.vtn.events)
    assert removed(course.poll()) == []
    assert removed(course.poll()) == ["0"]


def test_a_hundred_events_vanish_only_when_two_reads_agree():
    course = Course(AVtn(named(*map(str, range(200)))))
    course.walk()
    course.vtn.events = course.vtn.events[:100]
    assert len(removed(course.poll())) == 100


@pytest.mark.parametrize("page", [50, 20, 7])
def test_every_page_is_read_also_where_a_vtn_caps_them(page):
    course = Course(AVtn(named(*map(str, range(140))), page=page))
    assert len(served(course.walk())) == 140
    assert course.poll() == [VtnHeard(30.0)]


@pytest.mark.parametrize("many", [3, 49, 51, 130])
def test_a_vtn_without_pages_is_read_whole(many):
    course = Course(AVtn(named(*map(str, range(many))), pages=False))
    assert len(served(course.walk())) == many
    assert course.poll() == [VtnHeard(30.0)]


def test_a_vtn_with_etags_sends_no_page_twice():
    course = Course(AVtn(named(*map(str, range(120))), etags=True))
    course.walk()
    assert course.poll() == [VtnHeard(30.0)]
    assert all("If-None-Match" in it.headers for it in course.vtn.requests[-3:])


def test_one_bad_event_hides_no_other():
    bad = [
        b'{"id": "b", "priority": NaN}',
        b'{"id": "c", "id": "c"}',
        b"null",
        b'{"id": 7}',
        b'"\xff"',
    ]
    deep = b'{"id": "deep", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    course = Course(AVtn([*named("1"), *bad, deep, *named("2")]))
    found = [it.held for it in course.walk() if isinstance(it, EventServed)]
    assert [it.event.id for it in found if not isinstance(it.event, DocumentError)] == ["1", "2"]
    assert len([it for it in found if isinstance(it.event, DocumentError)]) == len(bad) + 1


def test_duplicates_are_one_event_and_contradictions_are_told():
    course = Course(AVtn([*named("1", "2"), *named("1")]))
    assert served(course.walk()) == ["1", "2"]
    course.vtn.events.append(an_event(id="1", priority=0))
    changes = course.poll()
    assert served(changes) == ["1"]
    assert states(changes) == [(True, "event 1 stands twice in the list, differently")]


@pytest.mark.parametrize("skew_s", [-60, 60])
def test_nothing_is_passed_on_while_the_clocks_differ(skew_s):
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.events, course.vtn.skew_s = named("2"), skew_s
    changes = course.poll()
    assert [type(it).__name__ for it in changes] == ["VtnState"]
    assert states(changes)[0][0] is False
    course.vtn.skew_s = 0
    changes = course.poll()
    assert (served(changes), removed(changes)) == (["2"], ["1"])


def test_a_restart_keeps_keys_instants_and_the_seed():
    course = Course(AVtn(named("1", "2")))
    course.walk()
    document = json.loads(json.dumps(course.kept()))
    after = Course(AVtn(named("1")), kept=document)
    after.now = 500.0
    changes = after.walk()
    (held,) = [it.held for it in changes if isinstance(it, EventServed)]
    assert (held.received, held.known) == (EPOCH, False)
    assert removed(changes) == ["2"]
    assert after.ven.seed == course.ven.seed == f"{0.5:.17f}"


def test_a_change_during_the_outage_is_another_edition():
    course = Course(AVtn(named("1")))
    course.walk()
    after = Course(AVtn(named("1", priority=0)), kept=course.kept())
    (held,) = [it.held for it in after.walk() if isinstance(it, EventServed)]
    assert (held.received, held.known) == (EPOCH, True)


def test_other_programs_are_left_out_whatever_the_vtn_filters():
    programs = [a_program("flex"), a_program("other")]
    events = [*named("1"), *named("2", programID="other")]
    course = Course(AVtn(events, programs), programs=frozenset({"name of flex"}))
    assert served(course.walk()) == ["1"]
    assert ("programID", "flex") in course.vtn.requests[-1].query


def test_programs_by_name_are_waited_for():
    vtn = AVtn(named("1"), faults=[500] * 5)
    course = Course(vtn, programs=frozenset({"name of flex"}))
    for _ in range(5):
        assert served(course.poll()) == []
    assert served(course.poll()) == ["1"]


def test_programs_that_cannot_be_had_hold_no_event_back():
    course = Course(AVtn(named("1"), faults=[404]))
    assert served(course.walk()) == ["1"]


def test_an_event_of_an_unknown_program_has_programs_read_first():
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.programs.append(a_program("new"))
    course.vtn.events += named("2", programID="new")
    (held,) = [it.held for it in course.poll() if isinstance(it, EventServed)]
    assert held.program.id == "new"


def test_a_program_that_describes_other_units_serves_its_events_anew():
    course = Course(AVtn(named("1")))
    course.walk()
    course.vtn.programs = [a_program(payloadDescriptors=[{"payloadType": "PRICE", "units": "KWH"}])]
    course.ven.hint(course.now)
    assert served(course.poll()) == ["1"]


def test_targets_are_asked_for_besides_what_names_nobody():
    targets = ("feeder 7", "ü&=/?")
    course = Course(AVtn(named("1")), targets=targets)
    course.walk()
    asked = [dict(it.query).get("targets") for it in course.vtn.requests if it.role is Role.EVENTS]
    assert {None, *targets} == set(asked)
    older = Course(AVtn(named("1")), targets=targets, revision=Revision.OPENADR_3_0)
    older.walk()
    assert ("targetValues", "feeder 7") in older.vtn.requests[-3].query


def test_targets_of_resources_are_asked_for_each_once():
    resources = (
        Resource("CS1", "cs-1", frozenset({"feeder 7", "phase b"})),
        Resource("CS2", "cs-2", frozenset({"feeder 7"})),
    )
    course = Course(AVtn(named("1")), targets=("fleet",), resources=resources)
    course.walk()
    asked = [dict(it.query).get("targets") for it in course.vtn.requests if it.role is Role.EVENTS]
    assert list(dict.fromkeys(asked)) == [None, "fleet", "feeder 7", "phase b"]


def test_a_hint_fetches_within_a_second_and_a_flood_no_oftener():
    course = Course(AVtn(named("1")))
    course.walk()
    before = len(course.vtn.requests)
    for tenth in range(100):
        course.now = 10 + tenth / 10
        course.ven.hint(course.now)
        course.walk()
    assert 18 <= len(course.vtn.requests) - before <= 60


@pytest.mark.parametrize(
    ("url", "fault", "expected"),
    [
        ("https://vtn.example/openadr3/3.0.1", None, Revision.OPENADR_3_0),
        ("https://vtn.example/openadr3/3.1.0", None, Revision.OPENADR_3_1),
        ("https://vtn.example", None, Revision.OPENADR_3_1),
        ("https://vtn.example", 404, Revision.OPENADR_3_0),
        ("https://vtn.example", Answer(200, body=b"do some magic!"), Revision.OPENADR_3_0),
    ],
)
def test_the_edition_is_told_by_path_or_found_out(url, fault, expected):
    course = Course(AVtn(named("1"), faults=[fault]), url=url, revision=None)
    assert RevisionFound(expected) in course.walk()


def test_a_vtn_that_is_down_leaves_the_edition_open():
    course = Course(AVtn(named("1"), faults=[500, 0]), revision=None)
    assert course.walk()[-1].up is False
    assert course.ven.revision is None
    course.poll()
    course.poll()
    assert course.ven.revision is Revision.OPENADR_3_1


@pytest.mark.parametrize("revision", [Revision.OPENADR_3_0, Revision.OPENADR_3_1])
def test_a_ven_registers_once(revision):
    course = Course(ven="gw", resources=RESOURCES, revision=revision)
    attributes = [{"type": "MAX_POWER_CONSUMPTION", "values": [22]}]
    course.ven.describe("CS1", attributes, 0.0)
    course.walk()
    assert [it["venName"] for it in course.vtn.vens] == ["gw"]
    assert [it["resourceName"] for it in course.vtn.resources] == ["CS1-1", "site"]
    assert course.vtn.resources[0]["attributes"] == attributes
    again = Course(course.vtn, ven="gw", resources=RESOURCES, revision=revision)
    again.ven.describe("CS1", [{"type": "MAX_POWER_CONSUMPTION", "values": [11]}], 0.0)
    again.walk()
    assert (len(course.vtn.vens), len(course.vtn.resources)) == (1, 2)
    assert course.vtn.resources[0]["attributes"][0]["values"] == [11]
    assert again.ven.enrolment.ven_id == "0"
    assert again.ven.enrolment.resource_ids == {"CS1-1": "0", "site": "1"}


def test_events_go_on_where_registration_is_refused():
    course = Course(AVtn(named("1")), ven="gw")
    course.vtn.faults = [None, None, None, None, 403]
    changes = course.walk()
    assert served(changes) == ["1"]
    assert states(changes)[-1] == (True, "registration: /vens: HTTP 403")
    assert course.poll() == [VtnHeard(30.0)]


def test_requests_grow_with_the_events_and_no_faster():
    few, many = (
        Course(AVtn(named(*map(str, range(500))))),
        Course(AVtn(named(*map(str, range(5000))))),
    )
    assert len(served(few.walk())) == 500
    assert len(served(many.walk())) == 5000
    assert len(many.vtn.requests) <= 10 * len(few.vtn.requests)


def test_the_clock_of_the_utility_may_be_silent():
    course = Course(
        AVtn(named("1"), faults=[Answer(200, body=b"[]"), Answer(200, {"date": "x"}, b"[]")])
    )
    assert VtnHeard(30.0) in course.walk()
    assert course.utc == EPOCH + timedelta(0)


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_page_size_that_is_refused_is_made_smaller(refusals):
    course = Course(AVtn(named("1"), faults=[None, None, *[400] * refusals]))
    assert served(course.walk()) == ["1"]

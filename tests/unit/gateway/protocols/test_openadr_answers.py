"""OPERATING_STATE: told where an event asks for it, and where a command is not followed; each answer once."""

import pytest

from gateway.protocols.openadr_answers import Delivered, Need
from gateway.protocols.openadr_http import Answer
from support.openadr_reports import Course, a_held, an_owed, told
from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome
from translators.openadr.wire import Program

STATE = {"payloadType": "OPERATING_STATE"}
REVISIONS = [Revision.OPENADR_3_0, Revision.OPENADR_3_1]


def a_course(*descriptors, event=None, state=(), **access):
    course = Course(**access)
    course.serve(event or a_held(*descriptors))
    course.describe(**dict(state))
    return course


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_is_not_followed_is_told_though_nobody_asked(revision):
    course = a_course(revision=revision)
    assert course.reporter.owe(an_owed("opted_out")) is Need.TOLD
    assert course.file() == ["GET /reports", "POST /reports"]
    (report,) = course.desk.reports
    assert told(report) == ("EVSE-1", [{"OPERATING_STATE": "IDLE_OPTED_OUT"}])
    assert (report["eventID"], report["clientName"]) == ("e1", "gateway")
    assert report.get("programID") == ("flex" if revision is Revision.OPENADR_3_0 else None)
    assert course.delivered == [Delivered(an_owed("opted_out").key, accepted=True)]


@pytest.mark.parametrize("outcome", ["started", "completed", "cancelled", "opted_in", "superseded"])
def test_what_goes_as_it_should_is_told_to_who_asks(outcome):
    assert a_course().reporter.owe(an_owed(outcome)) is Need.NOTHING
    course = a_course(STATE)
    assert course.reporter.owe(an_owed(outcome)) is Need.TOLD
    course.file()
    assert [told(it)[1] for it in course.desk.reports] == [[{"OPERATING_STATE": "NORMAL"}]]


def test_who_asks_for_the_state_of_others_is_told_of_no_start():
    course = a_course({**STATE, "targets": ["EVSE-2"]})
    assert course.reporter.owe(an_owed("started")) is Need.NOTHING
    assert course.reporter.owe(an_owed("opted_out")) is Need.TOLD


@pytest.mark.parametrize(
    "outcome",
    [
        "completed_opted_out",
        "overruled",
        "not_supported",
        "not_applicable",
        "invalid",
        "late",
    ],
)
def test_every_way_not_to_follow_is_told(outcome):
    course = a_course(state={"in_session": True})
    assert course.reporter.owe(an_owed(outcome)) is Need.TOLD
    course.file()
    assert told(course.desk.reports[0])[1] == [{"OPERATING_STATE": "RUNNING_OPTED_OUT"}]


def test_an_answer_of_a_station_of_which_nothing_is_known_yet_is_no_error():
    course = Course()
    course.serve(a_held())
    course.reporter.owe(an_owed("opted_out"))
    course.file()
    assert told(course.desk.reports[0])[1] == [{"OPERATING_STATE": "IDLE_OPTED_OUT"}]


def test_each_answer_is_a_report_of_its_own():
    course = a_course()
    course.reporter.owe(an_owed("opted_out"))
    course.reporter.owe(an_owed("opted_out", slot="#1"))
    assert course.file() == ["GET /reports", "POST /reports", "POST /reports"]
    assert len({it["reportName"] for it in course.desk.reports}) == 2


def test_an_answer_waits_until_the_events_are_read():
    course = Course()
    assert course.reporter.owe(an_owed()) is Need.UNKNOWN
    course.serve()
    assert course.reporter.owe(an_owed()) is Need.NOTHING


def test_an_event_that_got_the_id_of_another_hears_nothing_of_that_ones_commands():
    course = a_course(event=a_held(createdDateTime="2027-03-09T11:00:00Z"))
    assert course.reporter.owe(an_owed()) is Need.NOTHING


@pytest.mark.parametrize("slot", ["", "#3", "#3~2", "/subscription"])
def test_a_command_is_known_as_one_of_its_event(slot):
    assert a_course().reporter.owe(an_owed(slot=slot)) is Need.TOLD


@pytest.mark.parametrize("fault", [Answer(500), Answer(0, problem="timed out"), "lost"])
def test_an_answer_that_was_lost_is_told_once(fault):
    course = a_course()
    course.desk.faults = [None, fault]
    course.reporter.owe(an_owed())
    course.file()
    assert [(it.accepted, it.final) for it in course.delivered] == [(False, False)]
    course.reporter.owe(an_owed())
    assert course.file() == []
    course.pass_until(60)
    assert course.delivered[-1].accepted
    assert len(course.desk.reports) == 1


def test_an_answer_that_the_vtn_refuses_is_owed_no_more():
    course = a_course()
    course.desk.faults = [None, Answer(400)]
    course.reporter.owe(an_owed())
    course.file()
    assert [(it.accepted, it.final, it.problem) for it in course.delivered] == [
        (False, True, "HTTP 400")
    ]
    course.now = 3600.0
    assert course.file() == []


def test_a_vtn_that_asks_to_be_left_alone_is():
    course = a_course()
    course.desk.faults = [Answer(429, {"retry-after": "90"})]
    course.reporter.owe(an_owed())
    course.file()
    course.reporter.owe(an_owed())
    assert course.reporter.wake_at(course.now, course.utc) == 90.0
    course.pass_until(89)
    assert course.desk.reports == []
    course.pass_until(91)
    assert len(course.desk.reports) == 1


def test_an_event_that_is_gone_hears_nothing_more():
    course = a_course()
    course.reporter.owe(an_owed())
    course.reporter.removed(a_held().key)
    assert course.file() == []
    assert [it.accepted for it in course.delivered] == [True]


def test_an_event_that_goes_while_an_answer_is_under_way_ends_it():
    course = a_course()
    course.reporter.owe(an_owed())
    request = course.reporter.due(course.now, course.utc)
    course.reporter.removed(a_held().key)
    course.reporter.answered(course.desk.answer(request), course.now, course.utc, 0.5)
    assert course.file() == []
    assert course.desk.reports == []


def test_nothing_is_said_to_a_vtn_whose_edition_is_not_known():
    course = a_course(revision=None)
    course.reporter.owe(an_owed())
    assert course.file() == []
    course.reporter.speaks(Revision.OPENADR_3_1, course.utc)
    assert course.file() == ["GET /reports", "POST /reports"]


def test_a_quarantined_event_is_told_once_for_ever():
    course = a_course(event=a_held(intervals=7))
    key = a_held().key
    course.reporter.refused(key, "CS1", ControlOutcome.INVALID)
    course.file()
    (report,) = course.desk.reports
    assert told(report) == ("EVSE-1", [{"OPERATING_STATE": "IDLE_OPTED_OUT"}])
    course.reporter.refused(key, "CS1", ControlOutcome.INVALID)
    assert course.file() == []
    again = course.again()
    again.serve(a_held(intervals=7))
    again.reporter.refused(key, "CS1", ControlOutcome.INVALID)
    assert again.file() == []
    assert course.delivered == []


def test_a_quarantined_event_is_found_again_where_nothing_was_kept():
    course = a_course(event=a_held(intervals=7))
    course.reporter.refused(a_held().key, "CS1", ControlOutcome.INVALID)
    course.file()
    course.document = None
    again = course.again()
    again.serve(a_held(intervals=7))
    again.reporter.refused(a_held().key, "CS1", ControlOutcome.INVALID)
    assert again.file() == ["GET /reports", "GET /reports"]
    assert len(course.desk.reports) == 1


def test_another_edition_that_is_refused_is_told_too():
    course = a_course(event=a_held(intervals=7))
    for digest in "ab":
        course.serve(a_held(intervals=7, digest=digest))
        course.reporter.refused(a_held().key, "CS1", ControlOutcome.INVALID)
        course.file()
    assert len(course.desk.reports) == 2


def test_a_quarantined_event_whose_report_is_lost_is_told_later():
    course = a_course(event=a_held(intervals=7))
    course.desk.faults = [None, Answer(503)]
    course.reporter.refused(a_held().key, "CS1", ControlOutcome.INVALID)
    course.pass_until(60)
    assert len(course.desk.reports) == 1


def test_what_cannot_be_named_to_the_vtn_is_not_reported():
    course = a_course(event=a_held(id=["x"], key="?1"))
    course.reporter.refused("?1", "CS1", ControlOutcome.INVALID)
    course.reporter.refused("another", "CS1", ControlOutcome.INVALID)
    assert course.file() == []


def test_an_old_vtn_hears_of_no_event_without_its_program():
    course = a_course(event=a_held(programID=None), revision=Revision.OPENADR_3_0)
    course.reporter.refused(a_held().key, "CS1", ControlOutcome.INVALID)
    assert course.file() == []


def test_a_program_is_known_by_name_too():
    held = a_held(program=Program("flex", "Flexible"))
    course = a_course(event=held)
    course.reporter.owe(an_owed())
    assert course.file() == ["GET /reports", "POST /reports"]

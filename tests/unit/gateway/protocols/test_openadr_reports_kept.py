"""Reports over changes of their event, restarts and kills: each once, and no more than there is room for."""

from dataclasses import replace

import pytest

from gateway.protocols.openadr_http import Answer
from support.openadr_courses import (
    EACH,
    HOUR,
    USAGE,
    a_course,
    asking,
    kinds,
    metered,
    values,
)
from support.openadr_reports import Course, a_sample
from support.translation import a_station, book


def test_another_edition_keeps_what_was_measured():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000, -8000)
    course.serve(asking({**USAGE, **EACH}, priority=1, digest="other"))
    course.pass_until(1806)
    assert [values(it) for it in course.desk.reports] == [[1], [2]]


def test_another_edition_is_asked_for_other_reports():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000, -8000)
    course.serve(asking({"payloadType": "DEMAND", **EACH}, digest="other"))
    metered(course, -2000, begin=1800)
    course.pass_until(HOUR)
    assert kinds(course) == ["USAGE", "DEMAND", "DEMAND", "DEMAND"]


def test_an_edition_that_is_served_again_files_nothing_again():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000)
    course.pass_until(906)
    course.serve(asking({**USAGE, **EACH}))
    course.pass_until(1200)
    assert course.desk.requests == ["POST /reports"]


def test_an_event_that_is_removed_is_reported_on_no_more():
    course = a_course(USAGE, {"payloadType": "OPERATING_STATE", "frequency": 0})
    metered(course, -4000, -4000, -4000)
    course.reporter.removed(asking().key)
    course.describe(in_session=True)
    course.pass_until(2 * HOUR)
    assert set(kinds(course)) == {"OPERATING_STATE"}
    assert course.desk.requests.count("POST /reports") == len(course.desk.reports)
    assert (course.document["spans"], course.document["reports"]) == ({}, {})


def test_what_no_earlier_run_can_have_sent_is_not_looked_up():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000)
    course.now += 60
    course.file()
    again = course.again()
    again.now = 910.0
    again.serve(asking({**USAGE, **EACH}))
    metered(again, -8000, begin=900)
    again.pass_until(1806)
    assert course.desk.requests == ["GET /reports", "POST /reports", "POST /reports"]


def test_a_report_of_this_run_whose_answer_was_lost_is_looked_up():
    course = a_course({**USAGE, **EACH}, event={"quarters": 1})
    course.desk.faults = ["lost"]
    metered(course, -4000)
    course.pass_until(HOUR)
    assert course.desk.requests == ["POST /reports", "GET /reports", "GET /reports"]


def test_a_report_that_an_edition_asks_for_anew_is_looked_up():
    asks = {"payloadType": "STORAGE_MAX_CHARGE_POWER", "historical": False}
    course = a_course(asks)
    course.describe(profile=a_station())
    course.pass_until(2 * 24 * HOUR)
    course.serve(asking(asks, digest="other"))
    course.pass_until(2 * 24 * HOUR + 60)
    assert len(course.desk.reports) == 1


def test_a_restart_goes_on_with_what_was_measured():
    course = a_course(USAGE)
    metered(course, -4000, -8000)
    course.pass_until(1300)
    course.file()
    again = course.again()
    again.serve(asking(USAGE))
    metered(again, -4000, -4000, begin=1800)
    again.pass_until(HOUR + 6)
    assert [values(it) for it in again.desk.reports] == [[1, 2, 1, 1]]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("fault", [None, "lost", Answer(500)])
def test_a_report_is_filed_once_whatever_was_kept(kept, fault):
    course = a_course({**USAGE, **EACH}, event={"quarters": 1})
    metered(course, -4000)
    course.pass_until(899)
    course.desk.faults = [fault]
    course.now = 906.0
    request = course.reporter.due(course.now, course.utc)
    course.reporter.answered(course.desk.answer(request), course.now, course.utc, 0.5)
    if kept and (document := course.reporter.kept(10_000)) is not None:
        course.document = document.document
    again = course.again()
    again.serve(asking({**USAGE, **EACH}, quarters=1))
    again.pass_until(HOUR)
    assert [values(it) for it in again.desk.reports] == [[1]]


def test_a_report_that_a_killed_run_filed_is_not_replaced_by_less():
    course = a_course({**USAGE, **EACH}, event={"quarters": 1})
    course.file()
    document = course.document
    metered(course, -4000)
    course.measure(a_sample(-8000, 400))
    course.pass_until(906)
    course.document = document
    again = course.again()
    again.serve(asking({**USAGE, **EACH}, quarters=1))
    again.measure(a_sample(-4000, 130))
    again.pass_until(HOUR)
    assert [values(it) for it in again.desk.reports] == [[1.5]]


def test_what_an_earlier_run_told_on_change_is_not_told_again():
    asks = {"payloadType": "OPERATING_STATE", "frequency": 0}
    course = a_course(asks)
    course.pass_until(5)
    document = course.document
    for kept in (document, None):
        course.document = kept
        again = course.again()
        again.describe()
        again.serve(asking(asks))
        again.pass_until(60)
        assert len(course.desk.reports) == 1


def test_an_event_that_went_while_nobody_looked_is_reported_on_no_more():
    course = a_course(USAGE)
    metered(course, -4000, -4000, -4000, -4000)
    course.now += 60
    course.file()
    again = course.again()
    again.serve()
    again.pass_until(2 * HOUR)
    assert again.desk.reports == []
    assert again.document["reports"] == {}


def test_a_document_of_before_there_were_reports_is_read():
    course = Course(kept={"noted": ["x"]})
    course.describe()
    course.serve(asking({**USAGE, **EACH}))
    metered(course, -4000)
    course.pass_until(906)
    assert len(course.desk.reports) == 1


def test_no_more_descriptors_are_heeded_than_anybody_needs():
    course = a_course(*[{**USAGE, **EACH}] * 101, event={"quarters": 1})
    metered(course, -4000)
    course.pass_until(HOUR)
    assert len(course.desk.reports) == 100
    assert "more than 100 reportDescriptors" in course.reporter.notes()[0]


def test_no_more_reports_are_opened_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr("gateway.protocols.openadr_folder._ROOM", 2)
    course = a_course({**USAGE, "startInterval": 0, "frequency": 1, "repeat": -1})
    metered(course, -4000, -4000, -4000, -4000)
    course.pass_until(HOUR + 6)
    assert [values(it) for it in course.desk.reports] == [[1], [1, 1]]
    assert [note.endswith("no room for more reports") for note in course.reporter.notes()] == [
        True
    ] * 2


def test_no_more_reports_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr("gateway.protocols.openadr_folder._MOST", 3)
    course = a_course({**USAGE, **EACH}, event={"quarters": 6})
    metered(course, -4000, None, -4000, -4000, -4000, -4000)
    course.pass_until(6 * 900 + 400)
    assert len(course.document["reports"]) == 3
    assert ["given up" in note for note in course.reporter.notes()] == [True]
    assert len(course.desk.reports) == 5


def test_rules_that_tell_a_type_no_more_end_its_reports():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000)
    course.reporter.use(replace(book(), reports={}))
    course.pass_until(HOUR)
    assert course.desk.reports == []
    assert "USAGE is not told here" in course.reporter.notes()[0]

"""Reports that events ask for: of which intervals, of whom, when they are due."""

from datetime import timedelta

import pytest

from gateway.protocols.openadr_http import Answer
from support.openadr_courses import (
    EACH,
    HOUR,
    QUARTER,
    READING,
    REVISIONS,
    USAGE,
    a_course,
    asking,
    ids,
    metered,
    values,
)
from support.openadr_reports import NOON, Course, a_sample, told
from translators.units import Kind


@pytest.mark.parametrize("revision", REVISIONS)
def test_usage_of_each_interval_is_reported_after_the_last(revision):
    course = a_course(USAGE, revision=revision)
    metered(course, -4000, -8000, 0, -2000)
    course.pass_until(HOUR)
    assert course.desk.reports == []
    course.pass_until(HOUR + 6)
    (report,) = course.desk.reports
    assert told(report) == (
        "EVSE-1",
        [{"USAGE": value, "DATA_QUALITY": "OK"} for value in (1, 2, 0, 0.5)],
    )
    assert report["resources"][0]["intervalPeriod"] == {
        "start": "2027-03-09T12:00:00Z",
        "duration": "PT900S",
    }
    assert report["eventID"] == "e1"


def test_each_interval_is_reported_at_its_end_where_that_is_asked():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000, -8000)
    course.pass_until(1800)
    assert [values(it) for it in course.desk.reports] == [[1]]
    course.pass_until(1806)
    assert [values(it) for it in course.desk.reports] == [[1], [2]]
    assert ids(course) == [[0], [1]]


def test_several_reports_of_one_interval_share_what_was_measured():
    volts = {**READING, "units": "VOLTS"}
    course = a_course(*({**it, **EACH} for it in (USAGE, volts, {"payloadType": "DEMAND"})))
    course.pass_until(60)
    course.measure(a_sample(-4000, 60), a_sample(231, 60, kind=Kind.VOLTAGE))
    course.pass_until(906)
    assert [told(it)[1][0] for it in course.desk.reports] == [
        {"USAGE": 1, "DATA_QUALITY": "OK"},
        {"READING": 231, "DATA_QUALITY": "OK"},
        {"DEMAND": 4, "DATA_QUALITY": "OK"},
    ]


# missing and late data


def test_missing_data_leaves_a_report_due_and_late_data_files_it():
    course = a_course({**USAGE, **EACH}, event={"quarters": 1})
    course.pass_until(3 * HOUR)
    assert course.desk.requests == []
    course.measure(a_sample(-4000, 60))
    course.pass_until(3 * HOUR + 6)
    assert [values(it) for it in course.desk.reports] == [[1]]


def test_what_is_missing_of_a_report_is_said_after_a_while():
    course = a_course(USAGE)
    metered(course, -4000, None, -8000, -4000)
    course.pass_until(HOUR + 299)
    assert course.desk.reports == []
    course.pass_until(HOUR + 301)
    (report,) = course.desk.reports
    assert told(report)[1][1] == {"DATA_QUALITY": "MISSING"}
    assert values(report) == [1, None, 2, 1]


def test_what_is_missing_no_more_is_filed_at_once():
    course = a_course(USAGE)
    metered(course, -4000, None, -8000, -4000)
    course.pass_until(HOUR + 60)
    course.measure(a_sample(-4000, 1000))
    course.pass_until(HOUR + 66)
    assert [values(it) for it in course.desk.reports] == [[1, 1, 2, 1]]


def test_late_data_update_a_report_under_its_name():
    course = a_course(USAGE)
    metered(course, -4000, None, -8000, -4000)
    course.pass_until(HOUR + 301)
    course.measure(a_sample(-4000, 1000), a_sample(-2000, 130))
    course.pass_until(HOUR + 307)
    (report,) = course.desk.reports
    assert values(report) == [0.75, 1, 2, 1]
    assert course.desk.requests == ["POST /reports", "GET /reports/0", "PUT /reports/0"]


def test_late_data_that_change_no_value_send_nothing():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000)
    course.pass_until(906)
    course.measure(a_sample(-4000, 200))
    course.pass_until(HOUR)
    assert course.desk.requests == ["POST /reports"]


def test_a_vtn_that_takes_no_update_keeps_the_first_report():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000)
    course.pass_until(906)
    course.desk.faults = [None, Answer(405)]
    for seconds in (200, 300):
        course.measure(a_sample(-8000, seconds))
        course.pass_until(course.now + 60)
    assert [values(it) for it in course.desk.reports] == [[1]]
    assert course.desk.requests[1:] == ["GET /reports/0", "PUT /reports/0"]
    assert any("update" in note for note in course.reporter.notes())


def test_data_of_a_day_ago_count_no_more():
    course = a_course({**USAGE, **EACH}, event={"quarters": 1})
    course.pass_until(900 + 24 * HOUR)
    course.measure(a_sample(-4000, 60))
    course.pass_until(25 * HOUR)
    assert course.desk.reports == []
    assert ["due a day ago" in note for note in course.reporter.notes()] == [True]


def test_a_vtn_that_fails_for_hours_gets_each_report_once():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000, -4000, -4000, -4000)
    course.desk.faults = [Answer(500)] * 100
    course.pass_until(2 * HOUR)
    assert 60 < len(course.desk.requests) < 100
    assert course.reporter.problem
    course.desk.faults.clear()
    course.pass_until(2 * HOUR + 120)
    assert [values(it) for it in course.desk.reports] == [[1]] * 4
    assert not course.reporter.problem


# who is told of


def test_each_addressed_resource_has_a_report_of_its_own():
    course = a_course({**USAGE, **EACH}, subjects=("CS1", "CS2"))
    course.pass_until(60)
    course.measure(a_sample(-4000, 60))
    course.measure(a_sample(-8000, 60), subject="CS2")
    course.pass_until(906)
    assert [told(it)[0] for it in course.desk.reports] == ["EVSE-1", "EVSE-2"]
    assert [values(it) for it in course.desk.reports] == [[1], [2]]


def test_an_event_for_others_is_not_reported_on():
    course = a_course({**USAGE, **EACH}, subjects=())
    metered(course, -4000)
    course.pass_until(HOUR)
    assert course.desk.requests == []


@pytest.mark.parametrize(
    ("targets", "resources"),
    [
        (["EVSE-2"], ["EVSE-2"]),
        ([{"type": "RESOURCE_NAME", "values": ["EVSE-1"]}], ["EVSE-1"]),
        (["gateway"], ["EVSE-1", "EVSE-2"]),
        (["others"], []),
        ([], ["EVSE-1", "EVSE-2"]),
    ],
)
def test_a_descriptor_with_targets_asks_of_those(targets, resources):
    course = a_course({**USAGE, **EACH, "targets": targets}, subjects=("CS1", "CS2"))
    course.pass_until(60)
    for subject in ("CS1", "CS2"):
        course.measure(a_sample(-4000, 60), subject=subject)
    course.pass_until(906)
    assert [told(it)[0] for it in course.desk.reports] == resources


# states, ratings, what is possible


@pytest.mark.parametrize(
    ("descriptor", "problem"),
    [
        ({**USAGE, "units": "THERMS"}, "is not told in THERMS"),
        ({**USAGE, "readingType": "PEAK"}, "is no PEAK"),
        ({**USAGE, "startInterval": -7}, "reportDescriptors[0]/startInterval is no count"),
    ],
)
def test_a_request_that_cannot_be_met_hides_no_other(descriptor, problem):
    course = a_course(descriptor, {**USAGE, **EACH})
    metered(course, -4000, -4000, -4000, -4000)
    course.pass_until(HOUR + 6)
    assert [values(it) for it in course.desk.reports] == [[1]] * 4
    assert any(problem in note for note in course.reporter.notes())


def test_an_event_whose_times_cannot_be_told_is_not_reported_on():
    course = a_course(USAGE, event={"intervalPeriod": {**QUARTER, "duration": "P1M"}})
    assert "calendar" in course.reporter.notes()[0]


# at any time


def test_a_state_is_told_when_it_changes_where_it_may_be_told_at_any_time():
    course = a_course({"payloadType": "OPERATING_STATE", "frequency": 0})
    course.pass_until(5)
    course.describe(in_session=True)
    course.pass_until(9)
    assert [values(it, "OPERATING_STATE") for it in course.desk.reports] == [["NORMAL"]]
    course.pass_until(11)
    course.describe(in_session=True)
    course.pass_until(60)
    assert [values(it, "OPERATING_STATE") for it in course.desk.reports] == [
        ["NORMAL"],
        ["RUNNING_NORMAL"],
    ]


def test_a_state_that_came_back_is_told_anew():
    course = a_course({"payloadType": "OPERATING_STATE", "frequency": 0})
    for session in (None, True, False, True):
        course.describe(in_session=session)
        course.pass_until(course.now + 20)
    found = [values(it, "OPERATING_STATE")[0] for it in course.desk.reports]
    assert found == ["NORMAL", "RUNNING_NORMAL", "IDLE_NORMAL", "RUNNING_NORMAL"]
    assert len({it["reportName"] for it in course.desk.reports}) == 4


def test_no_more_states_are_told_than_are_asked_for():
    course = a_course({"payloadType": "OPERATING_STATE", "frequency": 0, "repeat": 2})
    for session in (None, True, False):
        course.describe(in_session=session)
        course.pass_until(course.now + 20)
    assert len(course.desk.reports) == 2


def test_a_state_is_told_no_more_once_the_event_is_over():
    course = a_course({"payloadType": "OPERATING_STATE", "frequency": 0})
    course.pass_until(HOUR + 1)
    course.describe(in_session=True)
    course.pass_until(2 * HOUR)
    assert len(course.desk.reports) == 1


def test_what_is_measured_is_told_of_quarters_of_an_hour_where_it_may_be_told_at_any_time():
    course = a_course({**USAGE, "frequency": 0}, event={"quarters": 2})
    metered(course, -4000, -8000, -4000)
    course.pass_until(HOUR)
    assert [values(it) for it in course.desk.reports] == [[1], [2]]


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_event_without_intervals_is_reported_on(revision):
    course = a_course(
        {**USAGE, **EACH, "repeat": 3},
        {"payloadType": "OPERATING_STATE"},
        event={"intervals": []},
        revision=revision,
    )
    metered(course, -4000, -8000, -4000, -4000)
    course.pass_until(HOUR)
    found = [values(it) for it in course.desk.reports if "USAGE" in it["reportName"]]
    assert found == [[1], [2], [1]]


def test_a_report_only_event_without_times_is_told_at_once():
    course = a_course(
        {"payloadType": "OPERATING_STATE"}, event={"intervals": [], "intervalPeriod": None}
    )
    course.pass_until(1)
    assert [values(it, "OPERATING_STATE") for it in course.desk.reports] == [["NORMAL"]]


# editions, late joins, ends


def test_of_what_was_missed_only_the_last_report_is_filed_at_once():
    course = Course()
    course.now = 1900.0
    course.serve(asking({**USAGE, **EACH}))
    course.measure(*(a_sample(-4000, second) for second in (60, 960, 1860)))
    course.file()
    course.pass_until(1906)
    assert ids(course) == [[1]]
    course.pass_until(2706)
    assert ids(course) == [[1], [2]]


def test_an_endless_loop_is_reported_on_for_ever():
    course = a_course({**USAGE, **EACH}, event={"quarters": 1, "duration": "P9999Y"})
    for lap in (0, 1100):
        course.now = float(lap * 900)
        course.file()
        metered(course, -4000, begin=lap * 900)
    course.pass_until(1101 * 900 + 6)
    assert values(course.desk.reports[-1]) == [1]
    assert course.desk.reports[-1]["resources"][0]["intervalPeriod"]["start"] == (
        (NOON + timedelta(seconds=1100 * 900)).isoformat().replace("+00:00", "Z")
    )


# restarts


def test_what_never_can_be_told_of_an_interval_is_not_waited_for():
    course = a_course(USAGE, event={"quarters": 2})
    metered(course, -4000, 4000)
    course.pass_until(1806)
    assert [values(it) for it in course.desk.reports] == [[1]]
    assert ids(course) == [[0]]

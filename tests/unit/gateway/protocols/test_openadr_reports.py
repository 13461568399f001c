"""Reports that events ask for: what was measured in which interval, when it is due, once under one name."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.protocols.openadr_http import Answer
from support.openadr import an_interval
from support.openadr_reports import NOON, Course, a_held, a_sample, told
from support.translation import a_station, book
from translators.canonical.commands import Revision
from translators.canonical.telemetry import Phase, Quality
from translators.openadr.binding import binding_of
from translators.units import Kind

HOUR = 3600
QUARTER = {"start": "2027-03-09T12:00:00Z", "duration": "PT15M"}
USAGE = {"payloadType": "USAGE"}
READING = {"payloadType": "READING", "units": "KW"}
EACH = {"startInterval": 0, "numIntervals": 1, "frequency": 1, "repeat": -1}
REVISIONS = [Revision.OPENADR_3_0, Revision.OPENADR_3_1]


def asking(*descriptors, quarters=4, **changes):
    """An event of quarters of an hour from NOON on that asks for reports."""
    intervals = [{**an_interval(), "id": number} for number in range(quarters)]
    known = {"intervalPeriod": QUARTER, "intervals": intervals}
    return a_held(*descriptors, **{**known, **changes})


def a_course(*descriptors, subjects=("CS1",), event=None, **access):
    course = Course(**access)
    course.describe()
    course.serve(asking(*descriptors, **(event or {})), subjects=subjects)
    return course


def metered(course, *values, subject="CS1", begin=0):
    """Measure one value in each quarter of an hour, two minutes after it began; None measures none."""
    for number, value in enumerate(values):
        course.pass_until(begin + number * 900 + 120)
        if value is not None:
            course.measure(a_sample(value, course.now), subject=subject)


def values(report, kind="USAGE"):
    return [interval.get(kind) for interval in told(report)[1]]


def ids(course):
    """Return the ids of the intervals of each report."""
    return [
        [it["id"] for it in report["resources"][0]["intervals"]] for report in course.desk.reports
    ]


def kinds(course):
    return [report["reportName"].partition("/")[0] for report in course.desk.reports]


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


def test_a_mean_is_exact():
    course = a_course({**READING, **EACH})
    for number, watts in enumerate([-1000, -1000, -1001]):
        course.pass_until(60 * number)
        course.measure(a_sample(watts, course.now))
    course.pass_until(906)
    assert values(course.desk.reports[0], "READING") == [1.0]
    assert [["W", 1, "all", "-3001", 3, False]] in [
        span["tallies"] for span in course.document["spans"]["CS1"]
    ]


@pytest.mark.parametrize(
    ("sign", "reading"), [("", 7), ("import_positive", 7), ("export_positive", -7)]
)
def test_a_reading_of_power_has_the_sign_of_the_contract(sign, reading):
    binding = {"program": "flex", "payload": "READING", "y_sign": sign or "import_positive"}
    bindings = (binding_of(binding),) if sign else ()
    course = a_course({**READING, **EACH}, bindings=bindings)
    metered(course, -7000)
    course.pass_until(906)
    assert values(course.desk.reports[0], "READING") == [reading]


def test_what_a_car_gives_is_a_negative_reading_and_no_usage():
    course = a_course({**READING, **EACH}, {**USAGE, **EACH})
    metered(course, 7000)
    course.pass_until(HOUR)
    assert [values(it, "READING") for it in course.desk.reports] == [[-7]]
    assert any("USAGE" in note and "no_export" in note for note in course.reporter.notes())


def test_phases_and_evses_add_up():
    course = a_course({**READING, **EACH})
    course.pass_until(60)
    course.measure(
        *(a_sample(-1000, 60, phase=phase) for phase in (Phase.L1, Phase.L2, Phase.L3)),
        a_sample(-4000, 60, evse=2),
    )
    course.pass_until(906)
    assert values(course.desk.reports[0], "READING") == [7]


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


def test_a_questionable_sample_makes_a_bad_value():
    course = a_course({**USAGE, **EACH})
    course.pass_until(60)
    course.measure(a_sample(-4000, 60, quality=Quality.QUESTIONABLE))
    course.pass_until(906)
    assert told(course.desk.reports[0])[1] == [{"USAGE": 1, "DATA_QUALITY": "BAD"}]


def test_an_interval_of_which_half_was_not_measured_is_bad():
    course = a_course(USAGE, event={"intervals": [an_interval(duration="PT1H")]})
    metered(course, -4000, -4000)
    course.pass_until(HOUR + 6)
    assert told(course.desk.reports[0])[1] == [{"USAGE": 4, "DATA_QUALITY": "BAD"}]


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


SUM = {"aggregate": True}


def test_a_sum_is_reported_once_all_of_it_is_known():
    course = a_course({**USAGE, **EACH, **SUM}, subjects=("CS1", "CS2"))
    course.pass_until(60)
    course.measure(a_sample(-4000, 60))
    course.pass_until(HOUR)
    assert course.desk.reports == []
    course.measure(a_sample(-8000, 70), subject="CS2")
    course.pass_until(HOUR + 6)
    (report,) = course.desk.reports
    assert told(report) == ("AGGREGATED_REPORT", [{"USAGE": 3, "DATA_QUALITY": "OK"}])


def test_a_sum_of_ratings_is_of_all_evses():
    course = Course()
    for subject in ("CS1", "CS2"):
        course.describe(subject, profile=a_station())
    asked = {"payloadType": "STORAGE_MAX_CHARGE_POWER", "historical": False, **SUM}
    course.serve(asking(asked, quarters=1), subjects=("CS1", "CS2"))
    course.pass_until(10)
    assert values(course.desk.reports[0], "STORAGE_MAX_CHARGE_POWER") == [44]


@pytest.mark.parametrize(
    "descriptor",
    [{"payloadType": "OPERATING_STATE"}, {"payloadType": "READING", "units": "VOLTS"}],
)
def test_what_has_no_sum_is_not_reported(descriptor):
    course = a_course({**descriptor, **SUM})
    assert "no sum" in course.reporter.notes()[0]


def test_a_site_and_its_stations_are_not_summed():
    course = a_course(
        {**USAGE, **EACH, **SUM}, subjects=("CS1", "site"), members=frozenset({"CS1"})
    )
    metered(course, -4000)
    course.pass_until(HOUR)
    assert course.desk.requests == []
    assert "a site and of stations" in course.reporter.notes()[0]


# states, ratings, what is possible


def test_what_a_station_does_is_that_at_the_end_of_the_interval():
    course = a_course({"payloadType": "OPERATING_STATE"}, event={"quarters": 2})
    course.pass_until(1000)
    course.describe(in_session=True)
    course.pass_until(1900)
    states = values(course.desk.reports[0], "OPERATING_STATE")
    assert states == ["NORMAL", "RUNNING_NORMAL"]


def test_what_a_station_did_before_it_was_heard_of_is_not_made_up():
    course = Course()
    course.serve(asking({"payloadType": "OPERATING_STATE", **EACH}, quarters=2))
    course.now = 910.0
    course.describe()
    course.pass_until(HOUR)
    assert ids(course) == [[1]]


def test_a_setpoint_and_a_charge_level_are_those_of_the_interval():
    course = a_course(
        {"payloadType": "SETPOINT", **EACH}, {"payloadType": "STORAGE_CHARGE_LEVEL", **EACH}
    )
    course.describe(setpoint=Fraction(-5500))
    course.pass_until(60)
    course.measure(a_sample(65, 60, kind=Kind.PERCENT))
    course.pass_until(906)
    assert values(course.desk.reports[0], "SETPOINT") == [5.5]
    assert values(course.desk.reports[1], "STORAGE_CHARGE_LEVEL") == [0.65]


def test_the_charge_of_two_cars_is_no_charge_level():
    course = a_course({"payloadType": "STORAGE_CHARGE_LEVEL", **EACH}, event={"quarters": 1})
    course.pass_until(60)
    course.measure(*(a_sample(65, 60, kind=Kind.PERCENT, evse=evse) for evse in (1, 2)))
    course.pass_until(HOUR)
    assert course.desk.reports == []


def test_what_can_be_given_is_what_sessions_allow():
    course = Course()
    course.describe(profile=a_station(), sessions=frozenset({1}))
    course.measure(a_sample(-5000, 0))
    kinds = ("UP_REGULATION_AVAILABLE", "DOWN_REGULATION_AVAILABLE", "GENERATION_DELTA_AVAILABLE")
    asks = [{"payloadType": kind, "historical": False} for kind in kinds]
    course.serve(asking(*asks, quarters=2))
    course.pass_until(10)
    course.describe(profile=a_station(), sessions=frozenset())
    assert ids(course) == [[0]] * 3
    found = [values(it, kind)[0] for kind, it in zip(kinds, course.desk.reports, strict=True)]
    rated = a_station().evses[0].ratings
    out, into = rated.max_discharge_rate_w / 1000, rated.max_charge_rate_w / 1000
    assert found == [out + 5, into - 5, out]


def test_8_7_of_what_could_be_shed_in_the_hours_ahead_the_beginning_is_known():
    event = {"intervals": [], "intervalPeriod": {**QUARTER, "duration": "PT1H"}}
    course = Course()
    for subject in ("CS1", "CS2"):
        course.describe(subject, profile=a_station(), sessions=frozenset({1}))
        course.measure(a_sample(-5000, 0), subject=subject)
    asks = {**EACH, "numIntervals": 24, "historical": False, **SUM}
    kinds = ("LOAD_SHED_DELTA_AVAILABLE", "GENERATION_DELTA_AVAILABLE")
    course.serve(
        asking(*({**asks, "payloadType": kind} for kind in kinds), **event), subjects=("CS1", "CS2")
    )
    course.pass_until(10)
    shed, given = course.desk.reports
    rated = a_station().evses[0].ratings.max_discharge_rate_w / 1000
    assert told(shed) == ("AGGREGATED_REPORT", [{"LOAD_SHED_DELTA_AVAILABLE": 10}])
    assert told(given)[1] == [{"GENERATION_DELTA_AVAILABLE": 2 * rated}]
    course.pass_until(HOUR - 60)
    for subject in ("CS1", "CS2"):
        course.measure(a_sample(0, course.now), subject=subject)
    course.pass_until(HOUR + 10)
    assert values(course.desk.reports[2], "LOAD_SHED_DELTA_AVAILABLE") == [0]


def test_what_could_be_shed_at_the_end_of_an_interval_is_told_of_the_past_too():
    kind = "UP_REGULATION_AVAILABLE"
    course = a_course({"payloadType": kind}, event={"quarters": 2})
    course.describe(profile=a_station(), sessions=frozenset({1}))
    for number, watts in enumerate((-5000, 0)):
        course.pass_until(number * 900 + 600)
        course.measure(a_sample(watts, course.now))
    course.pass_until(HOUR)
    rated = a_station().evses[0].ratings.max_discharge_rate_w / 1000
    assert values(course.desk.reports[0], kind) == [rated + 5, rated]


def test_of_a_station_that_is_away_nothing_is_possible_or_impossible():
    course = a_course({"payloadType": "UP_REGULATION_AVAILABLE"}, event={"quarters": 1})
    course.describe(profile=a_station(), sessions=frozenset({1}), connected=False)
    course.measure(a_sample(-5000, 0))
    course.pass_until(2 * HOUR)
    assert course.desk.reports == []


def test_rules_that_tell_a_type_no_more_end_its_reports():
    course = a_course({**USAGE, **EACH})
    metered(course, -4000)
    course.reporter.use(replace(book(), reports={}))
    course.pass_until(HOUR)
    assert course.desk.reports == []
    assert "USAGE is not told here" in course.reporter.notes()[0]


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("READING", "nothing is forecast"),
        ("USAGE_FORECAST", "is not told here"),
        ("BASELINE", "is not told here"),
    ],
)
def test_what_is_not_known_of_the_future_is_said_in_words(kind, problem):
    course = a_course({"payloadType": kind, "historical": False})
    course.pass_until(HOUR)
    assert course.desk.requests == []
    assert [problem in note for note in course.reporter.notes()] == [True]


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


@pytest.mark.parametrize("reading", ["MEAN", "AVERAGE", "DIRECT_READ"])
def test_a_mean_is_called_what_was_asked_for(reading):
    course = a_course({**READING, **EACH, "readingType": reading})
    metered(course, -7000)
    course.pass_until(906)
    (descriptor,) = course.desk.reports[0]["payloadDescriptors"]
    assert descriptor["readingType"] == reading


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


def test_what_never_can_be_told_of_an_interval_is_not_waited_for():
    course = a_course(USAGE, event={"quarters": 2})
    metered(course, -4000, 4000)
    course.pass_until(1806)
    assert [values(it) for it in course.desk.reports] == [[1]]
    assert ids(course) == [[0]]


def test_no_more_reports_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr("gateway.protocols.openadr_folder._MOST", 3)
    course = a_course({**USAGE, **EACH}, event={"quarters": 6})
    metered(course, -4000, None, -4000, -4000, -4000, -4000)
    course.pass_until(6 * 900 + 400)
    assert len(course.document["reports"]) == 3
    assert ["given up" in note for note in course.reporter.notes()] == [True]
    assert len(course.desk.reports) == 5

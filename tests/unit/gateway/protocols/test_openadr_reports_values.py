"""What reports say: means, signs, sums, states, what is doubtful, and what can be given."""

from fractions import Fraction

import pytest

from support.openadr import an_interval
from support.openadr_courses import (
    EACH,
    HOUR,
    QUARTER,
    READING,
    USAGE,
    a_course,
    asking,
    ids,
    metered,
    values,
)
from support.openadr_reports import Course, a_sample, told
from support.translation import a_station
from translators.canonical.telemetry import Phase, Quality
from translators.openadr.binding import binding_of
from translators.units import Kind


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


@pytest.mark.parametrize("reading", ["MEAN", "AVERAGE", "DIRECT_READ"])
def test_a_mean_is_called_what_was_asked_for(reading):
    course = a_course({**READING, **EACH, "readingType": reading})
    metered(course, -7000)
    course.pass_until(906)
    (descriptor,) = course.desk.reports[0]["payloadDescriptors"]
    assert descriptor["readingType"] == reading


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

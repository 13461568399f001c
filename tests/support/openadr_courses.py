"""Events that ask for reports on quarters of an hour, and what is measured meanwhile."""

from support.openadr import an_interval
from support.openadr_reports import Course, a_held, a_sample, told
from translators.canonical.commands import Revision

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

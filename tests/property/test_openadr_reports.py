"""Reports say what was measured in each interval: late, out of order, over restarts and lost answers."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols.openadr_http import Answer
from support.openadr import an_interval
from support.openadr_reports import Course, a_held, a_sample, told

EACH = {"startInterval": 0, "numIntervals": 1, "frequency": 1, "repeat": -1}
QUARTER_S, QUARTERS = 900, 4
EVENT = a_held(
    {"payloadType": "READING", "units": "KW", **EACH},
    intervals=[{**an_interval(), "id": number} for number in range(QUARTERS)],
    intervalPeriod={"start": "2027-03-09T12:00:00Z", "duration": "PT15M"},
)
SAMPLES = st.lists(
    st.tuples(
        st.integers(0, QUARTERS * QUARTER_S - 1),
        st.integers(-22_000, 22_000),
        st.integers(0, 2 * QUARTER_S),
        st.sampled_from(["", "", "", "restart", "lost", "failed"]),
    ),
    max_size=25,
)
"""Second and watts of a sample, how late it comes, and what happens then."""


def reckoned(samples):
    """Return the mean of each interval of which anything was measured, kW of the load to the watt."""
    found = {}
    for number in range(QUARTERS):
        inside = [watts for second, watts, *_ in samples if second // QUARTER_S == number]
        if inside:
            mean = -Fraction(sum(inside), len(inside)) / 1000
            found[number] = float(round(mean, 3))
    return found


def lived(samples):
    """Return what the reports of a gateway say in the end, by interval, that took samples as they came."""
    course = Course()
    course.describe()
    course.serve(EVENT)
    for second, watts, late, what in sorted(samples, key=lambda it: it[0] + it[2]):
        course.pass_until(max(course.now, float(second + late)))
        course.measure(a_sample(watts, second))
        if what == "restart":
            if (kept := course.reporter.kept(course.now, final=True)) is not None:
                course.document = kept.document
            course = course.again()
            course.describe()
            course.serve(EVENT)
        elif what:
            course.desk.faults.append("lost" if what == "lost" else Answer(500))
    course.pass_until(course.now + 4 * QUARTERS * QUARTER_S)
    names = [it["reportName"] for it in course.desk.reports]
    assert len(names) == len(set(names))
    return {
        it["resources"][0]["intervals"][0]["id"]: told(it)[1][0]["READING"]
        for it in course.desk.reports
    }


@given(SAMPLES)
def test_each_interval_is_told_as_it_was_measured(samples):
    assert lived(samples) == reckoned(samples)

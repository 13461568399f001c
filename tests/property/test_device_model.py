"""Laws of the device model: what it says is the newest that was told, in whatever order it came."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.stations.device_model import DeviceModel, Variable

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
VARIABLES = [Variable("DCDERCtrlr", name, evse) for name in ("MaxW", "Modes") for evse in (1, 2)]
NAMES = {"DCDERCtrlr": frozenset({"MaxW", "Modes"})}
VALUES = st.sampled_from(["", "1", "2"])

reports = st.dictionaries(st.sampled_from(VARIABLES), VALUES)
events = st.lists(
    st.tuples(st.sampled_from(VARIABLES), VALUES, st.integers(-5, 5)),
    unique_by=lambda event: (event[0], event[2]),
    max_size=8,
)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def reported(values, seconds=0, *, before=None, whole=True):
    items = [{**v.where(), "variableAttribute": [{"value": told}]} for v, told in values.items()]
    return (before or DeviceModel()).reported(items, NAMES, at(seconds), whole=whole)


def after(model, told):
    for variable, value, seconds in told:
        model = model.changed(variable, value, at(seconds))
    return model


def newest(values, told):
    """Return what is true after a report at 0 and these events."""
    in_time = sorted((event for event in told if event[2] >= 0), key=lambda event: event[2])
    return {**values, **{variable: value for variable, value, _ in in_time}}


@given(reports, events)
def test_events_leave_the_newest_whatever_their_order(values, told):
    assert after(reported(values), told).values == newest(values, told)


@given(reports, events, st.randoms(use_true_random=False))
def test_events_may_overtake_each_other(values, told, random):
    shuffled = list(told)
    random.shuffle(shuffled)
    assert after(reported(values), shuffled).values == after(reported(values), told).values


@given(reports, events)
def test_events_that_are_repeated_change_nothing(values, told):
    once = after(reported(values), told)
    assert after(once, told).values == once.values


@given(reports, reports, events)
def test_a_whole_report_forgets_all_before_it(first, second, told):
    assert reported(second, 6, before=after(reported(first), told)).values == second


@given(reports, reports)
def test_a_part_of_a_report_adds(first, second):
    both = reported(second, 6, before=reported(first), whole=False)
    assert both.values == {**first, **second}


@given(reports)
def test_a_model_that_is_read_as_a_report_is_itself(values):
    model = reported(values)
    assert DeviceModel().reported(model.items(), NAMES, at(0), whole=True) == model

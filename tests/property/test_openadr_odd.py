"""Whatever a VTN serves is mapped or refused with a reason: nothing is a crash, nor costs a neighbour."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from support.openadr import LIMIT, START, a_context, a_payload, an_event, an_interval, read
from support.translation import a_station, book, running, situation
from translators.chain import Case, travel
from translators.errors import DocumentError
from translators.openadr.inbound import served
from translators.openadr.wire import parse

VOLT_VAR = {"curve": "volt_var", "x": "pu_of_VNom", "y": "pu_of_setMaxVA"}
CONTRACTS = (
    {**VOLT_VAR, "y_sign": "inject_positive"},
    {"payload": "DISPATCH_SETPOINT", "negative": "discharge"},
    {"payload": "X-PF", "control": "fixed_pf", "excitation": "under"},
    {"payload": "CHARGE_STATE_SETPOINT", "capacity_kwh": 60},
)
TYPES = (
    LIMIT,
    "EXPORT_CAPACITY_LIMIT",
    "IMPORT_CAPACITY_SUBSCRIPTION",
    "DISPATCH_SETPOINT",
    "DISPATCH_SETPOINT_RELATIVE",
    "CHARGE_STATE_SETPOINT",
    "CURVE",
    "CONTROL_SETPOINT",
    "X-PF",
    "SIMPLE",
    "PRICE",
    "ALERT_GRID_EMERGENCY",
    "DISPATCH_INSTRUCTION",
)
DURATIONS = ("PT1H", "PT0S", "P1M", "-PT5M", "P9999Y", "P9998Y", "PT0.5S", "P3000000D", "P", "")
STARTS = ("0001-01-01", "0000-00-00", "2027-03-09T14:30:00Z", "2027-03-09", "9999-12-31T23:59:59Z")
UNITS = ("KW", "W", "PERCENT", "KWH", "AMPS", "kw", "")
NUMBERS = (0, 0.5, 10, -5, Decimal("1e999"), Decimal("-0.0"), 10**40)
TEXTS = ("NaN", "10", "", "\ud800")

scalars = st.none() | st.booleans() | st.integers() | st.sampled_from(NUMBERS) | st.text(max_size=9)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def mostly(likely, *, odd=anything):
    """Nine times what belongs there, once anything at all."""
    return st.integers(0, 9).flatmap(lambda n: odd if n == 0 else likely)


def objects(**members):
    """Objects with some of these members."""
    return st.fixed_dictionaries({}, optional=members)


points = objects(x=mostly(st.sampled_from(NUMBERS)), y=mostly(st.sampled_from(NUMBERS)))
values = st.sampled_from(NUMBERS) | st.sampled_from(TEXTS) | points | st.lists(points, max_size=3)
periods = objects(
    start=mostly(st.sampled_from(STARTS)),
    duration=mostly(st.sampled_from(DURATIONS)),
    randomizeStart=mostly(st.sampled_from(DURATIONS)),
)
payloads = st.fixed_dictionaries(
    {
        "type": mostly(st.sampled_from(TYPES)),
        "values": mostly(st.lists(mostly(values), max_size=4)),
    }
)
intervals = st.fixed_dictionaries(
    {"payloads": mostly(st.lists(mostly(payloads), max_size=3))},
    optional={"id": anything, "intervalPeriod": mostly(periods)},
)
descriptors = st.fixed_dictionaries(
    {"payloadType": mostly(st.sampled_from(TYPES))}, optional={"units": st.sampled_from(UNITS)}
)
events = st.fixed_dictionaries(
    {"id": st.just("e"), "programID": st.just("flex")},
    optional={
        "createdDateTime": mostly(st.sampled_from(STARTS)),
        "priority": mostly(st.none() | st.integers(0, 5)),
        "duration": mostly(st.sampled_from(DURATIONS)),
        "intervalPeriod": mostly(periods),
        "intervals": mostly(st.lists(mostly(intervals), max_size=3)),
        "payloadDescriptors": mostly(st.lists(mostly(descriptors), max_size=3)),
        "reportDescriptors": anything,
        "targets": anything,
    },
)
editions = st.sampled_from(["3.0", "3.1"])


def context(edition):
    policy = {"alert_grid_emergency": "zero_envelope", "simple_1": "zero_envelope"}
    return a_context(
        *CONTRACTS, revision=edition, received=START, now=START, seed="site", policy=policy
    )


def judge(gone):
    """What cannot be carried out has a reason, and a loss that says so; what can has its commands."""
    assert all(refusal.problem for refusal in gone.refusals)
    unsupported = sum(loss.kind.value == "unsupported" for loss in gone.losses)
    assert unsupported >= len(gone.refusals)
    names = [command.mrid for command in gone.value.commands]
    assert len(names) == len(set(names))
    assert all(
        command.interval.end is None or command.interval.duration for command in gone.value.commands
    )


@given(events, editions)
def test_an_odd_event_is_mapped_or_refused_down_to_the_station(event, edition):
    case = Case(served(event, context(edition)), a_station(), situation(running()))
    judge(travel(book(), case))


@given(anything, editions)
def test_anything_in_the_place_of_an_event_is_refused(value, edition):
    (refusal,) = served(value, context(edition)).read(book()).refusals
    assert (refusal.function, refusal.outcome.value) == ("event", "invalid")


@given(st.text(max_size=60) | anything.map(lambda value: json.dumps(value, default=str)))
def test_any_text_is_json_or_refused(text):
    try:
        parse(text)
    except DocumentError as error:
        assert error.problem  # noqa: PT017 - any text


@given(payloads, editions)
def test_an_odd_payload_costs_its_neighbour_nothing(payload, edition):
    other = "EXPORT_CAPACITY_LIMIT"
    if not (isinstance(payload["type"], str) and payload["type"] and payload["type"] != other):
        return
    if not isinstance(payload["values"], list) or len(payload["type"]) > 128:
        return
    unit = [{"payloadType": other, "units": "KW"}]
    event = an_event(an_interval(a_payload(other, 4), payload), payloadDescriptors=unit)
    found = read(event, context(edition)).value
    limits = [control for command in found for control in command.controls]
    assert any(getattr(control, "on", None) == "export" for control in limits)

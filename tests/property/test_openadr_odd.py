"""Whatever a VTN serves is mapped or refused with a reason: nothing is a crash, nor costs a neighbour."""

import json
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from support.engine_bench import NOON, Bench, an_engine
from support.openadr import LIMIT, START, a_context, a_payload, an_event, an_interval, read
from support.openadr_schedule import Planned, held, over
from support.translation import a_station, book, running, situation
from translators.canonical.controls import LimitOn, PowerLimit
from translators.chain import Case, travel
from translators.errors import DocumentError
from translators.openadr.contracts import terms_of
from translators.openadr.inbound import served
from translators.openadr.wire import parse
from translators.rules.contract_schema import Contract

VOLT_VAR = {"curve": "volt_var", "x": "pu_of_VNom", "y": "pu_of_setMaxVA"}
CONTRACTS = (
    {**VOLT_VAR, "y_sign": "inject_positive"},
    {"payload": "DISPATCH_SETPOINT", "negative": "discharge"},
    {"payload": "X-PF", "control": "fixed_pf", "excitation": "under"},
    {"payload": "CHARGE_STATE_SETPOINT", "capacity_kwh": 60},
)
SOUND = {
    # payload type: (values that it may have, units)
    LIMIT: ((10, 0, 20.5), "KW"),
    "EXPORT_CAPACITY_LIMIT": ((4, 0), "W"),
    "IMPORT_CAPACITY_SUBSCRIPTION": ((12,), "KW"),
    "DISPATCH_SETPOINT": ((7.4, 0, -5), "KW"),
    "CHARGE_STATE_SETPOINT": ((40, 60), "KWH"),
    "CURVE": (({"x": 0.92, "y": 0.44}, {"x": 1.08, "y": -0.44}), None),
    "X-PF": ((0.95,), None),
    "SIMPLE": ((0, 3), None),
    "PRICE": ((0.17, -0.02), "KWH"),
    "ALERT_GRID_EMERGENCY": (("Stage 3",), None),
}
TERMS = [terms_of(book(), contract.contract) for contract in book().of(Contract)]
TYPES = (*SOUND, "DISPATCH_SETPOINT_RELATIVE", "CONTROL_SETPOINT", "DISPATCH_INSTRUCTION")
DURATIONS = ("PT0S", "P1M", "-PT5M", "P9999Y", "P9998Y", "PT0.5S", "P3000000D", "P", "")
STARTS = ("0001-01-01", "0000-00-00", "2027-03-09", "9999-12-31T23:59:59-14:00")
NUMBERS = (0, 0.5, 1, -5, Decimal("1e999"), Decimal("-0.0"), 10**40)
TEXTS = ("NaN", "10", "", "\ud800", "KW", "AMPS", *TYPES, *DURATIONS, *STARTS)

scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.sampled_from(TEXTS) | st.text()
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
lengths = st.sampled_from(["PT1H", "PT7S", "P1D"])
periods = st.fixed_dictionaries({"duration": lengths}, optional={"randomizeStart": lengths})
payloads = st.sampled_from(list(SOUND)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {
            "type": st.just(kind),
            "values": st.just(list(SOUND[kind][0]))
            if kind == "CURVE"
            else st.lists(st.sampled_from(SOUND[kind][0]), min_size=1, max_size=2),
        }
    )
)
intervals = st.fixed_dictionaries(
    {
        "id": st.integers(),
        "payloads": st.lists(payloads, min_size=1, max_size=3, unique_by=lambda it: it["type"]),
    },
    optional={"intervalPeriod": periods},
)


def described(event):
    """Return the event with the unit of each payload type that stands in it."""
    kinds = {it["type"] for interval in event["intervals"] for it in interval["payloads"]}
    units = [{"payloadType": kind, "units": SOUND[kind][1]} for kind in sorted(kinds)]
    return {**event, "payloadDescriptors": units}


sound = st.fixed_dictionaries(
    {
        "id": st.just("e"),
        "programID": st.just("flex"),
        "priority": st.none() | st.integers(0, 5),
        "intervalPeriod": periods.map(lambda period: {"start": "2027-03-09T14:30:00Z", **period}),
        "intervals": st.lists(intervals, min_size=1, max_size=3),
    },
    optional={"duration": st.sampled_from(["PT5H", "PT90M"])},
).map(described)
spoils = st.lists(
    st.tuples(
        st.integers(0, 999),
        st.sampled_from(["fit", "put", "drop", "twice"]),
        anything,
        st.fixed_dictionaries(
            {
                "start": st.sampled_from(STARTS),
                "duration": st.sampled_from(DURATIONS),
                "values": st.lists(st.sampled_from(NUMBERS) | st.sampled_from(TEXTS), max_size=3),
            }
        ),
    ),
    min_size=1,
    max_size=2,
)


def places(value):
    """Return each (object or list, key) within a document."""
    inside = list(value.items()) if isinstance(value, dict) else []
    inside = list(enumerate(value)) if isinstance(value, list) else inside
    return [(value, key) for key, _ in inside] + [at for _, item in inside for at in places(item)]


def spoilt(event, ways):
    """Return the event with odd things in some of its places."""
    made = deepcopy(event)
    for number, way, thing, fitting in ways:
        found = places(made)
        holder, key = found[number % len(found)]
        if way == "twice" and isinstance(holder, list):
            holder.append(deepcopy(holder[key]))
        elif way == "drop":
            del holder[key]
        elif way == "fit":
            holder[key] = fitting.get(key, thing)
        else:
            holder[key] = thing
        if not places(made):
            break
    return made


events = st.builds(spoilt, sound, spoils)
editions = st.sampled_from(["3.0", "3.1"])


def context(edition):
    policy = {"alert_grid_emergency": "zero_envelope", "simple_1": "zero_envelope"}
    return a_context(
        *CONTRACTS, revision=edition, received=START, now=START, seed="site", policy=policy
    )


def judge(gone, commands):
    """What cannot be carried out has a reason, and a loss that says so; what can has its commands."""
    assert all(refusal.problem for refusal in gone.refusals)
    unsupported = sum(loss.kind.value == "unsupported" for loss in gone.losses)
    assert unsupported >= len(gone.refusals)
    for refusal in gone.refusals:  # whatever is told can be stored and sent
        assert f"{refusal.function} {refusal.where} {refusal.problem} {refusal.rule}".encode()
    for command in commands:
        assert f"{command.mrid} {command.description}".encode()
    names = [command.mrid for command in commands]
    assert len(names) == len(set(names))
    assert all(command.interval.end is None or command.interval.duration for command in commands)


@given(sound, editions)
def test_a_sound_event_is_carried_out(event, edition):
    gone = read(event, context(edition))
    assert gone.value
    assert not gone.refusals


@given(sound, st.sampled_from(["targets", "reportDescriptors"]), anything, editions)
def test_what_is_odd_beside_the_intervals_costs_no_command(event, member, value, edition):
    plain = read(event, context(edition)).value
    odd = read({**event, member: value}, context(edition))
    assert (odd.value, odd.refusals) == (plain, ())


@given(events, editions)
def test_an_odd_event_is_mapped_or_refused_down_to_the_station(event, edition):
    case = Case(served(event, context(edition)), a_station(), situation(running()))
    gone = travel(book(), case)
    judge(gone, gone.value.commands)


AGREED = [(terms, kind.sound) for terms in TERMS for kind in terms.events]


@given(st.sampled_from(AGREED), spoils, editions)
def test_an_odd_event_under_a_contract_keeps_it_or_is_refused_by_a_clause(agreed, ways, edition):
    terms, event = agreed
    under = replace(context(edition), contract=terms)
    gone = read(spoilt(event, ways), under)
    judge(gone, gone.value)


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


@given(anything, editions)
def test_an_odd_payload_costs_its_neighbour_nothing(value, edition):
    other = "EXPORT_CAPACITY_LIMIT"
    odd = {"type": "X-ODD", "values": value if isinstance(value, list) else [value]}
    unit = [{"payloadType": other, "units": "KW"}]
    made = an_event(an_interval(a_payload(other, 4), odd), payloadDescriptors=unit)
    gone = read(made, context(edition))
    assert {control.on for command in gone.value for control in command.controls} == {
        LimitOn.EXPORT
    }
    assert [refusal.function for refusal in gone.refusals] == ["X-ODD"]


@settings(max_examples=settings().max_examples // 3)
@given(st.lists(st.one_of(events, anything), min_size=1, max_size=3), st.integers(0, 90))
def test_odd_events_cost_no_other_event_its_time(odd, minutes):
    planned = Planned(bindings=context("3.1").bindings)
    limit = an_interval(a_payload("EXPORT_CAPACITY_LIMIT", 0))
    planned.serve(over(180, id="sound", priority=0, intervals=[limit]))
    for number, event in enumerate(odd):
        planned.schedule.served(replace(held(event), key=f"odd {number}"))
    engine = Bench(an_engine(book(), "vtn"), START, others={"vtn": timedelta()})
    engine.connect()
    for at in (0, minutes):
        planned.plan(at)
        for posted in planned.posted:
            engine.hear(posted)
            engine.reply()
        engine.at((START - NOON) / timedelta(minutes=1) + at)
        holding = [
            control
            for received in planned.commands.values()
            if received.command.interval.covers(START + timedelta(minutes=at))
            for control in received.command.controls
        ]
        assert any(it.on is LimitOn.EXPORT and it.value.value == 0 for it in limits(holding))


def limits(controls):
    return [control for control in controls if isinstance(control, PowerLimit)]

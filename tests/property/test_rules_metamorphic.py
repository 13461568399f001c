"""Two questions that differ in one known way have answers that differ in one known way, for every rule."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.laws import Crossing, exact, numbers_in, without_ids
from support.sources import by_rule, changes_of, editions, numbers_of, sources
from support.translation import (
    EVERY_CONTROL,
    F,
    a_station,
    an_evse,
    book,
    charge_only,
    el,
    in_program,
    running,
    situation,
)
from translators.canonical import controls as c
from translators.canonical.commands import Interval, Revision
from translators.canonical.curves import Curve, Vertex
from translators.chain import to_station
from translators.ieee2030_5.controls import to_document
from translators.ieee2030_5.inbound import to_command
from translators.rules.values import Unmet
from translators.units import Kind, Unit

EDITIONS, RULES = editions(), by_rule()
OF_2030_5 = [e for e in EDITIONS if e.rule.model.source.protocol == "ieee2030_5"]
SCALED = [e for e in EDITIONS if any(n.power for n in numbers_of(e))]
ALIKE = a_station(an_evse(max_w=16000, max_charge_rate_w=16000, max_var_neg=10000, max_va=16000))
MOVING = situation(running(5000))
SIGNED = re.compile(r"(^|/)(setpoint|setpointReactive|curveData\[[0-9]+\]/y|power)$")
SIGNED_BY = {c.ReactiveSetpoint: re.compile(r"/setpointReactive$")}
TURNED = (c.FixedVar, c.ActiveSetpoint, c.ReactiveSetpoint, c.VoltVar, c.VoltWatt, c.WattVar)
TIMES = {"startTime", "startSchedule"}
fewer = settings(max_examples=max(settings().max_examples // 10, 1))
"""For what is the same code for every rule: the laws have seen each rule a hundred times already."""


def drawn(data, rule):
    edition = data.draw(st.sampled_from(RULES[rule]))
    return edition.read(data.draw(sources(edition)))[0]


# Sources ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", SCALED, ids=str)
@fewer
@given(data=st.data())
def test_the_same_number_under_another_power_of_ten_is_the_same_control(edition, data):
    source = data.draw(sources(edition))
    for number in numbers_of(edition):
        if number.power in source:
            assert edition.read(rescaled(source, number))[0] == edition.read(source)[0]


def rescaled(source, number):
    """Return a source with one of its numbers ten times as large, and its power of ten one less."""
    made = {**source, number.power: source[number.power] - 1}
    if number.point:
        rows = [{**row, number.path: row[number.path] * 10} for row in source[number.point]]
        whole = [row[number.path] for row in rows]
        made[number.point] = rows
    else:
        made[number.path] = source.get(number.path, 0) * 10
        whole = [made[number.path]]
    assume(all(number.bounds[0] <= value <= number.bounds[1] for value in whole))
    return made


@pytest.mark.parametrize("edition", EDITIONS, ids=str)
def test_every_leaf_that_a_rule_reads_matters(edition):
    for leaf, changes in changes_of(edition):
        assert len({meaning(edition, change) for change in changes}) > 1 or len(changes) == 1, leaf


def meaning(edition, change):
    """Return what a changed seed comes to: its control and losses, or why it is refused."""
    try:
        control, trace = edition.read({**edition.seed, **change})
    except Unmet as unmet:
        return unmet.problem
    return str(control), str([(loss.kind, loss.where, loss.residual) for loss in trace.losses])


@pytest.mark.parametrize("edition", OF_2030_5, ids=str)
@fewer
@given(data=st.data())
def test_a_broken_neighbour_leaves_a_good_control_as_it_is(edition, data):
    control, _ = edition.read(data.draw(sources(edition)))
    default = edition.rule.model.source.parent == "DefaultDERControl"
    command = replace(Crossing(book(), (control,), ALIKE, MOVING, default).command, mrid="0A" * 16)
    revision = Revision(edition.revision)
    made = to_document(book(), command, revision, "https://csipaus.org/ns").value
    alone = to_command(book(), made.control, made.links, in_program(revision))
    broken = [el("opModNobodyKnows", "1"), el("opModTargetVar", el("value", "x"))]
    broken = [b for b in broken if b.name not in edition.rule.model.source.elements]
    base = made.control.first("DERControlBase")
    children = [
        base._replace(children=(*broken, *base.children)) if child is base else child
        for child in made.control.children
    ]
    document = made.control._replace(children=tuple(children))
    beside = to_command(book(), document, made.links, in_program(revision))
    assert beside.value == alone.value
    assert len(beside.refusals) == len(broken)


# Messages --------------------------------------------------------------------------------------------------


def turned(control):
    """Return a control with the sign of all that it asks for turned; None for one without a sign."""
    if not isinstance(control, TURNED):
        return None
    made = {}
    for item in fields(control):
        value = getattr(control, item.name)
        if isinstance(value, c.Quantity):
            made[item.name] = replace(value, value=-value.value)
        if isinstance(value, Curve):
            points = tuple(Vertex(p.x, -p.y) for p in value.points)
            made[item.name] = replace(value, points=points)
    return replace(control, **made)


TURNABLE = [
    name
    for name, found in RULES.items()
    if found[0].rule.model.canonical in {cls.__name__ for cls in TURNED}
]


@pytest.mark.parametrize("rule", TURNABLE)
@fewer
@given(data=st.data())
def test_turning_the_sign_turns_the_signed_fields_and_no_others(rule, data):
    control = drawn(data, rule)
    up, down = (
        [m.payload for m in Crossing(book(), (one,), ALIKE, MOVING).messages]
        for one in (control, turned(control))
    )
    assert len(up) == len(down)
    signed = SIGNED_BY.get(type(control), SIGNED)
    for one, other in zip(up, down, strict=True):
        mirrored = dict(numbers_in(other))
        for path, value in numbers_in(one):
            assert mirrored[path] == (-value if signed.search(path) else value), path


@pytest.mark.parametrize("rule", RULES)
@fewer
@given(data=st.data(), seconds=st.integers(-(10**8), 10**8))
def test_another_time_moves_the_times_alone(rule, data, seconds):
    command = Crossing(book(), (drawn(data, rule),), ALIKE, MOVING).command
    by = timedelta(seconds=seconds)
    interval = Interval(command.interval.start + by, command.interval.end + by)
    later = replace(command, interval=interval, created=command.created + by)
    before, after = (to_station(book(), one, ALIKE, MOVING) for one in (command, later))
    assert after.losses == before.losses
    for one, other in zip(before.value.messages, after.value.messages, strict=True):
        assert untimed(other.payload) == untimed(one.payload)
        assert times(other.payload) == [moment + by for moment in times(one.payload)]


def untimed(payload):
    if isinstance(payload, dict):
        return {key: untimed(value) for key, value in payload.items() if key not in TIMES}
    return [untimed(item) for item in payload] if isinstance(payload, list) else payload


def times(payload):
    if isinstance(payload, list):
        return [moment for item in payload for moment in times(item)]
    if not isinstance(payload, dict):
        return []
    own = [datetime.fromisoformat(v).astimezone(UTC) for k, v in payload.items() if k in TIMES]
    return own + [moment for value in payload.values() for moment in times(value)]


def units(control):
    """Return every unit that a control's numbers carry."""
    values = [getattr(control, item.name) for item in fields(control)]
    found = [value.unit for value in values if isinstance(value, c.Quantity)]
    curves = [value for value in values if isinstance(value, Curve)]
    return found + [unit for curve in curves for unit in (curve.x_unit, curve.y_unit)]


SI = {Kind.POWER, Kind.REACTIVE, Kind.APPARENT}
OF_RATINGS = [
    name
    for name, found in RULES.items()
    if not any(
        unit.kind in SI for edition in found for unit in units(edition.read(edition.seed)[0])
    )
]


@pytest.mark.parametrize("rule", OF_RATINGS)
@fewer
@given(data=st.data(), times=st.integers(2, 5))
def test_a_per_cent_is_the_same_per_cent_of_a_larger_station(rule, data, times):
    control = drawn(data, rule)
    assume(not any(unit.kind in SI for unit in units(control)))
    names = ("max_w", "max_charge_rate_w", "max_discharge_rate_w", "max_va", "max_var")
    small = an_evse()
    grown = {name: getattr(small.ratings, name) * times for name in (*names, "max_var_neg")}
    one, many = (
        Crossing(book(), (control,), a_station(evse), situation())
        for evse in (small, an_evse(**grown))
    )
    for left, right in zip(one.messages, many.messages, strict=True):
        if left.action == "SetDERControl":
            assert left.payload == right.payload
            continue
        of_many = dict(numbers_in(right.payload))
        for path, value in numbers_in(left.payload):
            scales = times if path.split("/")[-1] not in {"duration", "soc", "frequency"} else 1
            assert abs(exact(of_many[path]) - exact(value) * scales) <= F(times + 1, 10_000)


@pytest.mark.parametrize(
    "rule", [n for n in RULES if RULES[n][0].rule.model.canonical != "IslandPermit"]
)
@fewer
@given(data=st.data())
def test_a_refused_control_beside_it_changes_nothing_of_a_control(rule, data):
    control = drawn(data, rule)
    refused = c.IslandPermit(permitted=False)
    alone = Crossing(book(), (control,), ALIKE, MOVING)
    beside = Crossing(book(), (control, refused), ALIKE, MOVING)
    assert beside.messages == alone.messages
    name = c.function_of(control)
    assert [x for x in beside.made.losses if x.control == name] == [
        x for x in alone.made.losses if x.control == name
    ]


# Canonical fields ------------------------------------------------------------------------------------------

STATIONS = (
    a_station(),
    a_station(vref="bake_multiplicative", hysteresis_unit="x"),
    a_station(an_evse(modes=())),
    charge_only(),
)
SITUATIONS = (MOVING, situation(running(), settings={"setMinPFOverExcited": "0.97"}))
PLACES = dict(enumerate(product(STATIONS, SITUATIONS, (False, True))))
SENT = [control for control in EVERY_CONTROL if not isinstance(control, c.Price | c.Alert)]


@pytest.mark.parametrize("control", SENT, ids=lambda control: type(control).__name__)
def test_every_field_of_a_control_changes_a_message_or_a_loss(control):
    """A field that changes neither, for any station, would be dropped without a word."""
    if all(answer(control, where)[0] == "[]" for where in PLACES):
        return  # refused wherever it is asked
    numbers = [f for f in fields(control) if not isinstance(getattr(control, f.name), Unit)]
    for item in numbers:
        others = [one for base in variants(control) for one in changed(base, item.name)]
        assert any(differ(base, one) for base, one in others), item.name


def differ(control, other):
    """Say whether any station gets something else of another control, or is told something else of it."""
    return any(answer(control, where) != answer(other, where) for where in PLACES)


@cache
def answer(control, where):
    """Return what a station gets of a control, and what is said of it."""
    station, state, default = PLACES[where]
    one = Crossing(book(), (control,), station, state, default)
    return (
        str([without_ids(m.payload) for m in one.messages]),
        sorted((loss.kind, loss.where, loss.residual) for loss in one.made.losses),
        one.made.refusals,
    )


def variants(control):
    """Return a control, and others of its kind that differ from it in one field."""
    return [control, *(one for f in fields(control) for _, one in changed(control, f.name))]


def changed(control, name):
    """Return (before, after) for values of one field that should make a difference."""
    value = getattr(control, name)
    found = []
    for other in others_than(value) + ([None] if may_lack(control, name) else []):
        try:
            found.append((control, replace(control, **{name: other})))
        except TypeError:
            continue
    return found


def may_lack(control, name):
    return type(control).__dataclass_fields__[name].default is None


def others_than(value):
    match value:
        case None:
            return [F(3)]
        case bool():
            return [not value]
        case c.Quantity():
            return [replace(value, value=value.value / 2)]
        case Curve():
            return [replace(value, points=tuple(Vertex(p.x, p.y / 2) for p in value.points))]
        case F():
            return [value / 2]
        case tuple():
            return [value[:1]]
        case c.StrEnum():
            return [member for member in type(value) if member is not value]
        case _:
            return []

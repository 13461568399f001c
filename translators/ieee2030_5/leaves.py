"""The leaves of one element from a canonical control: each operation of its source rule undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import pairwise
from typing import Any

from translators.canonical.controls import (
    ApparentLimit,
    DerControl,
    PowerFactorVertex,
    PowerLimit,
    Quantity,
    ReactiveLimit,
    TripCurve,
    WattPowerFactor,
)
from translators.canonical.curves import Curve, Vertex
from translators.rules.canonical import UNITS, enum_value
from translators.rules.schema import SourceField, SourcePoints, UnitSwitch
from translators.rules.source import SourceRule
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet, text
from translators.units import Kind, Unit, convert, parse_unit, percent

CURVE_DATA = "CurveData"
_ANY_32_BIT = (-(2**31), 2**31 - 1)
_FINEST, _COARSEST = -9, 9
_LIMITS = (PowerLimit, ReactiveLimit, ApparentLimit)
_SHAPES = frozenset({"curve", "points", "x_unit", "unit"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text at a path below the element; `CurveData/0/xvalue` in a repeated one."""

    path: str
    text: str


def leaves(rule: SourceRule, control: DerControl, revision: str, trace: Trace) -> list[Leaf]:
    """Return the leaves from which `rule` reads `control`; `Unmet` where it cannot say it.

    What is rounded is a loss of the trace.
    """
    model = rule.model
    _check_rest(rule, control)
    found: list[Leaf] = []
    toward_zero = isinstance(control, _LIMITS)
    for name, spec in model.fields.items():
        found += _field(rule, name, spec, getattr(control, name), trace)
    for name, spec in model.quantity.items():
        found += _quantity(name, spec, getattr(control, name), revision, trace, toward_zero)
    if model.points is not None:
        found += _curve(rule, model.points, control, revision, trace)
    return found


def _check_rest(rule: SourceRule, control: DerControl) -> None:
    """Refuse a control that says more than the rule reads."""
    model = rule.model
    read = model.fields.keys() | model.quantity.keys() | _SHAPES
    for item in fields(control):
        if item.name not in read and getattr(control, item.name) != item.default:
            raise Unmet("not_supported", item.name, "is not among what the element says")


def _field(
    rule: SourceRule, name: str, spec: SourceField, value: Any, trace: Trace
) -> Iterator[Leaf]:
    """Yield the leaves of a constant (none), a choice, or a plain number."""
    if spec.const is not None:
        if value != enum_value(name, spec.const, rule.id):
            raise Unmet("not_supported", name, f"is {text(value)}, the element says {spec.const}")
    elif spec.cases is not None:
        yield from _choice(rule, name, spec, value, trace)
    elif value is not None:
        unit = parse_unit(str(spec.unit))
        wire = convert(value, UNITS[name], unit)
        if spec.absent is None or wire != Fraction(str(spec.absent)):
            yield from _scaled(name, spec, [wire], trace, toward_zero=False)


def _choice(
    rule: SourceRule, name: str, spec: SourceField, value: Any, trace: Trace
) -> Iterator[Leaf]:
    if spec.absent is not None and value == enum_value(name, spec.absent, rule.id):
        return
    for wire, meant in (spec.cases or {}).items():
        if value == enum_value(name, meant, rule.id):
            path = spec.from_ or "."
            trace.step("cases", name, value, path, wire)
            yield Leaf(path, wire)
            return
    raise Unmet("not_supported", name, f"is {text(value)}, which the element cannot say")


def _quantity(
    name: str,
    spec: SourceField,
    value: Quantity,
    revision: str,
    trace: Trace,
    toward_zero: bool,
) -> Iterator[Leaf]:
    unit, named = _unit(name, spec, value.unit, revision)
    yield from named
    wire = value.value * value.unit.scale / unit.scale
    yield from _scaled(name, spec, [wire], trace, toward_zero=toward_zero)


def _unit(
    name: str, spec: SourceField, wanted: Unit, revision: str
) -> tuple[Unit, tuple[Leaf, ...]]:
    """Return the unit of the wire that a canonical one goes out in, and the leaf that names it."""
    if not isinstance(spec.unit, UnitSwitch):
        unit = parse_unit(str(spec.unit))
        if _whole(unit) == wanted:
            return unit, ()
        raise Unmet("not_supported", name, f"is {wanted}, the element says {unit}")
    for number, written in spec.unit.cases.items():
        unit = parse_unit(written)
        if _whole(unit) == wanted and revision in spec.unit.since.get(number, [revision]):
            return unit, (Leaf(spec.unit.switch, str(number)),)
    raise Unmet("not_supported", name, f"is {wanted}, which {spec.unit.switch} cannot name")


def _whole(unit: Unit) -> Unit:
    """Return the canonical form of a unit: SI, or one per cent of the same base."""
    if unit.kind is Kind.PERCENT and unit.of is not None:
        return percent(unit.of, unit.of_negative)
    return Unit(unit.kind)


def _curve(
    rule: SourceRule, spec: SourcePoints, control: DerControl, revision: str, trace: Trace
) -> Iterator[Leaf]:
    """Yield the points of a curve, both multipliers, and the unit of y."""
    points, x_unit, y_unit = _points(control)
    wire_x, named_x = _unit("x", spec.x, x_unit, revision)
    wire_y, named_y = _unit("y", spec.y, y_unit, revision)
    yield from (*named_x, *named_y)
    yield from _axis("x", spec.x, [p.x * x_unit.scale / wire_x.scale for p in points], trace)
    yield from _axis("y", spec.y, [p.y * y_unit.scale / wire_y.scale for p in points], trace)
    if spec.excitation is not None and isinstance(control, WattPowerFactor):
        for number, vertex in enumerate(control.points):
            side = _choice(rule, "excitation", spec.excitation, vertex.excitation, trace)
            yield from (Leaf(f"{CURVE_DATA}/{number}/{leaf.path}", leaf.text) for leaf in side)


def _points(control: Any) -> tuple[Sequence[Vertex], Unit, Unit]:
    """Return the vertices of a control that is a curve, with the units of both axes.

    The source's own x never falls: a boundary whose seconds do is drawn from its other end.
    """
    if isinstance(control, TripCurve):
        falls = any(right.y < left.y for left, right in pairwise(control.points))
        points = control.points[::-1] if falls else control.points
        return points, control.unit, Unit(Kind.TIME)
    if isinstance(control, WattPowerFactor):
        return [_unsigned(p) for p in control.points], control.x_unit, Unit(Kind.NUMBER)
    curve: Curve = control.curve
    return curve.points, curve.x_unit, curve.y_unit


def _unsigned(vertex: PowerFactorVertex) -> Vertex:
    return Vertex(vertex.x, vertex.displacement)


def _axis(name: str, spec: SourceField, values: Sequence[Fraction], trace: Trace) -> Iterator[Leaf]:
    """Yield one axis of all points, under one multiplier."""
    numbers = iter(_scaled(name, spec, values, trace, toward_zero=False))
    for number in range(len(values)):
        yield Leaf(f"{CURVE_DATA}/{number}/{spec.from_}", next(numbers).text)
    yield from numbers


def _scaled(
    name: str,
    spec: SourceField,
    values: Sequence[Fraction],
    trace: Trace,
    *,
    toward_zero: bool,
) -> Iterator[Leaf]:
    """Yield the whole numbers of a field, then the power of ten that they stand under."""
    path = spec.from_ or "."
    whole, power = _fitted(name, spec, values, toward_zero=toward_zero)
    worst = Fraction()
    for value, number in zip(values, whole, strict=True):
        told = number * Fraction(10) ** power
        operation = f"scale10 {-power}" if power else "take"
        trace.step(operation, name, value, path, number)
        worst = max(worst, value - told, key=abs)
        yield Leaf(path, str(number))
    if worst:
        trace.lose(LossKind.ROUND, path, f"whole numbers under ten to {power}", worst)
    if isinstance(spec.scale10, str):
        yield Leaf(spec.scale10, str(power))


def _fitted(
    name: str, spec: SourceField, values: Sequence[Fraction], *, toward_zero: bool
) -> tuple[list[int], int]:
    """Return whole numbers under one power of ten: exact and plain where possible, else the finest."""
    low, high = spec.range or _ANY_32_BIT
    if isinstance(spec.scale10, str):
        powers = [*range(_COARSEST + 1), *range(-1, _FINEST - 1, -1)]
    else:
        powers = [spec.scale10 or 0]
    for power in powers:
        scaled = [value / Fraction(10) ** power for value in values]
        if all(value.denominator == 1 and low <= value <= high for value in scaled):
            return [int(value) for value in scaled], power
    for power in sorted(powers):
        scaled = [value / Fraction(10) ** power for value in values]
        whole = [int(value) if toward_zero else round(value) for value in scaled]
        if all(low <= value <= high for value in whole):
            return whole, power
    beyond = ", ".join(text(value) for value in values)
    raise Unmet("not_supported", name, f"{beyond} does not fit {low}..{high}")

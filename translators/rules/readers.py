"""Fields of a source rule, compiled: constants, texts, choices, plain numbers, quantities."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from translators.canonical.controls import Quantity
from translators.errors import MappingError
from translators.rules.canonical import QUANTITY_KINDS, UNITS, enum_value
from translators.rules.forms import form, forms_of
from translators.rules.scaling import Scaled
from translators.rules.schema import SourceField
from translators.rules.taking import Texts, View, boolean, place_of
from translators.rules.values import Trace, Unmet
from translators.units import parse_unit, same_base

type Reader = Callable[[Texts, Trace, str], Any]
"""Reads a field from what stands at a place; None where the document leaves it out."""
type Choice = Callable[[Texts, str], tuple[str | None, Any]]
"""Reads a choice: the text, None where it is left out, and what it means."""
type Measure = Callable[[View, Trace, str, str], Quantity]


def reader(name: str, field: SourceField, canonical: str, rule: str) -> Reader:
    """Compile a field of the control `canonical`; `MappingError` where it cannot be one."""
    if field.const is not None:
        const = enum_value(name, field.const, rule)
        return lambda _view, _trace, _where: const
    if field.cases is not None:
        return _chosen(name, field, rule)
    if field.text:
        return _said(name, field)
    return _number(name, field, canonical, rule)


def choice(name: str, field: SourceField, rule: str) -> Choice:
    """Compile what the texts of a field mean."""
    path = field.from_ or "."
    cases = {key: enum_value(name, value, rule) for key, value in (field.cases or {}).items()}

    def choose(view: Texts, where: str) -> tuple[str | None, Any]:
        raw = view.raw(path)
        if raw is None:
            if field.absent is not None:
                return None, enum_value(name, field.absent, rule)
            raise Unmet("invalid", f"{where}/{path}", "is missing")
        key = raw if raw in cases else boolean(raw)
        if key not in cases:
            raise Unmet("invalid", f"{where}/{path}", f"is {raw!r}, not one of {', '.join(cases)}")
        return raw, cases[key]

    return choose


def measure(name: str, field: SourceField, canonical: str, rule: str) -> Measure:
    """Compile a number that goes with its unit; `MappingError` where that is none of the control's."""
    number, choose = Scaled(name, field, rule), form(name, field, rule)
    allowed = QUANTITY_KINDS.get(canonical, frozenset())
    for unit in forms_of(field):
        if unit.kind not in allowed:
            raise MappingError(f"is {unit}", where=f"{rule}.{name}", rule="W, var, VA never mix")

    def quantity(view: View, trace: Trace, where: str, revision: str) -> Quantity:
        own = choose(view, where, revision)
        raw: Any = number.read(view, trace, where)
        value = own.whole(raw)
        trace.step(own.turning, place_of(where, number.path), raw, name, value)
        return Quantity(value, own.unit)

    return quantity


def _chosen(name: str, field: SourceField, rule: str) -> Reader:
    choose, path = choice(name, field, rule), field.from_ or "."

    def chosen(view: Texts, trace: Trace, where: str) -> Any:
        raw, value = choose(view, where)
        if raw is not None:
            trace.step("cases", place_of(where, path), raw, name, value)
        return value

    return chosen


def _said(name: str, field: SourceField) -> Reader:
    """Return how a field is taken that is a text for people."""
    path = field.from_ or "."

    def said(view: Texts, trace: Trace, where: str) -> str:
        raw = view.raw(path)
        if raw is None:
            raise Unmet("invalid", place_of(where, path), "is missing")
        trace.step("take", place_of(where, path), raw, name, raw)
        return raw

    return said


def _number(name: str, field: SourceField, canonical: str, rule: str) -> Reader:
    """Compile a plain number, in the one unit that the control has for it."""
    where = f"{rule}.{name}"
    if not isinstance(field.unit, str):
        raise MappingError("needs one unit", where=where)
    unit, own = parse_unit(field.unit), UNITS.get(f"{canonical}.{name}") or UNITS.get(name)
    if own is None:
        raise MappingError("is no plain number of the control", where=where)
    if not same_base(unit, own):
        problem = f"is {unit}, the canonical field {own}; declare a re-base"
        raise MappingError(problem, where=where, rule="units")
    number = Scaled(name, field, rule)
    if unit == own:
        return number.read
    turning, factor = f"unit {unit} -> {own}", unit.scale / own.scale
    absent = number.held
    held = None if absent is None else absent * factor

    def turned(view: Texts, trace: Trace, at: str) -> Fraction | None:
        raw = number.read(view, trace, at)
        if raw is None:
            return None
        value = held if raw is absent and held is not None else raw * factor
        trace.step(turning, place_of(at, number.path), raw, name, value)
        return value

    return turned

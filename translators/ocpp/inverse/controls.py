"""SetDERControl read backwards: the rule that sends a control type says what its members mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from translators.canonical.controls import DerControl, function_of
from translators.errors import ModelError
from translators.ocpp.inverse.curves import shape
from translators.ocpp.inverse.numbers import (
    Reading,
    exact,
    note_bounds,
    note_floor,
    quantity,
    undone,
    unit_named,
)
from translators.ocpp.wire import Json
from translators.rules.bases import Bases
from translators.rules.book import Book
from translators.rules.canonical import CLASSES, UNITS, enum_value, names
from translators.rules.emission import Number
from translators.rules.guards import condition, plain
from translators.rules.schema import TargetField, Variant
from translators.rules.target import TargetRule
from translators.rules.trace import LossKind
from translators.rules.values import Trace, Unmet
from translators.units import Unit, convert

_ENVELOPE = frozenset({"priority", "startTime", "duration", "curveData", "customData"})
_BROUGHT = frozenset({"curve", "points", "x_unit", "unit"})


def der_control(book: Book, payload: Json, bases: Bases) -> tuple[DerControl, Trace]:
    """Return the control that a SetDERControl asks for; `Unmet` where no rule sends such a message."""
    control_type = payload["controlType"]
    rule, variant = _sender(book, bases.profile.ocpp_version, control_type)
    slot, body = str(variant.slot), payload
    for name in slot.split("/"):
        body = body.get(name, {})
    if not body:
        raise Unmet("invalid", slot, f"is missing: {control_type} stands there (R04.FR.16)")
    trace = Trace(rule.id, rule.cites)
    reading = Reading(rule, body, bases, trace, slot)
    control = _control(reading, variant)
    trace.control = function_of(control)
    return control, trace


def _sender(book: Book, version: str, control_type: str) -> tuple[TargetRule, Variant]:
    """Return the rule and the wire form of a control type: the first where several share it."""
    for rule in book.rules:
        if isinstance(rule, TargetRule) and version in rule.model.target.versions:
            for variant in rule.model.variants:
                if variant.control_type == control_type:
                    return rule, variant
    raise Unmet("not_supported", "controlType", f"no rule sends {control_type}")


def _control(reading: Reading, variant: Variant) -> DerControl:
    """Return the control; members that the rule would not send to this station are left out."""
    control = _built(reading, variant, frozenset())
    unsent = frozenset(_unsent(reading, control))
    if not unsent:
        _declare(reading, control, variant)
        return control
    reading.trace.noted.clear()
    reading.trace.losses.clear()
    without = _built(reading, variant, unsent)
    if without != control:
        for name in sorted(unsent):
            detail = "means nothing to this station model: the rule does not send it"
            reading.trace.lose(LossKind.DROP, reading.at(name), detail)
    _declare(reading, without, variant)
    return without


def _unsent(reading: Reading, control: DerControl) -> Iterator[str]:
    """Yield the members on the wire whose condition does not hold for the control that they make."""
    seen = {**plain(control), "dialect": asdict(reading.dialect)}
    known = names(type(control)) | {"dialect"}
    for name, spec in reading.rule.model.emit.items():
        if spec.when is not None and reading.member(name) is not None:
            holds = condition(spec.when, known, reading.rule.id)
            if not holds(seen):
                yield name


def _built(reading: Reading, variant: Variant, without: frozenset[str]) -> DerControl:
    rule = reading.rule
    values: dict[str, Any] = {
        name: enum_value(name, value, rule.id) for name, value in variant.match.items()
    }
    for name, spec in rule.model.emit.items():
        raw = None if name in without else reading.member(name)
        if spec.const is not None and raw != spec.const:
            raise Unmet("invalid", reading.at(name), f"is {raw!r}, not {spec.const!r}")
        if spec.from_ is not None and raw is not None:
            values[spec.from_] = _value(reading, name, spec, raw)
    (canonical,) = rule.model.canonical
    if rule.model.points is not None:
        values |= shape(canonical, rule.model.points, values, reading)
    try:
        control: DerControl = CLASSES[canonical](**values)
    except (ModelError, TypeError) as exc:
        raise Unmet("invalid", reading.path, f"makes no {canonical}: {exc}") from exc
    return control


def _value(reading: Reading, name: str, spec: TargetField, raw: Any) -> Any:
    """Return the canonical value of one member."""
    if spec.cases is not None:
        return _chosen(reading, name, spec, raw)
    number = reading.rule.numbers.get(name)
    if number is None:
        return raw
    return _number(reading, number, raw)


def _chosen(reading: Reading, name: str, spec: TargetField, raw: Any) -> object:
    inverted = spec.codec == "excitation" and reading.dialect.excitation == "inverted"
    wire = not raw if inverted else raw
    for meant, told in (spec.cases or {}).items():
        if told == wire:
            reading.trace.step("cases", reading.at(name), raw, str(spec.from_), meant)
            return enum_value(str(spec.from_), meant, reading.rule.id)
    raise Unmet("invalid", reading.at(name), f"is {raw!r}, which the rule never sends")


def _number(reading: Reading, number: Number, raw: Any) -> object:
    """Return a plain number in its canonical unit, or a quantity in the unit of the wire."""
    where, field = reading.at(number.name), str(number.spec.from_)
    value = exact(raw, where)
    reading.trace.step("take", where, value, field, value)
    if number.spec.default is not None and value == number.spec.default:
        detail = f"{number.spec.default} may stand for a value that was not given"
        reading.trace.lose(LossKind.SEMANTIC, where, detail)
    value = undone(number, value, reading, where)
    unit = _unit(reading, number)
    note_bounds(number, value, unit, reading, where)
    if field in UNITS:
        return convert(value, unit, UNITS[field])
    return quantity(value, unit, reading, where)


def _unit(reading: Reading, number: Number) -> Unit:
    for name, spec in reading.rule.model.emit.items():
        if spec.unit_of == number.name:
            return unit_named(number, reading.member(name), reading.at(name))
    return number.units[0][0]


def _declare(reading: Reading, control: DerControl, variant: Variant) -> None:
    """Record what the message cannot say: fields that are never sent, and what was folded in."""
    rule, trace = reading.rule, reading.trace
    for name, number in rule.numbers.items():
        floor, value = number.spec.floor, getattr(control, str(number.spec.from_), None)
        if floor is not None and isinstance(value, Fraction):
            setting = floor[str(control.excitation)]  # type: ignore[union-attr]
            least = reading.bases.situation.settings.get(setting)
            note_floor(least, value, reading, reading.at(name))
    if reading.dialect.vref != "native" and "v_ref" in names(type(control)):
        trace.lose(LossKind.BAKE, reading.path, "a vRef, if there was one, is in the points")
    said = variant.match.keys() | {spec.from_ for spec in rule.model.emit.values()} | _BROUGHT
    for name in sorted(names(type(control)) - said):
        trace.lose(LossKind.DROP, reading.path, f"{name} is not on the wire")
    for place in _unknown(reading.body, reading):
        trace.lose(LossKind.DROP, f"{reading.path}/{place}", "no canonical field takes it")


def _unknown(body: Mapping[str, Any], reading: Reading, prefix: str = "") -> Iterator[str]:
    """Yield the members of the wire that the rule never sends."""
    known = reading.rule.model.emit.keys()
    for key, value in body.items():
        name = f"{prefix}{key}"
        if name in known or (not prefix and key in _ENVELOPE):
            continue
        if isinstance(value, Mapping) and any(other.startswith(f"{name}.") for other in known):
            yield from _unknown(value, reading, f"{name}.")
        else:
            yield name.replace(".", "/")

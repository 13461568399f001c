"""Capability rules compiled: from what a station says of itself to facts about an EVSE, exact, with steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from translators.canonical.capability import Evse, Ratings
from translators.errors import MappingError
from translators.rules.capability_schema import (
    CapabilityField,
    CapabilityMapping,
    CapabilityTest,
)
from translators.rules.facts import RATINGS
from translators.rules.trace import Step
from translators.rules.values import Trace, text
from translators.units import Unit, convert, parse_unit, same_base

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE](\+?[0-9]{1,2}|-[0-9]{1,3}))?")
"""What is larger is of no station, and neither it nor its square would have a double."""
_SETS = ("der_modes", "v2x_operation_modes", "charging_rate_units")
_UNITS: Mapping[str, Unit] = {
    **{name: parse_unit(unit) for name, unit in RATINGS.items()},
    "state_of_charge": parse_unit("1"),
}

_FLAGS = ("dynamic_profiles", "max_offline_duration")
_COUNTS = ("periods_per_schedule",)

type Fact = Fraction | frozenset[str] | bool | int


@dataclass(frozen=True, slots=True)
class Told:
    """What a station said, by the name of the fact; `adding` are sets that add to what is known.

    A value that cannot be read is left out and named in `problems`; its neighbours live on.
    """

    values: Mapping[str, Fact]
    adding: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()
    problems: tuple[str, ...] = ()

    def on(self, evse: Evse) -> Evse:
        """Return the EVSE with these facts; what was not told stays as it is."""
        rated: dict[str, Any] = {n: value for n, value in self.values.items() if n in _RATED}
        changes: dict[str, Any] = {"ratings": replace(evse.ratings, **rated)} if rated else {}
        for name in _SETS:
            members = self.values.get(name)
            if isinstance(members, frozenset):
                known = frozenset(getattr(evse, name)) if name in self.adding else frozenset()
                changes[name] = members | known
        changes |= {n: self.values[n] for n in (*_FLAGS, *_COUNTS) if n in self.values}
        units = changes.pop("charging_rate_units", frozenset())
        if units:
            changes["charging_rate_units"] = tuple(sorted(units, reverse=True))
        return replace(evse, **changes)


_RATED = frozenset(part.name for part in fields(Ratings))


class CapabilityRule:
    """One compiled rule of one message."""

    def __init__(self, model: CapabilityMapping) -> None:
        """Compile; `MappingError` for a fact or unit that cannot be."""
        self.model = model
        self.id = f"{model.metadata.id}@{model.metadata.version}"
        self.cites = tuple(model.metadata.cites)
        self._units = {name: self._unit(name, spec) for name, spec in model.evse.items()}
        both = sorted(self.sources() & set(model.ignored))
        if both:
            raise MappingError("is read and ignored", where=self.id, value=both[0])

    def sources(self) -> frozenset[str]:
        """Return the names or paths that the rule reads."""
        return frozenset(name for spec in self.model.evse.values() for name in _names(spec))

    def read(self, given: Mapping[str, Any]) -> Told:
        """Return what these values (variables by name, members by path) say of an EVSE."""
        trace = Trace(self.id, self.cites)
        values: dict[str, Fact] = {}
        problems: list[str] = []
        for name, spec in self.model.evse.items():
            try:
                fact = self._fact(name, spec, given)
            except ValueError as error:
                problems.append(str(error))
                continue
            if fact is not None:
                values[name] = fact
                written = ", ".join(sorted(fact)) if isinstance(fact, frozenset) else fact
                told = ", ".join(str(given[n]) for n in _names(spec) if n in given)
                trace.step("read", " + ".join(_names(spec)), told, name, written)
        adding = frozenset(name for name, spec in self.model.evse.items() if spec.join == "add")
        return Told(values, adding, tuple(trace.steps), tuple(problems))

    def _fact(self, name: str, spec: CapabilityField, given: Mapping[str, Any]) -> Fact | None:
        unit = self._units[name]
        if unit is not None:
            return _number(given, spec, unit, name)
        if name in _SETS:
            return _members(given, spec)
        return _flag(given, spec) if name in _FLAGS else _count(given, spec)

    def _unit(self, name: str, spec: CapabilityField) -> Unit | None:
        where = f"{self.id}.{name}"
        if name in _FLAGS or name in _COUNTS:
            if spec.unit is not None or spec.join is not None:
                raise MappingError("takes no unit and no `join`", where=where)
            return None
        if name in _SETS:
            if spec.unit is not None or spec.join is None:
                raise MappingError("is a list: it takes `join` and no unit", where=where)
            return None
        if name not in _UNITS:
            raise MappingError("is no fact about an EVSE", where=where)
        if spec.unit is None or spec.join is not None:
            raise MappingError("is a number: it takes a unit and no `join`", where=where)
        unit = parse_unit(spec.unit)
        if not same_base(unit, _UNITS[name]):
            problem = f"is {unit}, the fact {_UNITS[name]}"
            raise MappingError(problem, where=where, rule="W, var, VA never mix")
        return unit


def faults(rule: CapabilityRule, test: CapabilityTest) -> Iterator[str]:
    """Yield what does not hold of a test beside a rule."""
    told = rule.read(test.given)
    for name, wanted in test.expect.items():
        got = told.values.get(name)
        shown = sorted(got) if isinstance(got, frozenset) else text(got)
        if shown != (sorted(wanted) if isinstance(wanted, list) else text(wanted)):
            yield f"{name}: expected {wanted}, got {shown}"
    yield from (f"{name}: expected nothing" for name in test.absent if name in told.values)
    if len(told.problems) != test.problems:
        problems = "; ".join(told.problems) or "none"
        yield f"problems: expected {test.problems}, got {problems}"


def _names(spec: CapabilityField) -> list[str]:
    return [spec.from_] if isinstance(spec.from_, str) else spec.from_


def _members(given: Mapping[str, Any], spec: CapabilityField) -> frozenset[str] | None:
    for name in _names(spec):
        value = given.get(name)
        if value is not None:
            parts = value if isinstance(value, list) else str(value).split(",")
            return frozenset(part.strip() for part in parts if part.strip())
    return None


def _first(given: Mapping[str, Any], spec: CapabilityField) -> str | None:
    values = (given.get(name) for name in _names(spec))
    return next((str(value).strip().lower() for value in values if value is not None), None)


def _flag(given: Mapping[str, Any], spec: CapabilityField) -> bool | None:
    value = _first(given, spec)
    if value not in {None, "true", "false"}:
        raise ValueError(f"{_names(spec)[0]} = {value!r}: is neither true nor false")
    return None if value is None else value == "true"


def _count(given: Mapping[str, Any], spec: CapabilityField) -> int | None:
    value = _first(given, spec)
    if value is not None and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ValueError(f"{_names(spec)[0]} = {value!r}: is no count")
    return None if value is None else int(value)


def _number(
    given: Mapping[str, Any], spec: CapabilityField, unit: Unit, name: str
) -> Fraction | None:
    """Return a number in the unit of its fact; `ValueError` names one that cannot be."""
    found = [_exact(given[path], path) for path in _names(spec) if given.get(path) is not None]
    if not found:
        return None
    value = sum(found, Fraction()) if spec.combine == "sum" else found[0]
    value = abs(value) if spec.sign == "positive" else value
    if value < 0:
        raise ValueError(f"{_names(spec)[0]} = {text(value)}: is below zero")
    return convert(value, unit, _UNITS[name])


def _exact(value: Any, path: str) -> Fraction:
    """Return a decimal number, exactly; what is larger than any station has is no number."""
    if isinstance(value, bool) or _NUMBER.fullmatch(str(value)) is None:
        raise ValueError(f"{path} = {value!r}: is no number")
    return Fraction(str(value))

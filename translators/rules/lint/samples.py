"""Sample values for the conditions of rules: the ends of each range, and what lies between."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from fractions import Fraction
from itertools import islice, product
from typing import Any, get_args, get_type_hints

import cel

from translators.canonical.controls import Quantity
from translators.errors import MappingError
from translators.rules.canonical import CLASSES, ENUMS, UNITS
from translators.rules.guards import condition
from translators.rules.schema import SourceField, SourceMapping, UnitSwitch
from translators.units import parse_unit

_EXPONENTS = (-3, 0, 3)
_BETWEEN = (-101, -100, -1, 0, 1, 50, 100, 101)
_WIDEST = (-(2**31), 2**32 - 1)
_SIZES = (0, 1, 2, 10, 11, 20, 21)
_MOST = 20_000

_LOOPS = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)")

_POINTS: list[Any] = [
    [{"x": x, "y": y, "displacement": abs(y), "excitation": side}] * size
    for size in _SIZES
    for x in (-100.0, 0.0, 100.0)
    for y in (-1.0, 0.0, 0.5, 1.0)
    for side in ("over", "under")
]
"""Curves as the conditions of targets see them."""

type Verdict = frozenset[bool]
"""What a condition says over all samples; empty where it can be evaluated on none."""


def variables(expression: str) -> frozenset[str]:
    """Return the names that a condition reads; those that a loop brings are left out."""
    found: frozenset[str] = frozenset(cel.compile(expression).variables())
    return found - frozenset(_LOOPS.findall(expression))


def verdict(expression: str, candidates: Mapping[str, list[Any]]) -> Verdict:
    """Return the values that a condition takes over the samples of the names that it reads."""
    names = sorted(variables(expression))
    holds = condition(expression, frozenset(candidates), "lint")
    return frozenset(_values(holds, names, candidates))


def _values(
    holds: Callable[[Mapping[str, Any]], bool],
    names: list[str],
    candidates: Mapping[str, list[Any]],
) -> Iterator[bool]:
    seen: set[bool] = set()
    for values in islice(product(*(candidates[name] for name in names)), _MOST):
        sample = dict.fromkeys(candidates) | dict(zip(names, values, strict=True))
        try:
            seen.add(holds(sample))
        except MappingError:  # null where the condition compares numbers
            continue
        if len(seen) > 1:
            break
    yield from seen


def of_source(model: SourceMapping) -> dict[str, list[Any]]:
    """Return sample values of the canonical fields that a source rule can make."""
    cls = CLASSES[model.canonical]
    found: dict[str, list[Any]] = {field.name: [None] for field in fields(cls)}
    for name, field in model.fields.items():
        found[name] = _plain(name, field)
    for name, field in model.quantity.items():
        found[name] = _numbers(field, None)
    if model.points is not None:
        xs, ys = _numbers(model.points.x, None), _numbers(model.points.y, None)
        found["points"] = [[{"x": x, "y": y}] * size for size in _SIZES for x in xs for y in ys]
    return found


def _plain(name: str, field: SourceField) -> list[Any]:
    """Return what a field that is no quantity may be, null where it may be left out."""
    if field.const is not None:
        return [field.const]
    missing = [None] if field.optional else []
    if field.cases is not None:
        return [*field.cases.values(), *missing]
    return ["any", *missing] if field.text else [*_numbers(field, name), *missing]


def _numbers(field: SourceField, name: str | None) -> list[float]:
    """Return the ends of a number's range in canonical units, and numbers between them."""
    low, high = field.range or _WIDEST
    raw = {Fraction(low), Fraction(high), *(Fraction(n) for n in _BETWEEN if low <= n <= high)}
    if field.range is not None:
        raw |= {(Fraction(low) + Fraction(high)) / 2}
    exponents = _EXPONENTS if isinstance(field.scale10, str) else (int(field.scale10 or 0),)
    if field.absent is not None and not isinstance(field.absent, bool | str):
        raw.add(Fraction(field.absent))
    values = {
        value * Fraction(10) ** power * scale
        for value in raw
        for power in exponents
        for scale in _scales(field, name)
    }
    if field.reciprocal:
        values = {1 / value for value in values if value}
    return sorted({float(-value if field.negate else value) for value in values})


def _scales(field: SourceField, name: str | None) -> set[Fraction]:
    """Return the factors from the wire to the canonical unit."""
    unit = field.unit
    texts = list(unit.cases.values()) if isinstance(unit, UnitSwitch) else [unit or "1"]
    canonical = UNITS.get(name or "")
    to = Fraction(1) if canonical is None else canonical.scale
    return {parse_unit(text).scale / to for text in texts}


def of_class(names: list[str]) -> dict[str, list[Any]]:
    """Return sample values of the fields of canonical classes, as the conditions of targets see them."""
    found: dict[str, list[Any]] = {}
    for name in names:
        cls = CLASSES[name]
        for field, hint in get_type_hints(cls).items():
            values = found.setdefault(field, [])
            values += [item for item in _typed(field, hint) if item not in values]
        if {"curve", "points"} & found.keys():
            found["points"] = _POINTS
    return found


def _typed(name: str, hint: Any) -> list[Any]:
    kinds = get_args(hint) or (hint,)
    values: list[Any] = [None] if type(None) in kinds else []
    if name in ENUMS:
        return values + [member.value for member in ENUMS[name]]
    if bool in kinds:
        return [*values, True, False]
    if Fraction in kinds or Quantity in kinds:
        return [*values, -100.0, -1.0, 0.0, 0.5, 1.0, 100.0]
    return [*values, "any"]

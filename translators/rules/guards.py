"""Boolean conditions in CEL, and what a rule file may not ask of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import cel

from translators.canonical.controls import Quantity
from translators.canonical.curves import Curve
from translators.errors import MappingError

_LONGEST = 200
_LOOPS = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)")

type Condition = Callable[[Mapping[str, Any]], bool]


def condition(expression: str, names: frozenset[str], rule: str) -> Condition:
    """Compile a guard; `MappingError` where it is no CEL, too costly, or names what is not there."""
    if len(expression) > _LONGEST:
        raise MappingError(f"is longer than {_LONGEST} characters", where=rule, value=expression)
    loops = _LOOPS.findall(expression)
    if len(loops) > 1:
        raise MappingError("loops more than once", where=rule, value=expression, rule="guard cost")
    try:
        program = cel.compile(expression)
    except ValueError as exc:
        raise MappingError("is no CEL", where=rule, value=expression, rule="guard") from exc
    unknown = set(program.variables()) - names - set(loops)
    if unknown:
        raise MappingError(
            f"names {', '.join(sorted(unknown))}, which is not there", where=rule, value=expression
        )

    def holds(values: Mapping[str, Any]) -> bool:
        try:
            result = program.execute(dict(values))
        except (RuntimeError, TypeError, ValueError) as exc:
            problem = f"cannot be evaluated: {exc}"
            raise MappingError(problem, where=rule, value=expression, rule="guard") from exc
        if not isinstance(result, bool):
            raise MappingError("is not boolean", where=rule, value=expression, rule="guard")
        return result

    return holds


def variables(expression: str) -> frozenset[str]:
    """Return the names that a guard reads; those that a loop brings are left out."""
    found: frozenset[str] = frozenset(cel.compile(expression).variables())
    return found - frozenset(_LOOPS.findall(expression))


def plain(control: Any) -> dict[str, Any]:
    """Return a control's fields as guards see them: doubles, texts, booleans, points as maps."""
    values: dict[str, Any] = {}
    for item in fields(control):
        value = getattr(control, item.name)
        if isinstance(value, Curve):
            values["points"] = [_plain(point) for point in value.points]
        else:
            values[item.name] = _plain(value)
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, Quantity):
        return float(value.value)
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value

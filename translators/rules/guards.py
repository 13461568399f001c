"""Boolean conditions in CEL, and what a rule file may not ask of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any

import cel

from translators.canonical.controls import Quantity
from translators.canonical.curves import Vertex
from translators.errors import MappingError, near
from translators.rules.shapes import Unlike, plainly

_LONGEST, _DEEPEST = 200, 12
"""Characters of a condition, and its brackets in each other."""
_LOOPS = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)")
_MEMBERS = re.compile(r"\bdialect\s*\.\s*(\w+)")


class Scope(dict[str, Any]):
    """What conditions on one thing see, by name, each value read once."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str], Any]) -> None:
        """`read` gives the value of a name; `dialect.x` asks for one reading of the dialect."""
        self._read = read

    def __missing__(self, name: str) -> Any:
        """Return the value of a name that is asked for the first time."""
        value = self[name] = self._read(name)
        return value

    def context(self, names: Iterable[str]) -> dict[str, Any]:
        """Return what CEL sees of these names."""
        seen: dict[str, Any] = {}
        for name in names:
            head, _, member = name.partition(".")
            if member:
                seen.setdefault(head, {})[member] = self[name]
            else:
                seen[name] = self[name]
        return seen


type Condition = Callable[[Mapping[str, Any]], bool]
"""Says whether a condition holds of values by name, or of a `Scope`."""


def condition(expression: str, names: frozenset[str], rule: str) -> Condition:
    """Compile a guard; `MappingError` where it is no CEL, too costly, or names what is not there."""
    program, used = _compiled(expression, rule)
    loops = _LOOPS.findall(expression)
    unknown = used - names - set(loops)
    if unknown:
        hint = near(min(unknown), names)
        raise MappingError(
            f"names {', '.join(sorted(unknown))}, which is not there{hint}",
            where=rule,
            value=expression,
        )
    own = used - set(loops)
    asked = frozenset(f"dialect.{member}" for member in _MEMBERS.findall(expression))
    lazily, directly = sorted(own - {"dialect"} | asked), plainly(expression)

    def of_scope(scope: Scope) -> Any:
        if directly is not None:
            try:
                return directly(scope)
            except (Unlike, KeyError):
                pass  # another type, or not there: CEL says what that means
        return program.execute(scope.context(lazily))

    def holds(values: Mapping[str, Any]) -> bool:
        try:
            if isinstance(values, Scope):
                result = of_scope(values)
            else:
                result = program.execute({name: values[name] for name in own if name in values})
        except (RuntimeError, TypeError, ValueError) as exc:
            problem = f"cannot be evaluated: {exc}"
            raise MappingError(problem, where=rule, value=expression, rule="guard") from exc
        if not isinstance(result, bool):
            raise MappingError("is not boolean", where=rule, value=expression, rule="guard")
        return result

    return holds


def _compiled(expression: str, rule: str) -> tuple[cel.Program, frozenset[str]]:
    """Return the program and the names that it uses, within the bounds of what may cost."""
    if len(expression) > _LONGEST:
        raise MappingError(f"is longer than {_LONGEST} characters", where=rule, value=expression)
    if len(_LOOPS.findall(expression)) > 1:
        raise MappingError("loops more than once", where=rule, value=expression, rule="guard cost")
    if _depth(expression) > _DEEPEST:
        problem = f"is nested deeper than {_DEEPEST}"
        raise MappingError(problem, where=rule, value=expression, rule="guard cost")
    try:
        return _program(expression)
    except ValueError as exc:
        raise MappingError("is no CEL", where=rule, value=expression, rule="guard") from exc


@lru_cache(maxsize=1024)
def _program(expression: str) -> tuple[cel.Program, frozenset[str]]:
    program = cel.compile(expression)
    return program, frozenset(program.variables())


def _depth(expression: str) -> int:
    """Return how deep brackets stand in each other, those in texts counted as well."""
    steps = (1 if sign in "([{" else -1 if sign in ")]}" else 0 for sign in expression)
    return max(accumulate(steps), default=0)


def plain(control: Any) -> dict[str, Any]:
    """Return a control's fields as guards see them: doubles, texts, booleans, points as maps."""
    return {name: seen(control, name) for name in _fields(control.__class__)}


def seen(control: Any, name: str) -> Any:
    """Return one field of a control as guards see it; `points` of a curve as well."""
    if name == "points" and "curve" in control.__slots__:
        return [_plain(point) for point in control.curve.points]
    return _plain(getattr(control, name))


@cache
def _fields(cls: Any) -> tuple[str, ...]:
    """Return what conditions on a class may name."""
    return tuple("points" if item.name == "curve" else item.name for item in fields(cls))


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is Fraction:
        whole, parts = value.as_integer_ratio()
        return whole / parts
    if value is None or kind is bool:
        return value
    if isinstance(value, Vertex):
        return {"x": _plain(value.x), "y": _plain(value.y)}
    if isinstance(value, Quantity):
        return _plain(value.value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value

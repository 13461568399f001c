"""How texts of a document are taken: by path, whole and decimal numbers exactly, within their bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from typing import Protocol

from translators.errors import MappingError
from translators.rules.schema import SourceField
from translators.rules.values import Unmet, text

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}").fullmatch
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3}))?")
_LONGEST, _LARGEST_EXPONENT = 64, 30
"""Of a decimal text: characters, and its power of ten either way."""
LONGEST_WHOLE = 21
"""Of a whole number: characters."""
_ANY_32_BIT, INT8 = (-(2**31), 2**32 - 1), (-128, 127)
"""Bounds of a number whose rule states none: Int32 and UInt32 together; and of a multiplier."""
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


class Texts(Protocol):
    """A wire element as a field reads it: texts by path."""

    def raw(self, path: str) -> str | None:
        """Return the text at `path` (`.` is the element itself), or None where it is absent."""
        ...


class View(Texts, Protocol):
    """A wire element as a rule reads it: texts, and repeated children as views."""

    def every(self, path: str) -> Sequence[View]:
        """Return the children called `path`."""
        ...


def place_of(where: str, path: str) -> str:
    """Return the path of a field below an element; `.` is the element itself."""
    return where if path == "." else f"{where}/{path}"


def boolean(raw: str) -> str:
    """Return the one spelling of a boolean of XML Schema, anything else as it is."""
    return "true" if raw in _TRUE else "false" if raw in _FALSE else raw


def integer(bounds: tuple[int, int], view: Texts, path: str, where: str) -> int | None:
    """Return the whole number at `path`, None where absent; `Unmet` where it is none or outside."""
    raw = view.raw(path)
    if raw is None:
        return None
    number = whole(raw) if len(raw) <= LONGEST_WHOLE else None
    least, most = bounds
    if number is None or not least <= number <= most:
        problem = f"is {raw!r}, not a whole number in {least}..{most}"
        raise Unmet("invalid", f"{where}/{path}", problem)
    return number


@lru_cache(maxsize=8192)
def whole(raw: str) -> int | None:
    """Return the whole number that a short text is, None where it is none."""
    return int(raw) if _WHOLE_NUMBER(raw) else None


def integers(field: SourceField, where: str) -> Callable[[Texts, str, str], int | None]:
    """Return how the whole number of a field is taken."""
    return partial(integer, range_of(field, where))


def range_of(field: SourceField, where: str) -> tuple[int, int]:
    """Return the bounds of a whole number: those of its rule, or what 32 bits hold."""
    low, high = field.range or _ANY_32_BIT
    if not (isinstance(low, int) and isinstance(high, int)):
        raise MappingError("has a range of decimals and is not `decimal`", where=where)
    return low, high


def decimals(field: SourceField) -> Callable[[Texts, str, str], Fraction | None]:
    """Return how the decimal number of a field is taken."""
    bounds = [Fraction(str(bound)) for bound in field.range or ()]

    def take(view: Texts, path: str, where: str) -> Fraction | None:
        raw = view.raw(path)
        if raw is None:
            return None
        value = exact_decimal(raw)
        if value is None:
            problem = f"is {raw[:_LONGEST]!r}, not a decimal number within 1e±{_LARGEST_EXPONENT}"
            raise Unmet("invalid", place_of(where, path), problem)
        if bounds and not bounds[0] <= value <= bounds[1]:
            problem = f"is {raw}, not in {text(bounds[0])}..{text(bounds[1])}"
            raise Unmet("invalid", place_of(where, path), problem)
        return value

    return take


def exact_decimal(raw: str) -> Fraction | None:
    """Return the number that a decimal text is, exactly; None for NaN, infinities and absurd sizes."""
    return _decimal(raw) if len(raw) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _decimal(raw: str) -> Fraction | None:
    match = _DECIMAL.fullmatch(raw)
    if match is None or abs(int(match[1] or 0)) > _LARGEST_EXPONENT:
        return None
    return Fraction(raw)

"""Numbers of the wire: taken exactly, times a power of ten, turned over, their sign changed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

from translators.errors import MappingError
from translators.rules.schema import SourceField
from translators.rules.taking import (
    INT8,
    LONGEST_WHOLE,
    Texts,
    decimals,
    integer,
    integers,
    place_of,
    range_of,
    whole,
)
from translators.rules.trace import Note
from translators.rules.values import Trace, Unmet
from translators.units import scale10

_NO_POWER = 1000
"""What a text stands for that is no power of ten: beyond any that a number may have."""

type Worth = tuple[int, Fraction, float]
"""A number as it stands, what it is worth, and the double that is nearest to that."""
type Raw = int | Fraction
"""A number as the document has it."""


class Scaled:
    """One number of a rule, compiled; `scale` names the text that states its power of ten, None where fixed.

    `take` gives the number as it stands, None where it is absent; `scaled` its worth by a power; `held` is
    what holds where it is absent, None where it is needed or may be left out. `known` gives what the text
    of a whole number is worth, or `Unknown`; it is None for decimals.
    """

    __slots__ = (
        *("_below", "_field", "fixed", "held", "known", "name"),
        *("path", "scale", "scaled", "take", "turned"),
    )

    def __init__(self, name: str, field: SourceField, rule: str) -> None:
        """Compile; `MappingError` for a range, a power or a default that cannot be."""
        where = f"{rule}.{name}"
        self.name, self.path, self._field = name, field.from_ or ".", field
        self._below = "" if self.path == "." else f"/{self.path}"
        self.take = decimals(field) if field.decimal else integers(field, where)
        self.scaled: Callable[[Any, int | None], Fraction] = _exact if field.decimal else _known
        self.held = None if field.absent is None else _absent(field.absent, where)
        self.turned = field.reciprocal or field.negate
        self.scale = field.scale10 if isinstance(field.scale10, str) else None
        self.fixed = field.scale10 if isinstance(field.scale10, int) else 0
        if not INT8[0] <= self.fixed <= INT8[1]:
            raise MappingError("is no power of ten", where=where, value=field.scale10)
        self.known = None if field.decimal else _worth(range_of(field, where), self._turn)

    def power(self, view: Texts) -> int | None:
        """Return the power of ten that `view` states, or the fixed one; one that is none is past INT8."""
        if self.scale is None:
            return self.fixed
        raw = view.raw(self.scale)
        if raw is None:
            return None
        power = whole(raw) if len(raw) <= LONGEST_WHOLE else None
        return _NO_POWER if power is None else power

    def read(self, view: Texts, trace: Trace, where: str) -> Fraction | None:
        """Return the number, or what holds where it is absent; note how it came about."""
        raw = self.take(view, self.path, where)
        if raw is None:
            return self.absent(where)
        power = self.fixed if self.scale is None else integer(INT8, view, self.scale, where)
        value = self.scaled(raw, power)
        if self.turned:
            value = self.turn(value, where)
        trace.later(partial(self.tell, raw, power, (where, where, self.name)))
        return value

    def absent(self, where: str) -> Fraction | None:
        """Return what holds where the number is absent; `Unmet` where it must not be."""
        if self.held is None and not self._field.optional:
            raise Unmet("invalid", f"{where}/{self.path}", "is missing")
        return self.held

    def turn(self, value: Fraction, where: str) -> Fraction:
        """Return the reciprocal, the other sign, as the rule asks; `Unmet` for the reciprocal of 0."""
        turned = self._turn(value)
        if turned is None:
            place = place_of(where, self.path)
            raise Unmet("invalid", place, "is 0, which has no reciprocal")
        return turned

    def _turn(self, value: Fraction) -> Fraction | None:
        if self._field.reciprocal:
            if not value:
                return None
            value = 1 / value
        return -value if self._field.negate else value

    def tell(self, raw: Raw, power: int | None, at: tuple[str, str, str], note: Note) -> None:
        """Note each operation; `at` is where the number stands, where its power does, and its name."""
        where, above, name = at
        stated = "" if self.scale is None or power is None else f"{above}/{self.scale} = {power}"
        place, value = where + self._below, self.scaled(raw, power)
        note(f"scale10 {power}" if power else "take", place, raw, name, value, stated)
        if self._field.reciprocal:
            note("reciprocal", place, value, name, 1 / value)
            value = 1 / value
        if self._field.negate:
            note("sign", place, value, name, -value)


def _exact(raw: Fraction, power: int | None) -> Fraction:
    return scale10(raw, power) if power else raw


@lru_cache(maxsize=8192)
def _known(raw: int, power: int | None) -> Fraction:
    """Return a whole number times a power of ten: those of curves and limits come again and again."""
    return scale10(raw, power or 0)


class Unknown(Exception):  # noqa: N818 - not an error: the long way says what it is
    """A text is no whole number within its bounds, or too long to be remembered."""


def _worth(
    bounds: tuple[int, int], turn: Callable[[Fraction], Fraction | None]
) -> Callable[[str | None, int | None], Worth]:
    """Compile what a text is worth by a power of ten, remembered where it is a number; else `Unknown`."""
    least, most = bounds

    @lru_cache(maxsize=2048)
    def worth(raw: str | None, power: int | None) -> Worth:
        number = None if raw is None or len(raw) > LONGEST_WHOLE else whole(raw)
        if number is None or not least <= number <= most:
            raise Unknown
        if power is not None and not INT8[0] <= power <= INT8[1]:
            raise Unknown
        value = turn(scale10(number, power or 0))
        if value is None:
            raise Unknown
        return number, value, value.numerator / value.denominator

    return worth


def _absent(value: object, where: str) -> Fraction:
    try:
        return Fraction(str(value))
    except ValueError as exc:
        raise MappingError("is no number", where=where, value=value) from exc

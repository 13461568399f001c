"""Numbers of a curve's axis by the ratings of a station: what they are multiplied by, settled beforehand.

    number of the source  x  fixed factor  x  rating(here) / rating(there)  =  number of the wire, unrounded

It is what `Bases.convert` does, with the bases of each sign looked up once for all stations. Ratios are kept
as two whole numbers, not in lowest terms: that is for whoever reads the trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from translators.canonical.capability import Situation, StationProfile
from translators.rules.bases import Bases
from translators.rules.emission import Number
from translators.units import Base, Unit

type Ratio = tuple[int, int]

_HUNDRED = Fraction(100)
_ANYWHERE = Bases(StationProfile("", "2.1", Fraction(50), ()), Situation())
"""A station without ratings: of numbers that go by none."""


class Turn(NamedTuple):
    """By what numbers of one sign are multiplied: a fixed factor, times a rating, over another."""

    factor: Fraction
    here: Base | None = None
    there: Base | None = None

    @property
    def rated(self) -> bool:
        """Say whether a rating counts."""
        return self.here is not None or self.there is not None

    def at(self, bases: Bases) -> Ratio:
        """Return the factor at a station; `Unmet` where a rating cannot be told."""
        whole, parts = self.factor.as_integer_ratio()
        if self.here is not None:
            rating, of = bases.rating(self.here, "").as_integer_ratio()
            whole, parts = whole * rating, parts * of
        if self.there is not None:
            rating, of = bases.rating(self.there, "").as_integer_ratio()
            whole, parts = whole * of, parts * rating
        return whole, parts


class Wired(NamedTuple):
    """The numbers of an axis as the wire gets them."""

    numbers: list[int | float]
    rounded: int | None
    """Which of them is the first that had to be rounded, None where each is exact."""
    ratios: list[Ratio]
    """The same, unrounded."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The numbers of one axis; of the `turns` the first is for those from 0 up, the other for those below."""

    number: Number
    ratios: tuple[Ratio, ...]
    turns: tuple[Turn, Turn]
    crosses: bool
    """Whether a line between two of them crosses 0."""
    ends: tuple[int, int]
    """Where the least and the most of them stand."""
    bounds: tuple[Ratio, Ratio] | None
    """What the numbers must not exceed; None without."""
    always: Wired | None = None
    """The numbers, where they are the same at every station."""

    def at(self, bases: Bases) -> Wired | None:
        """Return the numbers at a station; None where one has to be cut, or a line bends at 0.

        `Unmet` where a rating cannot be told.
        """
        if self.always is not None:
            return self.always
        turn_up, turn_down = self.turns
        up, of_up = turn_up.at(bases)
        down, of_down = (up, of_up) if turn_down is turn_up else turn_down.at(bases)
        if self.crosses and up * of_down != down * of_up:
            return None
        ratios = [
            (whole * down, parts * of_down) if whole < 0 else (whole * up, parts * of_up)
            for whole, parts in self.ratios
        ]
        if self.bounds is not None:
            # no turn changes a sign: what is least and most of the source is so at every station
            (low, of_low), (high, of_high) = self.bounds
            (least, of_least), (most, of_most) = ratios[self.ends[0]], ratios[self.ends[1]]
            if least * of_low < low * of_least or most * of_high > high * of_most:
                return None
        return Wired(*self.number.wires(ratios), ratios)


def axis(
    number: Number,
    unit: Unit,
    values: Sequence[Fraction],
    bounds: tuple[Fraction, Fraction] | None = None,
) -> Axis:
    """Return how the numbers of an axis go out that are in `unit`."""
    up, down = (
        _turn(number, unit, [v for v in values if (v < 0) is negative], negative=negative)
        for negative in (False, True)
    )
    made = Axis(
        number=number,
        ratios=tuple(value.as_integer_ratio() for value in values),
        turns=(up, up if down == up else down),
        crosses=any(left * right < 0 for left, right in pairwise(values)),
        ends=(values.index(min(values)), values.index(max(values))),
        bounds=bounds and (bounds[0].as_integer_ratio(), bounds[1].as_integer_ratio()),
    )
    return made if up.rated or down.rated else replace(made, always=made.at(_ANYWHERE))


def _turn(number: Number, unit: Unit, own: Sequence[Fraction], *, negative: bool) -> Turn:
    """Return by what numbers of one sign are multiplied; ratings that none of them needs are left out."""
    here = unit.of_negative if negative else unit.of
    target, _ = number.fitting(here, unit.kind, negative=negative)
    there = target.of_negative if negative else target.of
    factor = unit.scale / target.scale
    if (here == there and unit.kind is target.kind) or not own:
        return Turn(factor)
    if not any(own) and (here is None or there is None):
        return Turn(factor)
    # a percentage becomes a number with the rating behind it, a number a percentage
    return Turn(factor * _HUNDRED ** ((there is not None) - (here is not None)), here, there)

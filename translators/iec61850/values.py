"""Values of data attributes as exact texts, and references to attributes as data objects.

FLOAT32 is binary: 50.1 travels as 50.09999847412109375. What its sender meant is taken to be the shortest
decimal that names the same FLOAT32, which is what tools show and operators type; it is exact from there on.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from translators.rules.values import Unmet, text

type Value = bool | int | float | str | Decimal | Fraction
"""What an attribute holds; a float is a FLOAT32 as the wire gave it, everything else is exact."""

_DIGITS = 9
"""Significant decimals that tell any two FLOAT32 apart (IEEE 754-2019 5.12.2)."""
_MOST_POINTS = 1000
_SCALAR = re.compile(r"(\w+)\.(?:ctlVal|setMag|setVal)(?:\.[fi])?")
_POINT = re.compile(r"(\w+)\.crvPts\[(\d{1,6})\]\.(xVal|yVal)")
_COUNT = re.compile(r"(\w+)\.numPts")


def shortest(value: float) -> Decimal:
    """Return the shortest decimal that is the same FLOAT32; NaN and infinities as they are."""
    if not math.isfinite(value):
        return Decimal(str(value))
    wire = _single(value)
    near = (f"{value:.{digits}g}" for digits in range(1, _DIGITS + 1))
    return Decimal(next((one for one in near if _single(float(one)) == wire), repr(value)))


def written(value: Value) -> str:
    """Return a value as the text that rules read."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return _plain(shortest(value))
        case Decimal():
            return _plain(value)
        case _:
            return text(value)


@dataclass(slots=True)
class Objects:
    """The data objects of one node: scalars as texts, curves as their points in order."""

    scalars: dict[str, str] = field(default_factory=dict)
    curves: dict[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return the names of all data objects."""
        return [*self.scalars, *self.curves]


def objects_of(values: Mapping[str, Value], where: str) -> Objects:
    """Return the data objects that references below a node make; `Unmet` where one is no reference."""
    made = Objects()
    points: dict[str, dict[int, dict[str, str]]] = {}
    counts: dict[str, str] = {}
    for reference, value in values.items():
        if found := _SCALAR.fullmatch(reference):
            made.scalars[found[1]] = written(value)
        elif found := _POINT.fullmatch(reference):
            points.setdefault(found[1], {}).setdefault(int(found[2]), {})[found[3]] = written(value)
        elif found := _COUNT.fullmatch(reference):
            counts[found[1]] = written(value)
        else:
            raise Unmet("invalid", f"{where}.{reference}", "is no attribute that a client sets")
    for name in points.keys() | counts.keys():
        place = f"{where}.{name}"
        made.curves[name] = _counted(points.get(name, {}), counts.get(name), place)
    return made


def object_path(reference: str) -> str:
    """Return where the value of a reference stands among data objects: `VVArCrv[0]/xVal`."""
    if found := _POINT.fullmatch(reference):
        return f"{found[1]}[{found[2]}]/{found[3]}"
    return reference.partition(".")[0]


def _counted(
    points: Mapping[int, Mapping[str, str]], count: str | None, where: str
) -> tuple[Mapping[str, str], ...]:
    """Return the points that count, in order: the first numPts, or all where it is not told."""
    most = len(points) if count is None else int(count) if count.isdecimal() else -1
    if not 0 <= most <= _MOST_POINTS:
        raise Unmet("invalid", f"{where}.numPts", f"is {count}, not in 0..{_MOST_POINTS}")
    missing = [number for number in range(most) if number not in points]
    if missing:
        raise Unmet("invalid", f"{where}.crvPts[{missing[0]}]", "is missing")
    return tuple(points[number] for number in range(most))


def _single(value: float) -> bytes:
    """Return the four octets of FLOAT32; a value beyond its range is none, so its own eight."""
    try:
        return struct.pack(">f", value)
    except OverflowError:
        return struct.pack(">d", value)


def _plain(value: Decimal) -> str:
    return f"{value:f}" if value.is_finite() else str(value)

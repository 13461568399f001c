"""Exact quantities: kinds, bases, scales and explicit rounding.

A `Unit` says what is measured (`kind`), in which size (`scale`, to the SI unit or to one per cent) and,
for a percentage, of what (`of`, and `of_negative` for its negative side). Two units convert freely when
kind and bases agree; from one base to another only through a declared re-base with ratings.

Text form, as mapping files write it:

    W  kW  var  kvar  VA  kVA  V  A  Wh  kWh  S  Hz  mHz  s  cs  1  pu  percent  permille
    pct[setMaxW]  pct100[setMaxVar]  pct[setMaxW|setMaxChargeRateW]  pct[setMaxW]/s  pu[setMaxW]

`pct100[...]` is hundredths of one per cent (PerCent of IEEE 2030.5), `pu[...]` a share from -1 to 1. A
`|` names the base of negative values where it differs; `setMaxVar` implies `setMaxVarNeg`. W, var and VA
never mix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import assert_never

from translators.errors import MappingError, near


class Kind(StrEnum):
    """What a number measures."""

    POWER = "W"
    REACTIVE = "var"
    APPARENT = "VA"
    VOLTAGE = "V"
    CURRENT = "A"
    FREQUENCY = "Hz"
    ENERGY = "Wh"
    SUSCEPTANCE = "S"
    TIME = "s"
    NUMBER = "1"
    PERCENT = "pct"
    PERCENT_RATE = "pct/s"


class Base(StrEnum):
    """What a percentage is a percentage of (DERUnitRefType of IEEE 2030.5, by name, and voltages)."""

    MAX_W = "setMaxW"
    MAX_CHARGE_W = "setMaxChargeRateW"
    MAX_DISCHARGE_W = "setMaxDischargeRateW"
    W_AVAILABLE = "statWAvail"
    MAX_VAR = "setMaxVar"
    MAX_VAR_NEG = "setMaxVarNeg"
    VAR_AVAILABLE = "statVarAvail"
    MAX_VA = "setMaxVA"
    MAX_CHARGE_VA = "setMaxChargeRateVA"
    EFFECTIVE_V = "setEffectiveV"
    V_REF = "V_ref"
    V_NOM = "V_nom"


_IMPLIED_NEGATIVE = {Base.MAX_VAR: Base.MAX_VAR_NEG}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of one kind; `scale` turns a number in it into SI (or into one per cent)."""

    kind: Kind
    scale: Fraction = Fraction(1)
    of: Base | None = None
    of_negative: Base | None = None

    def __str__(self) -> str:
        """Return the text that `parse_unit` reads."""
        return _render(self)


_SIMPLE = {
    "W": Unit(Kind.POWER),
    "kW": Unit(Kind.POWER, Fraction(1000)),
    "var": Unit(Kind.REACTIVE),
    "kvar": Unit(Kind.REACTIVE, Fraction(1000)),
    "VA": Unit(Kind.APPARENT),
    "kVA": Unit(Kind.APPARENT, Fraction(1000)),
    "V": Unit(Kind.VOLTAGE),
    "A": Unit(Kind.CURRENT),
    "Wh": Unit(Kind.ENERGY),
    "kWh": Unit(Kind.ENERGY, Fraction(1000)),
    "S": Unit(Kind.SUSCEPTANCE),
    "Hz": Unit(Kind.FREQUENCY),
    "mHz": Unit(Kind.FREQUENCY, Fraction(1, 1000)),
    "cHz": Unit(Kind.FREQUENCY, Fraction(1, 100)),
    "s": Unit(Kind.TIME),
    "cs": Unit(Kind.TIME, Fraction(1, 100)),
    "1": Unit(Kind.NUMBER),
    "pu": Unit(Kind.NUMBER),
    "percent": Unit(Kind.NUMBER, Fraction(1, 100)),
    "permille": Unit(Kind.NUMBER, Fraction(1, 1000)),
}
_PERCENT = re.compile(r"(pct|pct100|pu)\[([A-Za-z_]+)(?:\|([A-Za-z_]+))?\](/s)?")
_PERCENT_SCALE = {"pct": Fraction(1), "pct100": Fraction(1, 100), "pu": Fraction(100)}


@lru_cache(maxsize=256)
def parse_unit(text: str) -> Unit:
    """Return the unit that `text` names; `MappingError` for anything else."""
    if text in _SIMPLE:
        return _SIMPLE[text]
    match = _PERCENT.fullmatch(text)
    if match is None:
        hint = near(text, _SIMPLE)
        raise MappingError(f"unknown unit{hint}", where="unit", value=text, rule="units")
    prefix, of, of_negative, per_second = match.groups()
    base = _base(of)
    negative = _base(of_negative) if of_negative else _IMPLIED_NEGATIVE.get(base, base)
    kind = Kind.PERCENT_RATE if per_second else Kind.PERCENT
    return Unit(kind, _PERCENT_SCALE[prefix], base, negative)


@lru_cache(maxsize=256)
def percent(of: Base, of_negative: Base | None = None) -> Unit:
    """Return the unit `pct[of|of_negative]`."""
    return Unit(Kind.PERCENT, Fraction(1), of, of_negative or _IMPLIED_NEGATIVE.get(of, of))


def same_base(left: Unit, right: Unit) -> bool:
    """Say whether a number converts between the two by scale alone, without a re-base."""
    return (left.kind, left.of, left.of_negative) == (right.kind, right.of, right.of_negative)


def convert(value: Fraction, source: Unit, target: Unit) -> Fraction:
    """Return `value` of `source` in `target`; `MappingError` unless `same_base`."""
    if not same_base(source, target):
        raise MappingError(
            f"cannot convert {source} to {target} without a re-base", where="unit", rule="units"
        )
    return value * source.scale / target.scale


def scale10(value: Fraction | int, exponent: int) -> Fraction:
    """Return `value * 10**exponent`, exactly."""
    if exponent >= 0:
        return Fraction(value.numerator * 10**exponent, value.denominator)
    return Fraction(value.numerator, value.denominator * 10**-exponent)


class Rounding(StrEnum):
    """How digits beyond the last place are given up."""

    HALF_EVEN = "half_even"
    DOWN = "down"
    """Toward zero: the restrictive side of a magnitude limit."""


def round_to(value: Fraction, places: int, rounding: Rounding = Rounding.HALF_EVEN) -> Fraction:
    """Return `value` with at most `places` decimals; the residual is `value - result`."""
    shift = 10**places
    if shift % value.denominator == 0:
        return value
    scaled = value * shift
    match rounding:
        case Rounding.HALF_EVEN:
            return Fraction(round(scaled), shift)
        case Rounding.DOWN:
            return Fraction(int(scaled), shift)
        case _:
            assert_never(rounding)


def to_decimal(value: Fraction) -> Decimal | None:
    """Return `value` as a Decimal, exactly; None where it has no finite decimal form."""
    whole, denominator = value.as_integer_ratio()
    twos = (denominator & -denominator).bit_length() - 1
    fives = 0
    rest = denominator >> twos
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    if rest != 1:
        return None
    places = max(twos, fives)
    return Decimal(f"{whole * 10**places // denominator}E-{places}")


def to_json_number(value: Fraction) -> int | float:
    """Return the JSON number for `value`: an int where it is whole, else the nearest double."""
    return value.numerator if value.denominator == 1 else float(value)


def _base(name: str) -> Base:
    try:
        return Base(name)
    except ValueError as exc:
        hint = near(name, [base.value for base in Base])
        raise MappingError(f"unknown base{hint}", where="unit", value=name, rule="units") from exc


@lru_cache(maxsize=256)
def _render(unit: Unit) -> str:
    if unit.of is None:
        return next(
            (name for name, known in _SIMPLE.items() if known == unit), f"{unit.scale}*{unit.kind}"
        )
    prefix = next(name for name, scale in _PERCENT_SCALE.items() if scale == unit.scale)
    implied = _IMPLIED_NEGATIVE.get(unit.of, unit.of)
    negative = "" if unit.of_negative == implied else f"|{unit.of_negative}"
    return f"{prefix}[{unit.of}{negative}]" + ("/s" if unit.kind is Kind.PERCENT_RATE else "")

"""Building blocks of outgoing IEEE 2030.5 documents: elements, times and scaled numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from translators.ieee2030_5.wire import SEP2, Resource
from translators.rules.trace import Loss, LossKind
from translators.rules.values import text

INT16 = range(-(1 << 15), 1 << 15)
UINT16 = range(1 << 16)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FINEST = -3
_COARSEST = 9


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number as value times ten to the multiplier, and what did not fit (0 where exact)."""

    value: int
    multiplier: int
    residual: Fraction


def leaf(name: str, value: object, namespace: str = SEP2) -> Resource:
    """Return an element with text; booleans become `true` and `false`."""
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return Resource(name, namespace, written)


def branch(name: str, *children: Resource | None, namespace: str = SEP2) -> Resource:
    """Return an element with children; those that are None are left out."""
    return Resource(name, namespace, children=tuple(child for child in children if child))


def seconds(at: datetime) -> int:
    """Return a TimeType: whole seconds since 1970, rounded down."""
    return (at - _EPOCH) // (_EPOCH.resolution * 1_000_000)


def bitmap(bits: int, octets: int = 4) -> str:
    """Return hexBinary of `octets`."""
    return f"{bits:0{2 * octets}X}"


def scale(value: Fraction, valid: range = INT16) -> Scaled:
    """Return the plainest exact form of `value` in `valid`, else the finest, cut towards zero.

    Exact forms are tried from multiplier 0 upwards, then downwards to -3.
    """
    for multiplier in (*range(_COARSEST + 1), *range(-1, _FINEST - 1, -1)):
        scaled = value / Fraction(10) ** multiplier
        if scaled.denominator == 1 and int(scaled) in valid:
            return Scaled(int(scaled), multiplier, Fraction(0))
    for multiplier in range(_FINEST, _COARSEST + 1):
        cut = int(value / Fraction(10) ** multiplier)
        if cut in valid:
            return Scaled(cut, multiplier, value - cut * Fraction(10) ** multiplier)
    edge = valid[-1] if value > 0 else valid[0]
    return Scaled(edge, _COARSEST, value - edge * Fraction(10) ** _COARSEST)


def measure(
    name: str, value: Fraction | None, losses: list[Loss], valid: range = INT16
) -> Resource | None:
    """Return an ActivePower, ReactivePower, ApparentPower or VoltageRMS; what is cut is a loss."""
    if value is None:
        return None
    scaled = scale(value, valid)
    if scaled.residual:
        detail = f"{text(value)} is told as {scaled.value} times ten to {scaled.multiplier}"
        losses.append(
            Loss(LossKind.ROUND, "ieee2030_5.outbound", name, detail, text(scaled.residual))
        )
    return branch(name, leaf("multiplier", scaled.multiplier), leaf("value", scaled.value))

"""Whether a station does what it accepted: measured against commanded.

Only what can be told from the station's own meter is judged: power factor, volt-var, fixed var,
setpoints and limits. Two judgements in a row against the station make it `not following`; one for
it ends that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from translators.canonical.capability import StationProfile
from translators.canonical.controls import (
    ActiveSetpoint,
    DerControl,
    Excitation,
    FixedPowerFactor,
    FixedVar,
    Flow,
    LimitOn,
    PowerLimit,
    Quantity,
    ReactiveSetpoint,
    VoltVar,
)
from translators.canonical.curves import Curve
from translators.units import Base, Kind

_TOLERANCE = Fraction(1, 20)
"""Of the rating: meters, response times and rounding stay inside it."""
_STRIKES = 2
_REACTIVE_BASES = frozenset({Base.MAX_VAR, Base.MAX_VAR_NEG, Base.MAX_W, Base.MAX_VA})


@dataclass(frozen=True, slots=True)
class Bound:
    """What a measured value should be: between low and high (SI, canonical frame), None is open."""

    kind: Kind
    low: Fraction | None
    high: Fraction | None
    measured: Fraction

    @property
    def holds(self) -> bool:
        """Say whether the measured value lies inside."""
        above = self.low is None or self.measured >= self.low
        return above and (self.high is None or self.measured <= self.high)


@dataclass(frozen=True, slots=True)
class Watch:
    """Consecutive judgements against a station, by function."""

    strikes: Mapping[str, int] = field(default_factory=dict)

    def judged(self, function: str, bound: Bound) -> Watch:
        """Return the watch after one judgement."""
        count = 0 if bound.holds else self.strikes.get(function, 0) + 1
        return Watch({**self.strikes, function: count})

    def not_following(self, function: str) -> bool:
        """Say whether the station accepted this function and does not do it."""
        return self.strikes.get(function, 0) >= _STRIKES


def expected(
    control: DerControl, profile: StationProfile, measured: Mapping[Kind, Fraction]
) -> Bound | None:
    """Return what the meter should show while `control` is in force, or None where it cannot tell.

    `measured` holds W, var and V (V per phase to neutral), canonical frame.
    """
    match control:
        case FixedPowerFactor():
            return _power_factor(control, profile, measured)
        case VoltVar():
            return _volt_var(control, profile, measured)
        case FixedVar(setpoint=value):
            return _around(Kind.REACTIVE, _absolute(value, profile), profile, measured)
        case ReactiveSetpoint(value=value):
            return _around(Kind.REACTIVE, _absolute(value, profile), profile, measured)
        case ActiveSetpoint(value=value):
            return _around(Kind.POWER, _absolute(value, profile), profile, measured)
        case PowerLimit():
            return _limit(control, profile, measured)
        case _:
            return None


def together(bounds: Sequence[Bound]) -> list[Bound]:
    """Return what each bound still asks for beside the others, in their order.

    A station does one thing at a time. Of several targets for one quantity (a power factor beside a
    volt-var curve) it may follow any; where a limit lies short of a target, only going beyond it is wrong.
    """
    return [
        _beside(bound, [other for other in bounds if other.kind is bound.kind]) for bound in bounds
    ]


def _beside(bound: Bound, others: Sequence[Bound]) -> Bound:
    if bound.low is None or bound.high is None:
        return bound
    targets = [(o.low, o.high) for o in others if o.low is not None and o.high is not None]
    low, high = min(low for low, _ in targets), max(high for _, high in targets)
    ceilings = [o.high for o in others if o.low is None and o.high is not None]
    floors = [o.low for o in others if o.high is None and o.low is not None]
    return replace(
        bound,
        low=None if any(ceiling < high for ceiling in ceilings) else low,
        high=None if any(floor > low for floor in floors) else high,
    )


def _rating(profile: StationProfile, base: Base) -> Fraction | None:
    values = [evse.ratings.base(base) for evse in profile.evses]
    known = [value for value in values if value is not None]
    return sum(known, Fraction()) if known and len(known) == len(values) else None


def _absolute(quantity: Quantity, profile: StationProfile) -> Fraction | None:
    if quantity.unit.kind is not Kind.PERCENT:
        return quantity.value * quantity.unit.scale
    rating = None if quantity.base is None else _rating(profile, quantity.base)
    return None if rating is None else quantity.value * quantity.unit.scale * rating / 100


def _slack(profile: StationProfile, kind: Kind) -> Fraction:
    bases = (
        (Base.MAX_VAR, Base.MAX_VA) if kind is Kind.REACTIVE else (Base.MAX_W, Base.MAX_CHARGE_W)
    )
    ratings = [_rating(profile, base) for base in bases]
    return _TOLERANCE * max((rating for rating in ratings if rating), default=Fraction(1000))


def _around(
    kind: Kind, value: Fraction | None, profile: StationProfile, measured: Mapping[Kind, Fraction]
) -> Bound | None:
    if value is None or kind not in measured:
        return None
    slack = _slack(profile, kind)
    return Bound(kind, value - slack, value + slack, measured[kind])


def _power_factor(
    control: FixedPowerFactor, profile: StationProfile, measured: Mapping[Kind, Fraction]
) -> Bound | None:
    power = measured.get(Kind.POWER)
    if power is None or (power > 0) is not (control.flow is Flow.INJECTING):
        return None
    squared = Decimal(control.displacement.numerator) / Decimal(control.displacement.denominator)
    ratio = Fraction((1 / squared**2 - 1).sqrt())
    sign = 1 if control.excitation is Excitation.OVER else -1
    return _around(Kind.REACTIVE, sign * abs(power) * ratio, profile, measured)


def _volt_var(
    control: VoltVar, profile: StationProfile, measured: Mapping[Kind, Fraction]
) -> Bound | None:
    voltage, base = measured.get(Kind.VOLTAGE), control.curve.y_unit.of
    nominal = profile.evses[0].ratings.v_nom if profile.evses else None
    if voltage is None or not nominal or base not in _REACTIVE_BASES:
        return None
    reference = nominal * control.v_ref / 100
    at = interpolate(control.curve, voltage / reference * 100)
    value = _absolute(Quantity(at, control.curve.y_unit), profile)
    if value is not None:
        ceiling = _rating(profile, Base.MAX_VAR if value > 0 else Base.MAX_VAR_NEG)
        value = value if ceiling is None else max(-ceiling, min(ceiling, value))
    return _around(Kind.REACTIVE, value, profile, measured)


def interpolate(curve: Curve, x: Fraction) -> Fraction:
    """Return y at x: linear between vertices, flat outside; at a step the later vertex counts."""
    points = curve.points
    if x <= points[0].x:
        return points[0].y
    for left, right in pairwise(points):
        if x < right.x:
            return left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x)
    return points[-1].y


def _limit(
    control: PowerLimit, profile: StationProfile, measured: Mapping[Kind, Fraction]
) -> Bound | None:
    power, bound = measured.get(Kind.POWER), _absolute(control.value, profile)
    if power is None or bound is None:
        return None
    slack = _slack(profile, Kind.POWER)
    if control.on in {LimitOn.EXPORT, LimitOn.GENERATION}:
        return Bound(Kind.POWER, None, bound + slack, power)
    return Bound(Kind.POWER, -bound - slack, None, power)

"""When a station has to be off the grid, and when it may be: by voltage and frequency as measured."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from gateway.core.following import LATENCY_S, Key, Watch
from gateway.core.polyline import value_at
from gateway.core.shown import Aim, Sense, Shown
from translators.canonical.controls import (
    DerControl,
    EnterService,
    TripCurve,
    TripQuantity,
    TripRegion,
    TripSide,
)
from translators.units import Base, Kind

_NORMAL_V = (0.88, 1.10)
"""Per unit of nominal, beyond which stations may trip (IEEE 1547 ranges)."""
_NORMAL_HZ = 0.01
"""Share of nominal, the same for the frequency."""
_DOUBT_HZ = 0.02
_RESPONSE_S = 1.0
_SPARSE_S = 10.0
"""Samples further apart say nothing of the time between them: the grid may have been well."""


def measured(quantity: TripQuantity, shown: Shown) -> float | None:
    """Return what a trip curve watches, in per cent of nominal voltage or in Hz."""
    if quantity is TripQuantity.FREQUENCY:
        return shown.hertz
    nominal = shown.plate.ratings.get(Base.V_NOM)
    return None if shown.volts is None or nominal is None else 100 * shown.volts / nominal


def abnormal(shown: Shown, controls: Iterable[DerControl]) -> bool:
    """Say whether the grid is so that a station may be off: beyond what is usual, or beyond a curve."""
    volts, hertz = measured(TripQuantity.VOLTAGE, shown), shown.hertz
    if volts is not None and not _NORMAL_V[0] <= volts / 100 <= _NORMAL_V[1]:
        return True
    if hertz is not None and abs(hertz / shown.nominal_hz - 1) > _NORMAL_HZ:
        return True
    curves = [control for control in controls if isinstance(control, TripCurve)]
    return any(_allowed(curve, shown, -1) is not None for curve in curves)


def _allowed(curve: TripCurve, shown: Shown, sign: int) -> float | None:
    """Return how many seconds what is measured is allowed by a curve, None where it is not beyond it.

    `sign`: 1 where it must be beyond whatever the meter is wrong by, -1 where it may be.
    """
    value = measured(curve.quantity, shown)
    if value is None:
        return None
    points = [(float(p.x * curve.unit.scale), float(p.y)) for p in curve.points]
    if points[0][0] > points[-1][0]:
        points.reverse()
    doubt = _DOUBT_HZ if curve.quantity is TripQuantity.FREQUENCY else 100 * shown.meter
    if curve.side is TripSide.HIGH:
        beyond = value - sign * doubt >= points[0][0]
        return value_at(points, value - doubt) if beyond else None
    beyond = value + sign * doubt <= points[-1][0]
    return value_at(points, value + doubt) if beyond else None


def protection(
    watch: Watch, key: Key, control: TripCurve | EnterService, at: float, shown: Shown
) -> Aim | None:
    """Return that nothing may flow, where a curve has been exceeded for too long or a return is early."""
    if isinstance(control, EnterService):
        off = _too_early(watch, key, control, at, shown)
    else:
        off = _must_be_off(watch, key, control, at, shown)
    return Aim(Kind.POWER, Sense.TARGET, 0.0, 0.0, _RESPONSE_S) if off else None


def _must_be_off(watch: Watch, key: Key, curve: TripCurve, at: float, shown: Shown) -> bool:
    """Say whether a curve has been exceeded for as long as it allows."""
    allowed = None if curve.region is TripRegion.MAY_TRIP else _allowed(curve, shown, 1)
    if allowed is None:
        watch.beyond.pop(key, None)
        return False
    since, last = watch.beyond.get(key, (at, at))
    if at - last > _SPARSE_S:  # nobody knows what was between
        since = at
    watch.beyond[key] = since, at
    return at - since >= allowed + LATENCY_S


def _too_early(watch: Watch, key: Key, rule: EnterService, at: float, shown: Shown) -> bool:
    """Say whether a station that tripped may not be back yet."""
    if not watch.left_at:
        return False
    volts = measured(TripQuantity.VOLTAGE, shown)
    good = _inside(rule.low_voltage, volts, rule.high_voltage, 100 * shown.meter) and _inside(
        rule.low_frequency, shown.hertz, rule.high_frequency, _DOUBT_HZ
    )
    if not good:
        watch.bad_at[key] = at
        return True
    bad = max(watch.bad_at.get(key, 0.0), watch.left_at)
    if at - bad < float(rule.delay or 0) - LATENCY_S:
        return True
    if not watch.tripped:
        watch.left_at = 0.0
    return False


def _inside(low: Fraction | None, value: float | None, high: Fraction | None, doubt: float) -> bool:
    """Say whether a value may lie between two bounds; what is not known may."""
    if value is None:
        return True
    return (low is None or value + doubt >= low) and (high is None or value - doubt <= high)

"""What a meter should show of var: power factors, constant var, curves, setpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, assert_never

from gateway.core.polyline import Range, near, span
from gateway.core.shown import Aim, Sense, Shown, exactly, of_a_session, ordered, response_of
from translators.canonical.controls import (
    FixedPowerFactor,
    FixedVar,
    ReactiveSetpoint,
    RelativeReactiveSetpoint,
    VoltVar,
    WattPowerFactor,
    WattVar,
)
from translators.canonical.curves import Curve
from translators.units import Base, Kind

_RESPONSE_S = 5.0
"""To nine tenths of a step of var, where the control does not say."""
_IDLE = 0.01
"""Share of the rating below which nothing flows."""

type Reactive = (
    FixedPowerFactor
    | FixedVar
    | VoltVar
    | WattVar
    | WattPowerFactor
    | ReactiveSetpoint
    | RelativeReactiveSetpoint
)


def var_aim(control: Reactive, shown: Shown, payload: Mapping[str, Any]) -> Aim | None:
    """Return the var that the meter should show, or None where it cannot tell."""
    asked = _var(control, shown, payload)
    if asked is None:
        return None
    low, high = (shown.plate.able(Kind.REACTIVE, value) for value in asked)
    if not shown.session:  # an inverter without a car may work or rest
        low, high = min(low, 0.0), max(high, 0.0)
    response = response_of(control, _RESPONSE_S)
    return Aim(Kind.REACTIVE, Sense.TARGET, low, high, response)


def _var(control: Reactive, shown: Shown, payload: Mapping[str, Any]) -> Range | None:
    match control:
        case FixedPowerFactor():
            return _power_factor(control, shown, payload)
        case FixedVar(setpoint=value):
            return exactly(shown.plate.absolute(value))
        case ReactiveSetpoint(value=value):
            return exactly(of_a_session(value, "setpointReactive", shown, payload))
        case RelativeReactiveSetpoint():
            return exactly(ordered(payload, "setpointReactive"))
        case VoltVar():
            return _volt_var(control, shown)
        case WattVar(curve=curve):
            x = _power_pct(shown)
            return None if x is None else _over(curve, x, shown)
        case WattPowerFactor():
            return _watt_power_factor(control, shown)
        case _:
            assert_never(control)


def _power_factor(
    control: FixedPowerFactor, shown: Shown, payload: Mapping[str, Any]
) -> Range | None:
    watts = shown.watts
    if watts is None:
        return None
    flows = abs(watts) > _IDLE * shown.plate.full(Kind.POWER)  # at rest both directions count
    if flows and (watts > 0) is not (control.flow == "injecting"):
        return None
    bodies = (payload.get("fixedPFInject"), payload.get("fixedPFAbsorb"))
    told = next((body["displacement"] for body in bodies if body), 0)
    factor = max(float(control.displacement), float(told))
    return _of_power_factor(factor, control.excitation == "over", watts, shown)


def _of_power_factor(factor: float, over: bool, watts: float, shown: Shown) -> Range:
    ratio = (1 / factor**2 - 1) ** 0.5 if factor > 0 else float("inf")
    doubt = shown.meter * shown.plate.full(Kind.POWER)
    least, most = (ratio * max(0.0, abs(watts) + sign * doubt) for sign in (-1, 1))
    return (least, most) if over else (-most, -least)


def _volt_var(control: VoltVar, shown: Shown) -> Range | None:
    nominal = shown.plate.ratings.get(Base.V_NOM)
    if shown.volts is None or nominal is None or control.v_ref_auto:
        return None
    here, reference = 100 * shown.volts / nominal, float(control.v_ref)
    stretched, shifted = here * 100 / reference, here - reference + 100
    readings = {
        "native": (stretched, shifted),  # OCPP does not say which
        "bake_additive": (shifted,),
    }.get(shown.vref, (stretched,))
    doubt = 100 * shown.meter
    return _over(control.curve, (min(readings) - doubt, max(readings) + doubt), shown)


def _power_pct(shown: Shown) -> Range | None:
    """Return P in per cent: of the charge rate below zero, of the rated power above."""
    if shown.watts is None:
        return None
    base = Base.MAX_W if shown.watts >= 0 else Base.MAX_CHARGE_W
    rating = shown.plate.ratings.get(base)
    if not rating:
        return None
    x, doubt = 100 * shown.watts / rating, 100 * shown.meter
    low, high = x - doubt, x + doubt
    if math.hypot(shown.watts, shown.var or 0.0) < shown.plate.apparent(shown.volts) * (
        1 - shown.meter
    ):
        return low, high
    # where VA are used up, the inverter may have reckoned with more watts than it can deliver
    return (low, max(high, 100.0)) if shown.watts >= 0 else (min(low, -100.0), high)


def _over(curve: Curve, x: Range, shown: Shown) -> Range | None:
    """Return what a curve of var asks for over a range of x; None where its base varies or is unknown."""
    points = []
    for point in curve.points:
        base = curve.y_unit.of_negative if point.y < 0 else curve.y_unit.of
        value = float(point.y * curve.y_unit.scale)
        rating = None if base is None else shown.plate.ratings.get(base)
        if rating is None:
            return None
        points.append((float(point.x), value * rating / 100))
    return span(points, x)


def _watt_power_factor(control: WattPowerFactor, shown: Shown) -> Range | None:
    x, watts = _power_pct(shown), shown.watts
    if x is None or watts is None:
        return None
    found: list[float] = []
    for sign in (True, False):
        points = [
            (float(p.x), float(p.displacement), (p.excitation == "over") is sign)
            for p in control.points
        ]
        beside = [points[n] for n in near([at for at, _, _ in points], x)]
        if any(of_sign for *_, of_sign in beside):
            factors = span([(at, factor) for at, factor, _ in points], x)
            for factor in factors:
                found += _of_power_factor(factor, sign, watts, shown)
    return min(found), max(found)

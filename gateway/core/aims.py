"""What a meter should show while a control is in force: how much P or Q, and how soon.

An aim is a range, because what it is computed from is measured: voltage and power within the class of the
meter, frequency within 20 mHz. Numbers are floats: a judgement within a tolerance is no translation.
Frame of the generator: P is positive into the grid, Q positive when it injects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.core.polyline import Range, span
from gateway.core.shown import (
    Aim,
    Excuse,
    Sense,
    Shown,
    exactly,
    of_a_session,
    ordered,
    response_of,
)
from gateway.core.var_aims import var_aim
from translators.canonical.controls import (
    ActiveSetpoint,
    Connect,
    DerControl,
    Energize,
    FixedPowerFactor,
    FixedVar,
    FreqDroop,
    FreqWatt,
    LimitOn,
    PowerLimit,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
    VoltVar,
    VoltWatt,
    WattPowerFactor,
    WattVar,
)
from translators.canonical.curves import Curve
from translators.units import Base, Kind

ACTIVE_RESPONSE_S = 10.0
"""To nine tenths of a step of watts, where the control does not say."""
_HERTZ = 0.02
"""What a frequency may be wrong by, in Hz."""
_CONVERSION = 0.15
"""Share of the power that lies between a storage and its station, at most."""
_NO_SESSION = "no session"


def aim(control: DerControl, shown: Shown, payload: Mapping[str, Any]) -> Aim | Excuse | None:
    """Return what the meter should show, an excuse, or None where no meter can tell.

    `payload` is what the station was told; it counts where a rating bounded what was asked for.
    """
    match control:
        case (
            FixedPowerFactor()
            | FixedVar()
            | VoltVar()
            | WattVar()
            | WattPowerFactor()
            | ReactiveSetpoint()
            | RelativeReactiveSetpoint()
        ):
            return var_aim(control, shown, payload)
        case ActiveSetpoint() | StorageTarget() | RelativeActiveSetpoint():
            return _setpoint(control, shown, payload)
        case PowerLimit():
            return _limit(control, shown)
        case VoltWatt() | FreqWatt():
            return _ceiling(control, shown)
        case FreqDroop():
            return _droop(control, shown)
        case Connect(connected=False) | Energize(energized=False):
            return _active(Sense.TARGET, 0.0, 0.0)
        case _:
            return None


def _setpoint(
    control: ActiveSetpoint | StorageTarget | RelativeActiveSetpoint,
    shown: Shown,
    payload: Mapping[str, Any],
) -> Aim | Excuse | None:
    asked = setpoint_range(control, shown, payload)
    if asked is None:
        return None
    if not shown.session:
        return Excuse(_NO_SESSION)
    low, high = asked[0] + min(0.0, shown.droop[0]), asked[1] + max(0.0, shown.droop[1])
    # told as a limit: the car may take less
    sense = Sense.TARGET if ordered(payload, "setpoint") is not None else Sense.FLOOR
    return _active(sense, low, high, shown.droop_response_s)


def _active(sense: Sense, low: float, high: float, response_s: float = 0.0) -> Aim:
    response = max(response_s, ACTIVE_RESPONSE_S)
    return Aim(Kind.POWER, sense, low, high, response, ramped=True)


def setpoint_range(control: DerControl, shown: Shown, payload: Mapping[str, Any]) -> Range | None:
    """Return the W that a setpoint asks for, within ratings; None where it is none or not known."""
    match control:
        case ActiveSetpoint(value=value):
            asked = exactly(of_a_session(value, "setpoint", shown, payload))
        case StorageTarget(value=value):
            watts = of_a_session(value, "setpoint", shown, payload)
            lost = 0.0 if watts is None else abs(watts) * _CONVERSION
            asked = None if watts is None else (watts - lost, watts + lost)
        case RelativeActiveSetpoint():
            told = ordered(payload, "setpoint")
            asked = exactly(ordered(payload, "limit") if told is None else told)
        case _:
            return None
    if asked is None:
        return None
    low, high = (shown.plate.able(Kind.POWER, value) for value in asked)
    return low, high


def _limit(control: PowerLimit, shown: Shown) -> Aim | None:
    value = shown.plate.absolute(control.value)
    if value is None:
        return None
    if control.on in {LimitOn.EXPORT, LimitOn.GENERATION}:
        return _active(Sense.CEILING, value, value)
    return _active(Sense.FLOOR, -value, -value)


def _ceiling(control: VoltWatt | FreqWatt, shown: Shown) -> Aim | None:
    """Return the bound on export; what a curve says of charging is read in more than one way."""
    x = _voltage(control.curve, shown) if isinstance(control, VoltWatt) else _frequency(shown)
    if x is None:
        return None
    unit = control.curve.y_unit
    rating = 100.0 if unit.kind is Kind.POWER else shown.plate.ratings.get(unit.of or Base.MAX_W)
    if rating is None:
        return None
    scale = float(unit.scale) * rating / 100
    points = [(float(p.x), max(0.0, float(p.y) * scale)) for p in control.curve.points]
    low, high = span(points, x)
    if isinstance(control, FreqWatt) and _lasts(control):
        low = min(y for _, y in points)
    return Aim(Kind.POWER, Sense.CEILING, low, high, response_of(control, ACTIVE_RESPONSE_S))


def _lasts(control: FreqWatt) -> bool:
    """Say whether it may hold on after the frequency is back: then it may be anywhere on its curve."""
    bounds = (control.hysteresis_high, control.hysteresis_low, control.hysteresis_delay)
    return any(bound is not None for bound in bounds)


def _voltage(curve: Curve, shown: Shown) -> Range | None:
    nominal = shown.plate.ratings.get(Base.V_NOM)
    if shown.volts is None or nominal is None:
        return None
    doubt = nominal * shown.meter
    unit = 1.0 if curve.x_unit.kind is Kind.VOLTAGE else 100 / nominal
    return (shown.volts - doubt) * unit, (shown.volts + doubt) * unit


def _frequency(shown: Shown) -> Range | None:
    return None if shown.hertz is None else (shown.hertz - _HERTZ, shown.hertz + _HERTZ)


def droop_range(control: FreqDroop, shown: Shown) -> Range | None:
    """Return what a droop adds to P at the measured frequency, in W."""
    hertz, rating = _frequency(shown), shown.plate.ratings.get(Base.MAX_W)
    if hertz is None or rating is None:
        return None

    def added(at: float) -> float:
        over = max(0.0, at - shown.nominal_hz - float(control.over_deadband))
        under = max(0.0, shown.nominal_hz - float(control.under_deadband) - at)
        steep = under / float(control.under_droop) - over / float(control.over_droop)
        return steep / shown.nominal_hz * rating

    return added(hertz[1]), added(hertz[0])


def _droop(control: FreqDroop, shown: Shown) -> Aim | None:
    """Return the bound on export above, or on charge below nominal: what was before is not known."""
    added, most = droop_range(control, shown), shown.plate.most_export
    charge = shown.plate.ratings.get(Base.MAX_CHARGE_W)
    if added is None:
        return None
    low, high = shown.base or (None if charge is None else -charge, most)
    least = float(control.p_min or 0)
    response = response_of(control, ACTIVE_RESPONSE_S)
    if added[1] < 0 and high is not None:
        bound = max(0.0, least, high + added[1])
        return Aim(Kind.POWER, Sense.CEILING, bound, bound, response)
    if added[0] > 0 and low is not None:
        bound = min(0.0, low + added[0])
        return Aim(Kind.POWER, Sense.FLOOR, bound, bound, response)
    return None

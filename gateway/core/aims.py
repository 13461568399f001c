"""What a meter should show while a control is in force: how much P or Q, and how soon.

An aim is a range, because what it is computed from is measured: voltage and power within the class of the
meter, frequency within 20 mHz. Numbers are floats: a judgement within a tolerance is no translation.
Frame of the generator: P is positive into the grid, Q positive when it injects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, assert_never

from gateway.core.plates import Plate
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
    Quantity,
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

REACTIVE_RESPONSE_S = 5.0
"""To nine tenths of a step of var, where the control does not say."""
ACTIVE_RESPONSE_S = 10.0
"""The same for watts."""
_HERTZ = 0.02
"""What a frequency may be wrong by, in Hz."""
_IDLE = 0.01
"""Share of the rating below which nothing flows."""
_CONVERSION = 0.15
"""Share of the power that lies between a storage and its station, at most."""
_NO_SESSION = "no session"

type Range = tuple[float, float]
type _Reactive = (
    FixedPowerFactor
    | FixedVar
    | VoltVar
    | WattVar
    | WattPowerFactor
    | ReactiveSetpoint
    | RelativeReactiveSetpoint
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is measured at one place, and what stands behind it; None was not measured.

    `meter` is the class of the meter as a share of the rating. `base` is what setpoints in force ask for
    (W), `droop` what the frequency adds to it.
    """

    plate: Plate
    nominal_hz: float
    watts: float | None = None
    var: float | None = None
    volts: float | None = None
    hertz: float | None = None
    meter: float = 0.01
    session: bool = True
    base: Range | None = None
    droop: Range = (0.0, 0.0)
    droop_response_s: float = 0.0
    vref: str = "native"


class Sense(StrEnum):
    """What an aim asks of a value: to be it, to stay below it, or above it."""

    TARGET = "target"
    CEILING = "ceiling"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Aim:
    """A value of W or var that lies in a range, reached by nine tenths in `response_s`.

    `ramped`: no faster than the station's gradient.
    """

    kind: Kind
    sense: Sense
    low: float
    high: float
    response_s: float
    ramped: bool = False


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a control that is in force cannot be judged now."""

    reason: str


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
            return _reactive(control, shown, payload)
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


def _reactive(control: _Reactive, shown: Shown, payload: Mapping[str, Any]) -> Aim | Excuse | None:
    asked = _var(control, shown, payload)
    if asked is None:
        return None
    low, high = (shown.plate.able(Kind.REACTIVE, value) for value in asked)
    if not shown.session:  # an inverter without a car may work or rest
        low, high = min(low, 0.0), max(high, 0.0)
    response = _response(control, REACTIVE_RESPONSE_S)
    return Aim(Kind.REACTIVE, Sense.TARGET, low, high, response)


def _var(control: _Reactive, shown: Shown, payload: Mapping[str, Any]) -> Range | None:
    match control:
        case FixedPowerFactor():
            return _power_factor(control, shown, payload)
        case FixedVar(setpoint=value):
            return _exactly(shown.plate.absolute(value))
        case ReactiveSetpoint(value=value):
            return _exactly(_of_a_session(value, "setpointReactive", shown, payload))
        case RelativeReactiveSetpoint():
            return _exactly(ordered(payload, "setpointReactive"))
        case VoltVar():
            return _volt_var(control, shown)
        case WattVar(curve=curve):
            x = _power_pct(shown)
            return None if x is None else _over(curve, x, shown)
        case WattPowerFactor():
            return _watt_power_factor(control, shown)
        case _:
            assert_never(control)


def _of_a_session(
    value: Quantity, name: str, shown: Shown, payload: Mapping[str, Any]
) -> float | None:
    """Return what a setpoint asks of the one session that follows it, in W or var.

    Among several EVSEs a percentage is what the station was told it is.
    """
    if shown.plate.share == 1.0:
        return shown.plate.absolute(value)
    if value.unit.kind is Kind.PERCENT:
        return ordered(payload, name)
    return float(value.value * value.unit.scale)


def _response(control: DerControl, otherwise: float) -> float:
    told: Fraction | None = getattr(control, "response_time", None)
    return otherwise if told is None else float(told)


def _exactly(value: float | None) -> Range | None:
    return None if value is None else (value, value)


def ordered(payload: Mapping[str, Any], name: str) -> float | None:
    """Return what the last period of a charging profile orders, in the generator frame."""
    schedules = payload.get("chargingProfile", {}).get("chargingSchedule", ())
    if not schedules or schedules[0].get("chargingRateUnit", "W") != "W":
        return None
    value = schedules[0]["chargingSchedulePeriod"][-1].get(name)
    return None if value is None else -float(value)


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
    return x - doubt, x + doubt


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
        near = [points[n] for n in _near([at for at, _, _ in points], x)]
        if any(of_sign for *_, of_sign in near):
            factors = span([(at, factor) for at, factor, _ in points], x)
            for factor in factors:
                found += _of_power_factor(factor, sign, watts, shown)
    return min(found), max(found)


def _near(xs: Sequence[float], x: Range) -> range:
    """Return the indices of the vertices between which a range lies."""
    first = max((n for n, at in enumerate(xs) if at <= x[0]), default=0)
    last = min((n for n, at in enumerate(xs) if at >= x[1]), default=len(xs) - 1)
    return range(first, last + 1)


def span(points: Sequence[tuple[float, float]], x: Range) -> Range:
    """Return the least and the greatest y over a range of x: straight between points, flat outside."""
    inside = [y for at, y in points if x[0] <= at <= x[1]]
    found = [*inside, value_at(points, x[0]), value_at(points, x[1])]
    return min(found), max(found)


def value_at(points: Sequence[tuple[float, float]], x: float) -> float:
    """Return y at x: straight between points, flat outside; at a step the later point counts."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


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
            asked = _exactly(_of_a_session(value, "setpoint", shown, payload))
        case StorageTarget(value=value):
            watts = _of_a_session(value, "setpoint", shown, payload)
            lost = 0.0 if watts is None else abs(watts) * _CONVERSION
            asked = None if watts is None else (watts - lost, watts + lost)
        case RelativeActiveSetpoint():
            told = ordered(payload, "setpoint")
            asked = _exactly(ordered(payload, "limit") if told is None else told)
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
    return Aim(Kind.POWER, Sense.CEILING, low, high, _response(control, ACTIVE_RESPONSE_S))


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
    response = _response(control, ACTIVE_RESPONSE_S)
    if added[1] < 0 and high is not None:
        bound = max(0.0, least, high + added[1])
        return Aim(Kind.POWER, Sense.CEILING, bound, bound, response)
    if added[0] > 0 and low is not None:
        bound = min(0.0, low + added[0])
        return Aim(Kind.POWER, Sense.FLOOR, bound, bound, response)
    return None

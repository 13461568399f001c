"""What each DER control makes of voltage, frequency and power: pure functions in the generator frame.

P is positive into the grid, Q positive when it injects. `body` is the control as OCPP carries it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from gateway.simulators.station_options import Nameplate
from gateway.simulators.station_wire import Json

NINETY_PERCENT = math.log(10)
"""A response time is the time to nine tenths of a step: so many time constants."""
_NEVER_ZERO = 1e-6

type Points = Sequence[tuple[float, float]]


def interpolate(points: Points, x: float) -> float:
    """Return y at x: straight between points, flat outside; at a vertical step the later point."""
    if x < points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def points_of(body: Json) -> list[tuple[float, float]]:
    """Return the points of a curve."""
    return [(float(point["x"]), float(point["y"])) for point in body["curveData"]]


def first_order(present: float, target: float, dt: float, response_s: float) -> float:
    """Return where a first-order response stands after dt."""
    if response_s <= 0:
        return target
    return target + (present - target) * math.exp(-dt * NINETY_PERCENT / response_s)


def var_of(percent: float, unit: str, plate: Nameplate, p_w: float) -> float:
    """Return a percentage of reactive power in var; the negative side has its own rating."""
    rating = plate.max_var if percent >= 0 else plate.max_var_neg
    if unit == "PctVarAvail":
        rating = min(rating, math.sqrt(max(0.0, plate.max_va**2 - p_w**2)))
    elif unit == "PctMaxW":
        rating = plate.max_w
    return percent / 100 * rating


def fixed_var(body: Json, plate: Nameplate, p_w: float) -> float:
    """Return the reactive power of a FixedVar."""
    return var_of(float(body["setpoint"]), body["unit"], plate, p_w)


def fixed_power_factor(displacement: float, *, absorbing: bool, p_w: float) -> float:
    """Return the reactive power at a power factor; excitation true in OCPP is absorbing."""
    var = abs(p_w) * math.tan(math.acos(max(displacement, _NEVER_ZERO)))
    return -var if absorbing else var


def volt_var(body: Json, plate: Nameplate, p_w: float, voltage_pct: float) -> float:
    """Return the reactive power of a volt-var curve at a voltage in per cent of its reference."""
    y = interpolate(points_of(body), voltage_pct)
    return var_of(y, body["yUnit"], plate, p_w)


def watt_var(body: Json, plate: Nameplate, p_w: float) -> float:
    """Return the reactive power of a watt-var curve."""
    return var_of(interpolate(points_of(body), power_pct(p_w, plate)), body["yUnit"], plate, p_w)


def watt_power_factor(body: Json, plate: Nameplate, p_w: float) -> float:
    """Return the reactive power of a watt-PF curve, whose positive y absorbs."""
    y = interpolate(points_of(body), power_pct(p_w, plate))
    return fixed_power_factor(min(abs(y), 1.0), absorbing=y >= 0, p_w=p_w)


def power_pct(p_w: float, plate: Nameplate) -> float:
    """Return P in per cent: of the charge rate below zero, of the rated power above."""
    return 100 * p_w / (plate.max_w if p_w >= 0 else plate.max_charge_w)


def ceiling_w(body: Json, plate: Nameplate, x: float) -> float:
    """Return the most that may be exported by a volt-watt or freq-watt curve; below 0 it absorbs."""
    y = interpolate(points_of(body), x)
    rating = plate.max_discharge_w if body["yUnit"] == "PctWAvail" else plate.max_w
    return y / 100 * (rating if y >= 0 else plate.max_charge_w)


def droop_w(body: Json, plate: Nameplate, frequency_hz: float, nominal_hz: float) -> float:
    """Return how much a frequency droop adds to P: a droop of 0.05 is all of MaxW in 5 % of f."""
    over = max(0.0, frequency_hz - body["overFreq"]) / (nominal_hz * body["overDroop"])
    under = max(0.0, body["underFreq"] - frequency_hz) / (nominal_hz * body["underDroop"])
    return float((under - over) * plate.max_w)


def discharge_cap_w(body: Json, plate: Nameplate) -> float:
    """Return the most that a LimitMaxDischarge lets out."""
    return float(body.get("pctMaxDischargePower", 100)) / 100 * plate.max_discharge_w

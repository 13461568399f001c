"""The inverter of a simulated station: P and Q against voltage and frequency, step by step.

Generator frame: P is positive into the grid, Q positive when it injects. The order of things in a step:

    wish (profile or car), LimitMaxDischarge  >  ramp  >  droop  >  volt-watt, freq-watt  >  ratings
    one reactive control, its response time   >  MaxVar, MaxVarNeg  >  apparent power, current

Where several reactive controls are in force, a scheduled one comes before a default, then the better
priority, then the order of REACTIVE. DER controls come before setpointReactive of a profile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from gateway.simulators import station_functions as functions
from gateway.simulators.station_car import Car
from gateway.simulators.station_controls import Control
from gateway.simulators.station_hysteresis import Hold
from gateway.simulators.station_options import Nameplate
from gateway.simulators.station_schedules import Order
from gateway.simulators.station_trip import Event, Protection
from gateway.simulators.station_wire import Json

REACTIVE = ("FixedVar", "FixedPFInject", "FixedPFAbsorb", "VoltVar", "WattVar", "WattPF")
_POWER_FACTORS = frozenset({"FixedPFInject", "FixedPFAbsorb", "WattPF"})
_CEILINGS = ("VoltWatt", "FreqWatt")


class Inverter:
    """The electrical side of one station; the measured values are those after the last step."""

    def __init__(
        self,
        plate: Nameplate,
        nominal_hz: float = 50.0,
        *,
        phases: int = 3,
        reactive_first: bool = True,
        additive_v_ref: bool = False,
        random_share: float = 0.0,
    ) -> None:
        self.plate = plate
        self.phases = phases
        self.additive_v_ref = additive_v_ref
        self.nominal_hz = nominal_hz
        self.reactive_first = reactive_first
        self.p_w = 0.0
        self.q_var = 0.0
        self.voltage_pu = 1.0
        self.frequency_hz = nominal_hz
        self.protection = Protection(random_share)
        self._base_w = 0.0
        self._droop_w = 0.0
        self._ceilings: dict[str, float] = {}
        self._holds = {kind: Hold() for kind in _CEILINGS}
        self._v_ref_pct = 100.0
        self._soft = False

    @property
    def voltage_v(self) -> float:
        """The voltage in volts."""
        return self.voltage_pu * self.plate.v_nom

    def step(
        self,
        dt: float,
        order: Order,
        active: Mapping[str, Control],
        car: Car,
        grid: tuple[float, float],
    ) -> list[Event]:
        """Go on by dt seconds at a grid of (voltage per unit, frequency in Hz)."""
        self.voltage_pu, self.frequency_hz = grid
        bodies = {kind: control.body for kind, control in active.items()}
        exported = 100 * max(0.0, self.p_w) / (self.plate.max_discharge_w or math.inf)
        volts = 100 * self.voltage_pu
        events = self.protection.step(dt, bodies, volts, self.frequency_hz, exported)
        if not (self.protection.connected and car.present):
            self._rest()
            return events
        kept = self.protection.kept
        p_w = self._active(dt, _wish(order, car), order, bodies)
        p_w = _possible(p_w, car)
        q_var = self._reactive(dt, p_w, order, active)
        p_w, q_var = self._within_va(p_w, q_var, active)
        self.p_w = p_w if kept in {"", "Active"} else 0.0
        self.q_var = q_var if kept in {"", "Reactive"} else 0.0
        return events

    def _rest(self) -> None:
        """No power flows; what comes back later comes softly."""
        self.p_w = self.q_var = self._base_w = self._droop_w = 0.0
        self._ceilings.clear()
        self._soft = not self.protection.connected

    def _active(self, dt: float, wish: float, order: Order, bodies: Mapping[str, Json]) -> float:
        plate = self.plate
        cap = min(plate.max_w, plate.max_discharge_w)
        if "LimitMaxDischarge" in bodies:
            cap = min(cap, functions.discharge_cap_w(bodies["LimitMaxDischarge"], plate))
        target = min(max(wish, -plate.max_charge_w), cap)
        self._base_w = self._ramped(dt, target, bodies)
        idle = order.mode == "Idle"  # nothing is transferred, whatever the frequency is
        p_w = self._base_w + self._droop(
            dt, bodies, idle=idle
        )  # a limit holds against the droop, too
        p_w = min(p_w, max(min(cap, order.high_w), self._base_w))
        p_w = max(p_w, min(order.low_w, self._base_w))
        for kind in _CEILINGS:
            p_w = min(p_w, self._ceiling(dt, kind, bodies.get(kind)))
        return min(max(p_w, -plate.max_charge_w), plate.max_w, plate.max_discharge_w)

    def _ramped(self, dt: float, target: float, bodies: Mapping[str, Json]) -> float:
        """Move the base towards its target, at most by the gradient (per cent of MaxW a second)."""
        rate = self._rate(bodies)
        if rate is None:
            return target
        step = rate * dt
        reached = abs(target - self._base_w) <= step
        self._soft = self._soft and not reached
        return target if reached else self._base_w + math.copysign(step, target - self._base_w)

    def _rate(self, bodies: Mapping[str, Json]) -> float | None:
        """Return watts a second; the soft gradient after a trip, then EnterService's ramp time."""
        gradient = bodies.get("Gradients", {})
        percent = gradient.get("gradient", 0)
        if self._soft:
            ramp_s = bodies.get("EnterService", {}).get("rampRate", 0)
            percent = gradient.get("softGradient", 0) or (100 / ramp_s if ramp_s else percent)
        return percent / 100 * self.plate.max_w if percent else None

    def _droop(self, dt: float, bodies: Mapping[str, Json], *, idle: bool) -> float:
        body = bodies.get("FreqDroop")
        if body is None or idle:
            self._droop_w = 0.0
        else:
            target = functions.droop_w(body, self.plate, self.frequency_hz, self.nominal_hz)
            self._droop_w = functions.first_order(self._droop_w, target, dt, body["responseTime"])
        return self._droop_w

    def _ceiling(self, dt: float, kind: str, body: Json | None) -> float:
        if body is None:
            self._ceilings.pop(kind, None)
            self._holds[kind] = Hold()
            return math.inf
        x = 100 * self.voltage_pu if kind == "VoltWatt" else self.frequency_hz
        alone = functions.ceiling_w(body, self.plate, x)
        target = self._holds[kind].step(dt, body, x, alone, self.plate.max_w)
        present = self._ceilings.get(kind, self.plate.max_w)
        found = functions.first_order(present, target, dt, body.get("responseTime", 0))
        self._ceilings[kind] = found
        return found

    def _reactive(
        self, dt: float, p_w: float, order: Order, active: Mapping[str, Control]
    ) -> float:
        control = chosen_reactive(active, p_w)
        if control is None:
            target, response_s = order.q_var or 0.0, 0.0
        else:
            target = self._target_var(dt, control, p_w)
            response_s = control.body.get("responseTime", 0)
        q_var = functions.first_order(self.q_var, target, dt, response_s)
        return min(max(q_var, -self.plate.max_var_neg), self.plate.max_var)

    def _target_var(self, dt: float, control: Control, p_w: float) -> float:
        body, plate = control.body, self.plate
        match control.type:
            case "FixedVar":
                return functions.fixed_var(body, plate, p_w)
            case "VoltVar":
                v_ref = self._v_ref(dt, body.get("reactivePowerParams", {}))
                return functions.volt_var(body, plate, p_w, self._felt_pct(v_ref))
            case "WattVar":
                return functions.watt_var(body, plate, p_w)
            case "WattPF":
                return functions.watt_power_factor(body, plate, p_w)
            case _:
                absorbing = body["excitation"]  # true: under-excited
                return functions.fixed_power_factor(
                    body["displacement"], absorbing=absorbing, p_w=p_w
                )

    def _felt_pct(self, v_ref: float) -> float:
        """Return the voltage as a volt-var curve sees it: per cent of v_ref, or shifted by it."""
        here = 100 * self.voltage_pu
        return here - v_ref + 100 if self.additive_v_ref else here * 100 / v_ref

    def _v_ref(self, dt: float, params: Json) -> float:
        """Return the reference voltage in per cent; an autonomous one follows the grid slowly."""
        if params.get("autonomousVRefEnable", False):
            slow = params.get("autonomousVRefTimeConstant", 300) * functions.NINETY_PERCENT
            here = 100 * self.voltage_pu
            self._v_ref_pct = functions.first_order(self._v_ref_pct, here, dt, slow)
            return self._v_ref_pct
        self._v_ref_pct = float(params.get("vRef", 100))
        return self._v_ref_pct

    def _within_va(
        self, p_w: float, q_var: float, active: Mapping[str, Control]
    ) -> tuple[float, float]:
        """Bring P and Q into what apparent power and current allow.

        A power factor is kept, else one side yields.
        """
        most, apparent = self.plate.max_va, math.hypot(p_w, q_var)
        if self.plate.max_a is not None:
            most = min(most, self.phases * self.plate.max_a * self.voltage_v)
        if apparent <= most:
            return p_w, q_var
        control = chosen_reactive(active, p_w)
        if control is not None and control.type in _POWER_FACTORS:
            return p_w * most / apparent, q_var * most / apparent
        if self.reactive_first:
            q_var = min(max(q_var, -most), most)
            return math.copysign(math.sqrt(most**2 - q_var**2), p_w), q_var
        p_w = min(max(p_w, -most), most)
        return p_w, math.copysign(math.sqrt(most**2 - p_w**2), q_var)


def chosen_reactive(active: Mapping[str, Control], p_w: float) -> Control | None:
    """Return the reactive control that rules at this P."""
    idle = "FixedPFAbsorb" if p_w >= 0 else "FixedPFInject"
    found = [active[kind] for kind in REACTIVE if kind in active and kind != idle]
    return min(found, key=lambda item: (item.is_default, item.priority), default=None)


def _wish(order: Order, car: Car) -> float:
    """Return the P that is wanted: the ordered one, else the car's, inside the profiles' limits."""
    own = car.discharge_w - car.demand_w
    wish = own if order.p_w is None else order.p_w
    return min(max(wish, order.low_w), order.high_w)


def _possible(p_w: float, car: Car) -> float:
    """Return P as the battery allows."""
    if car.soc_pct <= 0:
        return min(p_w, 0.0)
    return max(p_w, 0.0) if car.soc_pct >= 100 else p_w

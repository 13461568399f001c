"""When an inverter leaves the grid and comes back: trip and cessation curves, enter service.

In OCPP the x of such a curve is the voltage (per cent) or frequency (Hz), y the seconds allowed there
(R04, scenario 3). Outside the normal end of the curve everything is allowed. Beyond a must-trip curve it
leaves; beyond a may-trip curve it is permitted to, which only an eager one does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.simulators.station_functions import interpolate, points_of
from gateway.simulators.station_wire import Json

_FAULTS = {
    "HV": "OverVoltage",
    "LV": "UnderVoltage",
    "HF": "OverFrequency",
    "LF": "UnderFrequency",
}
_TRIPS = ("HVMustTrip", "LVMustTrip", "HFMustTrip", "LFMustTrip")
POWER = "PowerMonitoringMustTrip"
"""Its curve is the other way round: x is seconds, y per cent of the rated discharge."""
_PERMITS = ("HVMayTrip", "LVMayTrip", "HFMayTrip")
_CESSATIONS = ("HVMomCess", "LVMomCess")


@dataclass(frozen=True, slots=True)
class Event:
    """The inverter left (`ended` False) or came back; `fault` is empty where the grid is sound."""

    control_type: str
    fault: str
    ended: bool = False


@dataclass(slots=True)
class Protection:
    """Watches voltage and frequency; `tripped` is the control type that opened it.

    `random_share` (0 to 1) is how much of EnterService's random delay falls to this one. `kept` is what
    still flows during a cessation (Active, Reactive), empty outside one. An `eager` one leaves as soon as a
    may-trip curve permits it.
    """

    random_share: float = 0.0
    eager: bool = False
    tripped: str | None = None
    ceased: bool = False
    kept: str = ""
    _beyond_s: dict[str, float] = field(default_factory=dict)
    _above_s: dict[float, float] = field(default_factory=dict)
    _good_s: float = 0.0

    @property
    def connected(self) -> bool:
        """Whether power may flow."""
        return self.tripped is None and not self.ceased

    def step(
        self,
        dt: float,
        bodies: Mapping[str, Json],
        voltage_pct: float,
        frequency_hz: float,
        discharge_pct: float = 0.0,
    ) -> list[Event]:
        """Go on by dt; return what happened. `discharge_pct` is the export in per cent of its rating."""
        values = {"V": voltage_pct, "F": frequency_hz}
        late = {
            kind: self._is_late(dt, kind, bodies[kind], values[kind[1]])
            for kind in (*_TRIPS, *_PERMITS, *_CESSATIONS)
            if kind in bodies
        }
        self._beyond_s = {kind: self._beyond_s.get(kind, 0.0) for kind in late}
        ceasing = [bodies[kind] for kind in _CESSATIONS if late.get(kind, False)]
        allowed = [
            body.get("voltageParams", {}).get("powerDuringCessation", "") for body in ceasing
        ]
        self.kept = allowed[0] if allowed else ""
        self.ceased = bool(ceasing) and not self.kept
        leaving = (*_TRIPS, *_PERMITS) if self.eager else _TRIPS
        opened = next((kind for kind in leaving if late.get(kind, False)), None)
        opened = opened or self._power(dt, bodies, discharge_pct)
        if self.tripped is None and opened is not None:
            self.tripped, self._good_s = opened, 0.0
            return [Event(opened, _FAULTS.get(opened[:2], ""))]
        if self.tripped is not None and self._may_enter(dt, bodies, opened, values):
            closed, self.tripped = self.tripped, None
            return [Event(closed, _FAULTS.get(closed[:2], ""), ended=True)]
        return []

    def _is_late(self, dt: float, kind: str, body: Json, value: float) -> bool:
        """Say whether the value was beyond the curve for longer than is allowed there."""
        points = points_of(body)
        beyond = value >= points[0][0] if kind[0] == "H" else value <= points[-1][0]
        self._beyond_s[kind] = self._beyond_s.get(kind, 0.0) + dt if beyond else 0.0
        return beyond and self._beyond_s[kind] >= interpolate(points, value)

    def _power(self, dt: float, bodies: Mapping[str, Json], discharge_pct: float) -> str | None:
        """Return PowerMonitoringMustTrip where more than a point's y flowed for its x seconds."""
        limit = bodies.get("LimitMaxDischarge", {}).get("powerMonitoringMustTrip")
        body = bodies.get(POWER, limit)
        points = [] if body is None else points_of(body)
        self._above_s = {y: self._above_s.get(y, 0.0) + dt for _x, y in points if discharge_pct > y}
        late = any(y in self._above_s and self._above_s[y] >= x for x, y in points)
        return POWER if late else None

    def _may_enter(
        self, dt: float, bodies: Mapping[str, Json], opened: str | None, values: Mapping[str, float]
    ) -> bool:
        """Say whether the grid was good for as long as EnterService asks."""
        rule = bodies.get("EnterService")
        good = opened is None
        if rule is not None:
            good = good and rule["lowVoltage"] <= values["V"] <= rule["highVoltage"]
            good = good and rule["lowFreq"] <= values["F"] <= rule["highFreq"]
        self._good_s = self._good_s + dt if good else 0.0
        delay, drawn = (rule or {}).get("delay", 0), (rule or {}).get("randomDelay", 0)
        return good and self._good_s >= delay + drawn * self.random_share

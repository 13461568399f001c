"""The grid behind a simulated station: voltage and frequency that a script moves.

    grid = Grid(frequency_hz=60)
    grid.set_voltage(1.06, over_s=2)      # from now on, in two seconds, in a straight line
    grid.set_frequency(59.5)              # at once

Several stations may stand behind one grid. Behind a feeder (`r_ohm`, `x_ohm`) they feel each other: what
they export raises the voltage, what they take lowers it. Time is seconds since the epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Course:
    """A value over time: `begin` until `since`, then in a straight line to `end`."""

    begin: float
    end: float
    since: float = 0.0
    over_s: float = 0.0

    def at(self, now: float) -> float:
        """Return the value at `now`."""
        passed = now - self.since
        if passed < 0:
            return self.begin
        if passed >= self.over_s:
            return self.end
        return self.begin + (self.end - self.begin) * passed / self.over_s

    def moved(self, to: float, now: float, over_s: float = 0.0) -> Course:
        """Return the course that leaves this one at `now` and reaches `to` after `over_s`."""
        if over_s < 0:
            raise ValueError(f"a course takes {over_s} s, less than none")
        return Course(self.at(now), to, now, over_s)


class Grid:
    """Voltage (per unit of the nominal one) and frequency (Hz), the same for all who stand on it."""

    def __init__(
        self,
        *,
        voltage_pu: float = 1.0,
        frequency_hz: float = 50.0,
        r_ohm: float = 0.0,
        x_ohm: float = 0.0,
        nominal_v: float = 400.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Set up a grid; resistance and reactance are of each phase, `nominal_v` between phases."""
        self._clock = clock
        self._voltage = Course(voltage_pu, voltage_pu)
        self._frequency = Course(frequency_hz, frequency_hz)
        self._impedance = (r_ohm / nominal_v**2, x_ohm / nominal_v**2)
        self._fed: dict[Hashable, tuple[float, float]] = {}
        self._sum = (0.0, 0.0)

    def set_voltage(self, pu: float, over_s: float = 0.0) -> None:
        """Move the voltage from what it is now."""
        self._voltage = self._voltage.moved(pu, self._clock(), over_s)

    def set_frequency(self, hz: float, over_s: float = 0.0) -> None:
        """Move the frequency from what it is now."""
        self._frequency = self._frequency.moved(hz, self._clock(), over_s)

    def feed(self, who: Hashable, p_w: float, q_var: float) -> None:
        """Know what one connection exports (watts) and injects (var) from now on."""
        old = self._fed.get(who, (0.0, 0.0))
        self._fed[who] = (p_w, q_var)
        self._sum = (self._sum[0] + p_w - old[0], self._sum[1] + q_var - old[1])

    def voltage_pu(self, now: float | None = None) -> float:
        """Return the voltage at an instant, or now; with it what the feeder adds: R P + X Q."""
        r, x = self._impedance
        rise = r * self._sum[0] + x * self._sum[1]
        return self._voltage.at(self._clock() if now is None else now) + rise

    def frequency_hz(self, now: float | None = None) -> float:
        """Return the frequency at an instant, or now."""
        return self._frequency.at(self._clock() if now is None else now)

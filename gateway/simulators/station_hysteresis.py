"""How a volt-watt or freq-watt curve lets go: no sooner, and no faster, than its hysteresis says.

Where a curve has held power down, what it held last stays until the grid is back between hysteresisLow and
hysteresisHigh for hysteresisDelay seconds; then it rises by hysteresisGradient, in per cent of MaxW a second.
The bounds stand in the unit of y (OCPP 2.1 HysteresisType), or where they are marked so in that of x.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.simulators.station_dialect import OF_X
from gateway.simulators.station_functions import interpolate, points_of
from gateway.simulators.station_wire import Json


@dataclass(slots=True)
class Hold:
    """What one curve holds down: `held_w` is None where it does not."""

    held_w: float | None = None
    _good_s: float = 0.0

    def step(self, dt: float, body: Json, x: float, target_w: float, max_w: float) -> float:
        """Return the most that may be exported, after dt at x, where the curve alone says `target_w`."""
        rule = body.get("hysteresis")
        if rule is None:
            self.held_w = None
            return target_w
        points = points_of(body)
        y, most = interpolate(points, x), max(value for _, value in points)
        if y < most:
            self.held_w = target_w if self.held_w is None else min(self.held_w, target_w)
        if self.held_w is None:
            return target_w
        self._good_s = self._good_s + dt if _is_back(rule, x, y) else 0.0
        if self._good_s > 0 and self._good_s >= rule.get("hysteresisDelay", 0):
            self._rise(dt, rule, target_w, max_w)
        return target_w if self.held_w is None else self.held_w

    def _rise(self, dt: float, rule: Mapping[str, float], target_w: float, max_w: float) -> None:
        rate = rule.get("hysteresisGradient", 0)
        risen = (self.held_w or 0.0) + rate / 100 * max_w * dt if rate else math.inf
        self.held_w = None if risen >= target_w else risen


def _is_back(rule: Mapping[str, float], x: float, y: float) -> bool:
    """Say whether the grid is between the bounds; one that is absent bounds nothing."""
    value = x if OF_X in rule else abs(y)
    return rule.get("hysteresisLow", -math.inf) <= value <= rule.get("hysteresisHigh", math.inf)

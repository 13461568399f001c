"""What a step should have measured, by arithmetic of its own, and whether it did.

Generator frame throughout: +P exports, +Q injects. Nothing of the translation library is used here:
a demo that judged itself by the code it shows could only agree with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: what was due, what was seen, how far apart they may lie."""

    what: str
    due: str
    seen: str
    holds: bool


def near(what: str, due: float, seen: float, tolerance: float, unit: str) -> Check:
    """Judge that a measured value lies at what is due."""
    holds = abs(seen - due) <= tolerance
    return Check(what, f"{due:z.0f} ± {tolerance:z.0f} {unit}", f"{seen:z.0f} {unit}", holds)


def at_most(what: str, bound: float, seen: float, unit: str) -> Check:
    """Judge that a measured value does not exceed its bound."""
    return Check(what, f"<= {bound:z.0f} {unit}", f"{seen:z.0f} {unit}", seen <= bound)


def at_least(what: str, bound: float, seen: float, unit: str) -> Check:
    """Judge that a measured value reaches its bound."""
    return Check(what, f">= {bound:z.0f} {unit}", f"{seen:z.0f} {unit}", seen >= bound)


def same(what: str, due: object, seen: object) -> Check:
    """Judge that two things are equal."""
    return Check(what, _told(due), _told(seen), due == seen)


def _told(thing: object) -> str:
    """Return how a reader sees a thing: what is missing or empty as `none`, a set in order."""
    if thing is None or thing == set():
        return "none"
    return str(sorted(thing)) if isinstance(thing, set) else str(thing)


def reactive_of_power_factor(p_w: float, displacement: float, *, absorbing_var: bool) -> float:
    """Return the var (+ injects) that go with `p_w` at a displacement factor."""
    size = abs(p_w) * math.tan(math.acos(displacement))
    return -size if absorbing_var else size


def on_curve(points: Sequence[tuple[float, float]], x: float) -> float:
    """Return y at x: straight lines between the vertices, level outside them."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


@dataclass(frozen=True, slots=True)
class Droop:
    """Frequency droop as a utility states it: dead band in Hz, slope per unit, below nominal."""

    nominal_hz: float
    dead_band_hz: float
    slope: float

    def more_power(self, hz: float, rated_w: float) -> float:
        """Return by how much more power is due at `hz`: rated power for `slope` of the nominal."""
        below = self.nominal_hz - self.dead_band_hz - hz
        return max(0.0, below) / (self.slope * self.nominal_hz) * rated_w


def steepest(samples: Sequence[tuple[float, float]]) -> float:
    """Return the steepest slope of (seconds, W) samples in W/s, over spans of at least two seconds."""
    best = 0.0
    for index, (begin, first) in enumerate(samples):
        for end, last in samples[index + 1 :]:
            if end - begin >= 2.0:
                best = max(best, abs(last - first) / (end - begin))
                break
    return best

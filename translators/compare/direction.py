"""Which way a change goes: what a number bounds says whether less of it is safer.

safer   the station may do less than before: a smaller limit, a tighter curve of limits, a longer wait
looser  it may do more
other   neither: another setpoint, another reactive power, another unit, another time
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

type Points = Sequence[tuple[Fraction, Fraction]]


class Direction(StrEnum):
    """Whether a station may do less than before, more, or something else."""

    SAFER = "safer"
    LOOSER = "looser"
    OTHER = "other"


_BOUNDS = frozenset({"limit", "limit_L2", "limit_L3", "dischargeLimit", "dischargeLimit_L2"})
_BOUNDS |= {"dischargeLimit_L3", "pctMaxDischargePower"}
_POWER = _BOUNDS | {"setpoint", "setpoint_L2", "setpoint_L3", "setpointReactive"}
_LESS_IS_SAFER: Mapping[str, frozenset[str]] = {
    "PowerLimit": _POWER,  # a setpoint of ours, cut to the limit
    "ReactiveLimit": _POWER,
    "ApparentLimit": _POWER,
    "Connect": _POWER,
    "Energize": _POWER,
    "GridConnectPermit": _POWER,
    "ActiveSetpoint": _BOUNDS,
    "Gradients": frozenset({"gradient", "softGradient"}),
    "EnterService": frozenset({"highVoltage", "highFreq"}),
}
"""Members of a message whose smaller magnitude lets a station do less, by what the message is for."""
_MORE_IS_SAFER: Mapping[str, frozenset[str]] = {
    "EnterService": frozenset({"lowVoltage", "lowFreq", "delay"}),
}
_LIMITS = frozenset(
    {"PowerLimit", "ReactiveLimit", "ApparentLimit", "Connect", "Energize", "GridConnectPermit"}
)
"""Functions that only ever forbid: their message is safer sent than not."""


def of_number(functions: Sequence[str], member: str, before: Any, after: Any) -> Direction:
    """Return which way a member of a message went that serves these functions."""
    if not (_is_number(before) and _is_number(after)) or before == after:
        return Direction.OTHER
    if before < 0 < after or after < 0 < before:
        return Direction.OTHER
    kinds = {function.partition(".")[0] for function in functions}
    if kinds == {"Gradients"} and 0 in {before, after}:  # 0 is no limit to some, no ramp to others
        return Direction.OTHER
    if kinds and all(member in _LESS_IS_SAFER.get(kind, ()) for kind in kinds):
        return _less(abs(after), abs(before))
    if kinds and all(member in _MORE_IS_SAFER.get(kind, ()) for kind in kinds):
        return _less(before, after)
    return Direction.OTHER


def of_presence(functions: Sequence[str], *, sent: bool) -> Direction:
    """Return which way it is that a message for these functions is sent now, or no longer."""
    kinds = {function.partition(".")[0] for function in functions}
    if not kinds or not kinds <= _LIMITS:
        return Direction.OTHER
    return Direction.SAFER if sent else Direction.LOOSER


def of_curve(functions: Sequence[str], before: Points, after: Points) -> Direction:
    """Return which way a curve went; only that of volt-watt is a limit: power allowed at a voltage."""
    if tuple(functions) != ("VoltWatt",) or not before or not after:
        return Direction.OTHER
    if any(y < 0 for _, y in (*before, *after)):
        return Direction.OTHER
    places = sorted({x for x, _ in (*before, *after)})
    gaps = [
        now - then
        for x in places
        for now, then in zip(_sides(after, x), _sides(before, x), strict=True)
    ]
    if not any(gaps):  # a vertex more, on the same line
        return Direction.OTHER
    if all(gap <= 0 for gap in gaps):
        return Direction.SAFER
    return Direction.LOOSER if all(gap >= 0 for gap in gaps) else Direction.OTHER


def _less(left: Any, right: Any) -> Direction:
    return Direction.SAFER if left < right else Direction.LOOSER


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sides(points: Points, at: Fraction) -> tuple[Fraction, Fraction]:
    """Return the heights of a polyline just left and just right of a place; its ends hold on outside."""
    left = right = None
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 < at <= x1:
            left = y0 + (y1 - y0) * (at - x0) / (x1 - x0)
        if x0 <= at < x1:
            right = y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    first, last = points[0], points[-1]
    end = first[1] if at <= first[0] else last[1]
    return end if left is None else left, end if right is None else right

"""Polylines in floats: values at a point and over a range, straight between points and flat outside."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

type Range = tuple[float, float]


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


def near(xs: Sequence[float], x: Range) -> range:
    """Return the indices of the vertices between which a range lies."""
    first = max((n for n, at in enumerate(xs) if at <= x[0]), default=0)
    last = min((n for n, at in enumerate(xs) if at >= x[1]), default=len(xs) - 1)
    return range(first, last + 1)

"""Exact geometry of polylines: cutting, thinning, and the sign of a power factor along a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise

from translators.canonical.controls import Excitation, PowerFactorVertex
from translators.canonical.curves import Vertex

type _Sides = tuple[Fraction, Fraction]


def clip(points: Sequence[Vertex], low: Fraction, high: Fraction) -> tuple[Vertex, ...]:
    """Return the polyline of min(max(y, low), high): crossing vertices are inserted.

    Outer vertices move to the bound; what lies inside keeps its place and its slope.
    """
    cut: list[Vertex] = []
    for left, right in pairwise(points):
        cut.append(_bounded(left, low, high))
        cut += _crossings(left, right, low, high)
    cut += [_bounded(point, low, high) for point in points[-1:]]
    return tuple(_without_repeats(cut))


def _bounded(point: Vertex, low: Fraction, high: Fraction) -> Vertex:
    return Vertex(point.x, min(max(point.y, low), high))


def _crossings(left: Vertex, right: Vertex, low: Fraction, high: Fraction) -> list[Vertex]:
    """Return where the open segment crosses a bound, in the order of x."""
    found = []
    for bound in (low, high):
        if (left.y - bound) * (right.y - bound) < 0:
            share = (bound - left.y) / (right.y - left.y)
            found.append(Vertex(left.x + share * (right.x - left.x), bound))
    return sorted(found, key=lambda vertex: abs(vertex.y - left.y))


def _without_repeats(points: Sequence[Vertex]) -> list[Vertex]:
    return [p for number, p in enumerate(points) if number == 0 or p != points[number - 1]]


def split_at_zero(points: Sequence[Vertex]) -> tuple[tuple[Vertex, int | None], ...]:
    """Return the same polyline with a vertex wherever it crosses x = 0 or y = 0, and each one's number.

    A percentage has one base on each side of 0: what is straight in one base bends there in another.
    The number is that in `points`, None for a vertex that was put in.
    """
    split: list[tuple[Vertex, int | None]] = []
    for number, right in enumerate(points):
        if number:
            left = points[number - 1]
            ends = ((left.x, right.x), (left.y, right.y))
            shares = {a / (a - b) for a, b in ends if a * b < 0}
            split += [(_between(left, right, share), None) for share in sorted(shares)]
        split.append((right, number))
    return tuple(split)


def _between(left: Vertex, right: Vertex, share: Fraction) -> Vertex:
    return Vertex(left.x + share * (right.x - left.x), left.y + share * (right.y - left.y))


def straight(left: Vertex, middle: Vertex, right: Vertex) -> bool:
    """Say whether three vertices lie on one line."""
    rise, run = right.y - left.y, right.x - left.x
    return (middle.y - left.y) * run == (middle.x - left.x) * rise


def simplify(points: Sequence[Vertex], most: int) -> tuple[tuple[Vertex, ...], Fraction]:
    """Return at most `most` of the vertices and the largest error in y that this makes.

    Vertices go one by one, always the one whose removal moves the polyline least; ends stay.
    """
    sides = {point.x: _sides(points, point.x) for point in points}

    @cache
    def error(left: Vertex, right: Vertex) -> Fraction:
        return _error(sides, left, right)

    kept = list(points)
    while len(kept) > most:
        errors = [error(*pair) for pair in pairwise(kept)]
        before = list(accumulate(errors, max, initial=Fraction()))
        after = list(accumulate(reversed(errors), max, initial=Fraction()))[::-1]
        costs = [
            max(before[n - 1], error(kept[n - 1], kept[n + 1]), after[n + 1])
            for n in range(1, len(kept) - 1)
        ]
        del kept[costs.index(min(costs)) + 1]
    return tuple(kept), max((error(*pair) for pair in pairwise(kept)), default=Fraction())


def _error(sides: Mapping[Fraction, _Sides], left: Vertex, right: Vertex) -> Fraction:
    """Return the largest distance in y from a line, on either side of each x: at a step both count."""
    if left.x == right.x:
        return Fraction()
    slope = (right.y - left.y) / (right.x - left.x)
    gaps = [Fraction()]
    for x, (before, after) in sides.items():
        line = left.y + slope * (x - left.x)
        if left.x < x <= right.x:
            gaps.append(abs(line - before))
        if left.x <= x < right.x:
            gaps.append(abs(line - after))
    return max(gaps)


def _sides(points: Sequence[Vertex], x: Fraction) -> _Sides:
    """Return y just left and just right of x; the ends hold on outside."""
    before, after = points[0].y, points[-1].y
    for left, right in pairwise(points):
        if left.x < x <= right.x:
            before = left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x)
        if left.x <= x < right.x:
            after = left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x)
    return before, after


def signed_power_factors(points: Sequence[PowerFactorVertex]) -> tuple[tuple[Vertex, ...], bool]:
    """Return vertices with y > 0 where var is absorbed, never passing through 0, and whether exact.

    A vertex at unity takes the sign of the branch that it joins; where the branches on its two sides
    differ it becomes two vertices at one x. Where the sign changes without a vertex at unity, the
    crossing is put where the distances to unity meet: approximate, so the second value is False.
    """
    exact = True
    crossed: list[PowerFactorVertex] = list(points[:1])
    for left, right in pairwise(points):
        if 1 not in {left.displacement, right.displacement} and left.excitation != right.excitation:
            share = (1 - left.displacement) / (2 - left.displacement - right.displacement)
            x = left.x + share * (right.x - left.x)
            crossed.append(PowerFactorVertex(x, Fraction(1), left.excitation))
            exact = False
        crossed.append(right)
    return tuple(_signed(crossed)), exact


def _signed(points: Sequence[PowerFactorVertex]) -> list[Vertex]:
    vertices: list[Vertex] = []
    for number, point in enumerate(points):
        if point.displacement != 1:
            vertices.append(Vertex(point.x, _sign(point.excitation) * point.displacement))
            continue
        before = _branch(points[:number][::-1])
        after = _branch(points[number + 1 :])
        left = before or after or points[0].excitation
        vertices.append(Vertex(point.x, Fraction(_sign(left))))
        next_is_unity = number + 1 < len(points) and points[number + 1].displacement == 1
        if before and after and before != after and not next_is_unity:
            vertices.append(Vertex(point.x, Fraction(_sign(after))))
    return vertices


def _branch(points: Sequence[PowerFactorVertex]) -> Excitation | None:
    """Return the excitation of the nearest vertex that is not at unity."""
    return next((point.excitation for point in points if point.displacement != 1), None)


def _sign(excitation: Excitation) -> int:
    return 1 if excitation is Excitation.UNDER else -1

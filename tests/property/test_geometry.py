"""Curves against an interpolator of our own: what is sent is what was drawn, cut and thinned as declared."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from support.strategies import factor_vertices, numbers, vertices
from translators.canonical.geometry import (
    clip,
    signed_power_factors,
    simplify,
    split_at_zero,
)

points_of_many = vertices(most=12)
bounds = st.tuples(numbers(-200, 0), numbers(0, 200))


def limits_at(points, x):
    """Return the values of a polyline just left and just right of x; outside its ends it stays level.

    Written apart from the product: by the last vertex at or before x, and the first beyond it.
    """
    left = [p for p in points if p.x < x]
    right = [p for p in points if p.x > x]
    here = [p.y for p in points if p.x == x]
    if here:
        return here[0], here[-1]
    if not left or not right:
        level = (right[0] if right else left[-1]).y
        return level, level
    a, b = left[-1], right[0]
    y = a.y + Fraction(x - a.x, b.x - a.x) * (b.y - a.y)
    return y, y


def probes(*polylines):
    """Return all vertices' x, the middles between them, and both outsides."""
    xs = sorted({point.x for points in polylines for point in points})
    middles = [(a + b) / 2 for a, b in pairwise(xs)]
    thirds = [(2 * a + b) / 3 for a, b in pairwise(xs)]
    return [xs[0] - 1, *xs, *middles, *thirds, xs[-1] + 1]


@given(points_of_many, bounds)
def test_a_cut_curve_is_the_cut_of_the_curve_everywhere(points, low_high):
    low, high = low_high
    cut = clip(points, low, high)
    for x in probes(points, cut):
        assert limits_at(cut, x) == tuple(min(max(y, low), high) for y in limits_at(points, x))


@given(points_of_many, bounds)
def test_a_cut_stays_in_order_and_settles(points, low_high):
    cut = clip(points, *low_high)
    assert all(a.x <= b.x for a, b in pairwise(cut))
    assert all(low_high[0] <= p.y <= low_high[1] for p in cut)
    assert all(a != b for a, b in pairwise(cut))
    assert clip(cut, *low_high) == cut


@given(points_of_many, st.integers(5, 10))
def test_a_thinned_curve_is_nowhere_farther_off_than_it_says(points, most):
    thinned, error = simplify(points, most)
    assert len(thinned) <= max(most, 0) or len(points) <= most
    assert (thinned[0], thinned[-1]) == (points[0], points[-1])
    rest = iter(points)
    assert all(any(vertex is kept for vertex in rest) for kept in thinned)
    worst = max(
        abs(a - b)
        for x in probes(points)
        for a, b in zip(limits_at(points, x), limits_at(thinned, x), strict=True)
    )
    assert worst <= error


@given(vertices(most=10))
def test_a_curve_of_ten_points_is_left_alone(points):
    assert simplify(points, 10) == (points, 0)


@given(points_of_many)
def test_vertices_at_zero_change_no_curve(points):
    split = split_at_zero(points)
    assert [vertex for vertex, number in split if number is not None] == list(points)
    inserted = tuple(vertex for vertex, _ in split)
    for x in probes(points):
        assert limits_at(inserted, x) == limits_at(points, x)
    for a, b in pairwise(inserted):
        assert a.y * b.y >= 0
        assert a.x * b.x >= 0


@given(
    st.lists(factor_vertices, min_size=1, max_size=10).map(lambda v: sorted(v, key=lambda p: p.x))
)
def test_a_power_factor_never_passes_through_zero(points):
    signed, exact = signed_power_factors(points)
    for a, b in pairwise(signed):
        assert a.x <= b.x
        assert a.y * b.y > 0 or (a.x == b.x and {a.y, b.y} == {-1, 1})
    sides = {(p.x, p.displacement): p.excitation for p in points if p.displacement != 1}
    for vertex in signed:
        excitation = sides.get((vertex.x, abs(vertex.y)))
        if excitation is not None and len([p for p in points if p.x == vertex.x]) == 1:
            assert (vertex.y > 0) is (excitation.value == "under")
    changes = any(
        a.excitation != b.excitation and 1 not in {a.displacement, b.displacement}
        for a, b in pairwise(points)
    )
    assert exact is not changes

"""Polylines: straight inside, flat outside, whole ranges of them, and what lies beside a range."""

import pytest

from gateway.core.polyline import near, span, value_at

FALLING = [(92.0, 100.0), (98.0, 0.0), (102.0, 0.0), (108.0, -100.0)]


@pytest.mark.parametrize(
    ("x", "y"), [(80, 100), (92, 100), (95, 50), (98, 0), (100, 0), (105, -50), (120, -100)]
)
def test_a_curve_is_straight_inside_and_flat_outside(x, y):
    assert value_at(FALLING, x) == y
    assert span(FALLING, (x, x)) == (y, y)


def test_at_a_step_the_later_vertex_counts_and_a_range_holds_both():
    step = [(1.0, 0.0), (2.0, 0.0), (2.0, 9.0), (3.0, 9.0)]
    assert value_at(step, 2.0) == 9
    assert span(step, (1.9, 2.1)) == (0, 9)


def test_a_range_holds_the_vertices_inside_it():
    assert span([(0.0, 0.0), (1.0, 5.0), (2.0, 0.0)], (0.5, 1.5)) == (2.5, 5)


@pytest.mark.parametrize(
    ("x", "beside"),
    [
        ((80, 80), [0]),
        ((92, 92), [0]),
        ((95, 95), [0, 1]),
        ((98, 98), [1]),
        ((95, 100), [0, 1, 2]),
        ((80, 120), [0, 1, 2, 3]),
        ((120, 120), [3]),
    ],
)
def test_the_vertices_beside_a_range_are_the_last_before_and_the_first_after_it(x, beside):
    assert list(near([at for at, _ in FALLING], x)) == beside

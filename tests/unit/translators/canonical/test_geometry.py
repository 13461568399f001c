"""Polylines: where a cut crosses, what thinning costs, and a power factor that never passes 0."""

from itertools import pairwise

import pytest

from support.translation import F, factors, vertices
from translators.canonical.geometry import clip, signed_power_factors, simplify


@pytest.mark.parametrize(
    ("points", "cut"),
    [
        ("92 120, 98 0", "92 100, 93 100, 98 0"),
        ("102 0, 108 -150", "102 0, 106 -100, 108 -100"),
        ("0 200, 4 -200", "0 100, 1 100, 3 -100, 4 -100"),
        ("0 -200, 4 200", "0 -100, 1 -100, 3 100, 4 100"),
        ("0 100, 1 -100", "0 100, 1 -100"),
        ("0 150, 1 130, 2 0", "0 100, 1 100, 16/13 100, 2 0"),
        ("5 150, 5 -150", "5 100, 5 -100"),
        ("5 150, 5 130", "5 100"),
        ("7 300", "7 100"),
        ("0 0, 1 50", "0 0, 1 50"),
        ("", ""),
    ],
)
def test_a_cut_moves_outer_vertices_to_the_bound_and_inserts_the_crossings(points, cut):
    assert clip(vertices(points), F(-100), F(100)) == vertices(cut)


def test_cutting_the_vertices_alone_would_have_changed_the_slope():
    vertex_only = vertices("92 100, 98 0")
    at_93 = 100 - F(100, 6)
    assert vertex_only[0].y - at_93 == F(100, 6)
    assert clip(vertices("92 120, 98 0"), F(-100), F(100))[1] == vertices("93 100")[0]


@pytest.mark.parametrize(
    ("points", "most", "kept", "error"),
    [
        ("0 0, 1 1, 2 2", 2, "0 0, 2 2", "0"),
        ("0 0, 1 1, 2 0", 3, "0 0, 1 1, 2 0", "0"),
        ("0 0, 1 1, 2 0", 2, "0 0, 2 0", "1"),
        ("0 0, 1 3, 2 4, 3 6, 4 0", 4, "0 0, 1 3, 3 6, 4 0", "1/2"),
        ("0 0, 1 0, 1 5, 2 5", 3, "0 0, 1 5, 2 5", "5"),
        ("0 0, 1 0, 1 9, 1 5, 2 5", 4, "0 0, 1 0, 1 5, 2 5", "0"),
        ("3 7", 2, "3 7", "0"),
        ("", 2, "", "0"),
    ],
)
def test_thinning_takes_what_matters_least_and_says_what_it_cost(points, most, kept, error):
    assert simplify(vertices(points), most) == (vertices(kept), F(error))


@pytest.mark.parametrize(
    ("points", "signed"),
    [
        ("0 0.9 under, 100 0.95 under", "0 0.9, 100 0.95"),
        ("0 0.9 over, 100 0.95 over", "0 -0.9, 100 -0.95"),
        ("50 1 over, 100 0.95 under", "50 1, 100 0.95"),
        ("50 1 under, 100 0.95 over", "50 -1, 100 -0.95"),
        ("0 0.9 under, 50 1 over", "0 0.9, 50 1"),
        ("0 0.9 over, 50 1 under, 100 0.9 under", "0 -0.9, 50 -1, 50 1, 100 0.9"),
        ("0 0.9 over, 40 1 over, 60 1 over, 100 0.9 under", "0 -0.9, 40 -1, 60 -1, 60 1, 100 0.9"),
        ("0 1 over, 100 1 under", "0 -1, 100 -1"),
        ("0 1 under, 100 1 over", "0 1, 100 1"),
        ("", ""),
    ],
)
def test_a_vertex_at_unity_takes_the_sign_of_the_branch_that_it_joins(points, signed):
    given = factors(points) if points else ()
    assert signed_power_factors(given) == (vertices(signed), True)


def test_a_sign_that_changes_between_vertices_steps_at_unity_and_is_not_exact():
    found, exact = signed_power_factors(factors("0 0.9 over, 100 0.7 under"))
    assert found == vertices("0 -0.9, 25 -1, 25 1, 100 0.7")
    assert not exact


def test_no_vertex_and_no_line_between_two_lies_inside_unity_gap():
    found, _ = signed_power_factors(factors("0 0.8 under, 20 0.9 over, 60 1 under, 90 0.8 under"))
    steps = [(a, b) for a, b in pairwise(found) if a.y * b.y < 0]
    assert all(a.x == b.x and {a.y, b.y} == {-1, 1} for a, b in steps)
    assert len(steps) == 2

"""Curves with as many points as fit, and which vertex of the source a point on the wire comes from."""

import pytest

from support.translation import curve, factors, kinds, refused, translated, xy
from translators.canonical.controls import VoltVar, VoltWatt, WattPowerFactor
from translators.units import parse_unit


def zigzag(count):
    """Return so many vertices of which none lies on the line of its neighbours."""
    return ", ".join(f"{90 + number} {10 + 5 * (number % 2)}" for number in range(count))


def test_as_many_points_as_the_schema_allows_go_out_without_loss():
    translation = translated(VoltVar(curve(zigzag(10))))
    assert len(xy(translation)) == 10
    assert kinds(translation) == []


def test_one_point_more_is_thinned_and_declared():
    translation = translated(VoltVar(curve(zigzag(11))))
    assert len(xy(translation)) == 10
    assert kinds(translation) == ["approximate"]


@pytest.mark.parametrize("y", ["pct[setMaxVar]", "pct[setMaxVA]"])
def test_a_curve_without_points_is_refused_by_name(y):
    (refusal,) = translated(VoltVar(curve("", y))).refusals
    assert (refusal.where, refusal.problem) == ("curve/curveData", "the curve has no points")


def sources_of_y(points, y="pct[setMaxW]"):
    """Return where the y of each point on the wire comes from."""
    steps = translated(VoltWatt(curve(points, y))).steps
    return [step.source for step in steps if step.target.endswith("]/y") and step.operation in WAYS]


WAYS = {"emit", "insert"}


@pytest.mark.parametrize(
    ("points", "sources"),
    [
        ("100 90, 110 20", ["points[0].y", "points[1].y"]),
        ("100 90, 105 90, 105 20, 110 20", [f"points[{n}].y" for n in range(4)]),
        (
            "95 110, 100 110, 105 90, 110 80",
            [
                "points[0].y",
                "points[1].y",
                "points[1].y..points[2].y",
                "points[2].y",
                "points[3].y",
            ],
        ),
    ],
    ids=["as it is", "at a step the nearer end", "cut between two"],
)
def test_a_point_on_the_wire_names_the_vertex_it_comes_from(points, sources):
    assert sources_of_y(points) == sources


def test_power_factors_that_jump_too_often_for_ten_points_are_refused():
    """Thinned, the line would pass through a power factor of 0."""
    sides = ("over", "under")
    rows = ", ".join(f"{10 * n} 0.9 {sides[n % 2]}" for n in range(10))
    made = translated(WattPowerFactor(factors(rows), parse_unit("pct[setMaxW]")))
    assert refused(made) == [("not_applicable", "WattPowerFactor")]

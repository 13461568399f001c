"""Guards: boolean CEL, cheap, over names that exist."""

import pytest

from support.translation import F, curve, droop, factors, pf, q
from translators.canonical.controls import Alert, FixedVar, VoltVar, WattPowerFactor
from translators.errors import MappingError
from translators.rules.guards import condition, plain

NAMES = frozenset({"value", "points", "on"})


@pytest.mark.parametrize(
    ("expression", "values", "holds"),
    [
        ("value > 0.0 && value <= 1.0", {"value": 0.5}, True),
        ("value > 0.0 && value <= 1.0", {"value": 0.0}, False),
        ("value == null || value > 1.0", {"value": None}, True),
        ("size(points) <= 2", {"points": [1, 2, 3]}, False),
        ("points.all(p, p.y <= 100.0)", {"points": [{"y": 1.0}, {"y": 101.0}]}, False),
        ("points.exists(p, p.y > 100.0)", {"points": [{"y": 1.0}, {"y": 101.0}]}, True),
        ("on == 'import'", {"on": "import"}, True),
    ],
)
def test_a_guard_says_yes_or_no(expression, values, holds):
    assert condition(expression, NAMES, "r")(values) is holds


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("value >", "is no CEL"),
        ("speed > 1.0", "names speed, which is not there"),
        ("value > 1.0 || speed > height", "names height, speed"),
        ("points.all(p, points.all(r, p.x >= r.x))", "loops more than once"),
        ("points . all (p, points . exists (r, true))", "loops more than once"),
        ("points.all(p, true) && points.exists(r, true)", "loops more than once"),
        ("value > 1.0" + " || value > 1.0" * 20, "is longer than 200 characters"),
    ],
)
def test_a_guard_that_may_not_be_is_refused_at_load(expression, problem):
    with pytest.raises(MappingError, match=problem):
        condition(expression, NAMES, "r")


def test_a_guard_of_just_200_characters_is_short_enough():
    expression = "value > 1.0".ljust(200)
    assert condition(expression, NAMES, "r")({"value": 2.0})


@pytest.mark.parametrize("expression", ["value + 1.0", "'yes'", "1", "points"])
def test_only_a_boolean_is_an_answer(expression):
    with pytest.raises(MappingError, match="is not boolean"):
        condition(expression, NAMES, "r")({"value": 1.0, "points": []})


@pytest.mark.parametrize("values", [{}, {"value": None}, {"value": "x"}])
def test_a_guard_that_cannot_be_evaluated_names_itself(values):
    with pytest.raises(MappingError, match=r"r1 = 'value > 1\.0': cannot be evaluated"):
        condition("value > 1.0", NAMES, "r1")(values)


def test_guards_see_doubles_texts_booleans_and_points_as_maps():
    assert plain(pf("0.95")) == {"displacement": 0.95, "excitation": "under", "flow": "injecting"}
    assert plain(FixedVar(q("-44 pct[setMaxVar]"))) == {"setpoint": -44.0}
    assert plain(VoltVar(curve("92 44, 108 -44"))) == {
        "points": [{"x": 92.0, "y": 44.0}, {"x": 108.0, "y": -44.0}],
        "response_time": None,
        "v_ref": 100.0,
        "v_ref_auto": False,
        "v_ref_time_constant": None,
    }
    seen = plain(WattPowerFactor(factors("5 1 over"), q("1 pct[setMaxW]").unit))
    assert seen["points"] == [{"x": 5.0, "displacement": 1.0, "excitation": "over"}]
    assert plain(droop(p_min=F(1, 2)))["p_min"] == 0.5
    assert plain(Alert("GRID_EMERGENCY", "hot"))["kind"] == "GRID_EMERGENCY"

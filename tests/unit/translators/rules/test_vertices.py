"""Points of a curve: powers of ten beside the list or in the point, and what is told of each number."""

import pytest

from support.rulefiles import SOURCE, edited, models
from support.translation import F, a_dercurve, el
from translators.ieee2030_5.view import ResourceView
from translators.rules.source import SourceRule
from translators.rules.values import Unmet

POINTS = (
    "canonical: VoltVar\npoints:\n  each: CurveData\n"
    "  x: {from: xvalue, scale10: xMultiplier, unit: 'pct[V_ref]'}\n"
    "  y: {from: yvalue, scale10: yMultiplier, unit: 'pct100[setMaxVar]'}"
)
QUANTITY = 'canonical: FixedVar\nquantity:\n  setpoint: {from: value, unit: "pct100[setMaxVar]"}'
CURVE = edited(SOURCE, (QUANTITY, POINTS))


class Counting(ResourceView):
    """A resource that counts how often each path is asked for."""

    def __init__(self, resource):
        super().__init__(resource)
        self.asked = []

    def raw(self, path):
        self.asked.append(path)
        return super().raw(path)


def apply(view, *changes):
    (model,) = models(edited(CURVE, *changes))
    return SourceRule(model).apply(view, "2018", "here")


def points(element, *changes):
    control, _ = apply(ResourceView(element), *changes)
    return [(p.x, p.y) for p in control.curve.points]


def a_point(x, y, *more):
    return el("CurveData", el("xvalue", str(x)), el("yvalue", str(y)), *more)


def test_a_power_beside_the_list_is_asked_for_once():
    view = Counting(a_dercurve(11, "950 30, 1000 0, 1050 -30", xMultiplier=-1, yMultiplier=-2))
    apply(view)
    assert view.asked.count("xMultiplier") == view.asked.count("yMultiplier") == 1


def test_a_point_that_states_its_own_power_is_asked_first():
    own = el("xMultiplier", "-2")
    curve = el("c", el("xMultiplier", "-1"), a_point(950, 100), a_point(9800, 100, own))
    assert points(curve) == [(95, 1), (98, 1)]


@pytest.mark.parametrize("own", [True, False], ids=["in the point", "beside the list"])
def test_a_power_that_is_none_is_named_with_the_point_that_needed_it(own):
    bad = el("xMultiplier", "128")
    inside, beside = ([bad], []) if own else ([], [bad])
    with pytest.raises(Unmet) as caught:
        points(el("c", *beside, a_point(1, 1, *inside)))
    assert caught.value.where == "here/CurveData[0]/xMultiplier"


def test_the_number_of_a_point_is_named_before_its_power():
    with pytest.raises(Unmet) as caught:
        points(el("c", el("xMultiplier", "128"), a_point("x", 1)))
    assert caught.value.where == "here/CurveData[0]/xvalue"


def test_a_power_beside_the_list_that_is_none_does_not_matter_to_points_with_their_own():
    own = [el("xMultiplier", "-1"), el("yMultiplier", "0")]
    curve = el("c", el("xMultiplier", "much"), el("yMultiplier", "999"), a_point(950, 100, *own))
    assert points(curve) == [(95, 1)]


@pytest.mark.parametrize("x", ["5000000000", "-2147483649", "9" * 22])
def test_a_number_of_more_than_32_bits_is_refused_with_its_point(x):
    with pytest.raises(Unmet, match="not a whole number") as caught:
        points(el("c", a_point(90, 1), a_point(x, 0)))
    assert caught.value.where == "here/CurveData[1]/xvalue"


def test_the_reciprocal_of_nothing_is_refused_with_its_place():
    with pytest.raises(Unmet, match="is 0, which has no reciprocal") as caught:
        points(
            el("c", a_point(95, 1), a_point(98, 0)),
            ("from: yvalue,", "from: yvalue, reciprocal: true,"),
        )
    assert caught.value.where == "here/CurveData[1]/yvalue"


def test_powers_of_a_rule_hold_for_all_points():
    fixed = ("scale10: xMultiplier", "scale10: -1")
    assert points(el("c", a_point(950, 100), a_point(980, 0)), fixed) == [(95, 1), (98, 0)]


def test_a_number_that_is_left_out_may_have_a_value_and_tells_no_scale():
    element = el("c", el("CurveData", el("xvalue", "95")))
    control, trace = apply(ResourceView(element), ("from: yvalue,", "from: yvalue, absent: 50,"))
    assert control.curve.points[0].y == F("0.5")
    told = [(s.operation, s.before, s.after) for s in trace.steps if s.target == "points[0].y"]
    assert told == [("unit pct100[setMaxVar] -> pct[setMaxVar]", "50", "0.5")]


@pytest.mark.parametrize(
    ("change", "expected", "operations"),
    [
        ("reciprocal: true,", F("-0.02"), ["scale10 -2", "reciprocal"]),
        ("negate: true,", F("0.005"), ["scale10 -2", "sign"]),
        ("reciprocal: true, negate: true,", F("0.02"), ["scale10 -2", "reciprocal", "sign"]),
    ],
)
def test_a_number_of_a_point_is_turned_as_any_other(change, expected, operations):
    element = a_dercurve(11, "95 -50", yMultiplier=-2)
    control, trace = apply(ResourceView(element), ("from: yvalue,", f"from: yvalue, {change}"))
    told = [step for step in trace.steps if step.target == "points[0].y"]
    assert control.curve.points[0].y == expected
    assert [step.operation for step in told[:-1]] == operations
    assert (told[-1].before, told[-1].after) == (str_of(expected * 100), str_of(expected))


def str_of(number):
    return f"{float(number):g}"


def test_steps_are_told_point_by_point_scales_before_units():
    _, trace = apply(ResourceView(a_dercurve(11, "95 5000, 105 -5000")))
    assert [(s.operation.partition(" ")[0], s.source, s.target, s.after) for s in trace.steps] == [
        ("take", "here/CurveData[0]/xvalue", "points[0].x", "95"),
        ("take", "here/CurveData[0]/yvalue", "points[0].y", "5000"),
        ("unit", "here/CurveData[0]/xvalue", "points[0].x", "95"),
        ("unit", "here/CurveData[0]/yvalue", "points[0].y", "50"),
        ("take", "here/CurveData[1]/xvalue", "points[1].x", "105"),
        ("take", "here/CurveData[1]/yvalue", "points[1].y", "-5000"),
        ("unit", "here/CurveData[1]/xvalue", "points[1].x", "105"),
        ("unit", "here/CurveData[1]/yvalue", "points[1].y", "-50"),
    ]
    assert {step.control for step in trace.steps} == {"VoltVar"}


def test_what_is_told_twice_is_the_same():
    _, trace = apply(ResourceView(a_dercurve(11, "950 30, 1050 -30", xMultiplier=-1)))
    assert trace.steps == trace.steps

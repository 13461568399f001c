"""Source rules: what is read, in which unit, and what a document may not ask."""

import pytest

from support.rulefiles import SOURCE, edited, models
from support.translation import F, a_dercurve, el, fields, q
from translators.canonical.controls import Excitation, FixedVar
from translators.errors import MappingError
from translators.ieee2030_5.view import ResourceView
from translators.rules.source import SourceRule
from translators.rules.values import Unmet
from translators.units import parse_unit

QUANTITY = 'setpoint: {from: value, unit: "pct100[setMaxVar]"}'
NUMBER = edited(
    SOURCE,
    ("canonical: FixedVar\nquantity:\n  " + QUANTITY,
     "canonical: ChargeStateTarget\nfields:\n  soc: {from: value, unit: permille}"),
)  # fmt: skip
VOLT_VAR = (
    "canonical: VoltVar\npoints:\n  each: CurveData\n"
    "  x: {from: xvalue, scale10: xMultiplier, unit: 'pct[V_ref]'}\n"
    "  y: {from: yvalue, scale10: yMultiplier, unit: 'pct[setMaxVar]'}"
)
CURVE = edited(
    SOURCE,
    ("canonical: FixedVar\nquantity:\n  " + QUANTITY,
     VOLT_VAR),
)  # fmt: skip


def rule(text=SOURCE, *changes):
    (model,) = models(edited(text, *changes))
    return SourceRule(model)


def apply(made, element, revision="2018"):
    return made.apply(ResourceView(element), revision, "here")


def asked(made, revision="2018", **values):
    return apply(made, fields("e", **values), revision)[0]


def unmet(made, element, revision="2018"):
    with pytest.raises(Unmet) as caught:
        apply(made, element, revision)
    return caught.value.outcome, caught.value.where, caught.value.problem


def test_a_quantity_is_read_into_one_per_cent_of_its_base():
    assert asked(rule(), value=-4400) == FixedVar(q("-44 pct[setMaxVar]"))


@pytest.mark.parametrize(
    ("spec", "values", "expected"),
    [
        ("scale10: multiplier", {"value": 950, "multiplier": -1}, "0.95"),
        ("scale10: multiplier", {"value": 950}, "9.5"),
        ("scale10: -1", {"value": 950}, "0.95"),
        ("scale10: multiplier", {"value": 1, "multiplier": 3}, "10"),
    ],
)
def test_a_power_of_ten_comes_from_a_field_or_from_the_rule(spec, values, expected):
    made = rule(SOURCE, ("from: value,", f"from: value, {spec},"))
    assert asked(made, **values).setpoint.value == F(expected)


@pytest.mark.parametrize(
    "text", ["", "x", "1.5", "1e3", "0x10", "٣", "1_0", "--1", " 1 2 ", "9" * 21]
)
def test_what_is_no_whole_number_is_invalid(text):
    outcome, where, problem = unmet(rule(), fields("e", value=text))
    assert (outcome, where) == ("invalid", "here/value")
    assert "not a whole number in" in problem


@pytest.mark.parametrize(("text", "value"), [("+7", 7), (" 7\n", 7), ("-0", 0), ("007", 7)])
def test_a_whole_number_may_be_written_as_xml_schema_allows(text, value):
    assert asked(rule(), value=text).setpoint.value == F(value, 100)


@pytest.mark.parametrize(("value", "fits"), [(-5, True), (5, True), (-6, False), (6, False)])
def test_a_range_holds_its_ends(value, fits):
    made = rule(SOURCE, ("from: value,", "from: value, range: [-5, 5],"))
    if fits:
        assert asked(made, value=value).setpoint.value == F(value, 100)
    else:
        assert unmet(made, fields("e", value=value))[0] == "invalid"


@pytest.mark.parametrize(
    ("power", "fits"), [(-128, True), (127, True), (-129, False), (128, False)]
)
def test_a_multiplier_is_an_int8(power, fits):
    made = rule(SOURCE, ("from: value,", "from: value, scale10: multiplier,"))
    element = fields("e", value=1, multiplier=power)
    if fits:
        assert apply(made, element)[0].setpoint.value == F(10) ** power / 100
    else:
        assert unmet(made, element)[1] == "here/multiplier"


@pytest.mark.parametrize(
    ("spec", "values", "operation", "base"),
    [
        ("scale10: multiplier", {"multiplier": -1}, "scale10 -1", "here/multiplier = -1"),
        ("scale10: multiplier", {"multiplier": 0}, "take", "here/multiplier = 0"),
        ("scale10: multiplier", {}, "take", ""),
        ("scale10: 2", {}, "scale10 2", ""),
    ],
)
def test_a_step_names_the_multiplier_that_the_document_states(spec, values, operation, base):
    made = rule(SOURCE, ("from: value,", f"from: value, {spec},"))
    step = apply(made, fields("e", value=1, **values))[1].steps[0]
    assert (step.operation, step.base) == (operation, base)


def test_the_multiplier_of_a_vertex_stands_with_the_curve():
    _, trace = apply(rule(CURVE), a_dercurve(11, "950 30", xMultiplier=-1, yMultiplier=-2))
    bases = [step.base for step in trace.steps if step.operation.startswith("scale10")]
    assert bases == ["here/xMultiplier = -1", "here/yMultiplier = -2"]


def test_what_is_missing_is_named():
    assert unmet(rule(), el("e")) == ("invalid", "here/value", "is missing")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("absent: 500", F("0.5")), ("absent: 0", F(0))],
)
def test_an_absent_number_may_have_a_value_in_the_unit_of_the_wire(spec, expected):
    made = rule(NUMBER, ("unit: permille", f"unit: permille, {spec}"))
    assert asked(made).soc == expected
    assert asked(made, value=250).soc == F("0.25")


SWITCH = (
    "unit: {switch: refType, cases: {1: 'pct[setMaxW]', 8: 'pct[setMaxVA]'}, since: {8: ['2023']}}"
)


@pytest.mark.parametrize(
    ("number", "revision", "unit"),
    [
        (1, "2018", "pct[setMaxW]"),
        (1, "2023", "pct[setMaxW]"),
        (8, "2023", "pct[setMaxVA]"),
        (8, "2018", None),
        (2, "2018", None),
        (None, "2018", None),
        (256, "2018", None),
    ],
)
def test_the_unit_may_hang_on_a_number_and_on_the_revision(number, revision, unit):
    made = rule(SOURCE, ('unit: "pct100[setMaxVar]"', SWITCH))
    element = fields("e", value=5, **({} if number is None else {"refType": number}))
    if unit is None:
        outcome, where, _ = unmet(made, element, revision)
        assert (outcome, where) == ("invalid", "here/refType")
    else:
        assert apply(made, element, revision)[0].setpoint == q(f"5 {unit}")
    assert made.units() == {parse_unit("pct[setMaxW]"), parse_unit("pct[setMaxVA]")}


def test_a_base_is_chosen_by_its_name_in_the_case_never_by_its_number():
    swapped = SWITCH.replace(
        "1: 'pct[setMaxW]', 8: 'pct[setMaxVA]'", "8: 'pct[setMaxW]', 1: 'pct[setMaxVA]'"
    )
    made = rule(SOURCE, ('unit: "pct100[setMaxVar]"', swapped))
    assert asked(made, value=5, refType=1).setpoint == q("5 pct[setMaxVA]")


CASES = edited(
    SOURCE,
    ("canonical: FixedVar\nquantity:\n  " + QUANTITY,
     "canonical: Connect\nfields:\n  connected: {from: 'on', cases: {'true': true, 'false': false}}"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "connected"), [("true", True), ("1", True), ("false", False), (" 0 ", False)]
)
def test_booleans_come_in_both_spellings(text, connected):
    assert asked(rule(CASES), on=text).connected is connected


@pytest.mark.parametrize("text", ["TRUE", "yes", "2", ""])
def test_another_word_is_no_boolean(text):
    outcome, where, problem = unmet(rule(CASES), fields("e", on=text))
    assert (outcome, where) == ("invalid", "here/on")
    assert "not one of true, false" in problem


def test_a_missing_choice_is_named_unless_the_rule_has_one():
    assert unmet(rule(CASES), el("e")) == ("invalid", "here/on", "is missing")
    assert asked(rule(CASES, ("cases:", "absent: false, cases:"))).connected is False


def test_a_choice_may_be_by_number():
    numbered = rule(
        CASES, ("cases: {'true': true, 'false': false}", "cases: {'1': false, '2': true}")
    )
    assert [asked(numbered, on=number).connected for number in (1, 2)] == [False, True]


def test_a_document_must_be_of_the_expected_kind():
    made = rule(
        CURVE, ("canonical:", "resolve: {follow: href, expect: {curveType: 11}}\ncanonical:")
    )
    apply(made, a_dercurve(11, "95 0"))
    assert unmet(made, a_dercurve(12, "95 0")) == ("invalid", "here/curveType", "is 12, not 11")


def test_points_are_scaled_by_multipliers_that_stand_with_the_curve():
    control, trace = apply(
        rule(CURVE), a_dercurve(11, "950 30, 1050 -30", xMultiplier=-1, yMultiplier=-2)
    )
    assert [(p.x, p.y) for p in control.curve.points] == [(95, F("0.3")), (105, F("-0.3"))]
    assert (control.curve.x_unit, control.curve.y_unit) == (
        parse_unit("pct[V_ref]"),
        parse_unit("pct[setMaxVar]"),
    )
    assert {step.source for step in trace.steps} >= {
        "here/CurveData[0]/xvalue",
        "here/CurveData[1]/yvalue",
    }


@pytest.mark.parametrize(
    ("points", "problem"),
    [("95 1, 94 0", "x falls along the curve"), ("95 1, 95 0, 94 2", "x falls along the curve")],
)
def test_x_never_falls(points, problem):
    assert unmet(rule(CURVE), a_dercurve(11, points)) == ("invalid", "here", problem)


def test_a_step_is_two_points_at_one_x_in_their_order():
    control, _ = apply(rule(CURVE), a_dercurve(11, "95 1, 95 0, 96 0"))
    assert [(p.x, p.y) for p in control.curve.points] == [(95, 1), (95, 0), (96, 0)]


def test_a_factor_without_excitation_in_the_rule_injects():
    text = edited(
        CURVE, ("canonical: VoltVar", "canonical: WattPowerFactor"), ("pct[V_ref]", "pct[setMaxW]")
    )
    control, _ = apply(rule(text, ("'pct[setMaxVar]'", '"1"')), a_dercurve(13, "5 1"))
    assert control.points[0].excitation is Excitation.OVER


def test_guards_see_what_was_read_and_null_for_what_was_not():
    condition = "response_time == null || response_time > 1.0"
    guard = f'guards:\n  - {{id: g, expr: "{condition}", on_fail: not_applicable}}\n'
    text = edited(
        CURVE,
        (
            "points:\n",
            "fields:\n  response_time: {from: openLoopTms, unit: cs, optional: true}\npoints:\n",
        ),
        ("tests:", f"{guard}tests:"),
    )
    assert apply(rule(text), a_dercurve(11, "95 1"))[0].response_time is None
    assert apply(rule(text), a_dercurve(11, "95 1", openLoopTms=101))[0].response_time == F("1.01")
    found = unmet(rule(text), a_dercurve(11, "95 1", openLoopTms=100))
    assert found == ("not_applicable", "here", "guard g fails")


def test_an_ignored_field_is_a_drop_only_where_it_stands_and_loses_something():
    ignored = (
        "ignored:\n  - {field: rampIncTms, loss: drop, reason: only defaults}\n"
        "  - {field: creationTime, reason: metadata}\n"
    )
    made = rule(CURVE, ("tests:", f"{ignored}tests:"))
    _, trace = apply(made, a_dercurve(11, "95 1", rampIncTms=5, creationTime=1))
    assert [(x.kind.value, x.where, x.detail) for x in trace.losses] == [
        ("drop", "here/rampIncTms", "only defaults")
    ]
    _, trace = apply(made, a_dercurve(11, "95 1", creationTime=1))
    assert trace.losses == []


def test_an_impossible_control_is_refused_even_where_no_guard_stands():
    text = edited(
        SOURCE,
        ("FixedVar\nquantity", "PowerLimit\nfields:\n  'on': {const: export}\nquantity"),
        ("setpoint:", "value:"),
        ("pct100[setMaxVar]", "W"),
    )
    assert unmet(rule(text), fields("e", value=-1)) == ("invalid", "here", "a limit is a magnitude")


def test_each_step_carries_rule_clause_and_both_values():
    _, trace = apply(rule(), fields("e", value=-4400))
    scale, unit = trace.steps
    assert (scale.rule, scale.cites, scale.operation) == (
        "t.source@1.0.0",
        ("clause 1",),
        "take",
    )
    assert (unit.operation, unit.source, unit.before, unit.target, unit.after) == (
        "unit pct100[setMaxVar] -> pct[setMaxVar]",
        "here/value",
        "-4400",
        "setpoint",
        "-44",
    )


@pytest.mark.parametrize(
    ("text", "old", "new", "problem"),
    [
        (SOURCE, "canonical: FixedVar", "canonical: FixedVars", "is no canonical control"),
        (SOURCE, "setpoint:", "value:", "is no field of the control"),
        (SOURCE, QUANTITY, "setpoint: {from: value}", "needs a unit"),
        (SOURCE, "pct100[setMaxVar]", "pct100[setMaxVars]", "unknown base"),
        (SOURCE, "pct100[setMaxVar]", "W", "W, var, VA never mix"),
        (SOURCE, "pct100[setMaxVar]", "kvars", "unknown unit"),
        (SOURCE, "from: value,", "from: value, optional: true,", "it cannot be optional"),
        (SOURCE, 'unit: "pct100[setMaxVar]"', "unit: {switch: t, cases: {1: W}}", "W, var, VA never mix"),
        (NUMBER, "unit: permille", "unit: s", "declare a re-base"),
        (NUMBER, "unit: permille", "unit: s, absent: 1", "declare a re-base"),
        (NUMBER, ", unit: permille", "", "needs one unit"),
        (NUMBER, "unit: permille", "unit: permille, optional: true", "not always given"),
        (NUMBER, "soc:", "socs:", "is no field of the control"),
        (CASES, "connected: {from: 'on', ", "connected: {optional: true, from: 'on', ", "not always given"),
        (CURVE, "canonical: VoltVar", "canonical: WattPowerFactors", "is no canonical control"),
        (CURVE, "points:\n", "quantity:\n  v_ref: {from: v, unit: '1'}\npoints:\n", "never mix"),
        (CURVE, "points:\n", "fields:\n  curve: {from: v, unit: '1'}\npoints:\n", "is no plain number"),
        (CURVE, "unit: 'pct[V_ref]'", "unit: 'pct[V_ref]', optional: true", "cannot be optional"),
        (CURVE, "tests:", "guards:\n  - {id: g, expr: 'nothing > 1'}\ntests:", "names nothing"),
        (CURVE, "canonical: VoltVar", "canonical: TripCurve", "is needed by the control"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused_at_load(text, old, new, problem):
    with pytest.raises(MappingError, match=problem):
        rule(text, (old, new))


@pytest.mark.parametrize(
    ("name", "const", "good"),
    [("flow", "injecting", True), ("flow", "sideways", False), ("flow", "true", False)],
)
def test_a_constant_is_a_member_of_its_enum(name, const, good):
    text = edited(
        SOURCE,
        ("FixedVar\nquantity", f"ReactiveLimit\nfields:\n  {name}: {{const: {const!r}}}\nquantity"),
        ("setpoint:", "value:"),
    )
    if good:
        assert asked(rule(text), value=100).flow.value == const
    else:
        with pytest.raises(MappingError, match=r"flow = .* is no such value"):
            rule(text)


def test_units_of_axes_are_told_for_the_link():
    made = rule(CURVE)
    assert made.units("x") == {parse_unit("pct[V_ref]")}
    assert made.units("y") == {parse_unit("pct[setMaxVar]")}
    assert made.units() == rule().units("x") == frozenset()

"""Conditions of plain shapes: what is read as one, and what is left to CEL."""

import pytest

from translators.rules.guards import Scope, condition
from translators.rules.shapes import Unlike, plainly


def answer(expression, **values):
    return plainly(expression)(values)


@pytest.mark.parametrize(
    ("expression", "values", "holds"),
    [
        ("on == 'import' || on == 'load'", {"on": "load"}, True),
        ("x >= 0.0 && x <= 1.0", {"x": 1.5}, False),
        ("x > -2.5 && (x < 0.0 || flag)", {"x": -1.0, "flag": False}, True),
        ("x == null || x > 1.0", {"x": None}, True),
        ("x != null", {"x": 0.0}, True),
        ("flag == true", {"flag": False}, False),
        ("flag", {"flag": True}, True),
        ("size(points) >= 1 && size(points) <= 2", {"points": [0, 0, 0]}, False),
        ("points.all(p, p.y >= 0.0 && p.x < 9.0)", {"points": [{"x": 1.0, "y": 0.0}]}, True),
        ("points.all(p, p.y > 0.0)", {"points": [{"y": 1.0}, {"y": 0.0}]}, False),
        ("dialect.vref == 'native'", {"dialect.vref": "native"}, True),
        ("x < y", {"x": 1.0, "y": 2.0}, True),
        ("x != y", {"x": "a", "y": None}, True),
        ("1.0 == 1.0", {}, True),
    ],
)
def test_a_plain_condition_is_answered_without_cel(expression, values, holds):
    assert answer(expression, **values) is holds


@pytest.mark.parametrize(
    "expression",
    [
        "x + 1.0 > 2.0",
        "x > 1.0 x",
        "points[0].x > 0.0",
        "points.exists(p, p.x > 0.0)",
        "points.all(p, p > 0.0)",
        "points.all(p, rows.all(r, r.x > 0.0))",
        "on in ['a', 'b']",
        "on == 'it\\'s'",
        "x >",
        "(x > 1.0",
        "size(1) > 0",
        "x.true",
        "!flag",
        "< 1.0",
        "points.all(p p.x > 0.0)",
        "points.all(p, size(p) > 0)",
    ],
)
def test_any_other_shape_is_left_to_cel(expression):
    assert plainly(expression) is None


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("x > 1.0", {"x": None}),
        ("x > 1.0", {"x": 2}),
        ("on > 'a'", {"on": "b"}),
        ("x", {"x": 1.0}),
        ("size(points) > 0", {"points": "abc"}),
        ("x && flag", {"x": 1.0, "flag": True}),
        ("x < y", {"x": 1.0, "y": 2}),
        ("x < y", {"x": None, "y": 2.0}),
    ],
)
def test_a_value_of_another_type_is_left_to_cel(expression, values):
    with pytest.raises(Unlike):
        answer(expression, **values)


def test_what_is_not_plain_is_asked_of_cel_with_each_value_read_once():
    read = []

    def value(name):
        read.append(name)
        return {"x": 2, "dialect.vref": "native", "dialect.droop": "percent"}[name]

    scope, names = Scope(value), frozenset({"x", "dialect"})
    both = "dialect.vref == 'native' && dialect.droop in ['percent'] && x > 1"
    assert condition(both, names, "r")(scope)
    assert condition("x > 1.5 || x > 1", names, "r")(scope)
    assert sorted(read) == ["dialect.droop", "dialect.vref", "x"]


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "x.__class__.__mro__ == null",
        "seen['x'] == null",
        "(lambda: x)()",
        "[p for p in points]",
        "(y := x) == null",
        "x if x else x",
        "f'{x}' == 'a'",
        'x == "a"',
        "x == 'a' + 'b'",
        "x == 'a\nb'",
        "x == 'a\\'",
        "x == 'a' # 'b'",
        "x\\\n== 'a'",
        "\u00e9 == 'a'",
        "\uff58 == 'a'",
        "x\u00a0== 'a'",
        "x > \uff11.0",
        "x > 1_0",
        "x > 1e9",
        "x > 0x1",
        f"x > {10**18}",
        f"x > {10**400}.0",
        f"x > {'9' * 5000}",
        f"x > 0.{'1' * 5000}",
        "points.all(p, (p.x == 1.0) for p in p)",
    ],
)
def test_what_would_be_code_elsewhere_is_no_plain_shape(expression):
    assert plainly(expression) is None


@pytest.mark.parametrize(
    "name", ["__builtins__", "__import__", "__class__", "lambda", "None", "exec", "seen", "item"]
)
def test_a_name_is_looked_up_whatever_it_means_to_python(name):
    assert answer(f"{name} == 'a'", **{name: "a"}) is True
    assert answer(f"points.all(p, p.{name} > 0.0)", points=[{name: 1.0}]) is True
    with pytest.raises(KeyError):
        answer(f"{name} == 'a'")


@pytest.mark.parametrize(
    "held", ['") or exec("', "{0}", "%s", "\t", "\x00", "\u2028", "__import__", '"""', "#"]
)
def test_a_text_is_compared_as_it_stands(held):
    assert answer(f"x == '{held}'", x=held) is True
    assert answer(f"x == '{held}'", x=held + " ") is False

"""Where a condition is answered without CEL, CEL says the same."""

import cel
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from translators.rules.shapes import Unlike, plainly

NUMBERS = st.one_of(
    st.none(), st.integers(-3, 3), st.sampled_from([-1000.0, -0.5, 0.0, 1.0, 100.0, 1000.0])
)
TEXTS = st.sampled_from(["a", "b", "native"])
POINTS = st.lists(st.fixed_dictionaries({"x": NUMBERS, "y": NUMBERS}), max_size=11)
SCALARS = st.one_of(NUMBERS, TEXTS, st.booleans())

LITERALS = st.sampled_from(["0.0", "-1000.0", "100.0", "1", "-2", "null", "true", "false", "'a'"])
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
NAMES = st.sampled_from(["u", "v", "size(points)", "dialect.vref"])
TESTS = st.one_of(
    st.builds("{} {} {}".format, NAMES, SIGNS, LITERALS),
    st.builds("{} {} {}".format, NAMES | LITERALS, SIGNS, NAMES),
    st.sampled_from(["u", "v"]),
    st.builds(
        "points.all(p, p.{} {} {} && p.y {} {})".format,
        st.sampled_from("xy"),
        SIGNS,
        LITERALS,
        SIGNS,
        LITERALS,
    ),
)
CONDITIONS = st.recursive(
    TESTS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner)
)


@given(expression=CONDITIONS, u=SCALARS, v=SCALARS, points=POINTS, vref=TEXTS)
@example("size(points) >= 1 && size(points) <= 10", 0, 0, [{"x": 1.0, "y": 2.0}], "native")
@example("dialect.vref == 'native' && (u != 100.0 || v)", 100.0, True, [], "native")
@example("points.all(p, p.y >= -1000.0 && p.y <= 1000.0)", 0, 0, [{"x": 0.0, "y": 1000.0}], "a")
def test_cel_says_the_same(expression, u, v, points, vref):
    plain = plainly(expression)
    assert plain is not None
    values = {"u": u, "v": v, "points": points, "dialect.vref": vref}
    try:
        found = plain(values)
    except Unlike:
        return
    context = {"u": u, "v": v, "points": points, "dialect": {"vref": vref}}
    assert cel.compile(expression).execute(context) is found


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e308, 5e-324, -0.0])
def test_cel_compares_the_same_doubles(value):
    for expression in ("u == 0.3", "u <= 0.3", "u > 0.0", "u >= 0.0"):
        plain = plainly(expression)
        assert plain is not None
        assert plain({"u": value}) is cel.compile(expression).execute({"u": value})

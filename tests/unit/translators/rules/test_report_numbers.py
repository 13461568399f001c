"""Scaled numbers, plain and at the edges of what multipliers and values can carry."""

from fractions import Fraction

import pytest

from translators.rules.report_numbers import scale

INT16, UINT16 = range(-32768, 32768), range(65536)


@pytest.mark.parametrize(
    ("value", "valid", "form"),
    [
        pytest.param("22000", None, (22000, 0, 0), id="as it is"),
        pytest.param("-22000", None, (-22000, 0, 0), id="below zero"),
        pytest.param("40000", None, (4000, 1, 0), id="above Int16"),
        pytest.param("40000", UINT16, (40000, 0, 0), id="within UInt16"),
        pytest.param("230.5", UINT16, (2305, -1, 0), id="a tenth"),
        pytest.param("0.125", None, (125, -3, 0), id="thousandths"),
        pytest.param("123456.78", None, (12345, 1, Fraction("6.78")), id="cut"),
        pytest.param("-123456.78", None, (-12345, 1, Fraction("-6.78")), id="cut towards zero"),
        pytest.param("1/3", None, (333, -3, Fraction(1, 3000)), id="no decimal"),
        pytest.param("1" + "0" * 20, None, (32767, 9, None), id="beyond everything"),
        pytest.param("-1" + "0" * 20, None, (-32768, 9, None), id="below everything"),
        pytest.param("0", None, (0, 0, 0), id="zero"),
    ],
)
def test_numbers_take_their_plainest_form_or_are_cut(value, valid, form):
    made = scale(Fraction(value), valid or INT16)
    assert (made.value, made.multiplier) == form[:2]
    assert made.value * Fraction(10) ** made.multiplier + made.residual == Fraction(value)
    assert form[2] is None or made.residual == form[2]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        pytest.param("0.25", (25, -2, 0), id="hundredths before thousandths"),
        pytest.param("0.0125", (12, -3, "0.0005"), id="nothing finer than thousandths"),
        pytest.param("-0.0125", (-12, -3, "-0.0005"), id="cut towards zero below zero"),
        pytest.param("32767", (32767, 0, 0), id="the largest"),
        pytest.param("32768", (3276, 1, 8), id="one above the largest"),
        pytest.param("-32768", (-32768, 0, 0), id="the smallest"),
        pytest.param("-32769", (-3276, 1, -9), id="one below the smallest"),
        pytest.param("32767e9", (32767, 9, 0), id="the largest of all"),
        pytest.param("30000e10", (32767, 9, "267233e9"), id="no multiplier of ten"),
        pytest.param("-33000e9", (-32768, 9, "-232e9"), id="below the smallest of all"),
    ],
)
def test_a_number_at_an_edge(value, form):
    made = scale(Fraction(value), INT16)
    assert (made.value, made.multiplier, made.residual) == (*form[:2], Fraction(form[2]))


@pytest.mark.parametrize(
    ("value", "form"), [("65535", (65535, 0)), ("65536", (6553, 1)), ("65540", (6554, 1))]
)
def test_an_unsigned_number_at_an_edge(value, form):
    made = scale(Fraction(value), UINT16)
    assert (made.value, made.multiplier) == form

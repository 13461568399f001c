"""Scaled numbers at the edges of what multipliers and values can carry."""

from fractions import Fraction

import pytest

from translators.ieee2030_5.elements import UINT16, bitmap, scale


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
    made = scale(Fraction(value))
    assert (made.value, made.multiplier, made.residual) == (*form[:2], Fraction(form[2]))


@pytest.mark.parametrize(
    ("value", "form"), [("65535", (65535, 0)), ("65536", (6553, 1)), ("65540", (6554, 1))]
)
def test_an_unsigned_number_at_an_edge(value, form):
    made = scale(Fraction(value), UINT16)
    assert (made.value, made.multiplier) == form


@pytest.mark.parametrize(
    ("bits", "octets", "text"), [(0, 4, "00000000"), (0x1F, 4, "0000001F"), (10, 1, "0A")]
)
def test_bits_are_hexadecimal_of_a_fixed_length(bits, octets, text):
    assert bitmap(bits, octets) == text

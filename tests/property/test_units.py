"""Unit algebra: exact there and back, one text per unit, and rounding that knows its side."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.strategies import numbers, percent_units, rates, units
from translators.errors import MappingError
from translators.units import (
    Rounding,
    convert,
    parse_unit,
    round_to,
    same_base,
    scale10,
    to_decimal,
)

values = st.fractions(max_denominator=10**6)
places = st.integers(0, 6)


@given(values, units, units)
def test_a_conversion_there_and_back_is_exact_or_refused_both_ways(value, source, target):
    if same_base(source, target):
        assert convert(convert(value, source, target), target, source) == value
        return
    for one, other in ((source, target), (target, source)):
        with pytest.raises(MappingError):
            convert(value, one, other)


@given(units | percent_units | rates)
def test_a_unit_reads_as_it_is_written(unit):
    assert parse_unit(str(unit)) == unit


@given(units, units)
def test_two_units_share_a_text_only_where_they_are_one(left, right):
    assert (str(left) == str(right)) is (left == right)


@given(values, st.integers(-40, 40), st.integers(-40, 40))
def test_powers_of_ten_add_up(value, first, second):
    assert scale10(scale10(value, first), second) == scale10(value, first + second)


@given(values, places)
def test_half_even_is_never_more_than_half_a_step_away(value, digits):
    assert abs(round_to(value, digits) - value) * 10**digits * 2 <= 1


@given(values, places)
def test_rounding_down_never_grows_a_magnitude_and_never_changes_a_sign(value, digits):
    rounded = round_to(value, digits, Rounding.DOWN)
    assert abs(rounded) <= abs(value)
    assert (abs(value) - abs(rounded)) * 10**digits < 1
    assert rounded * value >= 0


@given(values, places, st.sampled_from(Rounding))
def test_rounding_is_symmetric_settled_and_on_the_grid(value, digits, rounding):
    rounded = round_to(value, digits, rounding)
    assert round_to(-value, digits, rounding) == -rounded
    assert round_to(rounded, digits, rounding) == rounded
    assert (rounded * 10**digits).denominator == 1


@given(numbers())
def test_a_decimal_is_the_same_number_or_there_is_none(value):
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1:
        assert type(value)(to_decimal(value)) == value
    else:
        assert to_decimal(value) is None


@given(values)
def test_watts_never_become_var(value):
    assume(value)
    for source, target in (("W", "var"), ("var", "VA"), ("VA", "W")):
        with pytest.raises(MappingError):
            convert(value, parse_unit(source), parse_unit(target))

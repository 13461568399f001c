"""Quantities: what converts, what never mixes, and where digits are given up."""

from decimal import Decimal

import pytest

from support.translation import F
from translators.errors import MappingError
from translators.units import (
    Base,
    Kind,
    Rounding,
    Unit,
    convert,
    parse_unit,
    percent,
    round_to,
    same_base,
    scale10,
    to_decimal,
    to_json_number,
)

SIMPLE = {
    "W": (Kind.POWER, F(1)),
    "kW": (Kind.POWER, F(1000)),
    "var": (Kind.REACTIVE, F(1)),
    "VA": (Kind.APPARENT, F(1)),
    "V": (Kind.VOLTAGE, F(1)),
    "A": (Kind.CURRENT, F(1)),
    "Hz": (Kind.FREQUENCY, F(1)),
    "mHz": (Kind.FREQUENCY, F(1, 1000)),
    "cHz": (Kind.FREQUENCY, F(1, 100)),
    "s": (Kind.TIME, F(1)),
    "cs": (Kind.TIME, F(1, 100)),
    "1": (Kind.NUMBER, F(1)),
    "pu": (Kind.NUMBER, F(1)),
    "permille": (Kind.NUMBER, F(1, 1000)),
}


@pytest.mark.parametrize(("text", "expected"), SIMPLE.items())
def test_a_plain_unit_has_its_kind_and_scale(text, expected):
    unit = parse_unit(text)
    assert (unit.kind, unit.scale, unit.of, unit.of_negative) == (*expected, None, None)


@pytest.mark.parametrize(
    ("text", "scale", "of", "negative"),
    [
        ("pct[setMaxW]", F(1), Base.MAX_W, Base.MAX_W),
        ("pct100[setMaxW]", F(1, 100), Base.MAX_W, Base.MAX_W),
        ("pct[setMaxVar]", F(1), Base.MAX_VAR, Base.MAX_VAR_NEG),
        ("pct100[setMaxVar]", F(1, 100), Base.MAX_VAR, Base.MAX_VAR_NEG),
        ("pct[setMaxVar|setMaxVar]", F(1), Base.MAX_VAR, Base.MAX_VAR),
        ("pct[setMaxW|setMaxChargeRateW]", F(1), Base.MAX_W, Base.MAX_CHARGE_W),
        ("pct[statVarAvail]", F(1), Base.VAR_AVAILABLE, Base.VAR_AVAILABLE),
        ("pct[V_ref]", F(1), Base.V_REF, Base.V_REF),
    ],
)
def test_a_percentage_says_of_what_on_either_side(text, scale, of, negative):
    assert parse_unit(text) == Unit(Kind.PERCENT, scale, of, negative)


def test_a_rate_of_per_cent_is_another_kind():
    assert parse_unit("pct100[setMaxW]/s") == Unit(
        Kind.PERCENT_RATE, F(1, 100), Base.MAX_W, Base.MAX_W
    )
    assert not same_base(parse_unit("pct[setMaxW]/s"), parse_unit("pct[setMaxW]"))


@pytest.mark.parametrize(
    "text", ["", "w", "MW", "pct", "pct[]", "pct[setMaxW", "pct10[setMaxW]", "W/s"]
)
def test_an_unknown_unit_is_refused_by_name(text):
    with pytest.raises(MappingError, match=r"unknown unit.*\(rule units\)"):
        parse_unit(text)


@pytest.mark.parametrize("text", ["pct[setMaxX]", "pct[setMaxW|nothing]"])
def test_an_unknown_base_is_refused_by_name(text):
    with pytest.raises(MappingError, match="unknown base"):
        parse_unit(text)


@pytest.mark.parametrize(
    "text", [*SIMPLE, "pct[setMaxVar]", "pct100[setMaxW|setMaxChargeRateW]", "pct[setMaxW]/s"]
)
def test_a_unit_reads_as_it_was_written(text):
    assert parse_unit(str(parse_unit(text))) == parse_unit(text)


def test_a_unit_without_a_name_still_shows_scale_and_kind():
    assert str(Unit(Kind.POWER, F(7))) == "7*W"


def test_percent_builds_what_parsing_reads():
    assert percent(Base.MAX_VAR) == parse_unit("pct[setMaxVar]")
    assert percent(Base.MAX_W, Base.MAX_CHARGE_W) == parse_unit("pct[setMaxW|setMaxChargeRateW]")


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (F(7), "kW", "W", F(7000)),
        (F(36), "mHz", "Hz", F("0.036")),
        (F(5950), "cHz", "Hz", F("59.5")),
        (F(50), "permille", "pu", F("0.05")),
        (F(1000), "cs", "s", F(10)),
        (F(-4400), "pct100[setMaxVar]", "pct[setMaxVar]", F(-44)),
        (F(1), "W", "kW", F(1, 1000)),
    ],
)
def test_scale_alone_converts_within_a_base(value, source, target, expected):
    assert convert(value, parse_unit(source), parse_unit(target)) == expected


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("W", "var"),
        ("W", "VA"),
        ("var", "VA"),
        ("Hz", "s"),
        ("pct[setMaxW]", "pct[setMaxVar]"),
        ("pct[setMaxW]", "pct[setMaxW|setMaxChargeRateW]"),
        ("pct[setMaxVar]", "pct[setMaxVar|setMaxVar]"),
        ("pct[setMaxW]", "W"),
        ("pct[setMaxW]", "pct[setMaxW]/s"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_another_kind_or_base_is_never_a_matter_of_scale(source, target, turned):
    left, right = (target, source) if turned else (source, target)
    with pytest.raises(MappingError, match="without a re-base"):
        convert(F(1), parse_unit(left), parse_unit(right))


@pytest.mark.parametrize(
    ("value", "exponent", "expected"),
    [
        (950, -3, F("0.95")),
        (95, -2, F("0.95")),
        (7, 3, F(7000)),
        (-1, 0, F(-1)),
        (1, -40, F(1, 10**40)),
    ],
)
def test_powers_of_ten_are_exact(value, exponent, expected):
    assert scale10(F(value), exponent) == expected


@pytest.mark.parametrize(
    ("value", "places", "half_even", "down"),
    [
        ("0.00005", 4, "0", "0"),
        ("0.00015", 4, "0.0002", "0.0001"),
        ("0.00025", 4, "0.0002", "0.0002"),
        ("-0.00015", 4, "-0.0002", "-0.0001"),
        ("-1.99999", 1, "-2", "-1.9"),
        ("7.25", 1, "7.2", "7.2"),
        ("7.35", 1, "7.4", "7.3"),
        ("12", 0, "12", "12"),
    ],
)
def test_rounding_is_half_even_or_toward_zero(value, places, half_even, down):
    assert round_to(F(value), places) == F(half_even)
    assert round_to(F(value), places, Rounding.DOWN) == F(down)


@pytest.mark.parametrize(
    "text", ["0", "1", "-0.125", "1E-7", "123456789.000001", "3E+20", "-0.00625"]
)
def test_a_finite_decimal_is_written_exactly(text):
    assert to_decimal(F(text)) == Decimal(text)


def test_a_third_has_no_decimal():
    assert to_decimal(F(1, 3)) is None


def test_whole_numbers_leave_as_integers_and_others_as_the_nearest_double():
    assert to_json_number(F(10)) == 10
    assert isinstance(to_json_number(F(10)), int)
    assert to_json_number(F("0.95")) == 0.95
    assert isinstance(to_json_number(F("0.95")), float)

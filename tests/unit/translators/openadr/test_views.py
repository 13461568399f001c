"""A payload as rules read it, path by path."""

from decimal import Decimal

import pytest

from translators.openadr.views import PayloadView, PointView, text_of
from translators.openadr.wire import Descriptor, Payload, Point

POINT = Point(Decimal("0.16"), Decimal("-0.95"))


def view(*values, units="KW", currency=None, **binding):
    return PayloadView(Payload("X", values), Descriptor(units, currency), binding)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".", "20.5"),
        ("descriptor/units", "KW"),
        ("descriptor/currency", "EUR"),
        ("descriptor/objectType", None),
        ("binding/y", "pct"),
        ("binding/x", None),
        ("said", "20.5 KW"),
        ("per", "EUR/KW"),
        ("x", None),
        ("values", None),
        ("capacity_share", None),
        ("nothing", None),
    ],
)
def test_a_value_and_what_describes_it_have_paths(path, text):
    assert view(Decimal("20.5"), currency="EUR", y="pct").raw(path) == text


def test_what_is_not_there_is_none():
    empty = view(units=None)
    assert [empty.raw(path) for path in (".", "x", "descriptor/units", "said")] == [None] * 4
    assert empty.raw("per") == "?"


def test_the_first_value_may_be_a_point():
    assert [view(POINT).raw(path) for path in (".", "x", "y")] == [None, "0.16", "-0.95"]


@pytest.mark.parametrize(
    ("axes", "level", "seconds", "unit"),
    [
        ({"x": "s", "y": "Hz"}, "-0.95", "0.16", "Hz"),
        ({"x": "Hz", "y": "s"}, "0.16", "-0.95", "Hz"),
        ({"x": "Hz", "y": "Hz"}, "0.16", "-0.95", None),
        ({"x": "s", "y": "s"}, "-0.95", "0.16", None),
    ],
)
def test_the_contract_says_which_axis_counts_seconds(axes, level, seconds, unit):
    (point,) = view(POINT, **axes).every("values")
    assert (point.raw("level"), point.raw("seconds")) == (level, seconds)
    assert view(POINT, **axes).raw("binding/level") == unit


def test_a_factor_has_its_side_in_its_sign():
    point = PointView(POINT, {})
    assert (point.raw("factor"), point.raw("side")) == ("0.95", "negative")
    other = PointView(Point(Decimal(1), Decimal(1)), {})
    assert (other.raw("factor"), other.raw("side")) == ("1", "positive")


def test_half_a_point_and_no_point_have_no_texts():
    half = PointView(Point(Decimal(1), None), {})
    assert [half.raw(path) for path in ("x", "y", "factor", "side", "z")] == ["1", *[None] * 4]
    assert PointView("text", {}).raw("x") is None
    assert half.every("values") == ()
    assert view(POINT).every("points") == ()


@pytest.mark.parametrize(
    ("energy", "capacity", "share"),
    [
        ("40", "60", "0.666666666"),
        ("30", "60", "0.5"),
        ("60", "60", "1"),
        ("0", "60", "0"),
        ("90", "60", "1.5"),
        ("40", "0", None),
        ("40", "-60", None),
        ("40", "many", None),
        ("40", None, None),
    ],
)
def test_an_energy_is_a_share_of_the_capacity_cut_after_nine_decimals(energy, capacity, share):
    contract = {} if capacity is None else {"capacity_kwh": capacity}
    assert view(Decimal(energy), **contract).raw("capacity_share") == share


def test_an_energy_that_is_no_number_is_no_share():
    assert view("much", capacity_kwh="60").raw("capacity_share") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+999"), "1E+999"),
        (Decimal("NaN"), "NaN"),
        (True, "true"),
        (False, "false"),
        ("x" * 600, "x" * 512),
        (None, None),
        (POINT, None),
    ],
)
def test_values_are_texts_in_plain_digits(value, text):
    assert text_of(value) == text

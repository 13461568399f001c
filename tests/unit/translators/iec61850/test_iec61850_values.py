"""Values of attributes: FLOAT32 as meant, references, points that count."""

import math
import struct
from decimal import Decimal
from fractions import Fraction

import pytest

from translators.iec61850.values import object_path, objects_of, shortest, written
from translators.rules.values import Unmet


def single(value):
    """A decimal as FLOAT32 carries it."""
    return struct.unpack(">f", struct.pack(">f", value))[0]


@pytest.mark.parametrize(
    "text", ["50.1", "0.1", "-0.036", "16777216", "3E+30", "1.1754944E-38", "0"]
)
def test_a_float32_means_the_shortest_decimal(text):
    assert shortest(single(float(text))) == Decimal(text)


def test_a_float32_that_needs_nine_digits_has_them():
    wire = struct.unpack(">f", bytes.fromhex("3f800001"))[0]
    assert shortest(wire) == Decimal("1.0000001")
    assert struct.pack(">f", float(shortest(wire))) == bytes.fromhex("3f800001")


def test_a_double_beyond_float32_keeps_its_own_digits():
    assert shortest(1.5e300) == Decimal("1.5e300")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_stays_none(value):
    assert not shortest(value).is_finite()
    assert written(value) in {"NaN", "Infinity", "-Infinity"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (5, "5"),
        ("off", "off"),
        (Decimal("1E+3"), "1000"),
        (Fraction(1, 8), "0.125"),
        (single(50.1), "50.1"),
    ],
)
def test_a_value_is_written_as_rules_read_it(value, text):
    assert written(value) == text


@pytest.mark.parametrize(
    "attribute", ["ctlVal", "ctlVal.f", "setMag", "setMag.f", "setVal", "setVal.i"]
)
def test_the_set_attribute_of_any_class_names_its_object(attribute):
    assert objects_of({f"WMaxSpt.{attribute}": 1}, "n").scalars == {"WMaxSpt": "1"}


def test_points_stand_in_the_order_of_their_numbers():
    values = {f"C.crvPts[{n}].{axis}": n for n in (10, 2, 1, 0) for axis in ("xVal", "yVal")}
    made = objects_of({**values, "C.numPts": 3}, "n").curves["C"]
    assert [point["xVal"] for point in made] == ["0", "1", "2"]


def test_all_points_count_where_no_number_is_told():
    assert len(objects_of({"C.crvPts[0].xVal": 1, "C.crvPts[1].xVal": 2}, "n").curves["C"]) == 2


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"C.numPts": 1}, "n.C.crvPts[0]"),
        ({"C.crvPts[1].xVal": 1}, "n.C.crvPts[0]"),
        ({"C.numPts": -1}, "n.C.numPts"),
        ({"C.numPts": 1001}, "n.C.numPts"),
        ({"C.numPts": "many"}, "n.C.numPts"),
        ({"WMaxSpt": 1}, "n.WMaxSpt"),
        ({"WMaxSpt.mxVal": 1}, "n.WMaxSpt.mxVal"),
        ({"C.crvPts[-1].xVal": 1}, "n.C.crvPts[-1].xVal"),
    ],
)
def test_what_is_no_value_to_set_is_refused_where_it_stands(values, where):
    with pytest.raises(Unmet) as refused:
        objects_of(values, "n")
    assert (refused.value.outcome, refused.value.where) == ("invalid", where)


def test_an_empty_curve_is_a_curve():
    assert objects_of({"C.numPts": 0}, "n").curves == {"C": ()}


def test_a_reference_stands_where_rules_read_it():
    assert object_path("VVArCrv.crvPts[3].yVal") == "VVArCrv[3]/yVal"
    assert object_path("WMaxSpt.ctlVal.f") == "WMaxSpt"

"""What was received, as plain values."""

from fractions import Fraction

import pytest

from gateway.simulators.utility_2030_5_records import ReceivedDocument, ReceivedReading, leaves
from gateway.simulators.utility_2030_5_xml import branch, leaf


def a_reading(value, flow_direction):
    return ReceivedReading(0.0, "AA", "BB", "CC", 38, Fraction(value), flow_direction, None, None)


@pytest.mark.parametrize(
    ("value", "flow_direction", "injected"),
    [
        pytest.param(7400, 1, -7400, id="to the customer: the station charges"),
        pytest.param(-7400, 1, 7400, id="forward and below zero: it discharges"),
        pytest.param(7400, 19, 7400, id="reverse: it discharges"),
        pytest.param(-7400, 19, -7400, id="reverse and below zero: it charges"),
        pytest.param(230, 0, None, id="no direction, as for a voltage"),
        pytest.param(0, 1, 0, id="nothing flows"),
    ],
)
def test_the_direction_decides_the_sign(value, flow_direction, injected):
    assert a_reading(value, flow_direction).injected == injected


def a_document(*children):
    return ReceivedDocument(0.0, "AA", "DERSettings", leaves(branch("DERSettings", *children)))


@pytest.mark.parametrize(
    ("multiplier", "value", "quantity"),
    [
        pytest.param(0, 11000, 11000, id="plain"),
        pytest.param(1, 4000, 40000, id="scaled up"),
        pytest.param(-2, 12345, Fraction("123.45"), id="scaled down"),
        pytest.param(3, 0, 0, id="zero keeps its multiplier"),
    ],
)
def test_a_quantity_is_scaled_exactly(multiplier, value, quantity):
    element = branch("setMaxW", leaf("multiplier", multiplier), leaf("value", value))
    assert a_document(element).quantity("setMaxW") == quantity


def test_a_missing_quantity_is_none():
    assert a_document().quantity("setMaxW") is None


def test_leaves_are_found_by_path_and_the_first_of_equals_counts():
    node = branch(
        "r", leaf("a", 1), branch("b", leaf("c", 2)), branch("b", leaf("c", 3), leaf("d", 4))
    )
    assert leaves(node) == {"a": "1", "b/c": "2", "b/d": "4"}

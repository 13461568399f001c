"""What a reading of the station's meter is called, code by code."""

import pytest

from support.upward import usage_point
from translators.canonical.commands import Revision

LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
POWER, REACTIVE, VOLTAGE, FREQUENCY = range(4)


@pytest.mark.parametrize(
    ("meter", "direction", "multiplier", "unit"),
    [
        (POWER, {"flowDirection": "19"}, "0", "38"),
        (REACTIVE, {"flowDirection": "19"}, "0", "63"),
        (VOLTAGE, {}, "-1", "29"),
        (FREQUENCY, {}, "-3", "33"),
    ],
    ids=["W", "var", "V", "Hz"],
)
def test_a_reading_type_is_told_whole(meter, direction, multiplier, unit):
    meters = tuple(usage_point(Revision.IEEE2030_5_2018, LFDI, 300).every("MirrorMeterReading"))
    kind = meters[meter].first("ReadingType")
    assert {child.name: child.text for child in kind.children} == {
        "accumulationBehaviour": "12",
        "commodity": "1",
        "dataQualifier": "2",
        **direction,
        "intervalLength": "300",
        "kind": "37",
        "phase": "0",
        "powerOfTenMultiplier": multiplier,
        "uom": unit,
    }

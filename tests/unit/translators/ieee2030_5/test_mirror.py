"""Samples become averages, averages become readings."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from support.upward import averages, reading, usage_point
from translators.canonical.averages import Average
from translators.canonical.commands import Revision
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.ieee2030_5.mirror import point_mrid
from translators.units import Kind

LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
OLD = Revision.IEEE2030_5_2018
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def sample(kind, value, *, evse=1, phase=Phase.ALL, quality=Quality.GOOD):
    return Sample("CS1", evse, kind, Fraction(value), AT, phase, quality)


def mean(*samples):
    return {average.kind: average.value for average in averages(OLD, samples)}


@pytest.mark.parametrize("kind", [Kind.POWER, Kind.REACTIVE, Kind.VOLTAGE, Kind.FREQUENCY])
def test_several_samples_are_averaged_exactly(kind):
    assert mean(sample(kind, 1), sample(kind, 2), sample(kind, 2)) == {kind: Fraction(5, 3)}


@pytest.mark.parametrize(
    ("kind", "total"), [(Kind.POWER, 30), (Kind.REACTIVE, 30), (Kind.VOLTAGE, 15)]
)
def test_powers_of_phases_and_evses_add_up_and_voltages_do_not(kind, total):
    phases = [sample(kind, 10, phase=Phase.L1), sample(kind, 20, phase=Phase.L2)]
    assert mean(*phases) == {kind: total}
    evses = [sample(kind, 10, evse=1), sample(kind, 20, evse=2)]
    assert mean(*evses) == {kind: total}


def test_a_sum_counts_before_its_parts():
    parts = [sample(Kind.POWER, 1, phase=Phase.L1), sample(Kind.POWER, 5)]
    assert mean(*parts) == {Kind.POWER: 5}
    station = [sample(Kind.POWER, 1), sample(Kind.POWER, 7, evse=None)]
    assert mean(*station) == {Kind.POWER: 7}


def test_a_questionable_sample_makes_its_average_questionable():
    found = averages(
        OLD,
        [
            sample(Kind.POWER, 1),
            sample(Kind.POWER, 1, quality=Quality.QUESTIONABLE),
            sample(Kind.VOLTAGE, 230),
        ],
    )
    assert [average.quality for average in found] == [Quality.QUESTIONABLE, Quality.GOOD]
    marked = reading(OLD, LFDI, found[0], AT, 300)
    assert marked.text_at("Reading/qualityFlags") == "0010"


def test_other_quantities_are_not_mirrored():
    assert averages(OLD, [sample(Kind.CURRENT, 5)]) == ()


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        pytest.param(Kind.POWER, Fraction(7000), "7000", id="export is positive"),
        pytest.param(Kind.POWER, Fraction(-7000), "-7000", id="import is negative"),
        pytest.param(Kind.POWER, Fraction(3, 2), "2", id="rounded half to even, up"),
        pytest.param(Kind.POWER, Fraction(1, 2), "0", id="rounded half to even, down"),
        pytest.param(Kind.VOLTAGE, Fraction("230.25"), "2302", id="tenths of a volt"),
        pytest.param(Kind.FREQUENCY, Fraction("49.98"), "49980", id="millihertz"),
        pytest.param(Kind.POWER, Fraction(10**20), str(1 << 47), id="no more than Int48"),
    ],
)
def test_values_are_told_in_the_unit_of_their_type(kind, value, told):
    made = reading(OLD, LFDI, Average(kind, value), AT, 300)
    assert made.text_at("Reading/value") == told
    assert made.text_at("Reading/qualityFlags") == "0001"
    assert made.text_at("Reading/timePeriod/start") == str(int(AT.timestamp()))
    assert made.text_at("Reading/timePeriod/duration") == "300"


def test_an_interval_lasts_a_second_at_least():
    assert (
        reading(OLD, LFDI, Average(Kind.POWER, Fraction(1)), AT, 0).text_at(
            "Reading/timePeriod/duration"
        )
        == "1"
    )


def test_the_point_lists_the_types_of_its_readings():
    point = usage_point(OLD, LFDI, 300, 60)
    assert point.text_at("roleFlags") == "0049"
    assert point.text_at("deviceLFDI") == LFDI
    assert point.text_at("postRate") == "60"
    types = [meter.first("ReadingType") for meter in point.every("MirrorMeterReading")]
    told = [
        tuple(kind.text_at(name) for name in ("uom", "dataQualifier", "kind", "flowDirection"))
        for kind in types
    ]
    assert told == [
        ("38", "2", "37", "19"),
        ("63", "2", "37", "19"),
        ("29", "2", "37", ""),
        ("33", "2", "37", ""),
    ]
    assert [kind.text_at("powerOfTenMultiplier") for kind in types] == ["0", "0", "-1", "-3"]
    assert usage_point(OLD, LFDI, 300).first("postRate") is None


def test_names_are_stable_and_of_one_device():
    point = usage_point(OLD, LFDI, 300)
    names = [meter.text_at("mRID") for meter in point.every("MirrorMeterReading")]
    names.append(point.text_at("mRID"))
    assert len(set(names)) == 5
    assert all(len(name) == 32 for name in names)
    assert point_mrid(LFDI) == point.text_at("mRID")
    assert point_mrid(LFDI) != point_mrid(LFDI[::-1])
    power = reading(OLD, LFDI, Average(Kind.POWER, Fraction(1)), AT, 1)
    assert power.text_at("mRID") == names[0]

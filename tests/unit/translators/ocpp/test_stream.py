"""Values of monitored variables as samples: one sign, instants of the station, problems named."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from translators.errors import DocumentError
from translators.ocpp.stream import measured, streamed, value_at
from translators.units import Kind

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
POWER = ("EVSE", "Power")


def a_part(*elements, base="2026-12-01T12:00:00Z"):
    return {
        "id": 1,
        "pending": 0,
        "basetime": base,
        "data": [{"t": t, "v": v} for t, v in elements],
    }


def test_what_a_station_takes_is_negative():
    (sample,) = value_at("CS1", 1, POWER, "2026-12-01T12:00:00Z", "7000").samples
    assert (sample.station, sample.evse, sample.kind) == ("CS1", 1, Kind.POWER)
    assert (sample.value, sample.at) == (Fraction(-7000), NOON)


def test_each_element_of_a_stream_has_an_instant_of_its_own():
    read = streamed("CS1", 2, POWER, a_part((0, "-1000"), (1.5, "-1000.25"), (-1, "0")))
    assert [(s.value, s.at - NOON) for s in sorted(read.samples, key=lambda s: s.at)] == [
        (0, timedelta(seconds=-1)),
        (1000, timedelta()),
        (Fraction("1000.25"), timedelta(seconds=1.5)),
    ]


def test_a_base_without_a_zone_is_utc_and_one_with_a_zone_keeps_its_instant():
    (plain,) = streamed("CS1", 1, POWER, a_part((0, "1"), base="2026-12-01T12:00:00")).samples
    (zoned,) = streamed("CS1", 1, POWER, a_part((0, "1"), base="2026-12-01T13:00:00+01:00")).samples
    assert plain.at == zoned.at == NOON


def test_a_value_that_is_none_leaves_its_neighbours():
    read = streamed("CS1", 1, POWER, a_part((0, "much"), (1, "5")))
    assert [sample.value for sample in read.samples] == [-5]
    assert len(read.problems) == 1


@pytest.mark.parametrize("base", ["noon", "0001-01-01T00:00:00+14:00"])
def test_a_base_that_is_no_instant_is_refused(base):
    with pytest.raises(DocumentError, match="is no instant") as found:
        streamed("CS1", 1, POWER, a_part((0, "5"), base=base))
    assert found.value.where == "basetime"


@pytest.mark.parametrize("offset", [1e300, -1e15, float("nan")])
def test_an_offset_beyond_all_time_is_refused(offset):
    with pytest.raises(DocumentError) as found:
        streamed("CS1", 1, POWER, a_part((0, "5"), (offset, "5")))
    assert found.value.where == "data[1]/t"


@pytest.mark.parametrize(
    ("place", "expected"),
    [(POWER, True), (("EVSE", "Available"), False), (("Car", "Power"), False)],
)
def test_only_measurements_are_measured(place, expected):
    assert measured(*place) is expected

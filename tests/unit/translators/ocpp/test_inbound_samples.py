"""MeterValues to samples: import is negative, once; every value counts once; nothing stops its neighbours."""

from datetime import UTC, datetime

import pytest

from support.translation import F
from translators.canonical.telemetry import Phase, Quality
from translators.ocpp.inbound import samples
from translators.units import Kind

AT = "2026-12-01T12:00:00Z"


def sv(measurand, value, unit=None, multiplier=None, **rest):
    """Return one sampledValue."""
    of = {"unit": unit, "multiplier": multiplier}
    measure = {name: given for name, given in of.items() if given is not None}
    found = {"value": value, **rest} | ({"unitOfMeasure": measure} if measure else {})
    return found if measurand is None else {"measurand": measurand, **found}


def read(*values, at=AT):
    return samples("CS1", 1, [{"timestamp": at, "sampledValue": list(values)}])


def numbers(*values):
    """Return kind, phase and value of each sample, sorted, where nothing was a problem."""
    found = read(*values)
    assert found.problems == ()
    return sorted((s.kind.value, s.phase.value, s.value) for s in found.samples)


@pytest.mark.parametrize(
    ("measurand", "kind", "sign"),
    [
        ("Power.Active.Import", Kind.POWER, -1),
        ("Power.Active.Export", Kind.POWER, 1),
        ("Power.Reactive.Import", Kind.REACTIVE, -1),
        ("Power.Reactive.Export", Kind.REACTIVE, 1),
        ("Current.Import", Kind.CURRENT, -1),
        ("Current.Export", Kind.CURRENT, 1),
        ("Voltage", Kind.VOLTAGE, 1),
        ("Frequency", Kind.FREQUENCY, 1),
    ],
)
def test_what_flows_in_is_negative_and_what_flows_out_positive(measurand, kind, sign):
    (sample,) = read(sv(measurand, 7.25)).samples
    assert (sample.kind, sample.value, sample.phase) == (kind, sign * F("7.25"), Phase.ALL)
    assert (sample.station, sample.evse, sample.quality) == ("CS1", 1, Quality.GOOD)
    assert sample.at == datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("measurand", "value", "unit", "multiplier", "expected"),
    [
        ("Power.Active.Import", 7, "kW", None, "-7000"),
        ("Power.Active.Import", 7, "W", 3, "-7000"),
        ("Power.Active.Import", 7, "kW", 3, "-7000000"),
        ("Power.Active.Export", 7, None, 3, "7000"),
        ("Power.Active.Export", 7000, "kW", -3, "7000"),
        ("Power.Reactive.Export", 2.5, "kvar", None, "2500"),
        ("Voltage", 2301, "V", -1, "230.1"),
        ("Frequency", 50.01, "Hz", 0, "50.01"),
        ("Frequency", 50.01, "Hertz", None, "50.01"),
        ("Power.Active.Export", -3, "W", None, "-3"),
        ("Power.Active.Export", 0.1, "W", None, "0.1"),
        ("Power.Active.Export", 1e-7, "W", None, "0.0000001"),
        ("Power.Active.Export", 1e22, "W", None, "1e22"),
        ("Power.Active.Export", 7, "W", 3.0, "7000"),
    ],
)
def test_units_and_multipliers_are_exact(measurand, value, unit, multiplier, expected):
    (sample,) = read(sv(measurand, value, unit, multiplier)).samples
    assert sample.value == F(expected)


@pytest.mark.parametrize(
    "ignored",
    [
        sv(None, 12345, "kWh"),
        sv("Energy.Active.Import.Register", 12345, "Wh"),
        sv("Energy.Active.Export.Interval", 1, "Wh"),
        sv("SoC", 55, "Percent"),
        sv("Power.Offered", 11000, "W"),
        sv("Voltage", 400, "V", phase="L1-L2"),
        sv("Voltage", 2, "V", phase="N"),
        sv("Power.Active.Import", 1, "W", location="EV"),
        sv("Power.Active.Import", 1, "W", location="Body"),
    ],
)
def test_what_is_not_followed_is_no_sample_and_no_problem(ignored):
    assert read(ignored) == samples("CS1", 1, [])


def test_import_and_export_of_one_instant_are_one_value():
    assert numbers(sv("Power.Active.Import", 1000), sv("Power.Active.Export", 400)) == [
        ("W", "all", -600)
    ]


def test_phases_are_kept_and_power_gains_its_sum():
    assert numbers(*(sv("Power.Active.Import", n, phase=f"L{n}") for n in (1, 2, 3))) == [
        ("W", "L1", -1),
        ("W", "L2", -2),
        ("W", "L3", -3),
        ("W", "all", -6),
    ]


def test_voltage_gains_the_mean_of_its_phases():
    values = [sv("Voltage", v, phase=f"L{n}-N") for n, v in ((1, 229), (2, 230), (3, 234))]
    assert ("V", "all", 231) in numbers(*values)


def test_a_total_that_the_station_gives_is_not_made_again():
    values = [sv("Power.Active.Export", 10, phase="L1"), sv("Power.Active.Export", 99)]
    assert numbers(*values) == [("W", "L1", 10), ("W", "all", 99)]


def test_import_by_phase_and_export_as_a_total_are_netted_all_the_same():
    values = [
        sv("Power.Active.Import", 100, phase="L1"),
        sv("Power.Active.Import", 200, phase="L2"),
    ]
    assert ("W", "all", -250) in numbers(*values, sv("Power.Active.Export", 50))


@pytest.mark.parametrize(
    ("first", "second", "counted"),
    [
        ({}, {"context": "Transaction.Begin"}, 229),
        ({"phase": "L1"}, {"phase": "L1-N"}, 229),
        ({"location": "Outlet"}, {"location": "Inlet"}, 230),
        ({"location": "Inlet"}, {"location": "Outlet"}, 229),
        ({"location": "Inlet"}, {}, 229),
        ({"location": "Cable"}, {"location": "Upstream"}, 230),
    ],
)
def test_a_value_that_is_said_twice_counts_once_and_the_outlet_goes_before_other_places(
    first, second, counted
):
    found = read(sv("Voltage", 230, **first), sv("Voltage", 229, **second)).samples
    assert {sample.value for sample in found} == {counted}


@pytest.mark.parametrize(
    ("context", "quality"),
    [("Interruption.Begin", "questionable"), ("Interruption.End", "questionable"),
     ("Sample.Periodic", "good"), ("Transaction.End", "good")],
)  # fmt: skip
def test_values_around_an_interruption_are_doubtful(context, quality):
    good = sv("Power.Active.Import", 1, phase="L2")
    found = read(good, sv("Power.Active.Import", 1, phase="L1", context=context)).samples
    by_phase = {sample.phase.value: sample.quality.value for sample in found}
    assert by_phase == {"L1": quality, "L2": "good", "all": quality}


def test_each_instant_stands_alone():
    entries = [
        {"timestamp": f"2026-12-01T12:00:0{n}Z", "sampledValue": [sv("Power.Active.Import", n)]}
        for n in (1, 2)
    ]
    found = samples("CS1", None, entries).samples
    assert [(s.at.second, s.value, s.evse) for s in found] == [(1, -1, None), (2, -2, None)]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-01T12:00:00Z", (12, 0)),
        ("2026-12-01T12:00:00", (12, 0)),
        ("2026-12-01T13:30:00+01:30", (12, 0)),
        ("2026-12-01T12:00:00.250Z", (12, 250000)),
    ],
)
def test_instants_come_in_any_zone_and_are_kept_in_utc(text, utc):
    (sample,) = read(sv("Voltage", 1), at=text).samples
    assert (sample.at.hour, sample.at.microsecond, sample.at.tzinfo) == (*utc, UTC)


@pytest.mark.parametrize(
    ("value", "at", "problem"),
    [
        (sv("Voltage", float("nan")), AT, "= nan: is no number"),
        (sv("Voltage", float("inf")), AT, "= inf: is no number"),
        (sv("Voltage", "1/3"), AT, "is no number"),
        (sv("Voltage", "1e999999999"), AT, "is no number"),
        (sv("Voltage", True), AT, "is no number"),
        (sv("Voltage", 1, "kV"), AT, "= 'kV': is no unit of Voltage"),
        (sv("Power.Active.Import", 1, "var"), AT, "is no unit of Power.Active.Import"),
        (sv("Power.Reactive.Import", 1, "W"), AT, "is no unit of Power.Reactive.Import"),
        (sv("Voltage", 1, "V", 31), AT, "= 31: is no multiplier of a unit"),
        (sv("Voltage", 1, "V", 10**9), AT, "is no multiplier of a unit"),
        (sv("Voltage", 1), "yesterday", "is no instant"),
        (sv("Voltage", 1), "0001-01-01T00:00:00+14:00", "is no instant"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_and_its_neighbours_live_on(value, at, problem):
    entries = [
        {"timestamp": at, "sampledValue": [value]},
        {"timestamp": AT, "sampledValue": [sv("Frequency", 50)]},
    ]
    found = samples("CS1", 1, entries)
    assert [sample.kind for sample in found.samples] == [Kind.FREQUENCY]
    (line,) = found.problems
    assert line.startswith("meterValue[0]/sampledValue[0]")
    assert problem in line

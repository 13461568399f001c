"""MeterValues to samples: import is negative, once; every value counts once; nothing stops its neighbours."""

from datetime import UTC, datetime

import pytest

from support.translation import F
from translators.canonical.telemetry import Phase, Quality, SignedReading
from translators.ocpp.metering import samples
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
        sv("SoC", 55, "Percent", location="Body"),
        sv("Power.Offered", 11000, "W"),
        sv("Voltage", 400, "V", phase="L1-L2"),
        sv("Voltage", 2, "V", phase="N"),
        sv("Power.Active.Import", 1, "W", location="EV"),
        sv("Power.Active.Import", 1, "W", location="Body"),
    ],
)
def test_what_is_not_followed_is_no_sample_and_no_problem(ignored):
    assert read(ignored) == samples("CS1", 1, [])


@pytest.mark.parametrize("location", [None, "EV", "Outlet"])
def test_the_state_of_charge_is_the_car_s_wherever_it_is_told(location):
    told = {} if location is None else {"location": location}
    assert numbers(sv("SoC", 55.5, "Percent", **told)) == [("pct", "all", F("55.5"))]


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
        (sv("Voltage", 1e100), AT, "= 1e+100: is no number"),
        (sv("Voltage", "1" * 41), AT, "is no number"),
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
    assert line.startswith("meterValue[0]/")
    assert problem in line


def test_an_instant_that_cannot_be_read_costs_its_entry_and_no_other():
    entries = [
        {
            "timestamp": "2026-12-01T23:59:60Z",
            "sampledValue": [sv("Voltage", 1), sv("Frequency", 50)],
        },
        {"timestamp": AT, "sampledValue": [sv("Voltage", 2)]},
    ]
    found = samples("CS1", 1, entries)
    assert [sample.value for sample in found.samples] == [2]
    assert found.problems == ("meterValue[0]/timestamp = '2026-12-01T23:59:60Z': is no instant",)


def test_entries_of_one_instant_are_read_together_and_their_faults_named_where_they_stand():
    entries = [
        {"timestamp": AT, "sampledValue": [sv("Power.Active.Import", 5), sv("Voltage", "x")]},
        {"timestamp": "2026-12-01T12:00:01Z", "sampledValue": [sv("Frequency", 50)]},
        {"timestamp": "2026-12-01T13:00:00+01:00",
         "sampledValue": [sv("Power.Active.Export", 2), sv("Voltage", 1, "kV")]},
    ]  # fmt: skip
    found = samples("CS1", 1, entries)
    assert [(s.kind, s.value, s.at.second) for s in found.samples] == [
        (Kind.POWER, -3, 0),
        (Kind.FREQUENCY, 50, 1),
    ]
    assert sorted(found.problems) == [
        "meterValue[0]/sampledValue[1] = 'x': is no number",
        "meterValue[2]/sampledValue[1] = 'kV': is no unit of Voltage",
    ]


def test_where_the_best_place_tells_no_number_the_next_one_counts():
    found = read(sv("Voltage", 230, location="Inlet"), sv("Voltage", "?", location="Outlet"))
    assert [sample.value for sample in found.samples] == [230]
    assert len(found.problems) == 1


def test_a_mean_is_of_the_phases_that_could_be_read():
    found = read(*(sv("Voltage", v, phase=f"L{n}") for n, v in enumerate((230, "?", 233), 1)))
    assert [(s.phase.value, s.value) for s in found.samples] == [
        ("L1", 230),
        ("L3", 233),
        ("all", F("231.5")),
    ]


@pytest.mark.parametrize(
    "value",
    [10**9, -(10**9), 1e9, 2**64 - 1, 1e99, 5e-324, 0.1234567, 230.09999999999997, 1e-7, "7.25", 10**39],
)  # fmt: skip
def test_a_number_of_any_size_is_read_exactly(value):
    (sample,) = read(sv("Voltage", value)).samples
    assert sample.value == F(str(value))


def test_the_largest_number_has_a_double_and_its_square_too():
    power = sv("Power.Active.Export", 9.9e99, "kW", 30)
    (sample,) = read(power).samples
    assert float(sample.value) ** 2 == pytest.approx(9.801e265)


def test_numbers_of_any_size_are_netted_exactly():
    assert numbers(sv("Power.Active.Import", 0.1234567), sv("Power.Active.Export", 1e99)) == [
        ("W", "all", F("1e99") - F("0.1234567"))
    ]


def test_a_report_of_many_values_is_read_as_a_short_one():
    values = [sv("Power.Active.Import", n, location="Inlet") for n in range(100)]
    assert numbers(*values, sv("Power.Active.Import", 7.5)) == [("W", "all", F("-7.5"))]


SIGNED = {
    "signedMeterData": "T0NNRnx7Ikd+/w==",
    "encodingMethod": "OCMF",
    "signingMethod": "ECDSA-secp256r1-SHA256",
    "publicKey": "MFkw+/==",
}


@pytest.mark.parametrize(
    ("given", "method", "key"),
    [
        (SIGNED, "ECDSA-secp256r1-SHA256", "MFkw+/=="),
        (SIGNED | {"publicKey": ""}, "ECDSA-secp256r1-SHA256", ""),
        ({k: SIGNED[k] for k in ("signedMeterData", "encodingMethod")}, None, None),
    ],
)
def test_what_a_meter_signed_is_kept_in_its_very_characters(given, method, key):
    value = sv("Energy.Active.Import.Register", 12.5, "kWh", context="Transaction.End")
    entries = [{"timestamp": AT, "sampledValue": [value | {"signedMeterValue": given}]}]
    found = samples("CS1", 2, entries, "T1")
    assert found.samples == ()
    assert found.signed == (
        SignedReading(
            station="CS1",
            evse=2,
            at=datetime(2026, 12, 1, 12, tzinfo=UTC),
            data="T0NNRnx7Ikd+/w==",
            encoding="OCMF",
            method=method,
            public_key=key,
            measurand="Energy.Active.Import.Register",
            context="Transaction.End",
            transaction="T1",
        ),
    )


def test_a_signed_value_is_a_sample_too_where_its_kind_is_followed():
    found = read(sv("Power.Active.Export", 7, signedMeterValue=SIGNED), sv("Voltage", 230))
    assert [sample.value for sample in found.samples] == [7, 230]
    (signed,) = found.signed
    assert (signed.measurand, signed.context, signed.transaction) == (
        "Power.Active.Export", "Sample.Periodic", None
    )  # fmt: skip


def test_a_signed_value_without_a_name_is_the_energy_register():
    (signed,) = read(sv(None, 12, signedMeterValue=SIGNED)).signed
    assert signed.measurand == "Energy.Active.Import.Register"


def test_what_is_signed_is_kept_though_its_number_cannot_be_read():
    found = read(sv("Voltage", "?", signedMeterValue=SIGNED))
    assert (found.samples, len(found.problems), len(found.signed)) == ((), 1, 1)

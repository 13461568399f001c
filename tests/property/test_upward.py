"""What goes up comes back: documents read by other code give the canonical values, within what is declared.

The reader here knows IEEE 2030.5 from its schema, not from our rules: names, bits and signs stand in
tables of its own.
"""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from support.translation import book
from support.upward import report as rule_of
from translators.canonical.averages import Average
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.commands import Revision
from translators.canonical.controls import EnterService, Gradients
from translators.canonical.status import Availability, StationStatus
from translators.canonical.telemetry import ControlOutcome, GridFault, Quality
from translators.ieee2030_5 import mirror, nameplate, outbound
from translators.ieee2030_5.xml import render
from translators.openadr.outbound import Slot, Wanted, report
from translators.rules import facts
from translators.units import Kind

REVISIONS = st.sampled_from([Revision.IEEE2030_5_2018, Revision.IEEE2030_5_2023])
AUS = "https://csipaus.org/ns/v1.3"
LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(  # noqa: DTZ001 - zone added
    lambda at: at.replace(tzinfo=UTC)
)


def numbers(low, high, *, places=4):
    shift = 10**places
    return st.integers(low * shift, high * shift).map(lambda n: Fraction(n, shift))


def unknown_or(values):
    return st.none() | values


class Read:
    """A document as a stranger reads it: local names only."""

    def __init__(self, document):
        self.root = etree.fromstring(render(document))

    def text(self, path):
        found = self.root.xpath("/".join(f"*[local-name()='{name}']" for name in path.split("/")))
        return found[0].text if found else None

    def whole(self, path):
        text = self.text(path)
        return None if text is None else int(text)

    def scaled(self, name, value="value"):
        number, power = self.whole(f"{name}/{value}"), self.whole(f"{name}/multiplier")
        return None if number is None else Fraction(number) * Fraction(10) ** power

    def word(self, path):
        text = self.text(path)
        return None if text is None else int(text, 16)


def residuals(told):
    """Return what a translation says that it gave up, by the last name of the place."""
    found = {}
    for loss in told.losses:
        if loss.residual:
            name = loss.where.rpartition("/")[2]
            found[name] = found.get(name, 0) + Fraction(loss.residual)
    return found


RATED = {
    "MaxA": "max_a",
    "MaxChargeRateVA": "max_charge_rate_va",
    "MaxChargeRateW": "max_charge_rate_w",
    "MaxDischargeRateVA": "max_discharge_rate_va",
    "MaxDischargeRateW": "max_discharge_rate_w",
    "MaxVA": "max_va",
    "MaxVar": "max_var",
    "MaxWh": "energy_capacity",
    "OverExcitedW": "over_excited_w",
    "UnderExcitedW": "under_excited_w",
    "ReactiveSusceptance": "reactive_susceptance",
}
SHARED = {"VNom": "v_nom", "MaxV": "v_max", "MinV": "v_min"}
FACTORS = {
    "MinPFOverExcited": "over_excited_pf",
    "MinPFUnderExcited": "under_excited_pf",
    "OverExcitedPF": "over_excited_pf",
    "UnderExcitedPF": "under_excited_pf",
}
ONLY_RATED = frozenset(
    {"OverExcitedW", "UnderExcitedW", "ReactiveSusceptance", "OverExcitedPF", "UnderExcitedPF"}
)
FACTOR_FIELDS = {"over_excited_pf", "under_excited_pf"}
MODES = {
    4: "FixedPFAbsorb", 5: "FixedPFInject", 6: "FixedVar", 8: "FreqDroop", 9: "FreqWatt", 10: "HFMayTrip",
    11: "HFMustTrip", 12: "HVMayTrip", 13: "HVMomCess", 14: "HVMustTrip", 16: "LFMustTrip", 17: "LVMayTrip",
    18: "LVMomCess", 19: "LVMustTrip", 23: "VoltVar", 24: "VoltWatt", 25: "WattPF", 26: "WattVar",
}  # fmt: skip
BY_PROFILE = {0, 2, 3, 7, 20, 22}

ratings = st.builds(
    Ratings,
    **{
        field.name: unknown_or(
            numbers(0, 1) if field.name in FACTOR_FIELDS else numbers(0, 2_000_000)
        )
        for field in fields(Ratings)
    },
)
evses = st.builds(
    Evse,
    id=st.integers(1, 9),
    current=st.sampled_from(Current),
    phases=st.just(3),
    ratings=ratings,
    der_modes=st.frozensets(st.sampled_from([*MODES.values(), "EnterService"])),
    v2x_operation_modes=st.frozensets(st.sampled_from(["CentralSetpoint", "ChargingOnly"])),
)
stations = st.lists(evses, min_size=1, max_size=3).map(
    lambda found: StationProfile("CS1", "2.1", Fraction(50), tuple(found))
)


def rated(station, name):
    """Return a rating of each EVSE, None where one is not known."""
    values = [getattr(evse.ratings, name) for evse in station.evses]
    return None if None in values else values


def expected(station):
    """Return what a utility should know of a station's ratings, exactly."""
    known = {short: sum(v) for short, name in RATED.items() if (v := rated(station, name))}
    for short, name in SHARED.items():
        values = rated(station, name)
        if values and len(set(values)) == 1:
            known[short] = values[0]
    if (absorbed := rated(station, "max_var_neg")) is not None:
        known["MaxVarNeg"] = -sum(absorbed)
    watts = rated(station, "max_w")
    known["MaxW"] = sum(watts) if watts and sum(watts) else known.get("MaxChargeRateW")
    return known


def assert_ratings(told, station, prefix):
    """Compare every rating that was read back with the canonical one, less what was declared."""
    read, lost = Read(told.value), residuals(told)
    known = expected(station)
    for short in {*RATED, *SHARED, "MaxVarNeg", "MaxW"} - (
        ONLY_RATED if prefix == "set" else set()
    ):
        value = read.scaled(f"{prefix}{short}")
        wanted = known.get(short)
        assert (value is None) == (wanted is None), short
        if value is not None:
            assert value + lost.get(f"{prefix}{short}", 0) == wanted, short
            assert abs(value) <= abs(wanted), short  # never more than it is
    for short, name in FACTORS.items():
        if prefix == "rtg" or short not in ONLY_RATED:
            values = rated(station, name)
            value = read.scaled(f"{prefix}{short}", "displacement")
            assert (value is None) == (values is None), short
            if values is not None:
                assert value + lost.get(f"{prefix}{short}", 0) == max(values)
                assert 0 <= value - max(values) < Fraction(1, 1000)  # never better than it is


def assert_modes(word, station):
    common = frozenset.intersection(*(evse.der_modes for evse in station.evses))
    bits = {bit for bit in range(32) if word >> bit & 1}
    assert {MODES[bit] for bit in bits if bit in MODES} == common - {"EnterService"}
    assert (1 in bits) == any((e.ratings.max_discharge_rate_w or 0) > 0 for e in station.evses)
    assert (21 in bits) == all("CentralSetpoint" in e.v2x_operation_modes for e in station.evses)
    assert bits - set(MODES) - {1, 21} == BY_PROFILE


@given(station=stations, revision=REVISIONS, aus=st.sampled_from(["", AUS]))
def test_a_nameplate_is_read_back_within_what_was_declared(station, revision, aus):
    told = nameplate.der_capability(book(), station, revision, aus)
    if expected(station)["MaxW"] is None:
        assert told.value is None
        assert "drop" in {loss.kind for loss in told.losses}
        return
    assert_ratings(told, station, "rtg")
    read = Read(told.value)
    assert_modes(read.word("modesSupported"), station)
    assert read.word("modesSupported2") == (0x190 if revision == "2023" else None)
    assert read.whole("type") == 82
    assert read.word("doeModesSupported") == (15 if aus else None)


rates = unknown_or(numbers(0, 600, places=3))
volts = unknown_or(numbers(-300, 300, places=3))
hertz = unknown_or(numbers(0, 600, places=3))
seconds = unknown_or(numbers(0, 10_000, places=3))
enters = st.builds(
    EnterService,
    high_voltage=volts,
    low_voltage=volts,
    high_frequency=hertz,
    low_frequency=hertz,
    delay=seconds,
    random_delay=seconds,
    ramp_time=seconds,
)
SET = {
    "setESHighVolt": "high_voltage",
    "setESLowVolt": "low_voltage",
    "setESHighFreq": "high_frequency",
    "setESLowFreq": "low_frequency",
    "setESDelay": "delay",
    "setESRandomDelay": "random_delay",
    "setESRampTms": "ramp_time",
}


@given(
    station=stations,
    revision=REVISIONS,
    at=instants,
    gradients=st.builds(Gradients, normal=rates, soft=rates),
    enter=enters,
)
def test_settings_are_read_back_within_what_was_declared(station, revision, at, gradients, enter):
    told = nameplate.der_settings(book(), station, revision, at, defaults=[gradients, enter])
    if told.value is None:
        assert expected(station)["MaxW"] is None
        return
    assert_ratings(told, station, "set")
    read, lost = Read(told.value), residuals(told)
    assert_modes(read.word("modesEnabled"), station)
    assert read.whole("updatedTime") == int(at.timestamp())
    wanted = {name: getattr(enter, field) for name, field in SET.items()}
    wanted |= {"setGradW": gradients.normal or Fraction(0), "setSoftGradW": gradients.soft}
    for name, value in wanted.items():
        number = read.whole(name)
        assert (number is None) == (value is None), name
        if value is not None:
            assert Fraction(number) + lost.get(name, 0) == value * 100, name


powers = unknown_or(numbers(-400_000, 400_000))
statuses = st.builds(
    StationStatus,
    at=instants,
    connected=st.booleans(),
    alarms=st.frozensets(st.sampled_from(GridFault)),
    faulted=unknown_or(st.booleans()),
    power=powers,
    state_of_charge=unknown_or(numbers(0, 1)),
    opted_out=unknown_or(st.booleans()),
)
ALARMS = [
    "OverCurrent", "OverVoltage", "UnderVoltage", "OverFrequency", "UnderFrequency", "VoltageImbalance",
    "CurrentImbalance", "LocalEmergency", "RemoteEmergency", "LowInputPower", "PhaseRotation",
]  # fmt: skip


@given(status=statuses, revision=REVISIONS)
def test_a_status_is_read_back(status, revision):
    told = outbound.der_status(book(), revision, status)
    read = Read(told.value)
    alarms = {ALARMS[bit] for bit in range(32) if read.word("alarmStatus") >> bit & 1}
    assert alarms == {fault.value for fault in status.alarms}
    assert read.whole("operationalModeStatus/value") == (2 if status.connected else 0)
    assert read.whole("readingTime") == int(status.at.timestamp())
    former, present = read.word("genConnectStatus/value"), read.word("connectStatus/value")
    if status.connected and revision == "2018":
        assert former & 3 == 3
        assert bool(former & 4) == bool(status.power)
        assert bool(former & 16) == bool(status.faulted)
        assert present is None
    else:
        assert former is None
        assert present == (3 if status.connected else None)
    charge = read.whole("stateOfChargeStatus/value")
    assert (charge is None) == (status.state_of_charge is None)
    assert charge is None or Fraction(charge, 10_000) == status.state_of_charge
    way = {None: None, -1: 0, 1: 1, 0: 2}
    sign = None if status.power is None else (status.power > 0) - (status.power < 0)
    assert read.whole("storageModeStatus/value") == way[sign]
    local = read.whole("localControlModeStatus/value")
    assert local == {None: None, True: 0, False: 1}[status.opted_out]


reserves = unknown_or(numbers(0, 400_000))
availabilities = st.builds(
    Availability,
    at=instants,
    inject_w=reserves,
    absorb_w=reserves,
    inject_var=reserves,
    absorb_var=reserves,
    duration=seconds,
    charge_duration=seconds,
    reserve=unknown_or(numbers(0, 100)),
    charge_reserve=unknown_or(numbers(0, 100)),
)


@given(known=availabilities, revision=REVISIONS)
def test_an_availability_is_read_back_and_never_promises_more(known, revision):
    told = outbound.der_availability(book(), revision, known)
    read, lost = Read(told.value), residuals(told)
    made = {
        "statWAvail": (read.scaled("statWAvail"), known.inject_w, 1),
        "statVarAvail": (read.scaled("statVarAvail"), known.inject_var, 1),
        "availabilityDuration": (read.whole("availabilityDuration"), known.duration, 1),
        "maxChargeDuration": (read.whole("maxChargeDuration"), known.charge_duration, 1),
        "reservePercent": (read.whole("reservePercent"), known.reserve, 100),
        "reserveChargePercent": (read.whole("reserveChargePercent"), known.charge_reserve, 100),
    }
    for name, value in (
        ("statWAbsorbAvail", known.absorb_w),
        ("statVarAbsorbAvail", known.absorb_var),
    ):
        made[name] = (read.scaled(name), value if revision == "2023" else None, 1)
    for name, (value, wanted, factor) in made.items():
        assert (value is None) == (wanted is None), name
        if value is not None:
            assert value + lost.get(name, 0) == wanted * factor, name
            assert value <= wanted * factor, name


CODES = {
    1: "received", 2: "started", 3: "completed", 4: "opted_out", 5: "opted_in", 6: "cancelled",
    7: "superseded", 8: "completed_opted_out", 9: "completed_opted_in", 10: "no_participation",
    13: "overruled", 251: "not_supported", 252: "not_applicable", 253: "invalid", 254: "late",
}  # fmt: skip
ELEMENTS = {"opModConnect": 2, "opModVoltVar": 23, "opModDeltaW": 28, "opModIslandPermit": 31}
ELEMENTS2 = {"opModMaxLimPctVAAbsorb": 0, "opModMaxLimWInject": 8, "opModTargetV": 9}


@given(
    outcome=st.sampled_from(ControlOutcome),
    revision=REVISIONS,
    at=instants,
    elements=st.frozensets(st.sampled_from([*ELEMENTS, *ELEMENTS2, "rampTms", "opModImpLimW"])),
)
def test_a_response_is_read_back(outcome, revision, at, elements):
    told = facts.answer(outcome, event="AB12", device=LFDI, at=at, elements=elements)
    read = Read(outbound.response(book(), revision, told))
    said = CODES[read.whole("status")]
    merged = {ControlOutcome.OUTRANKED: "superseded"}
    if revision == "2018":
        merged[ControlOutcome.NOT_SUPPORTED] = "not_applicable"
    assert said == merged.get(outcome, outcome.value)
    assert read.whole("createdDateTime") == int(at.timestamp())
    assert (read.text("endDeviceLFDI"), read.text("subject")) == (LFDI, "AB12")
    if revision == "2018":
        assert read.text("modesResponded") is read.text("modesResponded2") is None
    else:
        assert read.word("modesResponded") == sum(
            1 << ELEMENTS[e] for e in elements & ELEMENTS.keys()
        )
        assert read.word("modesResponded2") == sum(
            1 << ELEMENTS2[e] for e in elements & ELEMENTS2.keys()
        )


UOM = {38: Kind.POWER, 63: Kind.REACTIVE, 29: Kind.VOLTAGE, 33: Kind.FREQUENCY}
averages = st.builds(
    Average,
    kind=st.sampled_from(list(UOM.values())),
    value=numbers(-500_000, 500_000, places=5),
    quality=st.sampled_from(Quality),
)


@given(average=averages, revision=REVISIONS, at=instants, duration=st.integers(1, 86_400))
def test_a_reading_is_read_back_by_the_type_that_its_mirror_told(average, revision, at, duration):
    point = Read(mirror.usage_point(book(), revision, LFDI, duration))
    told = mirror.reading(book(), revision, LFDI, average, (at, duration))
    read = Read(told.value)
    (kind,) = [
        {child.tag.rpartition("}")[2]: child.text for child in meter.iter()}
        for meter in point.root.xpath("*[local-name()='MirrorMeterReading']")
        if meter.findtext("{*}mRID") == read.text("mRID")
    ]
    assert UOM[int(kind["uom"])] is average.kind
    power = Fraction(10) ** int(kind["powerOfTenMultiplier"])
    value = read.whole("Reading/value")
    assert (value + residuals(told).get("value", 0)) * power == average.value
    assert abs(value * power - average.value) <= power / 2
    assert read.text("Reading/qualityFlags") == ("0001" if average.quality == "good" else "0010")
    assert read.whole("Reading/timePeriod/duration") == duration
    assert read.whole("Reading/timePeriod/start") == int(at.timestamp())


UNITS = {"KW": 1000, "KVAR": 1000, "VOLTS": 1, "AMPS": 1}


@pytest.mark.parametrize("revision", [Revision.OPENADR_3_0, Revision.OPENADR_3_1])
@given(
    kind=st.sampled_from([Kind.POWER, Kind.REACTIVE, Kind.VOLTAGE, Kind.CURRENT]),
    value=numbers(-500_000, 500_000, places=5),
    at=instants,
)
def test_an_openadr_reading_is_read_back_in_the_frame_of_the_load(revision, kind, value, at):
    slot = Slot(at, timedelta(seconds=60), facts.measurement(Average(kind, value), at, 60))
    told = report(book(), revision, Wanted("READING", "e", "p", "c", "r"), [slot])
    (descriptor,) = told.value["payloadDescriptors"]
    (interval,) = told.value["resources"][0]["intervals"]
    number = Fraction(str(interval["payloads"][0]["values"][0])) * UNITS[descriptor["units"]]
    lost = residuals(told).get("value", 0) * UNITS[descriptor["units"]]
    sign = 1 if kind is Kind.VOLTAGE else -1
    assert sign * (number + lost) == value


@given(value=numbers(-500_000, 500_000, places=2), duration=st.integers(1, 86_400), at=instants)
def test_what_flows_either_way_is_usage_or_refused_and_never_both(value, duration, at):
    slot = Slot(
        at, timedelta(seconds=duration), facts.measurement(Average(Kind.POWER, value), at, duration)
    )
    for payload in ("USAGE", "DEMAND"):
        told = report(book(), Revision.OPENADR_3_1, Wanted(payload, "e", "p", "c", "r"), [slot])
        assert (told.value is None) == (value > 0) == bool(told.refusals)
        if told.value is not None:
            (interval,) = told.value["resources"][0]["intervals"]
            assert interval["payloads"][0]["values"][0] >= 0


def test_every_rule_that_goes_up_is_of_a_document_read_back_here():
    read_back = {
        "DERCapability", "DERSettings", "DERStatus", "DERAvailability", "DERControlResponse",
        "MirrorMeterReading", "MirrorUsagePoint",
    }  # fmt: skip
    told = {document for protocol, _, document in book().reports if protocol == "ieee2030_5"}
    assert told - read_back == {"EndDevice"}
    assert rule_of("ieee2030_5", Revision.IEEE2030_5_2018, "EndDevice").cites

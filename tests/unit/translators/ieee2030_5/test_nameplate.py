"""DERCapability and DERSettings: ratings, multipliers, modes."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from support.engine_bench import a_profile
from support.upward import der_capability, der_settings, report
from translators.canonical.capability import Current, Evse, Ratings, StationProfile
from translators.canonical.commands import Revision
from translators.canonical.controls import Connect, EnterService

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
OLD, NEW = Revision.IEEE2030_5_2018, Revision.IEEE2030_5_2023


def station(*ratings, **changes):
    evses = tuple(
        Evse(number, Current.AC, 3, each, **changes) for number, each in enumerate(ratings, 1)
    )
    return StationProfile("CS1", "2.1", Fraction(50), evses)


FULL = Ratings(
    max_w=Fraction(11000),
    max_charge_rate_w=Fraction(11000),
    max_discharge_rate_w=Fraction(10000),
    max_va=Fraction(12000),
    max_var=Fraction(5000),
    max_var_neg=Fraction(4000),
    v_nom=Fraction(230),
    max_a=Fraction(16),
    over_excited_pf=Fraction(8, 10),
    under_excited_pf=Fraction(2, 3),
)


def values(document):
    """Return value * 10^multiplier of each measure."""
    return {
        child.name: Fraction(child.text_at("value") or child.text_at("displacement"))
        * Fraction(10) ** int(child.text_at("multiplier"))
        for child in document.children
        if child.first("multiplier")
    }


def test_every_rating_is_told():
    assert values(der_capability(station(FULL), OLD).value) == {
        "rtgMaxA": 16,
        "rtgMaxChargeRateW": 11000,
        "rtgMaxDischargeRateW": 10000,
        "rtgMaxVA": 12000,
        "rtgMaxVar": 5000,
        "rtgMaxVarNeg": -4000,
        "rtgMaxW": 11000,
        "rtgMinPFOverExcited": Fraction(8, 10),
        "rtgMinPFUnderExcited": Fraction(667, 1000),
        "rtgOverExcitedPF": Fraction(8, 10),
        "rtgUnderExcitedPF": Fraction(667, 1000),
        "rtgVNom": 230,
    }


def test_ratings_of_several_evses_add_up():
    other = replace(FULL, over_excited_pf=Fraction(9, 10), v_nom=Fraction(400), max_a=None)
    told = values(der_capability(station(FULL, other), OLD).value)
    assert told["rtgMaxW"] == 22000
    assert told["rtgMinPFOverExcited"] == Fraction(9, 10)
    assert "rtgVNom" not in told
    assert "rtgMaxA" not in told


def test_settings_equal_ratings():
    settings = der_settings(station(FULL), OLD, AT, gradient=28).value
    assert values(settings)["setMaxW"] == 11000
    assert settings.text_at("setGradW") == "28"
    assert settings.text_at("updatedTime") == str(int(AT.timestamp()))


def test_the_rated_charging_power_stands_for_an_unknown_rating():
    ratings = Ratings(max_charge_rate_w=Fraction(7400))
    assert values(der_capability(station(ratings), OLD).value)["rtgMaxW"] == 7400


@pytest.mark.parametrize("profile", [station(), station(Ratings())])
def test_without_any_rating_nothing_is_told_and_that_is_a_loss(profile):
    for told in (der_capability(profile, OLD), der_settings(profile, OLD, AT)):
        assert told.value is None
        assert [loss.kind for loss in told.losses] == ["drop"]


def test_a_utility_of_csip_aus_is_told_its_limits():
    space = "https://csipaus.org/ns/v1.3"
    capability = der_capability(station(FULL), OLD, space).value
    (supported,) = capability.every("doeModesSupported")
    assert (supported.namespace, supported.text) == (space, "0F")
    settings = der_settings(station(FULL), OLD, AT, csip_aus=space).value
    assert settings.text_at("doeModesEnabled") == "0F"
    assert der_capability(station(FULL), OLD).value.first("doeModesSupported") is None


def test_the_second_word_of_modes_is_of_2023():
    capability = der_capability(station(FULL), NEW).value
    assert capability.text_at("modesSupported2") == "00000190"
    assert der_settings(station(FULL), NEW, AT).value.text_at("modesEnabled2") == "00000190"
    assert der_capability(station(FULL), OLD).value.first("modesSupported2") is None


def bits(profile):
    first = int(der_capability(profile, OLD).value.text_at("modesSupported"), 16)
    rule = report("ieee2030_5", OLD, "DERCapability")
    names = {bit.bit: bit.name for bit in rule.model.emit["modesSupported"].bits}
    return {names[bit] for bit in range(32) if first >> bit & 1}


PROFILES = {
    "Charge",
    "opModConnect",
    "opModEnergize",
    "opModFixedW",
    "opModMaxLimW",
    "opModTargetW",
}


def test_a_charge_only_station_offers_what_profiles_carry():
    assert bits(station(Ratings(max_charge_rate_w=Fraction(1)))) == PROFILES


def test_der_modes_count_where_every_evse_has_them():
    profile = a_profile()
    assert {"Discharge", "opModVoltVar", "opModTargetVar", "opModFixedPFInjectW"} <= bits(profile)
    plain = Evse(2, Current.AC, 3, FULL)
    mixed = replace(profile, evses=(*profile.evses, plain))
    assert bits(mixed) == PROFILES | {"Discharge"}


@pytest.mark.parametrize("member", ["modesSupported", "modesSupported2"])
def test_what_can_be_done_is_enabled(member):
    able = report("ieee2030_5", NEW, "DERCapability").model.emit[member]
    enabled = report("ieee2030_5", NEW, "DERSettings").model.emit
    assert enabled[member.replace("Supported", "Enabled")] == able


def test_what_a_default_control_sets_is_told_back():
    enter = EnterService(
        high_voltage=Fraction("105.5"), low_frequency=Fraction("49.5"), delay=Fraction(300)
    )
    other = Connect(connected=True)
    settings = der_settings(station(FULL), OLD, AT, gradient=28, defaults=[enter, other]).value
    told = {child.name: child.text for child in settings.children if child.name.startswith("setES")}
    assert told == {"setESDelay": "30000", "setESHighVolt": "10550", "setESLowFreq": "4950"}
    assert settings.text_at("setGradW") == "28"
    assert settings.first("setSoftGradW") is None


NAMES = {
    "over_excited_w": "rtgOverExcitedW",
    "under_excited_w": "rtgUnderExcitedW",
    "max_charge_rate_va": "rtgMaxChargeRateVA",
    "max_discharge_rate_va": "rtgMaxDischargeRateVA",
    "v_max": "rtgMaxV",
    "v_min": "rtgMinV",
    "reactive_susceptance": "rtgReactiveSusceptance",
    "energy_capacity": "rtgMaxWh",
}


@pytest.mark.parametrize(("rating", "name"), NAMES.items())
def test_ratings_of_the_car_and_its_inverter_have_their_own_members(rating, name):
    plain, told = (
        values(der_capability(station(ratings), OLD).value)
        for ratings in (FULL, replace(FULL, **{rating: Fraction("12.5")}))
    )
    assert told.items() - plain.items() == {(name, Fraction("12.5"))}

"""What a station is, by its base report and by the car that is plugged in: the shipped rules at work."""

from dataclasses import replace
from importlib.util import find_spec
from json import loads
from pathlib import Path

import pytest

from support.translation import F, an_evse, book
from translators.canonical.capability import RATING_NAMES, Ratings
from translators.ocpp.capability import described, plugged
from translators.rules.capability import CapabilityRule


def said(component, variable, value, evse=None, kind=None):
    """Return one reportData item of NotifyReport."""
    attribute = {} if kind is None else {"type": kind}
    attribute |= {} if value is None else {"value": value}
    place = {} if evse is None else {"evse": {"id": evse}}
    return {
        "component": {"name": component, **place},
        "variable": {"name": variable},
        "variableAttribute": [attribute],
    }


BARE = replace(an_evse(modes=(), v2x=(), units=("W",)), ratings=Ratings())


def reported(*items, declared=(BARE,), version="2.1"):
    return described(book(), version, declared, items).evses


def test_every_rating_of_the_der_component_is_taken_under_its_own_name():
    names = {name: field for name, field in RATING_NAMES.items() if name != "MaxDischargeRateVA"}
    items = [said("DCDERCtrlr", name, f"{n}.5", 1) for n, name in enumerate(names)]
    (evse,) = reported(*items)
    assert evse.ratings == Ratings(
        **{field: F(n) + F(1, 2) for n, field in enumerate(names.values())}
    )


@pytest.mark.parametrize("component", ["DCDERCtrlr", "ACDERCtrlr"])
def test_modes_and_ratings_may_stand_with_either_controller(component):
    (evse,) = reported(
        said(component, "ModesSupported", "VoltVar, FixedVar,", 1), said(component, "MaxW", "7", 1)
    )
    assert evse.der_modes == {"VoltVar", "FixedVar"}
    assert evse.ratings.max_w == 7


def test_modes_of_both_controllers_add_up():
    (evse,) = reported(
        said("DCDERCtrlr", "ModesSupported", "VoltVar", 1),
        said("ACDERCtrlr", "ModesSupported", "WattPF", 1),
    )
    assert evse.der_modes == {"VoltVar", "WattPF"}


@pytest.mark.parametrize(
    ("evse", "expected"),
    [(1, ["7", None]), (2, [None, "7"]), (None, ["7", "7"]), (3, [None, None]), (0, [None, None])],
)
def test_a_variable_is_of_its_evse_or_of_all(evse, expected):
    declared = (BARE, replace(BARE, id=2))
    found = reported(said("DCDERCtrlr", "MaxW", "7", evse), declared=declared)
    assert [e.ratings.max_w for e in found] == [None if v is None else F(v) for v in expected]
    assert [e.id for e in found] == [1, 2]


@pytest.mark.parametrize(
    ("value", "units"),
    [("A", ("A",)), ("W", ("W",)), ("A,W", ("W", "A")), ("W, A", ("W", "A")), ("", ("W",))],
)
def test_rate_units_are_kept_watts_first(value, units):
    (evse,) = reported(said("SmartChargingCtrlr", "RateUnit", value))
    assert evse.charging_rate_units == units


def test_operation_modes_replace_what_was_declared():
    declared = (replace(BARE, v2x_operation_modes=frozenset({"Idle"})),)
    item = said("V2XChargingCtrlr", "SupportedOperationModes", "CentralSetpoint,ChargingOnly", 1)
    (evse,) = reported(item, declared=declared)
    assert evse.v2x_operation_modes == {"CentralSetpoint", "ChargingOnly"}


@pytest.mark.parametrize(
    "item",
    [
        said("DCDERCtrlr", "MaxW", None, 1),
        said("DCDERCtrlr", "MaxW", "7", 1, kind="Target"),
        said("DCDERCtrlr", "Manufacturer", "7", 1),
        said("OtherCtrlr", "MaxW", "7", 1),
        said("DCDERCtrlr", "MaxW", "much", 1),
        said("DCDERCtrlr", "MaxW", "1e999999999", 1),
    ],
)
def test_what_says_nothing_changes_nothing(item):
    assert reported(item) == (BARE,)


def test_the_actual_value_counts_wherever_it_stands():
    item = said("DCDERCtrlr", "MaxW", "1", 1, kind="MaxSet")
    item["variableAttribute"].append({"type": "Actual", "value": "7"})
    assert reported(item)[0].ratings.max_w == 7


def test_a_value_that_cannot_be_read_is_named_and_its_neighbours_live_on():
    items = [said("DCDERCtrlr", "MaxW", "much", 1), said("DCDERCtrlr", "MaxVA", "8", 1)]
    told = described(book(), "2.1", (BARE,), items)
    assert told.problems == ("MaxW = 'much': is no number",)
    assert told.evses[0].ratings == Ratings(max_va=F(8))


@pytest.mark.parametrize(("value", "periods"), [("24", 24), ("0", 0), ("many", None)])
def test_what_profiles_may_hold_is_read(value, periods):
    (evse,) = reported(
        said("SmartChargingCtrlr", "SupportsDynamicProfiles", "true"),
        said("SmartChargingCtrlr", "SupportsMaxOfflineDuration", "False", 1),
        said("SmartChargingCtrlr", "PeriodsPerSchedule", value),
    )
    assert (evse.dynamic_profiles, evse.max_offline_duration) == (True, False)
    assert evse.periods_per_schedule == periods


def test_operation_modes_are_of_ocpp_2_1_only():
    item = said("V2XChargingCtrlr", "SupportedOperationModes", "CentralSetpoint", 1)
    assert reported(item, version="2.0.1") == (BARE,)


NEEDS = {
    "requestedEnergyTransfer": "AC_BPT_DER",
    "derChargingParameters": {
        "evSupportedDERControl": ["VoltVar", "WattPF"],
        "maxApparentPower": 11500,
        "maxChargeReactivePower": 2000,
        "maxDischargeReactivePower": 3000.25,
        "evOverExcitedPowerFactor": 0.9,
    },
    "v2xChargingParameters": {
        "maxChargePower": 3700,
        "maxChargePower_L2": 3600,
        "maxChargePower_L3": 3500,
        "maxDischargePower": 10000,
    },
}


def test_a_car_brings_the_ratings_of_its_inverter():
    (evse,) = reported(said("ACDERCtrlr", "ModesSupported", "FreqDroop", 1))
    told = plugged(book(), "2.1", evse, NEEDS)
    assert told.problems == ()
    assert told.evse.der_modes == {"VoltVar", "WattPF", "FreqDroop"}
    assert told.evse.ratings == Ratings(
        max_w=F(10000),
        max_charge_rate_w=F(10800),
        max_discharge_rate_w=F(10000),
        max_va=F(11500),
        max_var=F("3000.25"),
        max_var_neg=F(2000),
        over_excited_pf=F("0.9"),
    )


def test_a_car_leaves_alone_what_it_does_not_say():
    told = plugged(book(), "2.1", an_evse(), {"requestedEnergyTransfer": "DC"})
    assert (told.evse, told.state_of_charge) == (an_evse(), None)


@pytest.mark.parametrize(("percent", "share"), [(0, F(0)), (62, F("0.62")), (100, F(1))])
def test_a_battery_says_how_full_it_is(percent, share):
    needs = {"dcChargingParameters": {"stateOfCharge": percent, "evEnergyCapacity": 77000}}
    told = plugged(book(), "2.1", BARE, needs)
    assert told.state_of_charge == share
    assert told.evse.ratings.energy_capacity == 77000


def test_the_needs_of_a_car_are_read_from_ocpp_2_1_only():
    assert plugged(book(), "2.0.1", BARE, NEEDS).evse == BARE


def leaves(schema, definition, prefix=""):
    """Yield the paths of the members of a definition, extensions left out."""
    for name, member in schema["definitions"][definition]["properties"].items():
        below = member.get("$ref", "").rpartition("/")[2]
        if name == "customData":
            continue
        if below and "properties" in schema["definitions"][below] and name != "evEnergyOffer":
            yield from leaves(schema, below, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}"


def test_every_member_of_the_needs_is_read_or_ignored_with_a_reason():
    found = find_spec("ocpp")
    path = Path(found.origin).parent / "v21/schemas/NotifyEVChargingNeedsRequest.json"
    schema = loads(path.read_text(encoding="utf-8"))
    (rule,) = [r for r in book().of(CapabilityRule) if "needs" in r.id]
    assert rule.sources() | set(rule.model.ignored) == set(leaves(schema, "ChargingNeedsType"))

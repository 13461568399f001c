"""The closed union: what a control refuses to be, and which controls compete."""

import dataclasses
from typing import get_args

import pytest

from support.translation import EVERY_CONTROL, F, limit, q, trip
from translators.canonical.controls import (
    ActiveSetpoint,
    ApparentLimit,
    DerControl,
    Flow,
    LimitOn,
    PowerLimit,
    Price,
    Quantity,
    ReactiveLimit,
    ReactiveSetpoint,
    function_of,
)
from translators.errors import ModelError
from translators.rules.canonical import CLASSES
from translators.units import Base


def test_every_member_of_the_union_has_an_example_and_a_class_for_the_mapping_language():
    members = set(get_args(DerControl.__value__))
    assert {type(control) for control in EVERY_CONTROL} == members == set(CLASSES.values())


def test_controls_are_frozen_and_without_a_dict():
    for control in EVERY_CONTROL:
        assert not hasattr(control, "__dict__")
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(control, dataclasses.fields(control)[0].name, None)


@pytest.mark.parametrize(
    ("make", "good", "bad"),
    [
        (
            lambda v: PowerLimit(LimitOn.EXPORT, v),
            ["1 W", "0 W", "5 pct[setMaxW]"],
            ["1 var", "1 VA", "1 V"],
        ),
        (
            lambda v: ReactiveLimit(Flow.INJECTING, v),
            ["1 var", "5 pct[setMaxVar]"],
            ["1 W", "1 VA"],
        ),
        (lambda v: ApparentLimit(Flow.INJECTING, v), ["1 VA", "5 pct[setMaxVA]"], ["1 W", "1 var"]),
        (ActiveSetpoint, ["-1 W", "5 pct[setMaxW]"], ["1 var", "1 VA", "1 A"]),
        (ReactiveSetpoint, ["-1 var", "5 pct[setMaxVar]"], ["1 W", "1 VA"]),
    ],
)
def test_watts_var_and_va_never_mix(make, good, bad):
    for text in good:
        make(q(text))
    for text in bad:
        with pytest.raises(ModelError, match=r"rule units"):
            make(q(text))


def test_a_limit_is_a_magnitude():
    with pytest.raises(ModelError, match="PowerLimit = '-1': a limit is a magnitude"):
        limit("import", "-1 W")


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("5 pct[setMaxVar]", Base.MAX_VAR),
        ("0 pct[setMaxVar]", Base.MAX_VAR),
        ("-5 pct[setMaxVar]", Base.MAX_VAR_NEG),
        ("-5 pct[setMaxW|setMaxChargeRateW]", Base.MAX_CHARGE_W),
        ("-5 W", None),
    ],
)
def test_the_sign_of_a_value_chooses_its_base(text, base):
    assert q(text).base is base


def test_each_example_competes_under_a_name_of_its_own():
    names = [function_of(control) for control in EVERY_CONTROL]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("one", "other", "compete"),
    [
        (limit("export", "1 W"), limit("export", "9 pct[setMaxW]"), True),
        (limit("export", "1 W"), limit("generation", "1 W"), False),
        (limit("export", "1 W"), limit("export", "1 W", "connection_point"), False),
        (trip("1 1"), trip("2 2"), True),
        (trip("1 1"), trip("1 1", side="low"), False),
        (trip("1 1"), trip("1 1", region="may_trip"), False),
        (trip("1 1"), trip("1 1", quantity="frequency"), False),
        (Price(F(1), "USD/kWh"), Price(F(2), "USD/kWh"), True),
        (Price(F(1), "USD/kWh"), Price(F(1), "USD/kWh", export=True), False),
        (Price(F(1), "USD/kWh"), Price(F(1), "g/kWh"), False),
        (ActiveSetpoint(q("1 W")), ActiveSetpoint(q("-1 W")), True),
        (ActiveSetpoint(q("1 W")), ReactiveSetpoint(q("1 var")), False),
        (
            ReactiveLimit(Flow.INJECTING, q("1 var")),
            ReactiveLimit(Flow.ABSORBING, q("1 var")),
            False,
        ),
    ],
)
def test_controls_of_one_function_compete_and_others_stand_side_by_side(one, other, compete):
    assert (function_of(one) == function_of(other)) is compete


def test_a_quantity_keeps_fractions_exact():
    assert Quantity(F(1, 3), q("1 W").unit).value * 3 == 1

"""Canonical values as JSON: exact there and back, and refused where they do not fit."""

import json
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta

import pytest

from support.translation import EVERY_CONTROL, F, a_command, a_default, a_station, an_evse, pf, q
from translators.canonical.capability import Situation, StationProfile, Transaction
from translators.canonical.codec import decode, encode
from translators.canonical.commands import DerCommand, Randomization, ResponseDuty
from translators.canonical.controls import DerControl, FixedPowerFactor, Quantity
from translators.canonical.telemetry import Alarm, GridFault, SignedReading
from translators.errors import ModelError


def through_json(value):
    return json.loads(json.dumps(encode(value)))


@pytest.mark.parametrize("control", EVERY_CONTROL, ids=lambda c: type(c).__name__)
def test_every_control_comes_back_as_it_went(control):
    assert decode(through_json(control), DerControl) == control


def test_a_whole_command_comes_back_as_it_went():
    command = a_command(
        *EVERY_CONTROL,
        randomization=Randomization(-60, 30, -12, 7),
        response=ResponseDuty(received=True, specific=True, reply_to="/rsp"),
        ramp_time=F(1, 3),
        version=4,
        description="peak ☀",
    )
    assert decode(through_json(command), DerCommand) == command
    assert decode(through_json(a_default()), DerCommand) == a_default()


def test_a_station_comes_back_with_its_sets_and_texts():
    station = a_station(an_evse(1), an_evse(2, modes=(), max_var=None), droop="percent")
    assert decode(through_json(station), StationProfile) == station


def test_equal_values_have_equal_texts_whatever_the_order_of_a_set():
    one = an_evse(modes=["VoltVar", "FixedVar", "WattPF"])
    other = an_evse(modes=["WattPF", "VoltVar", "FixedVar"])
    assert json.dumps(encode(one)) == json.dumps(encode(other))
    assert encode(one)["der_modes"] == ["FixedVar", "VoltVar", "WattPF"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (F(950, 1000), "19/20"),
        (F(7), "7"),
        (q("1 pct[setMaxW|setMaxChargeRateW]").unit, "pct[setMaxW|setMaxChargeRateW]"),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), "2026-12-01T12:00:00+00:00"),
        (GridFault.OVER_VOLTAGE, "OverVoltage"),
        ((1, None, True, "x"), [1, None, True, "x"]),
        ({"a": F(1, 2)}, {"a": "1/2"}),
    ],
)
def test_values_are_written_as_exact_texts(value, written):
    assert encode(value) == written


@pytest.mark.parametrize("value", [1.5, object(), FixedPowerFactor, {"a": 1.5}, b"x"])
def test_what_is_not_canonical_is_not_written(value):
    with pytest.raises(ModelError, match="is no canonical value"):
        encode(value)


def test_a_situation_keeps_its_numbers_by_name():
    situation = Situation((Transaction(1, "tx", F(5)),), {"setMaxW": F(1, 3)}, {"a": "b"})
    assert decode(through_json(situation), Situation) == situation


@pytest.mark.parametrize("value", [a_command(), a_station(an_evse())], ids=["command", "station"])
def test_what_was_kept_before_a_field_was_there_is_still_read(value):
    optional = {
        field.name
        for field in fields(value)
        if field.default is not MISSING or field.default_factory is not MISSING
    }
    older = {name: item for name, item in through_json(value).items() if name not in optional}
    assert optional
    read = decode(older, type(value))
    for field in fields(value):
        if field.name not in optional:
            assert getattr(read, field.name) == getattr(value, field.name)


def changed(value, **members):
    return {**through_json(value), **members}


@pytest.mark.parametrize(
    ("document", "cls", "problem"),
    [
        (changed(pf(), displacement=0.95), DerControl, "is no text for Fraction"),
        (changed(pf(), displacement="x"), DerControl, "is no Fraction"),
        (changed(pf(), displacement="1/0"), DerControl, "is no Fraction"),
        (changed(pf(), flow="sideways"), DerControl, "is no Flow"),
        (changed(pf(), extra=1), DerControl, "is no FixedPowerFactor of displacement"),
        ({"$type": "FixedPowerFactor", "displacement": "1"}, DerControl, "is no FixedPowerFactor"),
        (changed(pf(), **{"$type": "PowerLimit"}), FixedPowerFactor, "is no FixedPowerFactor"),
        (changed(pf(), **{"$type": "Nothing"}), DerControl, "is no known type"),
        (changed(pf(), **{"$type": ["PowerLimit"]}), DerControl, "is no known type"),
        ([], DerControl, "is no known type"),
        (None, DerControl, "is no known type"),
        ("x", FixedPowerFactor, "is no dict"),
        (changed(q("1 W"), unit="furlong"), Quantity, "is no Unit"),
        (changed(a_command(), primacy="7"), DerCommand, "is no int"),
        (changed(a_command(), primacy=True), DerCommand, "is no int"),
        (changed(a_command(), is_default=0), DerCommand, "is no bool"),
        (changed(a_command(), mrid=7), DerCommand, "is no str"),
        (changed(a_command(), created="yesterday"), DerCommand, "is no datetime"),
        (changed(a_command(), controls={}), DerCommand, "is no list"),
        (changed(Situation(), settings=[]), Situation, "is no dict"),
        (changed(Situation(), settings={"a": 1}), Situation, "is no text for Fraction"),
    ],
)
def test_a_document_that_does_not_fit_is_named(document, cls, problem):
    with pytest.raises(ModelError, match=problem):
        decode(document, cls)


def test_telemetry_is_written_too():
    at = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(microseconds=1)
    signed, alarm = (
        SignedReading("CS1", None, at, "T0NNRg==", "OCMF", public_key=""),
        Alarm("CS1", "FreqDroop", None, at),
    )
    assert decode(through_json(signed), SignedReading) == signed
    assert decode(through_json(alarm), Alarm) == alarm

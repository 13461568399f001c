"""Canonical values survive their JSON, whatever they are."""

import json

from hypothesis import given
from hypothesis import strategies as st

from support.strategies import commands, controls, quantities
from translators.canonical.codec import decode, encode
from translators.canonical.commands import DerCommand
from translators.canonical.controls import DerControl, Quantity


def through_json(value):
    return json.loads(json.dumps(encode(value)))


@given(controls)
def test_every_control_comes_back(control):
    assert decode(through_json(control), DerControl) == control


@given(commands)
def test_every_command_comes_back(command):
    assert decode(through_json(command), DerCommand) == command


@given(controls, controls)
def test_equal_texts_mean_equal_controls(one, other):
    assert (json.dumps(encode(one)) == json.dumps(encode(other))) is (one == other)


@given(quantities("W", "pct[setMaxVar]", "pct[setMaxW|setMaxChargeRateW]"), st.integers(-9, 9))
def test_numbers_are_kept_as_exact_as_they_are(quantity, exponent):
    tiny = Quantity(quantity.value * type(quantity.value)(7) ** exponent, quantity.unit)
    assert decode(through_json(tiny), Quantity) == tiny

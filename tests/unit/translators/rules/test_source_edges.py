"""Numbers at the edges of what a rule reads: those of 32 bits, with and without a sign, and bases."""

import pytest

from support.rulefiles import SOURCE, edited, models
from support.translation import F, fields
from translators.errors import MappingError
from translators.ieee2030_5.view import ResourceView
from translators.rules.source import SourceRule
from translators.rules.values import Unmet


def apply(element, *changes):
    (model,) = models(edited(SOURCE, *changes))
    return SourceRule(model).apply(ResourceView(element), "2018", "here")[0]


def refusal(element, *changes):
    with pytest.raises(Unmet) as caught:
        apply(element, *changes)
    return caught.value.where, caught.value.problem


@pytest.mark.parametrize("value", [-(2**31), 2**32 - 1])
def test_a_number_may_fill_32_bits(value):
    assert apply(fields("e", value=value)).setpoint.value == F(value, 100)


@pytest.mark.parametrize("value", [-(2**31) - 1, 2**32])
def test_a_number_of_more_bits_is_refused(value):
    assert refusal(fields("e", value=value)) == (
        "here/value",
        f"is '{value}', not a whole number in -2147483648..4294967295",
    )


SWITCHED = 'unit: "pct100[setMaxVar]"', "unit: {switch: refType, cases: {1: 'pct[setMaxW]'}}"


@pytest.mark.parametrize("base", [0, 2, 255])
def test_a_base_that_the_rule_does_not_know_does_not_fit(base):
    element = fields("e", value=1, refType=base)
    assert refusal(element, SWITCHED) == ("here/refType", f"base {base} does not fit here")


@pytest.mark.parametrize("base", [-1, 256])
def test_a_base_is_one_octet(base):
    problem = f"is '{base}', not a whole number in 0..255"
    assert refusal(fields("e", value=1, refType=base), SWITCHED) == ("here/refType", problem)


def test_a_quantity_without_a_unit_is_refused_at_load():
    with pytest.raises(MappingError, match=r"t\.source@1\.0\.0\.setpoint: needs a unit"):
        apply(fields("e", value=1), (', unit: "pct100[setMaxVar]"', ""))


PRICED = (
    ("canonical: FixedVar", "canonical: Price"),
    (
        'quantity:\n  setpoint: {from: value, unit: "pct100[setMaxVar]"}',
        'fields:\n  value: {from: value, unit: "1"}\n  unit: {from: currency, text: true}',
    ),
)


def test_a_text_is_taken_as_it_stands():
    assert apply(fields("e", value=3, currency="EUR"), *PRICED).unit == "EUR"


def test_a_text_that_is_needed_and_missing_is_refused():
    assert refusal(fields("e", value=3), *PRICED) == ("here/currency", "is missing")


@pytest.mark.parametrize("key", ["absent: 9", "since: {9: ['2018']}"])
def test_a_switch_names_its_own_cases_alone(key):
    switch = f"unit: {{switch: refType, cases: {{1: 'pct[setMaxW]'}}, {key}}}"
    with pytest.raises(MappingError, match="= 9: is no case of the switch"):
        apply(fields("e", value=1), ('unit: "pct100[setMaxVar]"', switch))

"""Units of the wire and the canonical form of their numbers."""

import pytest

from support.translation import F
from translators.errors import MappingError
from translators.rules.forms import Form, arriving, form
from translators.rules.schema import SourceField
from translators.rules.values import Unmet
from translators.units import parse_unit

SWITCH = {"switch": "kind", "cases": {"W": "W", "KW": "kW"}}


class Texts(dict):
    raw = dict.get

    def every(self, path):
        return self[path]


def a_field(**values):
    return SourceField.model_validate({"from": "value", **values})


@pytest.mark.parametrize(
    ("unit", "value", "canonical", "whole"),
    [
        ("pct100[setMaxW]", F(1234), "pct[setMaxW]", F("12.34")),
        ("pu[setMaxVA]", F("0.5"), "pct[setMaxVA]", F(50)),
        ("pct[setMaxVar]", F(44), "pct[setMaxVar]", F(44)),
        ("kW", F("1.5"), "W", F(1500)),
        ("cs", F(250), "s", F("2.5")),
    ],
)
def test_numbers_go_on_in_si_or_in_one_per_cent_of_their_base(unit, value, canonical, whole):
    made = Form(parse_unit(unit))
    assert (made.name, made.whole(value)) == (canonical, whole)
    assert made.turning == f"unit {unit} -> {canonical}"
    assert made.standing == ("unit" if unit == canonical else made.turning)


def test_a_number_whose_unit_stays_is_not_touched():
    value = F("0.1")
    assert Form(parse_unit("pct[setMaxW]")).whole(value) is value


def test_all_units_in_which_a_field_may_arrive_are_known():
    assert arriving(a_field(unit=SWITCH)) == {parse_unit("W")}
    assert arriving(a_field(unit="kvar")) == {parse_unit("var")}
    assert arriving(a_field()) == frozenset()


@pytest.mark.parametrize(
    ("texts", "problem"),
    [({}, "is missing, not one of W, KW"), ({"kind": "MW"}, "is 'MW', not one of W, KW")],
)
def test_a_unit_by_name_that_is_not_known_is_invalid(texts, problem):
    choose = form("value", a_field(unit=SWITCH), "r")
    with pytest.raises(Unmet, match=problem) as caught:
        choose(Texts(texts), "here", "2018")
    assert caught.value.where == "here/kind"


def test_a_unit_that_is_not_named_may_have_one_that_holds():
    choose = form("value", a_field(unit=SWITCH | {"absent": "KW"}), "r")
    assert choose(Texts(), "here", "2018").whole(F(2)) == 2000


@pytest.mark.parametrize("wrong", [{"absent": "MW"}, {"since": {"MW": ["2023"]}}])
def test_a_switch_names_only_its_own_cases(wrong):
    with pytest.raises(MappingError, match="is no case of the switch"):
        form("value", a_field(unit=SWITCH | wrong), "r")

"""Fields of a source rule that are no curve: texts and choices, and what they mean."""

import pytest

from support.translation import F
from translators.canonical.controls import Excitation
from translators.rules.readers import choice, measure, reader
from translators.rules.schema import SourceField
from translators.rules.values import Trace, Unmet
from translators.units import parse_unit


class Texts(dict):
    raw = dict.get


def a_field(**values):
    return SourceField.model_validate(values)


def read(name, field, canonical="PowerLimit", **texts):
    trace = Trace("r", ())
    value = reader(name, field, canonical, "r")(Texts(texts), trace, "here")
    return value, [(s.operation, s.source, s.before, s.target, s.after) for s in trace.steps]


def test_a_text_for_people_is_taken_as_it_is():
    field = a_field(**{"from": "said", "text": True})
    assert read("text", field, "Alert", said="grid emergency") == (
        "grid emergency",
        [("take", "here/said", "grid emergency", "text", "grid emergency")],
    )
    with pytest.raises(Unmet, match="is missing"):
        read("text", field, "Alert")


def test_a_constant_is_no_step():
    assert read("on", a_field(const="export")) == ("export", [])


def test_a_choice_tells_its_text_and_what_it_means():
    choose = choice("excitation", a_field(**{"from": "e", "cases": {"1": "under"}}), "r")
    assert choose(Texts(e="1"), "here") == ("1", Excitation.UNDER)


def test_a_choice_that_is_left_out_tells_no_text():
    field = a_field(**{"from": "e", "cases": {"1": "under"}, "absent": "over"})
    assert choice("excitation", field, "r")(Texts(), "here") == (None, Excitation.OVER)
    assert read("excitation", field, "FixedPowerFactor") == (Excitation.OVER, [])


def test_a_quantity_goes_with_its_unit():
    field = a_field(**{"from": "v", "scale10": 3, "unit": "W"})
    trace = Trace("r", ())
    made = measure("value", field, "PowerLimit", "r")(Texts(v="5"), trace, "here", "2018")
    assert (made.value, made.unit) == (5000, parse_unit("W"))
    assert [step.operation for step in trace.steps] == ["scale10 3", "unit W -> W"]


@pytest.mark.parametrize(
    ("texts", "value", "operations"),
    [
        ({"t": "250"}, F("2.5"), ["take", "unit cs -> s"]),
        ({}, F("0.5"), ["unit cs -> s"]),
    ],
    ids=["stated", "left out"],
)
def test_a_plain_number_comes_in_the_unit_of_the_control(texts, value, operations):
    field = a_field(**{"from": "t", "unit": "cs", "absent": 50})
    found, steps = read("response_time", field, "VoltVar", **texts)
    assert found == value
    assert [step[0] for step in steps] == operations

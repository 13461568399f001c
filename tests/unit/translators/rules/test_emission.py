"""Numbers on their way out: which leave as they are, and what the wire gets of them."""

import pytest

from support.translation import F
from translators.errors import MappingError
from translators.ocpp.dialect import CODECS
from translators.rules.emission import Number
from translators.rules.schema import TargetField


def a_number(**spec):
    field = TargetField.model_validate({"from": "v", "unit": "W", **spec})
    return Number("v", field, "r", CODECS)


ROUND = {"places": 2, "mode": "half_even"}


@pytest.mark.parametrize(
    "spec",
    [
        {"negate": True},
        {"add": "nominal_frequency"},
        {"codec": "droop"},
        {"loss": "dialect"},
        {"clip": [0.0, 1.0]},
    ],
    ids=str,
)
def test_a_number_to_which_something_is_done_is_not_untouched(spec):
    assert not a_number(**spec).untouched()


def test_a_number_that_is_only_rounded_is_untouched():
    assert a_number(round=ROUND).untouched()
    assert a_number(clip=[0.0, 1.0]).untouched(clip=False)


@pytest.mark.parametrize(
    ("spec", "value", "wire"),
    [
        ({"round": ROUND}, F(7), 7),
        ({"round": ROUND}, F("0.25"), 0.25),
        ({"round": ROUND}, F("0.125"), None),
        ({"round": ROUND}, F(1, 3), None),
        ({}, F(1, 3), 1 / 3),
        ({}, F(-4), -4),
    ],
)
def test_the_wire_gets_a_number_that_rounding_would_not_change(spec, value, wire):
    found = a_number(**spec).exactly([F(1), value])
    assert found == (None if wire is None else [1, wire])
    assert found is None or type(found[1]) is type(wire)


def test_a_codec_that_nobody_knows_is_named_with_one_that_is_near():
    with pytest.raises(MappingError, match="is no codec; did you mean 'droop'"):
        a_number(codec="drop")

"""Documents written back: exact numbers, bounded depth."""

import json
from decimal import Decimal

import pytest

from translators.errors import DocumentError
from translators.explain import written


def test_a_text_stays_as_it_is():
    assert written("<a/>") == "<a/>"


def test_a_json_value_keeps_the_digits_that_it_came_with():
    value = json.loads('{"a": [50.0, 1, {}, []], "b": {"c": "\u00b5"}}', parse_float=Decimal)
    assert written(value) == (
        '{\n  "a": [\n    50.0,\n    1,\n    {},\n    []\n  ],\n  "b": {\n    "c": "\u00b5"\n  }\n}'
    )
    assert json.loads(written(value), parse_float=Decimal) == value


def test_a_value_nested_without_end_is_refused():
    value = []
    for _ in range(80):
        value = [value]
    with pytest.raises(DocumentError, match="deeper than 64"):
        written(value)

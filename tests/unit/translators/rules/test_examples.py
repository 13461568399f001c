"""The tests beside the rules: they run, and each way to fail is told."""

import pytest

from gateway.settings.packs import shipped_book
from translators.chain import examples, load_book
from translators.rules.examples import Written

RULE = """
apiVersion: dergate/mapping.v1
kind: SourceMapping
metadata: {id: t.limit, version: 1.0.0, cites: [a clause]}
source: {protocol: ieee2030_5, revisions: ["2018"], parent: DERControlBase, elements: [opModT]}
canonical: PowerLimit
fields: {"on": {const: import}}
quantity: {value: {from: value, scale10: multiplier, range: [0, 100], unit: W}}
tests:
  - %s
"""


def faults(test):
    (example,) = examples(load_book({"t.yaml": RULE % test}))
    return example.faults


def test_every_test_beside_a_shipped_rule_holds():
    failed = [example for example in examples(shipped_book()) if example.faults]
    assert failed == []


def test_every_shipped_rule_has_run():
    ran = {example.rule for example in examples(shipped_book())}
    assert {rule.id for rule in shipped_book().rules} <= ran


def test_a_test_that_holds_has_no_fault():
    assert faults('{name: a, source: {value: 7, multiplier: 1}, expect: {value: "70 W"}}') == ()


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        pytest.param(
            '{name: a, source: {value: 7, multiplier: 0}, expect: {value: "8 W"}}',
            "value: expected 8 W, got 7 W",
            id="another value",
        ),
        pytest.param(
            "{name: a, source: {value: 7, multiplier: 0}, expect: {flow: x}}",
            "flow: expected x, got nothing",
            id="no such field",
        ),
        pytest.param(
            "{name: a, source: {value: 7, multiplier: 0}, refused: invalid}",
            "expected invalid, got PowerLimit",
            id="not refused",
        ),
        pytest.param(
            "{name: a, source: {value: 101, multiplier: 0}}",
            "expected a control, got invalid: is '101', not a whole number in 0..100",
            id="refused",
        ),
        pytest.param(
            "{name: a, source: {multiplier: 0}, refused: not_applicable}",
            "expected not_applicable, got invalid: is missing",
            id="refused otherwise",
        ),
    ],
)
def test_a_test_that_fails_says_what_it_got(test, fault):
    assert faults(test) == (fault,)


def test_values_of_a_test_are_read_by_path():
    view = Written({"a": {"b": True}, "c/d": 5, "e": [{"x": 1}, {"x": 2}], ".": "7"})
    assert [view.raw(path) for path in ("a/b", "c/d", ".", "a", "e", "z", "c/z")] == [
        "true",
        "5",
        "7",
        None,
        None,
        None,
        None,
    ]
    assert [item.raw("x") for item in view.every("e")] == ["1", "2"]
    assert view.every("z") == []

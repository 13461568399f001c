"""Drafts of rules: they load, lint says what is missing, and their tests fail until they are filled in."""

import pytest

from support.rulefiles import edited
from translators.chain import examples, load_book
from translators.errors import MappingError
from translators.rules.scaffold import source_rule, target_rule


def failing(text):
    return {example.name: example.faults for example in examples(load_book({"a.yaml": text}))}


@pytest.mark.parametrize(
    ("protocol", "rule"),
    [
        ("ieee2030_5", "ieee2030_5.my_rule"),
        ("openadr", "openadr.my_rule"),
        ("iec61850", "iec61850.my_rule"),
    ],
)
def test_the_draft_of_a_source_loads_and_each_of_its_tests_fails(protocol, rule):
    text = source_rule("my_rule", protocol)
    assert next(iter(load_book({"a.yaml": text}).rules)).id == f"{rule}@0.1.0"
    faults = failing(text)
    assert faults["an_example"] == (
        "setpoint: expected write here what it becomes, got 44 pct[setMaxVar]",
    )
    assert "invalid" in faults["a_refusal"][0]


@pytest.mark.parametrize(
    ("version", "rule"), [("2.1", "ocpp21.my_rule"), ("2.0.1", "ocpp201.my_rule")]
)
def test_the_draft_of_a_target_loads_and_its_test_fails(version, rule):
    text = target_rule("my_rule", version)
    assert next(iter(load_book({"a.yaml": text}).rules)).id == f"{rule}@0.1.0"
    assert failing(text)["an_example"]


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_the_draft_of_a_target_asks_nothing_of_the_schemas_that_its_version_lacks(version):
    assert ("SetDERControl" in target_rule("my_rule", version)) is (version == "2.1")


def test_a_draft_that_is_filled_in_passes():
    source = edited(
        source_rule("my_rule", "ieee2030_5"),
        ("write here what it becomes", '"44 pct[setMaxVar]"'),
        ("not_applicable", "invalid"),
    )
    target = edited(target_rule("my_rule", "2.1"), ("write here what it becomes", "-44"))
    assert not any([*failing(source).values(), *failing(target).values()])


@pytest.mark.parametrize("name", ["My Rule", "", "1st", "a-b", "a\n"])
def test_a_name_that_is_no_id_is_refused(name):
    with pytest.raises(MappingError, match="is no name of a rule"):
        source_rule(name, "openadr")
    with pytest.raises(MappingError, match="is no name of a rule"):
        target_rule(name, "2.1")

"""The JSON Schema of the language: every shipped rule is valid, a broken one is not."""

import json

import jsonschema_rs
import pytest

from gateway.settings.mappings import coverage_files, mapping_files
from support.rulefiles import SOURCE, TARGET, edited
from translators.rules.json_schema import DRAFT, language_schema
from translators.rules.scaffold import source_rule, target_rule
from translators.rules.yamltext import documents

SHIPPED = mapping_files() | coverage_files()


@pytest.fixture(scope="module")
def valid():
    validator = jsonschema_rs.validator_for(language_schema())

    def check(text):
        plain = [json.loads(json.dumps(item)) for item in documents("a.yaml", text)]
        return [validator.is_valid(item) for item in plain]

    return check


def test_the_schema_is_one_of_a_known_draft():
    assert language_schema()["$schema"] == DRAFT
    jsonschema_rs.meta.validate(language_schema())


@pytest.mark.parametrize("path", SHIPPED)
def test_every_shipped_document_is_valid(valid, path):
    found = valid(SHIPPED[path])
    assert found
    assert all(found)


@pytest.mark.parametrize("text", [source_rule("a", "openadr"), target_rule("a", "2.0.1")])
def test_a_draft_is_valid(valid, text):
    assert valid(text) == [True]


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        pytest.param(SOURCE, "canonical:", "canonica1:", id="misspelt key"),
        pytest.param(SOURCE, "version: 1.0.0", "version: 1", id="no semantic version"),
        pytest.param(SOURCE, "protocol: ieee2030_5", "protocol: modbus", id="unknown protocol"),
        pytest.param(SOURCE, "kind: SourceMapping", "kind: Source", id="unknown kind"),
        pytest.param(SOURCE, "  - {name: one, source: {value: 1}}\n", "  []\n", id="no test"),
        pytest.param(
            TARGET, "operator: der_control", "operator: der_controls", id="unknown operator"
        ),
        pytest.param(TARGET, "canonical: [FixedVar]", "canonical: FixedVar", id="no list"),
    ],
)
def test_a_broken_rule_is_not(valid, text, old, new):
    assert valid(text) == [True]
    assert valid(edited(text, (old, new))) == [False]

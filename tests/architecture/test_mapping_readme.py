"""The pages beside the rules tell an author all that the language has."""

import re

from gateway.cli.main import main
from support.places import ROOT
from translators.rules.json_schema import language_schema
from translators.rules.reader import KINDS

TOLD = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "mappings").rglob("*.md"))
)


def is_told(word):
    return re.search(rf"\b{re.escape(word)}\b", TOLD) is not None


def test_every_key_that_a_rule_may_have_is_explained():
    schema = language_schema()
    keys = {key for form in schema["$defs"].values() for key in form.get("properties", {})}
    assert len(keys) > 150
    assert {key for key in keys if not is_told(key)} == set()


def test_every_kind_of_document_is_explained():
    assert [kind.__name__ for kind in KINDS if not is_told(kind.__name__)] == []


def test_commands_of_the_pages_exist(capsys):
    said = set(re.findall(r"dergate map (\w+)", TOLD))
    assert {"lint", "test", "explain"} <= said
    for name in said:
        assert main(["map", name, "--help"]) == 0
        assert f"dergate map {name}" in capsys.readouterr().out

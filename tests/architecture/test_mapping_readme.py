"""mappings/README.md tells an author all that the language has; its whole rule is a working one."""

import re

from gateway.cli.main import main
from support.places import ROOT
from translators.chain import examples, sift_book
from translators.rules.json_schema import language_schema
from translators.rules.reader import KINDS

PAGE = (ROOT / "mappings" / "README.md").read_text(encoding="utf-8")
TOLD = PAGE + (ROOT / "mappings" / "iec61850" / "README.md").read_text(encoding="utf-8")


def is_told(word):
    return re.search(rf"\b{re.escape(word)}\b", TOLD) is not None


def test_every_key_that_a_rule_may_have_is_explained():
    schema = language_schema()
    keys = {key for form in schema["$defs"].values() for key in form.get("properties", {})}
    assert len(keys) > 150
    assert {key for key in keys if not is_told(key)} == set()


def test_every_kind_of_document_is_explained():
    assert [kind.__name__ for kind in KINDS if not is_told(kind.__name__)] == []


def test_a_rule_of_the_page_does_what_its_tests_say():
    (text,) = (
        block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "---" in block
    )
    sifted = sift_book({"readme.yaml": text})
    assert sifted.faults == ()
    run = list(examples(sifted.book))
    assert len(run) == text.count("- {name: ")
    assert [(example.name, example.faults) for example in run if example.faults] == []


def test_commands_of_the_page_exist(capsys):
    said = set(re.findall(r"dergate map (\w+)", PAGE))
    assert {"new", "fmt", "lint", "test", "coverage", "vectors", "explain", "diff"} <= said
    for name in said:
        assert main(["map", name, "--help"]) == 0
        assert f"dergate map {name}" in capsys.readouterr().out

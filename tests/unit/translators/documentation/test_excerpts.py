"""Where a rule stands: its file, its lines, its text."""

import pytest

from gateway.settings.mappings import mapping_files
from support.rulefiles import SOURCE, TARGET
from translators.documentation.excerpts import excerpts
from translators.errors import MappingError


def test_rules_of_one_file_are_told_apart_by_their_lines():
    first = "# a heading\n" + SOURCE
    found = excerpts({"m.yaml": f"# nothing but a comment\n---\n{first}---\n{TARGET}"})
    lines = first.count("\n")
    assert found["t.source"].place == f"m.yaml:3-{2 + lines}"
    assert found["t.source"].lines[0] == "# a heading"
    assert found["t.target"].line == 4 + lines
    assert "\n".join(found["t.target"].lines) == TARGET.rstrip("\n")


def test_every_shipped_rule_stands_where_it_says():
    files = mapping_files()
    found = excerpts(files)
    assert len(found) > 100
    for name, excerpt in found.items():
        lines = files[excerpt.path].splitlines()
        assert tuple(lines[excerpt.line - 1 :][: len(excerpt.lines)]) == excerpt.lines
        assert f"id: {name}" in "\n".join(excerpt.lines)


def test_a_file_that_cannot_be_read_is_named():
    with pytest.raises(MappingError, match=r"m\.yaml"):
        excerpts({"m.yaml": "kind: Nothing\n"})

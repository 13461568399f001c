"""`dergate map copy`, `fmt`, `new` and `schema`."""

import json

import pytest

from gateway.settings.mappings import mapping_files
from support.lintbench import SOURCE, TARGET
from support.rulefiles import edited
from translators.chain import load_book

MIXED = edited(
    SOURCE,
    (
        "apiVersion: dergate/mapping.v1\nkind: SourceMapping",
        "kind: SourceMapping\napiVersion: dergate/mapping.v1",
    ),
)


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "mixed.yaml").write_text(MIXED)
    (tmp_path / "ordered.yaml").write_text(TARGET)
    return tmp_path


def test_check_changes_nothing_and_ends_with_1(dergate, rules):
    assert dergate("fmt", "--check", "--mappings", rules) == (
        1,
        "mixed.yaml would change\n1 of 2 files were in order\n",
        "",
    )
    assert (rules / "mixed.yaml").read_text() == MIXED


def test_fmt_writes_the_one_form_and_then_all_is_in_order(dergate, rules):
    assert dergate("fmt", "--mappings", rules) == (
        0,
        "mixed.yaml is changed\n1 of 2 files were in order\n",
        "",
    )
    assert (rules / "mixed.yaml").read_text().startswith("apiVersion:")
    assert dergate("fmt", "--check", "--mappings", rules) == (0, "2 of 2 files were in order\n", "")


def test_fmt_takes_coverage_documents_too(dergate, tmp_path):
    (tmp_path / "coverage").mkdir()
    (tmp_path / "coverage" / "a.yaml").write_text(
        "kind: Coverage\napiVersion: dergate/mapping.v1\n"
    )
    assert "coverage/a.yaml would change" in dergate("fmt", "--check", "--mappings", tmp_path)[1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["source", "a"], "id: ieee2030_5.a", id="source"),
        pytest.param(["source", "a", "--protocol", "openadr"], "id: openadr.a", id="of openadr"),
        pytest.param(["target", "a"], "id: ocpp21.a", id="target"),
        pytest.param(["target", "a", "--version", "2.0.1"], "id: ocpp201.a", id="of 2.0.1"),
    ],
)
def test_new_prints_a_draft(dergate, arguments, expected):
    status, out, _ = dergate("new", *arguments)
    assert status == 0
    assert expected in out


def test_new_writes_a_file_that_tests_as_not_filled_in(dergate, tmp_path):
    assert dergate("new", "source", "a", "--out", tmp_path / "a.yaml") == (0, "", "")
    status, out, _ = dergate("test", "--mappings", tmp_path)
    assert status == 1
    assert "ieee2030_5.a@0.1.0 an_example: setpoint: expected write here what it becomes" in out
    assert out.endswith("0 of 2 tests pass\n")


def test_new_writes_over_nothing(dergate, tmp_path):
    (tmp_path / "a.yaml").write_text("mine")
    status, out, err = dergate("new", "source", "a", "--out", tmp_path / "a.yaml")
    assert (status, out) == (2, "")
    assert "DG-1087 File exists" in err
    assert (tmp_path / "a.yaml").read_text() == "mine"


def test_new_refuses_a_name_that_is_no_id(dergate):
    status, _, err = dergate("new", "source", "My Rule")
    assert status == 2
    assert "is no name of a rule" in err


def test_the_schema_is_json(dergate):
    status, out, _ = dergate("schema")
    assert status == 0
    assert json.loads(out)["title"] == "dergate mapping rule"


def test_the_shipped_rules_are_copied_once(dergate, tmp_path):
    folder = tmp_path / "mine"
    status, out, _ = dergate("copy", folder)
    assert (status, out.splitlines()[-1].endswith(f"begin with {folder / 'README.md'}")) == (
        0,
        True,
    )
    assert load_book(mapping_files(folder)).digest == load_book(mapping_files()).digest
    status, _, err = dergate("copy", folder)
    assert status == 2
    assert "DG-1088 File exists" in err

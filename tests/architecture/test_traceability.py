"""What docs/traceability.md names exists."""

import re

import pytest

from support.places import ROOT

EVIDENCE = re.compile(r"`([\w/]+\.py)`: ((?:`test_\w+`(?: · )?)+)")
VECTOR = re.compile(r"`((?:GV|OV|OA|IV|ET)\d[\w-]*)`")
LINES = (ROOT / "docs" / "traceability.md").read_text(encoding="utf-8").splitlines()


def named():
    """Return each test that the page names, with its file."""
    found = {}
    for line in LINES:
        for file, tests in EVIDENCE.findall(line):
            found.setdefault(file, set()).update(re.findall(r"test_\w+", tests))
    return found


@pytest.mark.parametrize(("file", "tests"), named().items(), ids=named())
def test_every_test_that_is_named_exists(file, tests):
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert tests <= set(re.findall(r"def (test_\w+)", source))


def test_every_vector_that_is_named_exists():
    known = {path.stem for path in (ROOT / "tests" / "golden").glob("*/*.json")}
    found = {name for line in LINES for name in VECTOR.findall(line)}
    assert len(found) > 100
    assert found <= known


def test_every_clause_has_its_evidence():
    rows = [line for line in LINES if line.startswith("| ") and not line.startswith("| clause")]
    assert len(rows) > 200
    assert [row for row in rows if "`" not in row.split("|")[2] and "](" not in row] == []

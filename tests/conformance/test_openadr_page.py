"""docs/conformance/openadr.md says what the rules make, and names tests that there are."""

import re

from conformance.openadr_page import PAGE, evidence, page

from support.places import ROOT


def test_the_page_is_what_the_rules_and_the_requirements_make():
    """Where it is not: run `python tests/conformance/openadr_page.py`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_test_that_is_named_exists():
    missing = []
    for name in evidence():
        file, _, test = name.partition("::")
        if not re.search(rf"def {test}\(", (ROOT / file).read_text(encoding="utf-8")):
            missing.append(name)
    assert missing == []


def test_every_requirement_is_shown_by_a_test():
    rows = [line for line in page().splitlines() if line.endswith("|") and "| met |" in line]
    assert len(rows) > 40
    assert [row for row in rows if "`test_" not in row] == []

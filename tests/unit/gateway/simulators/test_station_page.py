"""docs/simulators.md says what there is: its script plays, its tables name every fault and reading."""

import re
from dataclasses import fields

import pytest

from gateway.simulators.station_dialect import Dialect
from gateway.simulators.station_fleet import KINDS
from gateway.simulators.station_options import Personality
from gateway.simulators.station_script import load_script
from support.places import ROOT


@pytest.fixture(scope="module")
def page():
    return (ROOT / "docs" / "simulators.md").read_text(encoding="utf-8")


def first_column(page, heading):
    """Return the names in the first cells of the table under a heading row."""
    table = page.split(f"| {heading} ", 1)[1].split("\n\n", 1)[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {
        re.match(r"\w+", name).group() for cell in cells for name in re.findall(r"`([^`]+)`", cell)
    }


def test_the_script_of_the_page_can_be_played(page):
    script = load_script(page.split("```yaml\n", 1)[1].split("```", 1)[0])
    assert [entry.options.id for entry in script.stations] == ["CS1", "CS2"]
    assert len(script.steps) == 4


def test_the_page_names_every_fault(page):
    assert first_column(page, "key") == {item.name for item in fields(Personality)}


def test_the_page_names_every_reading(page):
    assert first_column(page, "`dialect` | the text | the other reading") == {
        item.name for item in fields(Dialect)
    }


def test_the_page_names_every_kind(page):
    kinds = page.split("Kinds: ", 1)[1].split(". Ids", 1)[0]
    assert set(re.findall(r"`([\w-]+)`", kinds)) == set(KINDS)

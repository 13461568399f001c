"""Every vector here, through the shipped mapping rules: messages and losses exactly."""

from pathlib import Path

import pytest

from gateway.settings.mappings import mapping_files
from translators.chain import load_book
from translators.errors import DocumentError
from translators.vectors import play, read_stations, read_vector

HERE = Path(__file__).parent
FOLDERS = ("vectors", "own")
FILES = [path for folder in FOLDERS for path in sorted((HERE / folder).glob("*.json"))]
NOT_YET = {"GV29", "GV31", "GV32", "GV33", "GV34"}
"""OpenADR: its documents are recognised, and nothing maps them yet."""


@pytest.fixture(scope="module")
def book():
    return load_book(mapping_files())


def outcome(book, path):
    """The differences of one vector, or the reason why it cannot be played."""
    stations = read_stations((path.parent / "stations.yaml").read_text(encoding="utf-8"))
    vector = read_vector(path.read_text(encoding="utf-8"))
    try:
        return [str(difference) for difference in play(book, vector, stations)]
    except DocumentError as error:
        return [str(error)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_vector_is_translated_exactly(book, path):
    expected = (
        ["source.protocol: no mapping for openadr yet (rule vector)"]
        if path.stem in NOT_YET
        else []
    )
    assert outcome(book, path) == expected


def test_the_vectors_that_are_not_covered_are_exactly_these(book):
    assert {path.stem for path in FILES if outcome(book, path)} == NOT_YET


def test_every_vector_names_itself():
    names = {path.stem: read_vector(path.read_text(encoding="utf-8")).id for path in FILES}
    assert all(name == vector for name, vector in names.items())

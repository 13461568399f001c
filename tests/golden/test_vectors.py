"""Every vector here, through the shipped mapping rules: messages and losses exactly."""

from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from gateway.settings.packs import shipped_book
from gateway.stations.validators import violation
from translators.chain import travel
from translators.errors import DocumentError
from translators.vectors import case_of, play, read_stations, read_vector

HERE = Path(__file__).parent
FOLDERS = ("vectors", "own")
FILES = [path for folder in FOLDERS for path in sorted((HERE / folder).glob("*.json"))]


def book():
    return shipped_book()


@cache
def stations(folder):
    return read_stations((folder / "stations.yaml").read_text(encoding="utf-8"))


@cache
def vector_in(path):
    return read_vector(path.read_text(encoding="utf-8"))


@cache
def outcome(path):
    """The differences of one vector, or the reason why it cannot be played."""
    try:
        return [str(item) for item in play(book(), vector_in(path), stations(path.parent))]
    except DocumentError as error:
        return [str(error)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_vector_is_translated_exactly(path):
    assert outcome(path) == []


def test_the_vectors_are_those_that_are_shared(captures):
    shared = captures.parent / "vectors"
    ours = {path.name: path.read_bytes() for path in (HERE / "vectors").iterdir()}
    assert ours == {
        path.name: path.read_bytes() for path in shared.iterdir() if path.suffix != ".md"
    }


def test_every_vector_names_itself():
    assert [vector_in(path).id for path in FILES] == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_a_vector_expects_is_legal_on_the_wire(path):
    for message in vector_in(path).expect.messages:
        payload = legal(message.payload)
        assert violation(message.ocpp, message.action, payload, request=True) is None


def legal(value):
    """A payload with a legal value in the place of each placeholder, numbers as JSON has them."""
    match value:
        case dict():
            return {key: legal(item) for key, item in value.items()}
        case list():
            return [legal(item) for item in value]
        case "@ID":
            return "0" * 36
        case "@PROFILE" | "@SCHEDULE" | "@LEVEL":
            return 1
        case Decimal():
            return float(value)
        case _:
            return value


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_delivery_makes_the_same(path):
    case = case_of(vector_in(path), stations(path.parent))
    assert travel(book(), case) == travel(book(), case)

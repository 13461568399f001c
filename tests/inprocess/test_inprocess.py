"""A hundred faults inside the process, each in a life of one command; all end like an undisturbed twin."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from support.engine_bench import the_book
from support.inprocess import FAULTS, Fault, lived, played

COUNT = 100


@pytest.fixture(scope="module")
def book():
    return the_book()


async def test_an_undisturbed_life_is_told_to_its_end_by_one_gateway(tmp_path, book):
    twin, births, _ = await lived(tmp_path / "twin", book)
    assert (twin.told, births) == (["received", "started", "cancelled"], 0)


async def test_whatever_fails_a_command_ends_as_if_nothing_had(tmp_path, book):
    draws, struck, found = random.Random(2026), Counter(), {}  # noqa: S311 - to be drawn again
    async for fault, _, hit, differences in played(tmp_path, book, COUNT, draws):
        struck[fault.kind] += hit
        if differences:
            found[str(fault)] = differences
    assert found == {}
    assert struck.total() == COUNT
    assert min(struck[kind] for kind in FAULTS) >= 10


@pytest.mark.parametrize(
    ("kind", "place"), [(kind, place) for kind, places in FAULTS.items() for place in places]
)
async def test_every_place_is_reached_and_survived(tmp_path, book, kind, place):
    twin, _, _ = await lived(tmp_path / "twin", book)
    left, births, struck = await lived(tmp_path / "life", book, Fault(kind, place))
    assert struck
    assert left.differences(twin, repeats=1) == []
    assert births == (kind == "crash" or (kind, place) == ("error", "drain"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"commands": {}}, "commands: {} where the twin has"),
        ({"held": ["x"]}, "held: ['x'] where the twin has []"),
        ({"told": ["received"]}, "told ['received'] where the twin told"),
        ({"told": ["received"] * 3 + ["started", "cancelled"]}, "one more than 1 times anew"),
        ({"sent": {}}, "sent {} where the twin sent"),
        ({"fault": "broken"}, "fault: broken where the twin has None"),
    ],
)
async def test_what_is_lost_doubled_or_changed_is_told(tmp_path, book, change, words):
    twin, _, _ = await lived(tmp_path / "twin", book)
    (found,) = [
        line for line in replace(twin, **change).differences(twin, repeats=1) if words in line
    ]
    assert found

"""Twenty real kills between the steps of one command; `make faults N=…` plays as many as one likes."""

import asyncio

import pytest

from support.faults import live_through

KILLS = (
    *("fetched:6", "parsed:1", "mapped:2"),
    *("received:5", "received:10"),
    "decided:6",
    *("begun:4", "committed:1", "committed:6", "committed:9"),
    *("audited:1", "sealed:2"),
    *("acknowledged:1", "acknowledged:3"),
    *("sent:1", "sent:2", "sent:3"),
    *("answered:1", "answered:2"),
    "responded:2",
)
AT_ONCE = 5


async def lives(folder, failpoints):
    """Play one life for each failpoint, a few at once, and return their outcomes by failpoint."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(failpoint):
        place = folder / (failpoint.replace(":", "-") or "twin")
        place.mkdir()
        async with gate:
            return await live_through(place, failpoint)

    found = await asyncio.gather(*map(one, failpoints))
    return dict(zip(failpoints, found, strict=True))


async def test_a_killed_gateway_goes_on_as_if_nothing_had_happened(tmp_path):
    assert len(KILLS) == 20
    found = await lives(tmp_path, ("", *KILLS))
    twin = found.pop("")
    assert twin.statuses == [1, 2, 6]
    assert {name: outcome.kills for name, outcome in found.items()} == dict.fromkeys(KILLS, 1)
    faults = {name: outcome.faults(twin) for name, outcome in found.items()}
    assert {name: words for name, words in faults.items() if words} == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"statuses": [1, 2]}, "Responses [1, 2] where the twin sent [1, 2, 6]"),
        ({"statuses": [1, 1, 1, 2, 6]}, "repeat more than 1 kills explain"),
        ({"state": {"owed": ["r"]}}, "owed: ['r'] where the twin has []"),
        ({"payloads": {"c": {"a", "b"}}}, "c was sent with 2 different bodies"),
        ({"payloads": {"c": {"a"}, "d": {"a"}}}, "where the twin sent {'c'}"),
    ],
)
def test_the_comparison_finds_what_is_lost_doubled_or_changed(an_outcome, change, words):
    assert any(words in fault for fault in an_outcome(**change).faults(an_outcome()))


def test_a_response_repeated_once_for_a_kill_is_no_fault(an_outcome):
    assert an_outcome(statuses=[1, 1, 2, 6]).faults(an_outcome()) == []

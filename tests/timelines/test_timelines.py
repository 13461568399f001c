"""A line of time against brute force; `make timelines` compares many more."""

import pytest

from support.timelines import fault


@pytest.mark.parametrize("batch", range(6))
def test_random_events_hold_as_by_brute_force(batch):
    names = [f"timelines/{batch}/{number}" for number in range(25)]
    assert {name: said for name in names if (said := fault(name))} == {}


def the_loosest_wins(standing, slot, judged):
    return 0, -judged.bound, *standing[1:], slot.interval


def nobody_draws(slot, *_):
    return slot


def all_hold(claims):
    for claim in claims:
        claim.holds = [(claim.begin, claim.end)]


@pytest.mark.parametrize(
    ("what", "instead"),
    [("_rank", the_loosest_wins), ("_drawn", nobody_draws), ("arbitrate", all_hold)],
)
def test_brute_force_finds_what_is_wrong(monkeypatch, what, instead):
    monkeypatch.setattr(f"translators.openadr.timeline.{what}", instead)
    assert any(fault(f"timelines/wrong/{number}") for number in range(30))

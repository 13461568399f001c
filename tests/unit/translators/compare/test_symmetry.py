"""A comparison read backwards says the opposite, for every recorded vector."""

from fractions import Fraction
from functools import cache

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.explained import stations, vector
from support.vector_builders import GOLDEN
from translators.chain import load_book
from translators.compare import Direction, effect, rule_changes
from translators.vectors import case_of

VECTORS = sorted(GOLDEN.glob("*/*.json"))
OPPOSITE = {
    Direction.SAFER: Direction.LOOSER,
    Direction.LOOSER: Direction.SAFER,
    Direction.OTHER: Direction.OTHER,
}


@cache
def coarse():
    """The shipped rules, but everything for OCPP 2.1 with one digit after the point."""
    files = mapping_files()
    text = files["ocpp/2.1.yaml"].replace("places: 4", "places: 1")
    return load_book({**files, "ocpp/2.1.yaml": text})


def both_ways(path):
    case = case_of(vector(path.stem, path.parent.name), stations(path.parent.name))
    forth = effect(path.stem, case, shipped_book(), coarse())
    return forth, effect(path.stem, case, coarse(), shipped_book())


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_what_one_way_is_safer_is_looser_the_other_way(path):
    forth, back = both_ways(path)
    there = {(n.message, n.path): n for n in forth.numbers}
    again = {(n.message, n.path): n for n in back.numbers}
    assert there.keys() == again.keys()
    for key, number in there.items():
        assert (number.before, number.after) == (again[key].after, again[key].before)
        assert again[key].direction is OPPOSITE[number.direction]
        if number.by:
            assert Fraction(number.by) == -Fraction(again[key].by)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_what_is_lost_or_refused_one_way_is_not_the_other_way(path):
    forth, back = both_ways(path)
    assert (set(forth.lost), set(forth.kept)) == (set(back.kept), set(back.lost))
    assert (forth.refused, forth.accepted) == (back.accepted, back.refused)
    assert forth.outcomes == back.outcomes[::-1]
    assert {m.message for m in forth.messages} == {m.message for m in back.messages}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_book_changes_nothing_against_itself(path):
    case = case_of(vector(path.stem, path.parent.name), stations(path.parent.name))
    assert not effect(path.stem, case, shipped_book(), shipped_book()).changed


def test_coarser_limits_are_never_looser():
    effects = [both_ways(path)[0] for path in VECTORS]
    ways = [
        number.direction
        for found in effects
        for number in found.numbers
        if number.path.endswith(("/limit", "/pctMaxDischargePower"))
    ]
    assert Direction.SAFER in ways
    assert Direction.LOOSER not in ways


def test_rules_read_backwards_have_their_values_exchanged():
    forth, back = (
        rule_changes(shipped_book(), coarse()),
        rule_changes(coarse(), shipped_book()),
    )
    assert [change.id for change in forth] == [change.id for change in back]
    for there, again in zip(forth, back, strict=True):
        assert [(e.path, e.before, e.after) for e in there.edits] == [
            (e.path, e.after, e.before) for e in again.edits
        ]

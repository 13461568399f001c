"""Which small changes the campaign makes, and which it leaves alone."""

import ast

import pytest
from mutants.campaign import CHANGED, CORE, NEEDED, TRANSLATION, draw, suites

from support.mutants import places
from support.places import ROOT


def changes(source):
    return [
        f"{mutant.before} -> {mutant.after}"
        for place in places("m.py", source)
        for mutant in [place.mutant()]
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a < b -> a <= b"]),
        ("a <= b < c", ["a <= b < c -> a < b < c", "a <= b < c -> a <= b <= c"]),
        ("a is None", ["a is None -> a is not None"]),
        ("a in b", ["a in b -> a not in b"]),
        ("a - b", ["a - b -> a + b"]),
        ("a / b", ["a / b -> a * b"]),
        ("a ** b", ["a ** b -> a * b"]),
        ("a | b", ["a | b -> a & b"]),
        ("a += b", ["a += b -> a -= b"]),
        ("a and b", ["a and b -> a or b"]),
        ("not a", ["not a -> a"]),
        ("-a", ["-a -> a"]),
        ("True", ["True -> False"]),
        ("7", ["7 -> 8"]),
        ("Fraction('0.5')", ["Fraction('0.5') -> Fraction('0.51')"]),
        ("min(a, b)", ["min(a, b) -> max(a, b)"]),
        ("any(a)", ["any(a) -> all(a)"]),
        ("Rounding.DOWN", ["Rounding.DOWN -> Rounding.HALF_EVEN"]),
        ("{'x': a, 'y': b}", ["'x': a -> 'x': b"]),
        ("{'x': a, **b}", ["'x': a -> 'x': b"]),
    ],
)
def test_a_change_is_small(source, expected):
    assert changes(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "raise E(f'{1 + 1}', 2)",
        "f'{a + b}'",
        "a + 'words'",
        "a += f'{b}' if c else ''",
        "a: int | None",
        "def f(a: int | None) -> int | None: return a",
        "type A = int | None",
        "@cache(size=1)\ndef f(): pass",
        "zip(a, b, strict=True)",
        "isinstance(a, int | float)",
        "'''Say 1 + 1.'''",
        "{'x': a, 'y': a}",
    ],
)
def test_words_types_and_flags_are_left_alone(source):
    assert changes(source) == []


def test_a_mutant_is_the_whole_module_with_one_change():
    source = "def f(a):\n    return a + 1\n\nLIMIT = 10"
    texts = [place.mutant().text for place in places("m.py", source)]
    assert texts == [
        "def f(a):\n    return a - 1\nLIMIT = 10\n",
        "def f(a):\n    return a + 2\nLIMIT = 10\n",
        "def f(a):\n    return a + 1\nLIMIT = 11\n",
    ]


def test_a_mutant_says_where_it_is():
    (mutant,) = [place.mutant() for place in places("folder/m.py", "\na = {\n 'x': b,\n 'y': c}")]
    assert str(mutant) == "folder/m.py:3: 'x': b  ->  'x': c"


def test_making_mutants_leaves_the_tree_as_it_was():
    found = places("m.py", "a = -b * {'x': 1, 'y': min(2, 3)}[c]")
    before = ast.dump(found[0].tree)
    texts = {place.mutant().text for place in found}
    assert len(texts) == len(found) > 5
    assert ast.dump(found[0].tree) == before


def test_the_campaign_changes_copies_and_runs_what_there_is():
    named = (*CHANGED, *NEEDED, *TRANSLATION, *CORE)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_whatever_is_drawn_has_tests_of_its_package_and_some_have_their_own():
    drawn, possible = draw(50, seed=2026)
    assert len(drawn) == 50 < possible
    found = [suites(ROOT, mutant.path) for mutant in drawn]
    assert {suite[-1] for suite in found} == {TRANSLATION, CORE}
    assert {len(suite) for suite in found} == {1, 2}

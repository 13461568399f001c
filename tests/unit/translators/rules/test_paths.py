"""Paths of rules: alternatives and conditions on a neighbour."""

import pytest

from translators.rules.paths import chosen, places

KNOWN = {"A": "1", "B": "2", "x/y": "3"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A", "1"),
        ("C", None),
        ("x/y", "3"),
        ("C|A|B", "1"),
        ("C|D", None),
        ("A=1?B", "2"),
        ("A=2?B", None),
        ("C=?B", None),
        ("A=2?B|x/y", "3"),
    ],
)
def test_the_first_that_is_there_counts(path, text):
    assert chosen(KNOWN.get, path) == text


def test_a_path_names_every_place_that_it_may_read():
    assert places("A/abs|S=2?B/sign|site/x") == ("A/abs", "S", "B/sign", "site/x")
    assert places("DLFW/C C") == ("DLFW/C", "C")

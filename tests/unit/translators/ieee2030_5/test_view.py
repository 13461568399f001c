"""A resource as rules read it: stripped texts, the first of several, paths."""

import pytest

from support.translation import el
from translators.ieee2030_5.view import ResourceView

VIEW = ResourceView(
    el(
        "e",
        el("a", " 1\n"),
        el("a", "2"),
        el("b", "", el("c", " 3 ")),
        el("b", "", el("d", "4")),
        el("empty", ""),
    )
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a", "1"),
        ("b/c", "3"),
        ("b/d", "4"),
        ("empty", ""),
        ("x", None),
        ("b/x", None),
        ("x/c", None),
    ],
)
def test_the_first_text_at_a_path_is_read_without_blanks(path, text):
    assert VIEW.raw(path) == text


def test_a_point_names_the_element_itself():
    assert ResourceView(el("e", " 7 ")).raw(".") == "7"


def test_what_holds_only_leaves_and_what_holds_more_are_read_alike():
    deep = el("row", el("a", " 1 "), el("b", "", el("a", "2")))
    flat = el("row", el("a", " 3 "), el("a", "4"))
    first, second = ResourceView(el("e", deep, flat)).every("row")
    assert [first.raw(path) for path in ("a", "b/a", "x", "a/x")] == ["1", "2", None, None]
    assert [second.raw(path) for path in ("a", "b/a", ".", "a/x")] == ["3", None, "", None]
    assert [child.raw(".") for child in first.every("b")] == [""]
    assert [child.raw(".") for child in second.every("a")] == ["3", "4"]


def test_children_of_a_name_are_views_in_their_order():
    assert [view.raw(".") for view in VIEW.every("a")] == ["1", "2"]
    assert VIEW.every("x") == []

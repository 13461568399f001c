"""The tree of a document: typed access that never invents."""

import pytest

from support.translation import el, fields

TREE = el(
    "DERControl",
    el("a", el("x", "1")),
    el("a", el("x", "2"), el("y", "3", href="/y")),
    el("link", href="/l"),
    href="/self",
)


@pytest.mark.parametrize(
    ("path", "text"),
    [("a/x", "1"), ("a/y", "3"), ("link", ""), ("b", None), ("a/z", None), ("x", None)],
)
def test_the_first_element_at_a_path_is_found_behind_siblings_that_lack_it(path, text):
    found = TREE.first(path)
    assert (None if found is None else found.text) == text
    assert TREE.text_at(path, "none") == ("none" if text is None else text)


def test_an_absent_text_is_empty_unless_told_otherwise():
    assert TREE.text_at("b") == ""


def test_all_children_of_a_name_come_in_order():
    assert [child.text_at("x") for child in TREE.every("a")] == ["1", "2"]
    assert list(TREE.every("x")) == []


@pytest.mark.parametrize(
    ("path", "href"), [("link", "/l"), ("a/y", "/y"), ("a", None), ("b", None)]
)
def test_a_link_says_where_it_leads_or_nothing(path, href):
    assert TREE.href_at(path) == href


def test_a_resource_may_state_its_own_address():
    assert TREE.href == "/self"
    assert fields("e", a=1).href is None

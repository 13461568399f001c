"""Markup: escaped once, attributes by plain names, policy by hash."""

from support.pages import admitted, tree
from translators.explain.markup import Markup, joined, page, tag


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "a < b & ", tag("b", '"x"'), 3) == "<p>a &lt; b &amp; <b>&quot;x&quot;</b>3</p>"
    assert joined("<", Markup("<br>")) == "&lt;<br>"


def test_attributes_are_escaped_named_plainly_and_left_out_where_they_are_not():
    made = tag("i", class_='a"b', data_n=5, hidden=True, title=None, lang=False, name="x")
    assert made == '<i class="a&quot;b" data-n="5" hidden name="x"></i>'


def test_void_elements_have_no_end():
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_a_page_admits_its_own_style_and_script_only():
    plain = tree(page("t", tag("p", "x"), "p{}"))
    assert admitted(plain)
    assert not plain.xpath("//script")
    assert admitted(tree(page("t", tag("p", "x"), "p{}", "void 0")))

"""Texts of rule files stay texts on every page, whatever they say."""

import json

import pytest

from support.pages import admitted, fetched, tree, words
from support.rulefiles import SOURCE, TARGET, both, edited, linked
from translators.documentation import Material, site
from translators.documentation.drawing import Picture, draw
from translators.documentation.pages import kind_page, prose
from translators.documentation.rules import value_of
from translators.rules.examples import Example

HOSTILE = [
    pytest.param("</pre></details><script>alert(1)</script>", id="a script"),
    pytest.param('"><img src=x onerror=alert(1)>', id="out of an attribute"),
    pytest.param("&lt;b&gt; & &amp; ]]> <!--", id="escaped already"),
    pytest.param("</title></style><base href=//x>", id="out of the head"),
]


def hostile_files(evil):
    said = json.dumps(evil)
    more = (
        f"ignored:\n  - {{field: b, loss: drop, reason: {said}}}\n"
        f"losses:\n  - {{kind: semantic, reason: {said}}}\n"
        f"tests:\n  - {{name: {said}, source: {{value: 2, other: {said}}}}}\n"
    )
    source = edited(
        SOURCE,
        ('"clause 1"', said),
        ("tests:\n", more),
    )
    target = f"# {evil}\n" + edited(TARGET, ('"clause 2"', said))
    return source, target


def hostile_site(evil, **more):
    source, target = hostile_files(evil)
    failing = Example("t.source@1.0.0", evil, (evil,))
    book = linked(source, target)
    return site(Material(book, both(source, target), (failing,), **more))


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_hostile_rule_stays_text_on_its_page(evil):
    root = tree(hostile_site(evil)["FixedVar.html"])
    assert admitted(root)
    assert fetched(root) == []
    assert root.xpath("//script | //img | //base | //b") == []
    assert not root.xpath("//@*[starts-with(name(), 'on')]")
    text = words(root)
    folded = " ".join(evil.split())
    assert text.count(folded) >= 6
    assert f"Clauses: {folded}" in text
    assert f"fails: {folded}" in text
    assert f"# {folded}" in text


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_hostile_coverage_stays_text(evil):
    leaf = {"leaf": evil, "state": evil, "by": evil, "reason": evil}
    named = dict.fromkeys(("protocol", "revision", "type", "direction", "of"), evil)
    found = named | {"covered": 0, "leaves": [leaf], "faults": [evil]}
    told = {"complete": False, "totals": evil, "types": [found]}
    for more in ({"coverage": told}, {"problem": evil}):
        root = tree(hostile_site(evil, **more)["coverage.html"])
        assert root.xpath("//script | //img | //base | //b") == []
        assert " ".join(evil.split()) in words(root)


@pytest.mark.parametrize("evil", HOSTILE)
def test_every_page_of_a_hostile_book_is_whole(evil):
    for text in hostile_site(evil).values():
        root = tree(text)
        assert admitted(root)
        assert fetched(root) == []


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_hostile_picture_stays_a_picture(evil):
    drawn = draw(Picture(evil, [(0, 0), (1, 1)], [(0, 0), (1, 1)], evil, evil))
    assert "<script" not in drawn
    assert "<img" not in drawn
    assert "onerror=alert(1)>" not in drawn


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("plain", "plain"),
        ("a `b` c", "a <code>b</code> c"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("`<b>` < x", "<code>&lt;b&gt;</code> &lt; x"),
        ("", ""),
    ],
)
def test_what_stands_in_backticks_is_code(text, made):
    assert prose(text).replace("<code></code>", "") == made


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("a<b", "<code>a&lt;b</code>"),
        (5, "<code>5</code>"),
        (True, "<code>true</code>"),
        (["ä", 1.5], "<code>[&quot;ä&quot;, 1.5]</code>"),
        (None, "<code>null</code>"),
    ],
)
def test_a_value_of_a_rule_stands_as_it_is_written(value, made):
    assert value_of(value) == made


def test_pages_of_kinds_have_names_that_no_function_has():
    assert kind_page("Coverage") == "kind-coverage.html"
    assert kind_page("Coverage") != "coverage.html"

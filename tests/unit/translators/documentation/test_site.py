"""The pages of a small book: what is there is told, what is not there is said."""

import pytest

from support.pages import tree, words
from support.rulefiles import both, linked
from translators.documentation import Material, site

LEAF = {"leaf": "opModX", "state": "rule", "by": "t.source@1.0.0", "reason": "", "loss": "none"}
TYPE = {
    "protocol": "ieee2030_5",
    "revision": "2018",
    "type": "DERControlBase",
    "of": "an extension",
    "direction": "source",
    "covered": 1,
    "leaves": [LEAF, {**LEAF, "leaf": "opModY", "by": "gateway.core", "state": "code"}],
    "faults": ["opModZ: names no leaf"],
}


def pages(**more):
    return site(Material(linked(), both(), (), **more))


def test_a_function_without_rules_has_no_page():
    assert set(pages()) == {"index.html", "fallback.html", "coverage.html", "FixedVar.html"}


def test_a_book_without_a_fallback_table_says_so():
    assert "The rules hold no fallback table." in words(tree(pages()["fallback.html"]))


def test_a_coverage_that_could_not_be_counted_says_why():
    assert "Not counted: no schemas" in words(tree(pages(problem="no schemas")["coverage.html"]))


@pytest.mark.parametrize(
    ("complete", "said"),
    [(True, "Every leaf is accounted for."), (False, "Leaves are left over.")],
)
def test_the_coverage_names_each_leaf_and_who_answers_for_it(complete, said):
    told = {
        "complete": complete,
        "totals": "a 1/2",
        "types": [TYPE, {**TYPE, "of": "", "faults": []}],
    }
    page = tree(pages(coverage=told)["coverage.html"])
    text = words(page)
    assert said in text
    assert "ieee2030_5 2018 DERControlBase source (an extension): 1 of 2" in text
    assert "opModZ: names no leaf" in text
    assert page.xpath("//a[. = 't.source@1.0.0']/@href")[0] == "FixedVar.html#rule-t.source"
    assert "gateway.core" in text


def test_the_index_counts_rules_and_tests():
    (row,) = tree(pages()["index.html"]).xpath("//tbody/tr")
    tests = sum(len(rule.model.tests) for rule in linked().rules)
    assert [words(cell) for cell in row][2:] == ["1", "0", "0", "1", str(tests)]

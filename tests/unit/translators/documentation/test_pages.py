"""What stands on the pages of the shipped rules."""

from functools import cache

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.pages import admitted, tree, words
from translators.chain import examples
from translators.documentation import Material, site
from translators.rules.fallback_schema import Fallback
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule


@cache
def pages():
    book = shipped_book()
    made = site(Material(book, mapping_files(), tuple(examples(book)), problem="not asked for"))
    return {name: tree(text) for name, text in made.items()}


def section(name, rule):
    (found,) = pages()[name].xpath(f"//section[h3/@id = 'rule-{rule}']")
    return found


def test_every_page_is_whole_and_admits_its_own_style_only():
    assert all(admitted(page) for page in pages().values())
    assert all(page.xpath("count(//h1)") == 1 for page in pages().values())


@pytest.mark.parametrize(
    "rule", [r for r in shipped_book().rules if isinstance(r, SourceRule)], ids=lambda r: r.id
)
def test_every_source_rule_stands_on_the_page_of_its_function_with_clauses_and_tests(rule):
    told = section(f"{rule.model.canonical}.html", rule.model.metadata.id)
    text = words(told)
    assert all(" ".join(clause.split()) in text for clause in rule.cites)
    assert all(test.name in text for test in rule.model.tests)
    assert all(ignored.reason in text for ignored in rule.model.ignored)
    assert told.xpath(".//pre")


@pytest.mark.parametrize(
    "rule", [r for r in shipped_book().rules if isinstance(r, TargetRule)], ids=lambda r: r.id
)
def test_every_target_rule_stands_on_the_pages_of_its_functions(rule):
    for function in rule.model.canonical:
        told = section(f"{function}.html", rule.model.metadata.id)
        text = words(told)
        assert all(name in text for name in rule.model.emit)
        assert all(loss.reason in text for loss in rule.model.losses)
        assert all(test.name in text for test in rule.model.tests)


def test_no_test_of_the_shipped_rules_fails_on_a_page():
    assert not [name for name, page in pages().items() if page.xpath("//td//span[@class = 'bad']")]


def test_a_cut_is_drawn_on_the_page_of_its_function():
    page = pages()["VoltVar.html"]
    assert page.xpath("//*[local-name() = 'text'][. = 'cut at 100']")
    assert "squares, solid : sent." in words(page)


def test_each_row_of_the_fallback_stands_on_its_page_and_in_the_table():
    (table,) = shipped_book().of(Fallback)
    whole = words(pages()["fallback.html"])
    for row in table.rows:
        page = words(pages()[f"{row.control}.html"])
        for _, cell in row.cells():
            for reason in filter(None, (cell.reason, cell.bound)):
                assert " ".join(reason.split()) in page
                assert " ".join(reason.split()) in whole


def test_what_is_never_sent_is_told():
    (table,) = shipped_book().of(Fallback)
    whole = words(pages()["fallback.html"])
    assert all(never.reason in whole for never in table.never)


def test_an_uncounted_coverage_says_why():
    assert "Not counted: not asked for" in words(pages()["coverage.html"])

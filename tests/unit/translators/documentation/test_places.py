"""Links between pages: each rule is told at one place, and whoever names it leads there."""

from functools import cache

import pytest

from gateway.settings.mappings import mapping_files
from gateway.settings.packs import shipped_book
from support.pages import tree, words
from support.rulefiles import SOURCE, TARGET, both, edited, linked
from translators.chain import examples
from translators.documentation import Material, site
from translators.documentation.excerpts import excerpts
from translators.documentation.pages import Shelf, meaning, whole
from translators.documentation.rules import anchor, table
from translators.rules.canonical import CLASSES
from translators.rules.examples import Example


@cache
def pages():
    book = shipped_book()
    return {
        name: tree(text)
        for name, text in site(Material(book, mapping_files(), tuple(examples(book)))).items()
    }


def small(source=SOURCE, target=TARGET, found=(), **more):
    made = site(Material(linked(source, target), both(source, target), found, **more))
    return {name: tree(text) for name, text in made.items()}


def test_every_address_on_a_page_is_a_page_and_a_place():
    for name, page in pages().items():
        addresses = page.xpath("//a/@href")
        assert addresses, name
        for address in addresses:
            file, _, place = address.partition("#")
            assert file in pages(), (name, address)
            assert not place or pages()[file].xpath(f"//*[@id = '{place}']"), (name, address)


def test_no_page_name_differs_from_another_in_case_only():
    assert len({name.lower() for name in pages()}) == len(pages())


def test_every_document_of_the_book_is_told_on_some_page():
    told = {place for page in pages().values() for place in page.xpath("//@id")}
    missing = {name for name in excerpts(mapping_files()) if anchor(name) not in told}
    assert missing == {"ocpp.fallback"}  # it has a page of its own


def test_a_rule_of_several_functions_is_linked_on_the_first():
    several = [
        rule
        for rule in shipped_book().rules
        if len(getattr(rule.model, "canonical", "")) > 1
        and not isinstance(rule.model.canonical, str)
    ]
    assert several
    links = {
        link.text: link.get("href")
        for page in pages().values()
        for link in page.xpath("//code/a")
        if link.text
    }
    for rule in several:
        name = rule.model.metadata.id
        first = next(one for one in CLASSES if one in rule.model.canonical)
        if name in links:
            assert links[name] == f"{first}.html#{anchor(name)}"


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.b", '<code><a href="X.html#rule-a.b">a.b</a></code>'),
        ("a.b@1.0.0", '<code><a href="X.html#rule-a.b">a.b@1.0.0</a></code>'),
        ("gateway.core", "<code>gateway.core</code>"),
        ("<i>", "<code>&lt;i&gt;</code>"),
    ],
)
def test_a_name_is_a_link_where_a_page_tells_it(name, made):
    shelf = Shelf(linked(), {}, {}, {"a.b": "X.html#rule-a.b"})
    assert shelf.link(name) == made


@pytest.mark.parametrize("function", CLASSES)
def test_every_function_has_a_meaning_in_words(function):
    said = meaning(function)
    assert said.endswith(".")
    (row,) = pages()["index.html"].xpath(f"//tr[td/a = '{function}']")
    assert "".join(said.replace("`", "").split()) in "".join(words(row).split())


@pytest.mark.parametrize(
    ("failing", "said"),
    [((), None), (("one",), "1 test fails."), (("one", "two"), "2 tests fail.")],
)
def test_failing_tests_are_counted_on_the_index(failing, said):
    found = [Example("t.source@1.0.0", name, ("no",)) for name in failing]
    found.append(Example("t.source@1.0.0", "three", ()))
    verdict = small(found=found)["index.html"].xpath("//p[@class = 'bad']")
    assert [words(one) for one in verdict] == ([said] if said else [])


def test_a_result_belongs_to_the_version_of_its_rule():
    other = [Example("t.source@9.9.9", "one", ("no",))]
    assert "not run" in words(small(found=other)["FixedVar.html"])


def test_a_page_leads_back_and_has_one_heading():
    page = tree(whole("A & B", "inside"))
    assert words(page.find(".//title")) == words(page.find(".//h1")) == "A & B"
    assert page.xpath("//nav/a/@href") == ["index.html"]


def test_a_table_scrolls_by_itself_and_can_be_reached():
    made = tree(whole("t", table(("A", "B"), [("1", "<"), ("2", "3")])))
    (box,) = made.xpath("//div[@class = 'scroll'][@tabindex = '0']")
    assert [one.get("scope") for one in box.xpath(".//th")] == ["col", "col"]
    assert [[words(cell) for cell in row] for row in box.xpath(".//tbody/tr")] == [
        ["1", "<"],
        ["2", "3"],
    ]


def test_a_rule_in_two_editions_names_both():
    both_editions = edited(SOURCE, ('["2018"]', '["2018", "2023"]'))
    assert "(IEEE 2030.5 2018, 2023)" in words(small(both_editions)["FixedVar.html"])


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param(f"{SOURCE}---\n{TARGET}", 2, id="two documents"),
        pytest.param(f"---\n{SOURCE}", 1, id="a mark before the first"),
        pytest.param(f"{SOURCE}---\n# nothing\n", 1, id="a comment behind the last"),
        pytest.param(f"{SOURCE}---\n\n---\n{TARGET}", 2, id="nothing between two marks"),
        pytest.param(SOURCE.replace("\n", "\r\n"), 1, id="lines of another system"),
    ],
)
def test_documents_of_a_file_are_told_apart(text, places):
    found = excerpts({"m.yaml": text})
    assert len(found) == places
    lines = text.splitlines()
    for name, excerpt in found.items():
        first, last = map(int, excerpt.place.partition(":")[2].split("-"))
        assert tuple(lines[first - 1 : last]) == excerpt.lines
        assert any(f"id: {name}" in line for line in excerpt.lines)

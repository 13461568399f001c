"""The pages of the rules in a browser: every link leads somewhere, every curve can be seen."""

from functools import cache
from pathlib import PurePosixPath
from urllib.parse import urldefrag

import pytest

from gateway.cli.pages import docs
from support.contrast import faint
from support.rulefiles import both, linked
from translators.documentation import Material
from translators.documentation import site as pages_of
from translators.rules.examples import Example

FACTS = """(() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  const shown = (one) => { const box = one.getBoundingClientRect(); return [box.width, box.height]; };
  return {
    links: [...document.links].map((one) => one.href),
    ids: [...document.querySelectorAll("[id]")].map((one) => one.id),
    headings: [...document.querySelectorAll("h1")].map((one) => one.textContent),
    pictures: [...document.querySelectorAll("svg")].map((one) => ({
      size: shown(one),
      lines: [...one.querySelectorAll("polyline")].map((line) => line.getTotalLength()),
      marks: one.querySelectorAll("circle, rect").length,
      outside: [...one.querySelectorAll("text, circle, rect, polyline")].filter((mark) => {
        const box = mark.getBoundingClientRect(), frame = one.getBoundingClientRect();
        return frame.left > box.left + 1 || box.right > frame.right + 1
          || frame.top > box.top + 1 || box.bottom > frame.bottom + 1;
      }).map((mark) => mark.outerHTML),
    })),
  };
})()"""
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    docs(folder)
    return folder


@pytest.fixture(scope="module")
def visits(browser, site):
    """What each page holds and says of itself, every fold of it opened, by name."""
    return {file.name: visit(browser, file) for file in sorted(site.iterdir())}


def visit(browser, file):
    browser.show()
    browser.open(file.as_uri())
    found = browser.run(FACTS)
    browser.show(width=400, height=800)
    found["width"] = browser.run(WIDTH)
    return found | {"complaints": browser.complaints, "requests": browser.requests}


@cache
def name_of(address):
    return PurePosixPath(urldefrag(address).url).name


def test_every_link_leads_to_a_page_and_a_place_that_exist(visits, site):
    addresses = {address for found in visits.values() for address in found["links"]}
    assert len(addresses) > len(visits)
    for address in addresses:
        assert address.startswith(site.as_uri())
        assert name_of(address) in visits, address
        place = urldefrag(address).fragment
        assert not place or place in visits[name_of(address)]["ids"], address


def test_every_page_is_reached_from_the_index_and_leads_back(visits):
    reached, waiting = set(), ["index.html"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += map(name_of, visits[name]["links"])
    assert reached == set(visits)
    assert all("index.html" in map(name_of, found["links"]) for found in visits.values())


def test_every_page_has_one_heading_of_its_own(visits):
    headings = [found["headings"] for found in visits.values()]
    assert all(len(found) == 1 and found[0] for found in headings)


def test_every_curve_has_a_size_lines_and_marks_inside_its_frame(visits):
    pictures = [picture for found in visits.values() for picture in found["pictures"]]
    assert pictures
    for picture in pictures:
        width, height = picture["size"]
        assert width >= 512
        assert height == pytest.approx(width / 2, abs=1)
        assert len(picture["lines"]) == 2
        assert all(length > 20 for length in picture["lines"])
        assert picture["marks"] >= 4
        assert picture["outside"] == []


def test_pages_ask_for_nothing_and_complain_of_nothing(visits, site):
    for name, found in visits.items():
        assert found["requests"] == [(site / name).as_uri()]
        assert found["complaints"] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["index", "VoltVar", "fallback", "kind-dialect"])
def test_text_is_readable(tab, site, name, dark):
    tab.show(dark=dark)
    tab.open((site / f"{name}.html").as_uri())
    tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert faint(tab) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_fails_is_readable_too(tab, tmp_path, dark):
    failing = Example("t.source@1.0.0", "one", ("setpoint: expected 1, got 2",))
    made = pages_of(Material(linked(), both(), (failing,), problem="no schemas"))
    tab.show(dark=dark)
    for name in ("FixedVar.html", "coverage.html"):
        file = tmp_path / name
        file.write_text(made[name], encoding="utf-8")
        tab.open(file.as_uri())
        assert tab.run("document.querySelectorAll('.bad').length") == 1
        assert faint(tab) == []


def test_a_narrow_window_needs_no_scrolling_sideways(visits):
    assert {name: found["width"] for name, found in visits.items() if found["width"] > 400} == {}


def test_following_a_link_to_a_rule_shows_the_rule(tab, site):
    tab.open((site / "fallback.html").as_uri())
    link = "document.querySelector(\"td a[href*='VoltVar.html#']\")"
    name = tab.run(f"{link}.textContent")
    tab.follow(f"{link}.click()")
    assert tab.run("document.querySelector('h1').textContent") == "VoltVar"
    assert tab.run("document.querySelector(':target').textContent").startswith(name)
    top = tab.run("document.querySelector(':target').getBoundingClientRect().top")
    assert 0 <= top < 900

"""An explained document in a browser: one number lights up where it comes from and where it goes."""

import pytest

from support.contrast import faint, ratio
from support.explained import explained
from support.pages import tree, words
from support.vector_builders import GOLDEN
from translators.explain import as_page

DOCUMENTS = {
    "ieee2030_5": (
        ("GV09", "vectors"),
        {"Source": "10800", "Canonical command": '"108"', "Messages": "108"},
    ),
    "openadr": (
        ("GV29", "vectors"),
        {"Source": "20.5", "Canonical command": '"20500 W"', "Messages": "20500"},
    ),
    "iec61850": (
        ("IV01", "own"),
        {"Source": "50", "Canonical command": '"50 pct[setMaxW]"', "Messages": "55"},
    ),
}
BUTTONS = "[...document.querySelectorAll('button.number')]"
LIT = """(() => {
  const found = {};
  for (const one of document.querySelectorAll("button.number.lit")) {
    const column = one.closest("section").querySelector("h2").textContent;
    (found[column] ??= []).push(one.textContent);
  }
  return found;
})()"""
TOLD = """[...document.querySelectorAll(".why section")]
  .filter((one) => getComputedStyle(one).display !== "none").map((one) => one.dataset.n)"""
OUTSIDE = 4, 4
"""A place of the window where nothing stands."""


class Opened:
    """A page in a tab, and the same page as a tree."""

    def __init__(self, tab, folder, name):
        vector, self.known = DOCUMENTS[name]
        text = as_page([explained(*vector)])
        self.file = folder / f"{name}.html"
        self.file.write_text(text, encoding="utf-8")
        self.tree, self.tab = tree(text), tab
        tab.open(self.file.as_uri())

    def buttons(self):
        """Return column, text and numbers of every value that can be pointed at, as they stand."""
        return [
            (words(column.find("h2")), words(button), set(button.get("data-n").split()))
            for column in self.tree.xpath("//div[@class = 'columns']/section")
            for button in column.xpath(".//button")
        ]

    def place(self, column):
        """Return the place among the buttons of the known value of a column."""
        buttons = self.buttons()
        (place,) = [
            n
            for n, (at, text, _) in enumerate(buttons)
            if (at, text) == (column, self.known[column])
        ]
        return place

    def middle(self, place):
        """Return the middle of a button in the window, once it is moved into sight, away from the
        pointer.
        """
        self.tab.point_at(*OUTSIDE)
        return self.tab.run(f"""(() => {{
          const one = {BUTTONS}[{place}];
          one.scrollIntoView({{block: "center"}});
          const box = one.getClientRects()[0];
          return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")

    def numbers(self):
        """Return the numbers of the known value."""
        return self.buttons()[self.place("Messages")][2]

    def lit(self):
        return self.tab.run(LIT)

    def only_known(self):
        """Return what has to be lit where one of the known values is meant: it, and what scales it."""
        scale = [text for at, text, ids in self.buttons() if text == "-2" and ids & self.numbers()]
        lit = {column: [text] for column, text in self.known.items()}
        return lit | {"Source": [self.known["Source"], *scale]}


@pytest.fixture(params=DOCUMENTS)
def opened(request, tab, tmp_path):
    return Opened(tab, tmp_path, request.param)


@pytest.mark.parametrize("column", ["Source", "Canonical command", "Messages"])
def test_pointing_at_a_number_lights_it_up_in_all_three_columns(opened, column):
    opened.tab.point_at(*opened.middle(opened.place(column)))
    assert opened.lit() == opened.only_known()
    opened.tab.point_at(*OUTSIDE)
    assert opened.lit() == {}


def test_focus_lights_up_exactly_what_shares_a_number_and_tells_its_way(opened):
    buttons = opened.buttons()
    for place, (_, _, numbers) in enumerate(buttons):
        opened.tab.run(f"{BUTTONS}[{place}].focus()")
        wanted = {}
        for column, text, others in buttons:
            if numbers & others:
                wanted.setdefault(column, []).append(text)
        assert opened.lit() == wanted
        assert set(opened.tab.run(TOLD)) == numbers


def test_every_number_is_reached_by_the_tab_key_in_order_and_stands_in_sight(opened):
    reached, count = [], len(opened.buttons())
    for _ in range(count):
        opened.tab.press("Tab")
        reached += [
            opened.tab.run(f"""(() => {{
              const one = document.activeElement, box = one.getClientRects()[0];
              const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return [{BUTTONS}.indexOf(one), top === one];
            }})()""")
        ]
    assert reached == [[place, True] for place in range(count)]


def test_what_lights_up_is_in_sight_in_every_column(opened):
    for place in range(len(opened.buttons())):
        opened.tab.run(f"{BUTTONS}[{place}].focus()")
        hidden = opened.tab.run("""[...document.querySelectorAll(".columns > section")].filter((column) => {
          const one = column.querySelector(".lit");
          if (!one || column.contains(document.activeElement)) return false;
          const box = column.getBoundingClientRect(), at = one.getBoundingClientRect();
          return at.top < box.top || at.bottom > box.bottom + 1;
        }).length""")
        assert hidden == 0, place


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_a_kept_number_stays_lit_until_escape(opened, how):
    place = opened.place("Messages")
    if how == "click":
        opened.tab.point_at(*opened.middle(place), click=True)
    else:
        opened.tab.run(f"{BUTTONS}[{place}].focus()")
        opened.tab.press("Enter")
    opened.tab.point_at(*OUTSIDE)
    assert opened.lit() == opened.only_known()
    pressed = "document.querySelectorAll(\"[aria-pressed = 'true']\").length"
    assert opened.tab.run(pressed) == 1
    opened.tab.press("Escape")
    assert opened.lit() == {}
    assert opened.tab.run(pressed) == 0


def test_a_kept_number_comes_back_when_the_pointer_leaves_another(opened):
    opened.tab.point_at(*opened.middle(opened.place("Messages")), click=True)
    other = next(n for n, (_, _, ids) in enumerate(opened.buttons()) if ids != opened.numbers())
    opened.tab.point_at(*opened.middle(other))
    assert opened.lit() != opened.only_known()
    opened.tab.point_at(*OUTSIDE)
    assert opened.lit() == opened.only_known()


def test_a_page_asks_for_nothing_and_complains_of_nothing(opened):
    for place in range(len(opened.buttons())):
        opened.tab.run(f"{BUTTONS}[{place}].click()")
    assert opened.tab.requests == [opened.file.as_uri()]
    assert opened.tab.complaints == []


def test_the_policy_stops_whatever_is_put_in_later(opened):
    stopped = opened.tab.run("""new Promise((done) => {
      const stopped = [];
      document.addEventListener("securitypolicyviolation", (event) => {
        stopped.push(event.effectiveDirective);
        if (stopped.length === 5) done(stopped);
      });
      const put = (name, set) => document.body.append(Object.assign(document.createElement(name), set));
      put("script", {textContent: "window.ran = true"});
      put("style", {textContent: "body { display: none }"});
      put("img", {src: "http://192.0.2.1/a.png"});
      put("iframe", {src: "http://192.0.2.1/"});
      fetch("http://192.0.2.1/").catch(() => undefined);
    })""")
    assert set(stopped) == {
        "script-src-elem",
        "style-src-elem",
        "img-src",
        "frame-src",
        "connect-src",
    }
    assert opened.tab.run("window.ran") is None
    assert opened.tab.run("getComputedStyle(document.body).display") == "block"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_is_readable_lit_or_not(opened, dark):
    opened.tab.show(dark=dark)
    assert faint(opened.tab) == []
    opened.tab.run(f"{BUTTONS}[{opened.place('Messages')}].focus()")
    assert faint(opened.tab) == []
    paper = opened.tab.run("getComputedStyle(document.body).backgroundColor")
    assert (ratio(paper, "rgb(0, 0, 0)") < 2) is dark


def test_a_narrow_window_needs_no_scrolling_sideways(opened):
    opened.tab.show(width=400, height=800)
    for place in range(len(opened.buttons())):
        opened.tab.run(f"{BUTTONS}[{place}].focus()")
        assert opened.tab.run("document.documentElement.scrollWidth") <= 400


def test_on_paper_every_way_is_told_and_nothing_is_cut_off(opened):
    opened.tab.show(media="print")
    assert len(opened.tab.run(TOLD)) == len(opened.tree.xpath("//section[@data-n]"))
    cut = """[...document.querySelectorAll(".columns > section, .why")]
      .filter((one) => one.scrollHeight > one.clientHeight + 2).length"""
    assert opened.tab.run(cut) == 0


def test_without_scripts_every_way_is_told(opened):
    opened.tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        opened.tab.open(opened.file.as_uri())
        assert len(opened.tab.run(TOLD)) == len(opened.tree.xpath("//section[@data-n]"))
    finally:
        opened.tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_all_vectors_on_one_page_fit_a_narrow_window_and_keep_apart(tab, tmp_path):
    told = [explained(path.stem, path.parent.name) for path in sorted(GOLDEN.glob("*/*.json"))]
    file = tmp_path / "all.html"
    file.write_text(as_page(told), encoding="utf-8")
    tab.show(width=400, height=800)
    tab.open(file.as_uri())
    assert tab.run("document.documentElement.scrollWidth") <= 400
    tab.run(f"{BUTTONS}[0].focus()")
    articles = (
        "new Set([...document.querySelectorAll('.lit')].map((one) => one.closest('article')))"
    )
    assert tab.run(f"{articles}.size") == 1
    assert tab.complaints == []

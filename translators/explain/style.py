"""How pages look: colours by name for light and dark, type, tables; nothing is fetched."""

THEME = """
:root {
  --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --panel: #f6f8fa;
  --mark: #ffe08a; --mark-ink: #1b1f24; --edge: #8a5a00; --link: #0b57b0;
  --one: #0b5cad; --two: #b3470e; --bad: #b3261e; --good: #1a6b3c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161b; --ink: #e6e9ed; --soft: #a2acb7; --line: #39424d; --panel: #1b2129;
    --mark: #5c4708; --mark-ink: #fff3cf; --edge: #ffc94d; --link: #82b7ff;
    --one: #6fb1ff; --two: #ffa366; --bad: #ff9d94; --good: #7fd6a0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1.25rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: break-word;
}
h1 { font-size: 1.4rem; margin: 0 0 .25rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .35rem; }
p, ul, dl { margin: .35rem 0; }
a { color: var(--link); }
code, pre, kbd, .listing, .value {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: .85rem;
}
code { overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.bad { color: var(--bad); font-weight: 600; }
.good { color: var(--good); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border: 1px solid var(--line); }
th { background: var(--panel); font-weight: 600; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
"""

DEEPEST = 12
_DEPTHS = "".join(f".listing .d{n} {{ margin-left: {n}rem; }}\n" for n in range(1, DEEPEST + 1))

EXPLAIN = (
    f"""{_DEPTHS}"""
    """
.columns { display: grid; gap: 1rem; grid-template-columns: repeat(3, minmax(0, 1fr)); align-items: start; }
.columns > section {
  border: 1px solid var(--line); border-radius: 6px; background: var(--panel); min-width: 0;
}
.columns h2, .columns h3 { margin: 0; padding: .5rem .75rem; border-bottom: 1px solid var(--line); }
.columns h3 {
  font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; border-top: 1px solid var(--line);
}
.columns h2 + h3 { border-top: 0; }
.columns p { padding: 0 .75rem; }
.listing { margin: 0; padding: .5rem .75rem; list-style: none; line-height: 1.6; }
.listing li { overflow-wrap: anywhere; padding-left: 1.25rem; text-indent: -1.25rem; }
button.number {
  font: inherit; color: inherit; background: none; border: 0; border-bottom: 1px dashed var(--soft);
  border-radius: 3px; padding: 0 .15rem; margin: 0; cursor: pointer; text-indent: 0; text-align: left;
  overflow-wrap: anywhere;
}
button.number.lit {
  background: var(--mark); color: var(--mark-ink); border-bottom: 1px solid var(--edge);
  box-shadow: 0 0 0 1px var(--edge); font-weight: 700;
}
.why { margin-top: 1rem; }
.why section { border-top: 1px solid var(--line); padding: .5rem 0; }
.why h2 { margin: .5rem 0 .25rem; }
.why h3 { margin: .25rem 0; overflow-wrap: anywhere; }
.why td { overflow-wrap: anywhere; }
.live { scroll-padding-bottom: 40vh; }
.live .why {
  position: sticky; bottom: 0; height: 38vh; overflow: auto; background: var(--paper);
  border: 1px solid var(--line); border-radius: 6px; padding: .25rem .75rem .5rem;
  box-shadow: 0 -4px 16px rgb(0 0 0 / 15%);
}
.live .why section { display: none; }
.live .why section.lit { display: block; }
.live .why section.lit:first-of-type { border-top: 0; }
.why .hint { display: none; }
.live .why .hint { display: block; }
.live .why.told .hint { display: none; }
article + article { margin-top: 2.5rem; border-top: 3px solid var(--line); padding-top: 1.5rem; }
@media screen and (min-width: 60.01rem) {
  .live .columns > section {
    max-height: max(18rem, 62vh - 8rem); overflow: auto; scroll-padding: 3.5rem 0 1rem;
  }
  .live .columns h2 { position: sticky; top: 0; background: var(--panel); }
}
@media (max-width: 60rem) {
  body { padding: .75rem; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .why thead { display: none; }
  .why tr { display: block; padding: .25rem 0; border-top: 1px solid var(--line); }
  .why td { display: inline-block; border: 0; padding: .05rem .5rem .05rem 0; }
  .why td.value + td.value::before { content: "\\2192  "; }
}
@media print {
  body { padding: 0; font-size: 9pt; }
  .columns > section { break-inside: auto; }
  .live .why {
    position: static; height: auto; overflow: visible; border: 0; box-shadow: none; padding: 0;
  }
  .live .why section { display: block; break-inside: avoid; }
  .live .why .hint, .why .hint { display: none; }
  button.number::after, .why section::before {
    content: "[" attr(data-n) "]"; font-size: .75em; color: var(--soft); margin-left: .2em;
  }
  button.number, button.number.lit { background: none; box-shadow: none; font-weight: 400; }
}
"""
)

LIGHT_UP = """
"use strict";
for (const article of document.querySelectorAll("article")) {
  const marked = [...article.querySelectorAll("[data-n]")];
  const why = article.querySelector(".why");
  if (!why) continue;
  const columns = [...article.querySelectorAll(".columns > section")];
  let pinned = null;
  const reveal = (from) => {
    for (const column of columns) {
      const one = column.querySelector(".lit");
      if (!one || column.contains(from)) continue;
      const box = column.getBoundingClientRect(), at = one.getBoundingClientRect();
      const off = box.top + 56 > at.top || at.bottom > box.bottom;
      if (off) column.scrollTop += at.top - box.top - box.height / 2;
    }
  };
  const show = (from) => {
    const wanted = new Set(from ? from.dataset.n.split(" ") : []);
    for (const item of marked) {
      item.classList.toggle("lit", item.dataset.n.split(" ").some((n) => wanted.has(n)));
      if (item.tagName === "BUTTON") item.setAttribute("aria-pressed", String(item === pinned));
    }
    why.classList.toggle("told", wanted.size > 0);
  };
  const number = (event) => event.target.closest("button.number");
  const meant = (event) => {
    const one = number(event);
    if (!one) return;
    show(one);
    reveal(one);
  };
  article.addEventListener("pointerover", meant);
  article.addEventListener("focusin", meant);
  article.addEventListener("pointerout", (event) => { if (number(event)) show(pinned); });
  article.addEventListener("click", (event) => {
    const one = number(event);
    if (!one) return;
    pinned = pinned === one ? null : one;
    show(one);
  });
  article.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { pinned = null; show(null); }
  });
}
document.documentElement.classList.add("live");
"""

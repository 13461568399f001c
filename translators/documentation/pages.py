"""The pages: one for each function, the fallback table, the coverage, other documents, an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from translators.documentation.curves import STATION, asked_for, carried_out
from translators.documentation.drawing import Picture, draw, number
from translators.documentation.excerpts import Excerpt
from translators.documentation.rules import (
    anchor,
    clauses,
    listing,
    source_rule,
    table,
    target_rule,
)
from translators.documentation.style import DOCUMENTATION
from translators.explain.markup import Markup, joined, page, tag
from translators.explain.style import THEME
from translators.ocpp.wire import Json
from translators.rules.book import Book
from translators.rules.canonical import CLASSES
from translators.rules.examples import Example
from translators.rules.fallback_schema import Cell, Fallback
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule

COLUMNS = {
    "der": "OCPP 2.1, DER controls",
    "v2x": "OCPP 2.1, V2X alone",
    "charge_only": "OCPP 2.1, charging only",
    "ocpp201": "OCPP 2.0.1",
}
PROTOCOLS = {"ieee2030_5": "IEEE 2030.5", "openadr": "OpenADR 3", "iec61850": "IEC 61850"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The book with what pages need beside it: texts of rules, results of tests, where each rule is told."""

    book: Book
    excerpts: Mapping[str, Excerpt]
    examples: Mapping[str, Mapping[str, Example]]
    """By `id@version` of the rule and name of the test."""
    places: Mapping[str, str]
    """Address of each rule, by its id."""

    def sources(self, function: str) -> list[SourceRule]:
        """Return the rules that make a control of a class, protocol by protocol."""
        rules = (rule for rule in self.book.rules if isinstance(rule, SourceRule))
        found = [rule for rule in rules if rule.model.canonical == function]
        return sorted(found, key=lambda rule: [*PROTOCOLS].index(rule.model.source.protocol))

    def targets(self, function: str) -> list[TargetRule]:
        """Return the rules that carry a control of a class out."""
        rules = (rule for rule in self.book.rules if isinstance(rule, TargetRule))
        return [rule for rule in rules if function in rule.model.canonical]

    def link(self, name: str) -> Markup:
        """Return a rule's id, as a link where a page tells the rule; `id@version` too."""
        place = self.places.get(name.partition("@")[0])
        return tag("code", name if place is None else tag("a", name, href=place))


def whole(title: str, *inside: object) -> str:
    """Return a page with the way back to the index."""
    nav = tag("nav", tag("a", "Index", href="index.html"))
    return page(title, tag("main", nav, tag("h1", title), *inside), THEME + DOCUMENTATION)


def meaning(function: str) -> str:
    """Return the first line of what the canonical model says of a class."""
    return (CLASSES[function].__doc__ or "").partition("\n")[0]


def prose(text: str) -> Markup:
    """Return a sentence with what stands in backticks as code."""
    parts = text.split("`")
    return joined(*(tag("code", part) if n % 2 else part for n, part in enumerate(parts)))


def function_page(shelf: Shelf, function: str) -> str:
    """Return the page of one function: stations, curves, rules from utilities, rules to stations."""
    sources, targets = shelf.sources(function), shelf.targets(function)
    by_protocol = groupby(sources, key=lambda rule: rule.model.source.protocol)
    return whole(
        function,
        tag("p", prose(meaning(function))),
        *_at_stations(shelf, function),
        *_curves(shelf, function),
        *(
            part
            for protocol, rules in by_protocol
            for part in (
                tag("h2", f"From {PROTOCOLS[protocol]}"),
                *(_source(shelf, rule) for rule in rules),
            )
        ),
        tag("h2", "To stations"),
        *(_target(shelf, rule) for rule in targets),
    )


def _source(shelf: Shelf, rule: SourceRule) -> Markup:
    name = rule.model.metadata.id
    return source_rule(rule.model, shelf.excerpts[name], shelf.examples.get(rule.id, {}))


def _target(shelf: Shelf, rule: TargetRule) -> Markup:
    """Return a rule where it is told, elsewhere a word on it: one rule may serve several functions."""
    name = rule.model.metadata.id
    return target_rule(rule.model, shelf.excerpts[name], shelf.examples.get(rule.id, {}))


def _at_stations(shelf: Shelf, function: str) -> Iterator[Markup]:
    rows = [
        (row.name, *(_cell(shelf, cell) for _, cell in row.cells()))
        for table_ in shelf.book.of(Fallback)
        for row in table_.rows
        if row.control == function
    ]
    if rows:
        yield tag("h2", "At which stations")
        yield table(("Function", *COLUMNS.values()), rows)


def _cell(shelf: Shelf, cell: Cell) -> Markup:
    """Return what becomes of a function at one kind of station."""
    parts: list[object] = [tag("strong", cell.carried or f"refused: {cell.refused}")]
    if cell.by:
        parts += [" by ", shelf.link(cell.by)]
    if cell.needs:
        parts.append(f", needs {', '.join(cell.needs)}")
    parts += [tag("br"), cell.reason] if cell.reason else []
    parts += [tag("br"), f"Bound: {cell.bound}"] if cell.bound else []
    return joined(*parts)


def _curves(shelf: Shelf, function: str) -> Iterator[Markup]:
    drawn = [picture for rule in shelf.sources(function) for picture in asked_for(shelf.book, rule)]
    drawn += [
        picture
        for rule in shelf.targets(function)
        for picture in carried_out(shelf.book, rule, function)
    ]
    drawn = [picture for picture in drawn if picture.is_line]
    if not drawn:
        return
    yield tag("h2", "Curves of the tests")
    yield tag("p", f"Where a test names no station: {STATION}.", class_="soft")
    yield tag(
        "p",
        tag("span", "circles, dashed", class_="asked"),
        ": asked for, in the units of the message; ",
        tag("span", "squares, solid", class_="sent"),
        ": sent.",
    )
    for picture in drawn:
        caption = tag("figcaption", tag("code", picture.name))
        drawing = tag("div", draw(picture), class_="scroll", tabindex=0)
        yield tag("figure", caption, drawing, _points(picture))


def _points(picture: Picture) -> Markup:
    columns = (f"x ({picture.x_label})", f"y ({picture.y_label})")
    parts: list[Markup] = []
    for heading, points in (("Asked for", picture.asked), ("Sent", picture.sent)):
        parts += [tag("h4", heading), table(columns, [(number(x), number(y)) for x, y in points])]
    return tag("details", tag("summary", "The points as a table"), tag("div", *parts))


def fallback_page(shelf: Shelf) -> str:
    """Return what becomes of every function at every kind of station, and what is never sent."""
    parts: list[Markup] = []
    for found in shelf.book.of(Fallback):
        rows = [
            (
                _function_link(row.control, row.name),
                *(_cell(shelf, cell) for _, cell in row.cells()),
            )
            for row in found.rows
        ]
        never = [(tag("code", n.field), tag("code", n.value), n.reason) for n in found.never]
        parts += [clauses(found.metadata.cites), table(("Function", *COLUMNS.values()), rows)]
        heading = tag("h2", "Never sent")
        parts += [heading, table(("Member", "Value", "Why"), never)] if never else []
        parts += listing(shelf.excerpts[found.metadata.id])
    return whole("Fallback", *(parts or [tag("p", "The rules hold no fallback table.")]))


def _function_link(function: str, name: str) -> Markup:
    return tag("a", name, href=f"{function}.html")


def coverage_page(shelf: Shelf, coverage: Json | None, problem: str) -> str:
    """Return every leaf with what becomes of it; where nothing could be counted, why."""
    if coverage is None:
        return whole("Coverage", tag("p", f"Not counted: {problem}", class_="bad"))
    state = "Every leaf is accounted for." if coverage["complete"] else "Leaves are left over."
    kind = "good" if coverage["complete"] else "bad"
    return whole(
        "Coverage",
        tag("p", state, class_=kind),
        tag("p", coverage["totals"], class_="soft"),
        *(_type(shelf, found) for found in coverage["types"]),
    )


def _type(shelf: Shelf, found: Json) -> Markup:
    name = " ".join(str(found[key]) for key in ("protocol", "revision", "type", "direction"))
    of = f" ({found['of']})" if found["of"] else ""
    rows = [
        (tag("code", leaf["leaf"]), leaf["state"], _answers(shelf, leaf), leaf["reason"])
        for leaf in found["leaves"]
    ]
    faults = [tag("li", fault, class_="bad") for fault in found["faults"]]
    return tag(
        "details",
        tag("summary", f"{name}{of}: {found['covered']} of {len(found['leaves'])}"),
        *([tag("ul", *faults)] if faults else []),
        table(("Leaf", "State", "By", "Why"), rows),
    )


def _answers(shelf: Shelf, leaf: Json) -> Markup:
    names = [name.strip() for name in str(leaf["by"]).split(",") if name.strip()]
    return joined(*(part for name in names for part in (shelf.link(name), " ")))


def kind_page(kind: str) -> str:
    """Return the file of a kind's page: no name that differs from another in case only."""
    return f"kind-{kind.lower()}.html"


def others_page(shelf: Shelf, kind: str, ids: Sequence[str]) -> str:
    """Return the documents of a kind that belongs to no function, as they are written."""
    parts: list[Markup] = []
    for name in ids:
        parts.append(tag("h2", tag("code", name), id=anchor(name)))
        parts += listing(shelf.excerpts[name])
    return whole(kind, *parts)


def index_page(shelf: Shelf, functions: Sequence[str], kinds: Mapping[str, Sequence[str]]) -> str:
    """Return the way to every page, with how much stands on each."""
    rows = []
    for function in functions:
        sources, targets = shelf.sources(function), shelf.targets(function)
        counts = [
            sum(rule.model.source.protocol == protocol for rule in sources)
            for protocol in PROTOCOLS
        ]
        tests = sum(len(rule.model.tests) for rule in sources)
        tests += sum(len(rule.model.tests) for rule in targets)
        link = _function_link(function, function)
        rows.append((link, prose(meaning(function)), *counts, len(targets), tests))
    failed = [e for found in shelf.examples.values() for e in found.values() if e.faults]
    verdict = tag("p", _fail(len(failed)), class_="bad") if failed else Markup()
    columns = ("Function", "Meaning", *PROTOCOLS.values(), "Stations", "Tests")
    return whole(
        "Mapping rules",
        tag("p", f"{len(shelf.book.rules)} rules, ", tag("code", shelf.book.digest)),
        verdict,
        tag(
            "ul",
            tag("li", tag("a", "Fallback: which station gets what", href="fallback.html")),
            tag("li", tag("a", "Coverage: every leaf of every type", href="coverage.html")),
            *(
                tag("li", tag("a", f"{kind}: {_documents(len(ids))}", href=kind_page(kind)))
                for kind, ids in kinds.items()
            ),
        ),
        tag("h2", "Functions"),
        table(columns, rows),
    )


def _documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count} documents"


def _fail(count: int) -> str:
    return "1 test fails." if count == 1 else f"{count} tests fail."

"""Explanations as one page: source, canonical command and messages side by side, each number with its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby

from translators.explain.listing import (
    Listing,
    Part,
    Path,
    Row,
    json_rows,
    listings,
    path_of,
    place_of,
)
from translators.explain.markup import Markup, joined, page, tag
from translators.explain.style import DEEPEST, EXPLAIN, LIGHT_UP, THEME
from translators.explain.text import loss_line, refused_line, title
from translators.explain.writing import literal
from translators.ocpp.wire import Json

_HINT = (
    "Point at an underlined value, or move to it with the Tab key: it lights up in source, command and "
    "message, and this place shows how it came about. Enter or a click keeps it, Escape lets it go."
)

_COLUMNS = ("Operation", "Before", "After", "Bases", "Rule", "Clauses")


@dataclass(slots=True)
class _Numbers:
    """Which numbers a value belongs to, by where it stands."""

    source: defaultdict[Path, list[int]] = field(default_factory=lambda: defaultdict(list))
    raw: dict[Path, str] = field(default_factory=dict)
    canonical: defaultdict[tuple[int, str, Path], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    target: dict[tuple[int, Path], list[int]] = field(default_factory=dict)
    told: list[tuple[int, Json]] = field(default_factory=list)


def as_page(explanations: Sequence[Json]) -> str:
    """Return explanations as one HTML page that needs nothing but itself."""
    ids = count(1)
    articles = [_article(told, ids) for told in explanations]
    name = title(explanations[0]) if len(explanations) == 1 else f"{len(explanations)} documents"
    return page(f"{name} explained", tag("main", *articles), THEME + EXPLAIN, LIGHT_UP)


def _article(told: Json, ids: Iterator[int]) -> Markup:
    numbers = _numbered(told["messages"], ids)
    sources = listings(told["texts"])
    return tag(
        "article",
        tag("header", tag("h1", title(told)), *_header(told)),
        tag(
            "div",
            tag("section", tag("h2", "Source"), *_source(sources, numbers)),
            tag("section", tag("h2", "Canonical command"), *_commands(told["commands"], numbers)),
            tag("section", tag("h2", "Messages"), *_messages(told["messages"], numbers)),
            class_="columns",
        ),
        *_lists(told),
        _ways(numbers),
    )


def _numbered(messages: Sequence[Json], ids: Iterator[int]) -> _Numbers:
    """Give each emitted number of a document its own."""
    numbers = _Numbers()
    for place, message in enumerate(messages):
        for told in message["numbers"]:
            n = next(ids)
            numbers.told.append((n, told))
            numbers.target[place, path_of(told["target"])] = [n]
            for source in told["sources"]:
                at_source = path_of(source["field"])
                numbers.source[at_source].append(n)
                numbers.raw.setdefault(at_source, source["raw"])
            for passed in told["canonical"]:
                at, name = _scoped(passed["field"])
                numbers.canonical[at, passed["function"], path_of(name)].append(n)
    return numbers


def _header(told: Json) -> Iterator[Markup]:
    if "book" in told:
        yield tag("p", "Rules ", tag("code", told["book"]), class_="soft")
    if told["refused"]:
        yield tag("p", "Not carried out in full.", class_="bad")


def _source(sources: Sequence[Listing], numbers: _Numbers) -> Iterator[Markup]:
    """Yield the documents, and the values that came from elsewhere: program, station, site."""
    shown: set[Path] = set()
    for listing in sources:
        known = {part.path: part.text for row in listing.rows for part in row.parts if part.path}
        found = {short: place_of(short, numbers.raw[short], known) for short in numbers.source}
        marks: defaultdict[Path, list[int]] = defaultdict(list)
        for short, whole in found.items():
            if whole is not None:
                shown.add(short)
                marks[whole] += numbers.source[short]
        yield tag("h3", listing.name)
        yield _rows(listing.rows, marks)
    beside = {
        source["field"]: source["raw"]
        for _, told in numbers.told
        for source in told["sources"]
        if path_of(source["field"]) not in shown
    }
    if beside:
        rows = [
            Row(0, (Part(f"{name} = "), Part(raw, path_of(name)))) for name, raw in beside.items()
        ]
        yield tag("h3", "Known besides")
        yield _rows(rows, numbers.source)
    if not sources and not beside:
        yield tag("p", "No text is at hand.", class_="soft")


def _commands(commands: Sequence[Json], numbers: _Numbers) -> Iterator[Markup]:
    if not commands:
        yield tag("p", "The document becomes no command.", class_="soft")
    for at, command in enumerate(commands):
        own = {key: value for key, value in command.items() if key != "controls"}
        if len(commands) > 1:
            yield tag("h3", f"Interval {at + 1}")
        yield _rows(tuple(json_rows(own)), _of(numbers, at, ""))
        for function, fields in command["controls"].items():
            yield tag("h3", function)
            yield _rows(tuple(json_rows(fields)), _of(numbers, at, function))


def _of(numbers: _Numbers, at: int, function: str) -> Mapping[Path, Sequence[int]]:
    """Return the numbers that pass a control of the command at a place."""
    return {
        path: found
        for (place, of, path), found in numbers.canonical.items()
        if (place, of) == (at, function)
    }


def _scoped(name: str) -> tuple[int, str]:
    """Return the place of the command that a value belongs to, and its name there: `[1] primacy`."""
    place, scoped, rest = name.partition("] ")
    return (int(place[1:]), rest) if scoped else (0, name)


def _messages(messages: Sequence[Json], numbers: _Numbers) -> Iterator[Markup]:
    if not messages:
        yield tag("p", "Nothing is sent.", class_="soft")
    for place, message in enumerate(messages):
        serves = ", ".join(message["functions"])
        yield tag("h3", f"{message['action']} (OCPP {message['ocpp']}) for {serves}")
        marks = {path: found for (at, path), found in numbers.target.items() if at == place}
        yield _rows(tuple(json_rows(message["payload"])), marks)


def _rows(rows: Sequence[Row], marks: Mapping[Path, Sequence[int]]) -> Markup:
    items = [
        tag("li", *(_part(part, marks) for part in row.parts), class_=f"d{min(row.depth, DEEPEST)}")
        for row in rows
    ]
    return tag("ul", *items, class_="listing")


def _part(part: Part, marks: Mapping[Path, Sequence[int]]) -> Markup:
    """Return a piece of a row; a value of a known way can be pointed at."""
    found = marks.get(part.path) if part.path else None
    if not found:
        return joined(part.text)
    name = " ".join(map(str, dict.fromkeys(found)))
    return tag("button", part.text, type="button", class_="number", data_n=name)


def _lists(told: Json) -> Iterator[Markup]:
    """Yield what is followed silently, what is lost, what is refused, and the answer owed."""
    for heading, key, line in (
        ("Followed without a message", "followed", str),
        ("Losses", "losses", loss_line),
        ("Refused", "refused", refused_line),
    ):
        if told[key]:
            yield tag("h2", heading)
            yield tag("ul", *(tag("li", line(item)) for item in told[key]))
    if told["response_status"] is not None:
        yield tag("p", "Response to the utility: ", tag("strong", told["response_status"]))


def _ways(numbers: _Numbers) -> Markup:
    """Return how each number came about; with scripts only those that are pointed at show."""
    if not numbers.told:
        return Markup()
    return tag(
        "div",
        tag("h2", "How the numbers came about"),
        tag("p", _HINT, class_="hint soft"),
        *(_way(n, told) for n, told in numbers.told),
        class_="why",
        role="region",
        aria_live="polite",
        aria_label="How the numbers came about",
    )


def _way(n: int, told: Json) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in _COLUMNS)))
    groups = groupby(told["steps"], key=lambda step: (step["rule"], step["cites"]))
    body = tag("tbody", *(row for _, steps in groups for row in _steps(list(steps))))
    table = tag("div", tag("table", head, body), class_="scroll")
    losses = [
        tag("li", tag("strong", loss["kind"]), f" {loss_line(loss).partition(': ')[2]}")
        for loss in told["losses"]
    ]
    return tag(
        "section",
        tag("h3", tag("code", f"{told['target']} = {literal(told['value'])}")),
        table if told["steps"] else tag("p", "The gateway's own."),
        *([tag("p", "Lost on the way"), tag("ul", *losses)] if losses else []),
        data_n=n,
    )


def _steps(steps: Sequence[Json]) -> Iterator[Markup]:
    """Yield a row for each step of one rule; what the rule is stands once beside them."""
    for number, step in enumerate(steps):
        cells = [
            tag("td", step["operation"]),
            tag("td", step["before"], class_="value"),
            tag("td", step["after"], class_="value"),
            tag("td", step["base"]),
        ]
        if number == 0:
            cells.append(tag("td", tag("code", step["rule"]), rowspan=len(steps)))
            cells.append(tag("td", "; ".join(step["cites"]), rowspan=len(steps)))
        yield tag("tr", *cells)

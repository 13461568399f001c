"""One rule for a reader: what it takes and gives, by which clause, in which unit, what is lost, its tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from translators.documentation.excerpts import Excerpt
from translators.explain.markup import Markup, joined, tag
from translators.rules.examples import Example
from translators.rules.schema import (
    SourceField,
    SourceMapping,
    TargetField,
    TargetMapping,
    UnitSwitch,
)

_PROTOCOLS = {"ieee2030_5": "IEEE 2030.5", "openadr": "OpenADR 3", "iec61850": "IEC 61850"}
_SHOWN_APART = frozenset({"from", "const", "unit", "units"})

type Cells = Sequence[object]


def source_rule(model: SourceMapping, excerpt: Excerpt, examples: Mapping[str, Example]) -> Markup:
    """Return a rule that reads documents."""
    source = model.source
    elements = joined(*_listed(tag("code", name) for name in source.elements))
    editions = f"{_PROTOCOLS[source.protocol]} {', '.join(source.revisions)}"
    rows = [_source_row(name, field) for name, field in _source_fields(model)]
    return tag(
        "section",
        *_head(model),
        tag("p", "Reads ", elements, " of ", tag("code", source.parent), f" ({editions})."),
        table(("Field", "From", "Unit", "Operations"), rows),
        *_guards(model),
        *_losses(model),
        *_tests([(test.name, test.source, _outcome(test)) for test in model.tests], examples),
        *listing(excerpt),
        class_="rule",
    )


def target_rule(model: TargetMapping, excerpt: Excerpt, examples: Mapping[str, Example]) -> Markup:
    """Return a rule that writes messages."""
    target = model.target
    versions = f"OCPP {', '.join(target.versions)}"
    sent = tag("code", target.message) if target.message != "none" else "no message"
    rows = [_target_row(name, field) for name, field in _target_fields(model)]
    refusal = [tag("p", f"Refused ({model.outcome}): {model.reason}")] if model.reason else []
    return tag(
        "section",
        *_head(model),
        tag("p", f"{versions}: ", sent, ", composed by ", tag("code", target.operator), "."),
        *refusal,
        *([table(("Member", "From", "Unit", "Operations"), rows)] if rows else []),
        *_losses(model),
        *_tests([(test.name, test.control, _outcome(test)) for test in model.tests], examples),
        *listing(excerpt),
        class_="rule",
    )


def table(names: Sequence[str], rows: Sequence[Cells]) -> Markup:
    """Return a table that scrolls by itself where the page is narrow."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows))
    return tag("div", tag("table", head, body), class_="scroll", tabindex=0)


def listing(excerpt: Excerpt) -> Iterator[Markup]:
    """Yield the text of a rule with its line numbers, folded."""
    lines = (
        joined(tag("span", f"{number:>4}  ", class_="line"), line, "\n")
        for number, line in enumerate(excerpt.lines, excerpt.line)
    )
    yield tag("details", tag("summary", excerpt.place), tag("pre", *lines, tabindex=0))


def anchor(name: str) -> str:
    """Return what a rule's place on its page is called."""
    return f"rule-{name}"


def clauses(cites: Sequence[str]) -> Markup:
    """Return the clauses that demand a rule."""
    return tag("p", "Clauses: ", "; ".join(cites), class_="soft")


def value_of(value: object) -> Markup:
    """Return a value of a mapping file as it is written there, on one line."""
    return tag("code", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _head(model: SourceMapping | TargetMapping) -> Iterator[Markup]:
    metadata = model.metadata
    name = tag("code", f"{metadata.id}@{metadata.version}")
    yield tag("h3", name, id=anchor(metadata.id))
    yield clauses(metadata.cites)


def _listed(items: Iterator[Markup]) -> Iterator[object]:
    for number, item in enumerate(items):
        yield from (", ", item) if number else (item,)


def _source_fields(model: SourceMapping) -> Iterator[tuple[str, SourceField]]:
    yield from model.fields.items()
    yield from model.quantity.items()
    if model.points is not None:
        each = model.points.each
        for axis in ("x", "y", "excitation"):
            field = getattr(model.points, axis)
            if field is not None:
                yield f"points of {each}: {axis}", field


def _source_row(name: str, field: SourceField) -> Cells:
    return (tag("code", name), _taken(field), _unit(field.unit), _operations(field))


def _unit(unit: str | UnitSwitch | None) -> Markup:
    if unit is None or isinstance(unit, str):
        return tag("code", unit) if unit else Markup()
    rows = [
        tag("li", value_of(key), " is ", tag("code", name), *_since(unit, key))
        for key, name in unit.cases.items()
    ]
    return joined("by ", tag("code", unit.switch), tag("ul", *rows))


def _since(unit: UnitSwitch, key: int | str) -> Iterator[str]:
    if key in unit.since:
        yield f" ({', '.join(unit.since[key])})"


def _target_fields(model: TargetMapping) -> Iterator[tuple[str, TargetField]]:
    yield from model.emit.items()
    if model.points is not None:
        yield "points: x", model.points.x
        yield "points: y", model.points.y


def _target_row(name: str, field: TargetField) -> Cells:
    units = [tag("code", field.unit)] if field.unit else []
    rows = [
        tag("li", tag("code", unit), *([" as ", tag("code", wire)] if wire else []))
        for unit, wire in (field.units or {}).items()
    ]
    unit = tag("ul", *rows) if rows else joined(*units)
    return (tag("code", name), _taken(field), unit, _operations(field))


def _taken(field: SourceField | TargetField) -> Markup:
    if field.from_ is not None:
        return tag("code", field.from_)
    return Markup() if field.const is None else joined("always ", value_of(field.const))


def _operations(field: SourceField | TargetField) -> Markup:
    """Return the operations of a field in the words of the language."""
    written = field.model_dump(mode="json", by_alias=True, exclude_unset=True)
    items = [
        tag("li", f"{key} ", value_of(value))
        for key, value in written.items()
        if key not in _SHOWN_APART
    ]
    return tag("ul", *items) if items else Markup()


def _guards(model: SourceMapping) -> Iterator[Markup]:
    if model.guards:
        rows = [(guard.id, tag("code", guard.expr), guard.on_fail) for guard in model.guards]
        yield tag("h4", "Guards")
        yield table(("Guard", "Holds where", "Else"), rows)


def _losses(model: SourceMapping | TargetMapping) -> Iterator[Markup]:
    rows: list[Cells] = [
        (loss.kind, loss.reason, tag("code", loss.when) if loss.when else "always")
        for loss in model.losses
    ]
    rows += [
        (item.loss or "none", joined(tag("code", item.field), f": {item.reason}"), "present")
        for item in model.ignored
    ]
    if rows:
        yield tag("h4", "Losses, and what is left out")
        yield table(("Loss", "What", "When"), rows)


def _outcome(test: Any) -> tuple[object, Sequence[str]]:
    """Return what a test expects, and which kinds of loss."""
    wanted = f"refused: {test.refused}" if test.refused is not None else test.expect
    return wanted, test.losses or []


def _tests(
    tests: Sequence[tuple[str, object, tuple[object, Sequence[str]]]],
    examples: Mapping[str, Example],
) -> Iterator[Markup]:
    if not tests:
        return
    rows = [
        (name, value_of(given), value_of(wanted), ", ".join(losses), _verdict(examples.get(name)))
        for name, given, (wanted, losses) in tests
    ]
    yield tag("h4", "Tests")
    yield table(("Test", "Given", "Expected", "Losses", "Result"), rows)


def _verdict(example: Example | None) -> Markup:
    if example is None:
        return tag("span", "not run", class_="soft")
    if not example.faults:
        return tag("span", "holds", class_="good")
    return tag("span", f"fails: {'; '.join(example.faults)}", class_="bad")

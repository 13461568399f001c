"""Whether the rules of a book read what a binding promises: asked at load, not when the first event comes."""

from __future__ import annotations

from collections.abc import Iterator

from translators.canonical.commands import Protocol, Revision
from translators.openadr.binding import Binding
from translators.openadr.views import PayloadView
from translators.openadr.wire import Descriptor, Payload
from translators.rules.book import Book
from translators.rules.schema import SourceField, UnitSwitch
from translators.rules.source import SourceRule
from translators.rules.taking import exact_decimal

_EDITIONS = (Revision.OPENADR_3_0, Revision.OPENADR_3_1)
_OF_BINDING = "binding/"


def unread(book: Book, binding: Binding) -> Iterator[tuple[str, str]]:
    """Yield which key of a binding the rules of a book cannot read, and why."""
    if binding.variant:
        rule = _rule(book, binding.variant)
        if rule is None:
            payload, _, name = binding.variant.partition(".")
            signed = sorted(it for it in _elements(book) if it.startswith(f"{payload}.{name}."))
            said = ", ".join(dict.fromkeys(it.removeprefix(f"{payload}.") for it in signed))
            yield "", f"no rule reads {name} of {payload}" + (f", there are {said}" if said else "")
        else:
            yield from _misfits(rule, binding)
    elif not _known(book, binding.payload):
        yield "payload", f"no rule reads {binding.payload}, whatever its unit"


def _rule(book: Book, element: str) -> SourceRule | None:
    found = (book.source(it.value, "event", element, "openadr") for it in _EDITIONS)
    return next((rule for rule in found if rule is not None), None)


def _elements(book: Book) -> Iterator[str]:
    for protocol, _, parent, element in book.sources:
        if (protocol, parent) == ("openadr", "event"):
            yield element


def _known(book: Book, payload: str) -> bool:
    """Say whether a payload type of events or of reports has a rule, also one by its unit."""
    if any((Protocol.OPENADR, edition, payload) in book.reports for edition in _EDITIONS):
        return True
    return any(it == payload or it.startswith(f"{payload}.") for it in _elements(book))


def _misfits(rule: SourceRule, binding: Binding) -> Iterator[tuple[str, str]]:
    """Yield keys whose values a rule does not know."""
    view = PayloadView(Payload(binding.payload, ()), Descriptor(), binding.values)
    for field in _fields(rule):
        if isinstance(field.unit, UnitSwitch) and field.unit.switch.startswith(_OF_BINDING):
            known = [str(case) for case in field.unit.cases]
            needed = field.unit.absent is None
            yield from _choice(view, field.unit.switch, known, needed=needed)
        source = field.from_ or ""
        if not source.startswith(_OF_BINDING):
            continue
        if field.cases is not None:
            needed = not field.optional and field.absent is None
            yield from _choice(view, source, list(field.cases), needed=needed)
        else:
            yield from _number(view, source, field)


def _fields(rule: SourceRule) -> Iterator[SourceField]:
    model = rule.model
    yield from model.fields.values()
    yield from model.quantity.values()
    if model.points is not None:
        yield from (model.points.x, model.points.y)


def _choice(
    view: PayloadView, path: str, known: list[str], *, needed: bool
) -> Iterator[tuple[str, str]]:
    text, key = view.raw(path), path.removeprefix(_OF_BINDING)
    if text is None and needed:
        yield key, f"is missing, one of {', '.join(known)}"
    elif text is not None and text not in known:
        yield key, f"is {text!r}, none of {', '.join(known)}"


def _number(view: PayloadView, path: str, field: SourceField) -> Iterator[tuple[str, str]]:
    text, key = view.raw(path), path.removeprefix(_OF_BINDING)
    if text is None or not field.decimal:
        return
    number = exact_decimal(text)
    if number is None:
        yield key, f"is {text!r}, no decimal number"
    elif field.range is not None and not field.range[0] <= number <= field.range[1]:
        yield key, f"is {text}, not in {field.range[0]}..{field.range[1]}"

"""What a program's contract demands of its events beyond OpenADR, clause by clause, as the rules say.

An event that breaks one is refused as a whole: who wrote it meant something else than we would read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from translators.errors import DocumentError
from translators.openadr.clauses import breaches, types_of
from translators.openadr.wire import Event, encodable, event_of
from translators.rules.book import Book
from translators.rules.contract_schema import Contract, EventKind
from translators.rules.examples import Example


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract by name; without any kind of event nothing keeps it: no rule says what it demands."""

    contract: str
    events: tuple[EventKind, ...] = ()


def terms_of(book: Book, contract: str) -> Terms | None:
    """Return what a contract demands by a book's rules, None for no contract."""
    if not contract:
        return None
    for known in book.of(Contract):
        if known.contract == contract:
            return Terms(contract, tuple(known.events))
    return Terms(contract)


def breach(terms: Terms | None, event: Event) -> DocumentError | None:
    """Return the first clause of a contract that an event breaks, None where it keeps all."""
    if terms is None:
        return None
    kind = _kind(terms, event)
    if kind is None:
        carried = ", ".join(sorted(types_of(event))) or "nothing"
        known = (
            "is no event of the contract" if terms.events else "no mapping rule has the contract"
        )
        return DocumentError(f"{known}: it carries {carried}", where="event", rule=terms.contract)
    for clause in kind.clauses:
        for where, problem in breaches(clause, event):
            rule = f"{terms.contract}.{clause.name}"
            return DocumentError(encodable(f"{problem}: {clause.says}"), where=where, rule=rule)
    return None


def _kind(terms: Terms, event: Event) -> EventKind | None:
    """Return which kind of event of a contract an event is, by the types that it carries."""
    types = types_of(event)
    for kind in terms.events:
        if kind.carries is None or types.intersection(kind.carries) or not (kind.carries or types):
            return kind
    return None


def examples(book: Book) -> Iterator[Example]:
    """Run the tests that stand beside the clauses of every contract."""
    for contract in book.of(Contract):
        terms = Terms(contract.contract, tuple(contract.events))
        name = f"{contract.metadata.id}@{contract.metadata.version}"
        for kind in contract.events:
            kept = _broken(terms, kind.sound)
            yield Example(name, f"{kind.kind}_is_sound", () if not kept else (kept,))
            for clause in kind.clauses:
                for case in clause.breaks:
                    wanted = f"{terms.contract}.{clause.name}"
                    got = _broken(terms, changed(kind.sound, case.change)) or "nothing broken"
                    faults = () if got == wanted else (f"expected {wanted}, got {got}",)
                    yield Example(name, f"{kind.kind}.{clause.name}.{case.name}", faults)


def _broken(terms: Terms, value: Mapping[str, Any]) -> str:
    """Return the rule of a contract that an event breaks first, "" for none."""
    try:
        found = breach(terms, event_of(value))
    except DocumentError as error:
        return f"no event: {error}"
    return "" if found is None else found.rule


def changed(value: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with other values by path (`intervals.0.id`); null takes away."""
    made: dict[str, Any] = deepcopy(dict(value))
    for path, item in changes.items():
        *heads, last = (int(part) if part.isdigit() else part for part in path.split("."))
        at: Any = made
        for head in heads:
            at = at[head]
        if item is None:
            del at[last]
        elif isinstance(at, list) and last == len(at):
            at.append(deepcopy(item))
        else:
            at[last] = deepcopy(item)
    return made

"""Building blocks of outgoing IEEE 2030.5 documents: elements, and the members of a report as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from translators.canonical.commands import Protocol, Revision
from translators.errors import MappingError
from translators.ieee2030_5.wire import SEP2, Resource
from translators.rules.book import Book
from translators.rules.facts import Facts
from translators.rules.report import Member
from translators.rules.trace import Translation

_NO_SPACES: Mapping[str, str] = {}


def leaf(name: str, value: object, namespace: str = SEP2) -> Resource:
    """Return an element with text; booleans become `true` and `false`."""
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return Resource(name, namespace, written)


def branch(name: str, *children: Resource, namespace: str = SEP2) -> Resource:
    """Return an element with children."""
    return Resource(name, namespace, children=children)


def tree(name: str, members: Iterable[Member], spaces: Mapping[str, str] = _NO_SPACES) -> Resource:
    """Return an element with these members, in their order; `spaces` are namespaces by name."""
    return branch(name, *_grown([(member.path, member) for member in members], spaces))


def told(
    book: Book,
    revision: Revision,
    document: str,
    facts: Facts,
    spaces: Mapping[str, str] = _NO_SPACES,
) -> Translation[Resource | None]:
    """Return the document that the book's rule makes of facts, None where it has to stay untold."""
    made = members(book, revision, document, facts)
    value = None if made.value is None else tree(document, made.value, spaces)
    return Translation(value, made.steps, made.losses, made.refusals)


def members(
    book: Book, revision: Revision, document: str, facts: Facts
) -> Translation[tuple[Member, ...] | None]:
    """Return the members of a document; `MappingError` where the book has no rule for it."""
    rule = book.report(Protocol.IEEE2030_5, revision, document, facts)
    if rule is None:
        raise MappingError("no rule tells it", where=document, value=revision.value)
    return rule.tell(facts, revision)


def whole[T](translation: Translation[T | None]) -> T:
    """Return what the gateway owes; `MappingError` where its rule leaves it untold."""
    if translation.value is None:
        lost = "; ".join(loss.detail for loss in translation.losses)
        raise MappingError(f"is owed and left untold: {lost}", where="report")
    return translation.value


def _grown(parts: list[tuple[str, Member]], spaces: Mapping[str, str]) -> tuple[Resource, ...]:
    """Return the children that paths below one element make; what shares a head stands together."""
    heads: dict[str, list[tuple[str, Member]]] = {}
    for path, member in parts:
        head, _, rest = path.partition("/")
        heads.setdefault(head, []).append((rest, member))
    return tuple(_child(head, below, spaces) for head, below in heads.items())


def _child(head: str, below: list[tuple[str, Member]], spaces: Mapping[str, str]) -> Resource:
    rest, member = below[0]
    if rest:
        return branch(head, *_grown(below, spaces))
    return leaf(head, member.value, spaces.get(member.namespace, SEP2))

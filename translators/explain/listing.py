"""Documents as rows to be read: each value knows its path, so that steps of a trace find it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any

from translators.errors import DocumentError
from translators.explain.writing import literal
from translators.ieee2030_5.wire import Resource
from translators.ieee2030_5.xml import parse

_SEGMENT = re.compile(r"\[\d+\]|[^/.\[\]]+")
_SHORT = 64

type Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a row; `path` is empty for what is only syntax."""

    text: str
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing, so many levels deep."""

    depth: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A document as rows; `links` are the addresses that it points to, with where they stand."""

    name: str
    rows: tuple[Row, ...]
    links: Mapping[str, Path]


def path_of(text: str) -> Path:
    """Return the segments of `a/b[1]/c` or `a[1].c`; the first of several is the one meant by its name."""
    return tuple(part for part in _SEGMENT.findall(text) if part != "[0]")


def place_of(short: Path, raw: str, known: Mapping[Path, str]) -> Path | None:
    """Return which of the known places (with their texts) a trace calls `short`, None where none is meant.

    The two end alike; of several the one nearest to the top is meant. A trace may name what holds the
    value (a payload, a data object): then it is the one just below that says `raw`. Where a trace begins
    above the text (`event/priority`, a logical node), what follows names one place only.
    """
    for cut in range(len(short)):
        rest = short[cut:]
        found = [whole for whole in known if whole[-len(rest) :] == rest]
        if found and not cut:
            return min(found, key=len)
        below = [
            whole
            for whole, text in known.items()
            if whole[-len(rest) - 1 : -1] == rest and _says(text, raw)
        ]
        found = found or below
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _says(text: str, raw: str) -> bool:
    """Say whether a value's text, quoted or with other digits, is what a trace took."""
    plain = text.strip('"')
    try:
        return plain == raw or Decimal(plain) == Decimal(raw)
    except InvalidOperation:
        return False


def listings(texts: Sequence[Mapping[str, str]]) -> list[Listing]:
    """Return a document and what it links to; a linked one goes on where its link stands."""
    made: list[Listing] = []
    links: dict[str, Path] = {}
    for text in texts:
        listing = listed(text["name"], text["text"], links.get(text["name"]))
        links |= listing.links
        made.append(listing)
    return made


def listed(name: str, text: str, at: Path | None = None) -> Listing:
    """Return the rows of an XML or JSON text, of any other text its lines."""
    if text.lstrip().startswith("<"):
        return _xml(name, text, at)
    try:
        value = json.loads(text, parse_float=Decimal)
    except ValueError:
        return _plain(name, text)
    return Listing(name, tuple(json_rows(value, at or ())), {})


def json_rows(value: Any, at: Path = ()) -> Iterator[Row]:
    """Yield the rows of a JSON value; small objects stand on one."""
    yield from _value_rows(value, at, 0, (), "")


def _plain(name: str, text: str) -> Listing:
    return Listing(name, tuple(Row(0, (Part(line),)) for line in text.splitlines()), {})


def _xml(name: str, text: str, at: Path | None) -> Listing:
    try:
        root = parse(text.encode())
    except DocumentError:
        return _plain(name, text)
    start = (root.name,) if at is None else at
    links = {href: path for href, path in _links(root, start) if href != root.href}
    return Listing(name, tuple(_element_rows(root, start, 0, "")), links)


def _links(resource: Resource, at: Path) -> Iterator[tuple[str, Path]]:
    if resource.href is not None:
        yield resource.href, at
    for child, path in _children(resource, at):
        yield from _links(child, path)


def _children(resource: Resource, at: Path) -> Iterator[tuple[Resource, Path]]:
    """Yield the children with their paths; the second of a name is called `name[1]`."""
    counters: dict[str, count[int]] = {}
    for child in resource.children:
        number = next(counters.setdefault(child.name, count()))
        yield child, (*at, child.name, *([f"[{number}]"] if number else []))


def _element_rows(resource: Resource, at: Path, depth: int, namespace: str) -> Iterator[Row]:
    opening, closing = Part(_opening(resource, namespace)), Part(f"</{resource.name}>")
    if not resource.children:
        empty = Part(opening.text[:-1] + "/>")
        parts = (opening, Part(resource.text, at), closing) if resource.text else (empty,)
        yield Row(depth, parts)
        return
    yield Row(depth, (opening,))
    for child, path in _children(resource, at):
        yield from _element_rows(child, path, depth + 1, resource.namespace)
    yield Row(depth, (closing,))


def _opening(resource: Resource, namespace: str) -> str:
    space = "" if resource.namespace == namespace else f' xmlns="{resource.namespace}"'
    rest = "".join(f' {name}="{value}"' for name, value in resource.attributes.items())
    return f"<{resource.name}{space}{rest}>"


def _value_rows(
    value: Any, at: Path, depth: int, before: tuple[Part, ...], after: str
) -> Iterator[Row]:
    if not (isinstance(value, dict | list) and value):
        yield Row(depth, (*before, Part(literal(value), at), *_end(after)))
        return
    if _fits(value):
        yield Row(depth, (*before, *_inline(value, at), *_end(after)))
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Row(depth, (*before, Part(opening)))
    members = list(_members(value, at))
    for number, (label, item, path) in enumerate(members, 1):
        comma = "," if number < len(members) else ""
        yield from _value_rows(item, path, depth + 1, label, comma)
    yield Row(depth, (Part(closing), *_end(after)))


def _end(after: str) -> tuple[Part, ...]:
    return (Part(after),) if after else ()


def _members(value: Any, at: Path) -> Iterator[tuple[tuple[Part, ...], Any, Path]]:
    """Yield label, value and path of each member of an object or array."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (Part(f'"{key}": '),), item, (*at, *path_of(str(key)))
    else:
        for number, item in enumerate(value):
            yield (), item, (*at, *([f"[{number}]"] if number else []))


def _fits(value: Any) -> bool:
    """Say whether an object or array is small enough for one row."""
    items = value.values() if isinstance(value, dict) else value
    plain = not any(isinstance(item, dict | list) for item in items)
    return plain and sum(len(part.text) for part in _inline(value, ())) <= _SHORT


def _inline(value: Any, at: Path) -> Iterator[Part]:
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield Part(opening)
    for number, (label, item, path) in enumerate(_members(value, at)):
        yield from (*_end(", " if number else ""), *label, Part(literal(item), path))
    yield Part(closing)

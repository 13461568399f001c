"""One item of a list of events as it stands: what tells it from others, and what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b, sha256

import orjson

from gateway.protocols.openadr_http import Json
from gateway.protocols.openadr_problem import Item, parsed
from translators.errors import DocumentError
from translators.openadr.wire import Event, event_of

UNNAMED = "?"
"""How the name begins of an item that has no id that can be read."""
_DATES = frozenset({"createdDateTime", "modificationDateTime"})
_LONGEST_ID = 128
_BYTES = 16
_OLD_DIGEST = 64
"""Length of the digests that were kept by the code before: SHA-256."""
_ANYBODY = Event("", "", "", None, None, "", None, None, None, (), {})


@dataclass(slots=True)
class Read:
    """An item: its id ("" where it says none), when it was made, its program and its content.

    `event` is None while it is not needed: `whole` reads it again. `until` is when it is over for good, None
    where it never is; it `counts` in the `scope` for which that was found last.
    """

    raw: bytes
    id: str
    created: str
    digest: str
    program: str
    address: Event
    """Whom it names, and what else that depends on."""
    value: Json = None
    event: Event | DocumentError | None = None
    until: datetime | None = None
    counts: bool = False
    scope: object = None

    def slim(self) -> None:
        """Forget all but what tells it from others."""
        self.value = self.event = None

    def whole(self) -> Event | DocumentError:
        """Return the event that it is, or what is wrong with it."""
        if self.event is None:
            fresh = reading(Item(self.raw))
            self.value, self.event = fresh.value, fresh.whole()
        return self.event


def reading(item: Item) -> Read:
    """Return what an item is; where it is no event with an id it is named by its bytes."""
    raw = item.raw
    try:
        value = item.value if item.read else parsed(raw)
    except DocumentError as error:
        digest = blake2b(raw, digest_size=_BYTES).hexdigest()
        return Read(raw, f"{UNNAMED}{digest[:16]}", "", digest, "", _ANYBODY, event=error)
    digest = blake2b(_content(value), digest_size=_BYTES).hexdigest()
    told = value if isinstance(value, dict) else {}
    id_ = _text(told.get("id")) or f"{UNNAMED}{digest[:16]}"
    created, program = _text(told.get("createdDateTime")), _text(told.get("programID"))
    try:
        event: Event | DocumentError = event_of(value)
    except DocumentError as error:
        event = error
    return Read(raw, id_, created, digest, program, address_of(value), value, event)


def address_of(value: Json) -> Event:
    """Return an event that names whom this value names, and nothing else: it may be no event itself."""
    told: Mapping[str, Json] = value if isinstance(value, dict) else {}
    if told.get("targets") is None:
        return _ANYBODY
    program, name = _text(told.get("programID")), _text(told.get("eventName"))
    return replace(_ANYBODY, program=program, name=name, raw={"targets": told["targets"]})


def modified(read: Read) -> datetime:
    """Return when an item says that it was changed last."""
    event = read.whole()
    found = event.modified if isinstance(event, Event) else None
    return found or datetime.min.replace(tzinfo=UTC)


def alike(digest: str, read: Read) -> bool:
    """Say whether a digest that was kept is that of an item's content."""
    if len(digest) != _OLD_DIGEST:
        return digest == read.digest
    read.whole()
    text = json.dumps(_undated(read.value), sort_keys=True, default=repr)
    return digest == sha256(text.encode()).hexdigest()


def _content(value: Json) -> bytes:
    """Return the content of an item in one spelling, dates of metadata aside."""
    undated = _undated(value)
    try:
        return orjson.dumps(undated, default=repr, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a number beyond 64 bits, half of a surrogate pair, very deep
        return json.dumps(undated, sort_keys=True, default=repr).encode()


def _undated(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name not in _DATES}


def _text(value: Json) -> str:
    """Return a text that names something, "" where the value cannot."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST_ID:
        return ""
    return value.encode("utf-8", "replace").decode()

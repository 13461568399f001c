"""From a list of events to what changed in it: added, updated, removed; each event judged alone.

An event is told from others by its id and createdDateTime: VTNs give an id to another event after a
restart. It changed where its content did, metadata dates aside, for these come in every form. What cannot
be read is served with the reason, and never hides its neighbours. Only a list that came whole says what is
gone, and where it came in pages, what seems gone is asked for by id first: pages shift under a reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from gateway.protocols.openadr_changes import Change, EventRemoved, EventServed, Held
from gateway.protocols.openadr_http import Json
from gateway.protocols.openadr_problem import parsed
from translators.errors import DocumentError
from translators.openadr.wire import Event, Program, event_of

_DATES = frozenset({"createdDateTime", "modificationDateTime"})
_LONGEST_ID = 128
UNNAMED = "?"
"""How the name begins of an item that has no id that can be read."""


@dataclass(frozen=True, slots=True)
class _Read:
    """An item as it stands: its id ("" where it says none), when it was made, and its content."""

    id: str
    created: str
    digest: str
    program: str
    value: Json
    raw: bytes
    problem: DocumentError | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of an event, also over a restart; `held` is None until it is served again."""

    key: str
    created: str
    digest: str
    received: datetime
    known: bool
    held: Held | None = None
    raw: bytes = b""


class Ledger:
    """The events of one VTN; `kept` is what `document` said in an earlier run."""

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        """Remember what was seen before."""
        self._known: dict[str, _Known] = {}
        self._by_raw: dict[bytes, _Read] = {}
        self.moved = False
        """Whether `document` says something new since it was read last."""
        self.notes: tuple[str, ...] = ()
        """What is odd about the list, for people."""
        for id_, said in (kept or {}).items():
            received = datetime.fromisoformat(said["received"])
            known = bool(said.get("known", False))
            self._known[id_] = _Known(
                said["key"], said.get("created", ""), said["digest"], received, known
            )

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart."""
        self.moved = False
        return {
            id_: {
                "key": known.key,
                "created": known.created,
                "digest": known.digest,
                "received": known.received.isoformat(),
                "known": known.known,
            }
            for id_, known in self._known.items()
        }

    @property
    def held(self) -> list[Held]:
        """Return the events that are served now."""
        return [known.held for known in self._known.values() if known.held is not None]

    def missing(self, items: Iterable[bytes]) -> list[str]:
        """Return the ids of events that are known and not among these items."""
        here = {self._read(item).id for item in items}
        return [id_ for id_ in self._known if id_ not in here]

    def nameless(self, items: Iterable[bytes]) -> bool:
        """Say whether an item has no id that can be read: it may be any of those that are missing."""
        return any(self._read(item).id.startswith(UNNAMED) for item in items)

    def programs(self, items: Iterable[bytes]) -> set[str]:
        """Return the ids of the programs of these items."""
        return {self._read(item).program for item in items} - {""}

    def take(
        self,
        items: Iterable[bytes],
        programs: Mapping[str, Program],
        followed: frozenset[str] | None,
        utc: datetime,
        *,
        whole: bool,
        spared: frozenset[str] = frozenset(),
    ) -> list[Change]:
        """Compare with a list; return what changed. Only a `whole` one removes, `spared` ids never."""
        served, twice = self._once(items)
        changes: list[Change] = []
        mine = {
            id_: read
            for id_, read in served.items()
            if followed is None or not read.program or read.program in followed
        }
        for id_ in list(self._known):
            elsewhere = id_ in served and id_ not in mine
            if elsewhere or (whole and id_ not in served and id_ not in spared):
                changes.append(EventRemoved(self._known.pop(id_).key))
                self.moved = True
        for id_, read in mine.items():
            changes += self._served(id_, read, programs.get(read.program), utc)
        self.notes = tuple(f"event {id_} stands twice in the list, differently" for id_ in twice)
        if whole:
            self._by_raw = {read.raw: read for read in served.values()}
        return changes

    def _once(self, items: Iterable[bytes]) -> tuple[dict[str, _Read], list[str]]:
        """Return each event once: the edition that was changed last, else the one that came last."""
        found: dict[str, _Read] = {}
        twice: list[str] = []
        for item in items:
            read = self._read(item)
            other = found.get(read.id)
            if other is not None and other.digest != read.digest:
                twice.append(read.id)
                if _modified(other) > _modified(read):
                    continue
            found[read.id] = read
        return found, twice

    def _read(self, item: bytes) -> _Read:
        read = self._by_raw.get(item)
        if read is None:
            read = self._by_raw[item] = _reading(item)
        return read

    def _served(
        self, id_: str, read: _Read, program: Program | None, utc: datetime
    ) -> list[Change]:
        """Return what an event that is served is: the same, another edition, or another event."""
        known = self._known.get(id_)
        changes: list[Change] = []
        if known is not None and known.digest != read.digest and _another(known, read):
            changes.append(EventRemoved(known.key))
            known = None
        if known is None:
            known = _Known(_key(read), read.created, read.digest, utc, known=False)
            self.moved = True
        elif known.digest != read.digest:
            known = replace(known, digest=read.digest, known=True, held=None)
            self.moved = True
        elif known.held is not None and known.held.program == program:
            if known.created != read.created:
                self._known[id_] = replace(known, created=read.created)
                self.moved = True
            return changes
        held = Held(
            key=known.key,
            value=read.value,
            raw=read.raw,
            digest=read.digest,
            event=read.problem or _event(read.value),
            program=program,
            received=known.received,
            known=known.known,
        )
        self._known[id_] = replace(known, created=read.created, held=held)
        return [*changes, EventServed(held)]


def _reading(item: bytes) -> _Read:
    """Return what an item is; where it is no event with an id it is named by its bytes."""
    try:
        value = parsed(item)
    except DocumentError as error:
        digest = sha256(item).hexdigest()
        return _Read(f"{UNNAMED}{digest[:16]}", "", digest, "", None, item, error)
    text = json.dumps(_content(value), sort_keys=True, default=repr)
    digest = sha256(text.encode()).hexdigest()
    told = value if isinstance(value, dict) else {}
    id_ = _text(told.get("id")) or f"{UNNAMED}{digest[:16]}"
    created, program = _text(told.get("createdDateTime")), _text(told.get("programID"))
    return _Read(id_, created, digest, program, value, item)


def _content(value: Json) -> Json:
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


def _event(value: Json) -> Event | DocumentError:
    try:
        return event_of(value)
    except DocumentError as error:
        return error


def _another(known: _Known, read: _Read) -> bool:
    """Say whether a changed event is not the one that had its id: it was made at another time."""
    return bool(known.created and read.created) and known.created != read.created


def _key(read: _Read) -> str:
    return f"{read.id}/{read.created}" if read.created else read.id


def _modified(read: _Read) -> datetime:
    event = _event(read.value)
    found = event.modified if isinstance(event, Event) else None
    return found or datetime.min.replace(tzinfo=UTC)

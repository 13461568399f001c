"""From a list of events to what changed in it: added, updated, removed; each event judged alone.

An event is told from others by its id and createdDateTime: VTNs give an id to another event after a
restart. It changed where its content did, metadata dates aside, for these come in every form. What cannot
be read is served with the reason, and never hides its neighbours. Only a list that came whole says what is
gone, and where it came in pages, what seems gone is asked for by id first: pages shift under a reader.

What VTNs may leave unfiltered is filtered here: events of programs that are not followed, events for
others, and those that ended a day ago. Of the last it is still remembered that they were seen, for an
event that is known and becomes year 1 without length is taken back, and one that is new holds (user guide
8.10.2). However much a VTN lists, what is kept of it is bounded: what is known goes on, the rest is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.protocols.openadr_changes import Change, EventRemoved, EventServed, Held
from gateway.protocols.openadr_problem import Item
from gateway.protocols.openadr_reading import UNNAMED, Read, alike, modified, reading
from translators.canonical.commands import Revision
from translators.errors import DocumentError
from translators.openadr.addressing import Audience
from translators.openadr.intervals import Clock, timeless
from translators.openadr.lifetime import begins_after, lifetime
from translators.openadr.wire import Event, Program

AFTER = timedelta(days=1)
"""How long an event is served beyond its end: late measurements may still be reported on it."""
MOST = 20_000
"""How many events are remembered at most."""
MOST_BYTES = 16 << 20
"""How long the events that are served may be in all, as they came."""
_MOST_NOTES = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events of a list count: of which programs (None for all), for whom, and how they are read."""

    programs: Mapping[str, Program]
    followed: frozenset[str] | None
    audience: Audience
    revision: Revision

    def has(self, read: Read) -> bool:
        """Say whether an item is to be followed; one that does not say its program may be any."""
        if self.followed is not None and read.program and read.program not in self.followed:
            return False
        if not self.audience.addressees:
            return True
        return bool(self.audience.addressed(read.address, self.programs.get(read.program)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of an event, also over a restart; `held` is None while it is not served.

    `until` is when it is served no more; None where it never ends, and as long as it is not listed.
    """

    key: str
    created: str
    digest: str
    received: datetime
    known: bool
    held: Held | None = None
    until: datetime | None = None
    timeless: bool = False
    """Whether the edition served last had no time (User Guide 8.10.2): a change takes nothing back."""


class Ledger:
    """The events of one VTN; `kept` is what `document` said in an earlier run."""

    def __init__(
        self, kept: Mapping[str, Any] | None = None, most: int = MOST, most_bytes: int = MOST_BYTES
    ) -> None:
        """Remember what was seen before."""
        self._most, self._most_bytes = most, most_bytes
        self._known: dict[str, _Known] = {}
        self._by_raw: dict[bytes, Read] = {}
        self._weight = 0
        """How long the items are in all that are kept as events."""
        self._next: datetime | None = None
        """When the first of those that are served is served no more."""
        self.moved = False
        """Whether `document` says something new since it was read last."""
        self.notes: tuple[str, ...] = ()
        """What is odd about the list, for people."""
        for id_, said in (kept or {}).items():
            created, received = said.get("created", ""), datetime.fromisoformat(said["received"])
            key = said.get("key") or _key(id_, created)
            known, without = bool(said.get("known", False)), bool(said.get("timeless", False))
            self._known[id_] = _Known(
                key, created, said["digest"], received, known, timeless=without
            )

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart: of each event which one it is, and since when."""
        self.moved = False
        return {id_: _kept(id_, known) for id_, known in self._known.items()}

    @property
    def held(self) -> list[Held]:
        """Return the events that are served now."""
        return [known.held for known in self._known.values() if known.held is not None]

    def due(self, utc: datetime) -> bool:
        """Say whether a list that did not change changes something: an event is served no more."""
        return self._next is not None and self._next <= utc

    def note(self, item: Item, scope: Scope, utc: datetime) -> None:
        """Read an item as soon as it came; where it does not count only its name is kept."""
        if item.raw in self._by_raw:
            return
        read = self._by_raw[item.raw] = reading(item)
        self._weight += len(item.raw)
        if isinstance(read.event, Event):
            known = self._known.get(read.id)
            if known is not None and _another(known, read):
                known = None
            received = utc if known is None else known.received
            end = lifetime(read.event, Clock(scope.revision, received, known=known is not None))
            read.until = None if end is None else _later(end)
        over = read.until is not None and read.until <= utc
        if over or not self._counts(read, scope) or self._weight > self._most_bytes:
            self._slim(read)

    def missing(self, items: Iterable[bytes], utc: datetime, *, running: bool = False) -> list[str]:
        """Return the ids of events that are known and not among these items.

        Where only what is `running` or to come was asked for, what is over is not missed.
        """
        here = {self._by_raw[item].id for item in items}
        return [
            id_
            for id_, known in self._known.items()
            if id_ not in here and not (running and _ended(known, utc))
        ]

    def tells(self, utc: datetime) -> bool:
        """Say whether some of the events are over and some are to come."""
        over = any(_over(known, utc) for known in self._known.values())
        return over and any(_to_come(known.held, utc) for known in self._known.values())

    def only_running(self, items: Iterable[bytes], utc: datetime) -> bool:
        """Say whether a list holds every known event that has not ended, and none that is over."""
        here = {self._by_raw[item].id for item in items}
        return all(
            not _over(known, utc) if id_ in here else _ended(known, utc)
            for id_, known in self._known.items()
        )

    def nameless(self, items: Iterable[bytes]) -> bool:
        """Say whether an item has no id that can be read: it may be any of those that are missing."""
        return any(self._by_raw[item].id.startswith(UNNAMED) for item in items)

    def programs(self, items: Iterable[bytes]) -> set[str]:
        """Return the ids of the programs of these items."""
        return {self._by_raw[item].program for item in items} - {""}

    def take(
        self, items: Iterable[bytes], scope: Scope, utc: datetime, *, gone: Iterable[str] = ()
    ) -> list[Change]:
        """Compare with a list, each item of it noted before; return what changed.

        Of what is not on it only these are `gone`.
        """
        served, twice = self._once(items)
        mine = {id_: read for id_, read in served.items() if self._counts(read, scope)}
        changes: list[Change] = []
        for id_ in [*gone, *(id_ for id_ in served if id_ not in mine)]:
            known = self._known.pop(id_, None)
            self.moved |= known is not None
            if known is not None and not _over(known, utc):
                changes.append(EventRemoved(known.key))
        left, over = 0, (id_ for id_ in list(self._known) if _over(self._known[id_], utc))
        for id_, read in sorted(mine.items(), key=lambda it: it[0] not in self._known):
            if id_ in self._known or self._room(read, over, utc):
                changes += self._served(id_, read, scope, utc)
            else:
                left += read.until is None or read.until > utc
        changes += self._swept(utc)
        ends = [it.until for it in self._known.values() if it.held and it.until is not None]
        self._next = min(ends, default=None)
        self.notes = tuple(_notes(twice, left))
        return changes

    def _swept(self, utc: datetime) -> list[Change]:
        """Return what is served no more though it is not listed: it ended while only others were."""
        over = [id_ for id_, it in self._known.items() if it.held is not None and _over(it, utc)]
        for id_ in over:
            self._known[id_] = replace(self._known[id_], held=None)
        return [EventRemoved(self._known[id_].key) for id_ in over]

    def forget_others(self, items: Iterable[bytes]) -> None:
        """Keep what was read of these items alone."""
        self._by_raw = {item: self._by_raw[item] for item in items}
        self._weight = sum(len(it.raw) for it in self._by_raw.values() if it.event is not None)

    def _counts(self, read: Read, scope: Scope) -> bool:
        """Say whether an item is to be followed; what was found is noted at it."""
        if read.scope is not scope:
            read.counts, read.scope = scope.has(read), scope
        return read.counts

    def _slim(self, read: Read) -> None:
        if read.event is not None:
            self._weight -= len(read.raw)
            read.slim()

    def _whole(self, read: Read) -> Event | DocumentError:
        if read.event is None:
            self._weight += len(read.raw)
        return read.whole()

    def _room(self, read: Read, over: Iterator[str], utc: datetime) -> bool:
        """Say whether one more event may be known; those that are `over` make room."""
        passed = read.until is not None and read.until <= utc
        if not passed and read.event is None and self._weight + len(read.raw) > self._most_bytes:
            return False
        if len(self._known) < self._most:
            return True
        old = None if passed else next(over, None)
        return old is not None and self._known.pop(old, None) is not None

    def _once(self, items: Iterable[bytes]) -> tuple[dict[str, Read], list[str]]:
        """Return each event once: the edition that was changed last, else the one that came last."""
        found: dict[str, Read] = {}
        twice: list[str] = []
        for item in items:
            read = self._by_raw[item]
            other = found.get(read.id)
            if other is not None and other.digest != read.digest:
                twice.append(read.id)
                if modified(other) > modified(read):
                    continue
            found[read.id] = read
        return found, twice

    def _served(self, id_: str, read: Read, scope: Scope, utc: datetime) -> list[Change]:
        """Return what an event that is listed is: the same, another edition, or another event."""
        known, program = self._known.get(id_), scope.programs.get(read.program)
        before = None if known is None else known.held
        changes: list[Change] = []
        same = known is not None and alike(known.digest, read)
        if known is not None and _another(known, read):
            changes.append(EventRemoved(known.key))
            known = before = None
        if known is None:
            known = _Known(_key(id_, read.created), read.created, read.digest, utc, known=False)
            self.moved = True
        elif not same:
            timed = not known.timeless
            known = replace(known, digest=read.digest, known=known.known or timed, held=None)
            self.moved = True
        self.moved |= known.created != read.created
        known = replace(known, created=read.created, until=read.until)
        if _over(known, utc):
            if before is not None:
                changes.append(EventRemoved(known.key))
            self._known[id_] = replace(known, held=None)
            self._slim(read)
            return changes
        if known.held is None or known.held.program != program:
            event = self._whole(read)
            held = _held(known, read, event, program)
            without = isinstance(event, Event) and timeless(event)
            known = replace(known, held=held, timeless=without)
            changes.append(EventServed(held))
        self._known[id_] = known
        return changes


def _held(known: _Known, read: Read, event: Event | DocumentError, program: Program | None) -> Held:
    return Held(
        key=known.key,
        value=read.value,
        raw=read.raw,
        digest=known.digest,
        event=event,
        program=program,
        received=known.received,
        known=known.known,
    )


def _kept(id_: str, known: _Known) -> dict[str, Any]:
    """Return what is kept of an event; what follows from the rest is left out."""
    told: dict[str, Any] = {"digest": known.digest, "received": known.received.isoformat()}
    if known.created:
        told["created"] = known.created
    if known.key != _key(id_, known.created):
        told["key"] = known.key
    if known.known:
        told["known"] = True
    if known.timeless:
        told["timeless"] = True
    return told


def _notes(twice: list[str], left: int) -> Iterator[str]:
    for id_ in twice[:_MOST_NOTES]:
        yield f"event {id_} stands twice in the list, differently"
    if left:
        yield f"{left} more events than can be followed are left out"


def _later(end: datetime) -> datetime | None:
    try:
        return end + AFTER
    except OverflowError:
        return None


def _over(known: _Known, utc: datetime) -> bool:
    return known.until is not None and known.until <= utc


def _ended(known: _Known, utc: datetime) -> bool:
    return known.until is not None and known.until - AFTER <= utc


def _to_come(held: Held | None, utc: datetime) -> bool:
    return held is not None and isinstance(held.event, Event) and begins_after(held.event, utc)


def _another(known: _Known, read: Read) -> bool:
    """Say whether a changed event is not the one that had its id: it was made at another time."""
    another = bool(known.created and read.created) and known.created != read.created
    return another and not alike(known.digest, read)


def _key(id_: str, created: str) -> str:
    return f"{id_}/{created}" if created else id_

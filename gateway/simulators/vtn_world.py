"""What a simulated VTN keeps (programs, events, vens, resources, reports), and how it is moved."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.simulators.vtn_options import Options
from gateway.simulators.vtn_quirks import Quirk

type Body = dict[str, Any]
"""A JSON object as it stands on the wire."""


class Kind(StrEnum):
    """objectTypes."""

    PROGRAM = "PROGRAM"
    EVENT = "EVENT"
    REPORT = "REPORT"
    SUBSCRIPTION = "SUBSCRIPTION"
    VEN = "VEN"
    RESOURCE = "RESOURCE"


class Verb(StrEnum):
    """What happened to an object."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(slots=True)
class Entry:
    """A stored object: its members without metadata, and who made it (empty: the utility itself)."""

    kind: Kind
    id: str
    body: Body
    client: str
    created: float
    modified: float | None = None
    author: str = ""
    """Who wrote it last."""
    edition: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """A change of a stored object, told to those who listen."""

    verb: Verb
    entry: Entry


@dataclass(slots=True)
class World:
    """The state of the VTN and the moves of a script; members of objects are given as on the wire."""

    options: Options = field(default_factory=Options)
    clock: Callable[[], float] = time.time
    time_offset_s: float = 0.0
    """What the VTN's clock is ahead of `clock`."""
    listeners: list[Callable[[Operation], None]] = field(default_factory=list)
    _entries: dict[Kind, dict[str, Entry]] = field(default_factory=dict)
    _numbers: dict[Kind, int] = field(default_factory=dict)

    def now(self) -> float:
        """Return the VTN's time in seconds since 1970."""
        return self.clock() + self.time_offset_s

    def add_program(self, name: str, **members: Any) -> str:
        """Create a program and return its id."""
        return self.create(Kind.PROGRAM, {"programName": name, **members}).id

    def add_event(self, program: str, **members: Any) -> str:
        """Create an event of `program` (id or name) and return its id; nothing is checked."""
        return self.create(Kind.EVENT, {"programID": self.program(program).id, **members}).id

    def change_event(self, event: str, **members: Any) -> None:
        """Replace `members` of an event; None takes one away."""
        self._change(self.entry(Kind.EVENT, event), members)

    def delete_event(self, event: str) -> None:
        """Delete an event: that is how it is cancelled."""
        self.remove(self.entry(Kind.EVENT, event))

    def change_program(self, program: str, **members: Any) -> None:
        """Replace `members` of a program (id or name); None takes one away."""
        self._change(self.program(program), members)

    def delete_program(self, program: str) -> None:
        """Delete a program (id or name) with its events."""
        self.remove(self.program(program))

    def add_ven(self, name: str, client: str = "ven_client", **members: Any) -> str:
        """Create the ven of a client and return its id."""
        return self.create(Kind.VEN, {"venName": name, **members}, client).id

    def add_resource(self, ven: str, name: str, **members: Any) -> str:
        """Create a resource of `ven` (id or name) and return its id."""
        owner = self.ven(ven)
        body = {"resourceName": name, "venID": owner.id, **members}
        return self.create(Kind.RESOURCE, body, owner.client).id

    def grant(self, ven: str, *targets: Any, resource: str = "") -> None:
        """Write the targets of a ven (id or name), or of its resource of that name."""
        entry = self.ven(ven)
        if resource:
            owned = [item for item in self.resources_of(entry.id) if named(item) == resource]
            if not owned:
                raise KeyError(resource)
            entry = owned[0]
        self._change(entry, {"targets": list(targets)})

    def program(self, name: str) -> Entry:
        """Return a program by id or name; KeyError when there is none."""
        return self._known(Kind.PROGRAM, name)

    def ven(self, name: str) -> Entry:
        """Return a ven by id or name; KeyError when there is none."""
        return self._known(Kind.VEN, name)

    def resources_of(self, ven: str) -> list[Entry]:
        """Return the resources of the ven with this id."""
        return [item for item in self.entries(Kind.RESOURCE) if item.body.get("venID") == ven]

    def entries(self, kind: Kind) -> list[Entry]:
        """Return every stored object of a kind, oldest first."""
        return list(self._entries.get(kind, {}).values())

    def find(self, kind: Kind, identity: str) -> Entry | None:
        """Return an object by its id."""
        return self._entries.get(kind, {}).get(identity)

    def entry(self, kind: Kind, identity: str) -> Entry:
        """Return an object by its id; KeyError when there is none."""
        return self._entries.get(kind, {})[identity]

    def create(self, kind: Kind, body: Body, client: str = "") -> Entry:
        """Store a new object and tell those who listen."""
        kept = {key: copy.deepcopy(value) for key, value in body.items() if key not in METADATA}
        entry = Entry(kind, self._identity(kind), kept, client, self.now(), author=client)
        self._entries.setdefault(kind, {})[entry.id] = entry
        self._tell(Verb.CREATE, entry)
        return entry

    def replace(self, entry: Entry, body: Body, author: str = "") -> None:
        """Give an object other members, all of them."""
        entry.body = {key: copy.deepcopy(v) for key, v in body.items() if key not in METADATA}
        entry.modified, entry.author = self.now(), author
        entry.edition += 1
        self._tell(Verb.UPDATE, entry)

    def remove(self, entry: Entry) -> None:
        """Delete an object and what hangs on it."""
        del self._entries[entry.kind][entry.id]
        for hanging in self._hanging(entry):
            self.remove(hanging)
        self._tell(Verb.DELETE, entry)

    def forget(self, *kinds: Kind) -> None:
        """Lose every object (of these kinds) without a word, as some VTNs do over a restart."""
        for kind in kinds or Kind:
            self._entries.pop(kind, None)
            if self.options.has(Quirk.REUSED_IDS):
                self._numbers.pop(kind, None)

    def _change(self, entry: Entry, members: Body) -> None:
        changed = {**entry.body, **members}
        self.replace(entry, {key: value for key, value in changed.items() if value is not None})

    def _known(self, kind: Kind, name: str) -> Entry:
        found = self.find(kind, name)
        if found is not None:
            return found
        for item in self.entries(kind):
            if named(item) == name:
                return item
        raise KeyError(name)

    def _hanging(self, entry: Entry) -> Iterator[Entry]:
        if entry.kind is Kind.VEN:
            yield from self.resources_of(entry.id)
        if entry.kind is Kind.PROGRAM and not self.options.has(Quirk.ORPHAN_EVENTS):
            events = self.entries(Kind.EVENT)
            yield from (item for item in events if item.body.get("programID") == entry.id)

    def _identity(self, kind: Kind) -> str:
        number = self._numbers.get(kind, 0)
        self._numbers[kind] = number + 1
        return str(number) if self.options.has(Quirk.REUSED_IDS) else f"{kind.lower()}-{number}"

    def _tell(self, verb: Verb, entry: Entry) -> None:
        for listener in self.listeners:
            listener(Operation(verb, entry))


METADATA = frozenset({"id", "createdDateTime", "modificationDateTime", "objectType", "clientID"})
"""Members that the VTN gives."""

NAMES = {Kind.PROGRAM: "programName", Kind.VEN: "venName", Kind.RESOURCE: "resourceName"}
"""Members that name an object, for people and over restarts."""


def named(entry: Entry) -> str:
    """Return the name of a program, ven or resource."""
    return str(entry.body.get(NAMES[entry.kind], ""))

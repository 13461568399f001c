"""What a VEN learned: each change as a value, in the order in which it was noticed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from translators.canonical.commands import Revision
from translators.errors import DocumentError
from translators.openadr.wire import Event, Program


@dataclass(frozen=True, slots=True)
class Held:
    """An event as it is served now.

    `key` names it for ever, also where the VTN gives its id to another one after a restart. `received` is
    when it was first seen, by our clock; `known` says that an edition of it was held before this one.
    `event` is what is wrong with it where it cannot be read. `digest` is that of its content.
    """

    key: str
    value: Any
    raw: bytes
    digest: str
    event: Event | DocumentError
    program: Program | None
    received: datetime
    known: bool = False


@dataclass(frozen=True, slots=True)
class EventServed:
    """An event is new, or is not what it was."""

    held: Held


@dataclass(frozen=True, slots=True)
class EventRemoved:
    """An event is served no more: that is how OpenADR 3 cancels (user guide 7.9)."""

    key: str


@dataclass(frozen=True, slots=True)
class VtnHeard:
    """A whole list of events came, by a clock that is near ours; `poll_s` until the next is asked for."""

    poll_s: float


@dataclass(frozen=True, slots=True)
class VtnState:
    """The VTN became reachable, or is not any more; `problem` says why, for people."""

    up: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RevisionFound:
    """The VTN speaks this edition."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class SessionKept:
    """What a part of the session wants to find again after a restart, as JSON values."""

    part: str
    document: dict[str, Any]


type Change = EventServed | EventRemoved | VtnHeard | VtnState | RevisionFound | SessionKept

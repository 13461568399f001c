"""What became of commands, as their VTN is told: OPERATING_STATE of one resource, for the event.

OpenADR 3 has neither acknowledgement nor opt-out (3.1 Definition, OPERATING_STATE). So an outcome is told
where the event asks for that report, and where a command is not followed, asked for or not. Each answer is a
report of its own; one that is there is never replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

from gateway.protocols.openadr_changes import Held
from gateway.protocols.openadr_filing import Fate
from gateway.protocols.openadr_http import Json
from gateway.protocols.openadr_scene import Outgoing, Scene
from translators.canonical.telemetry import ControlOutcome
from translators.openadr.outbound import Slot, report
from translators.openadr.requests import ReportRequest
from translators.openadr.wire import Event
from translators.rules.facts import status

STATE = "OPERATING_STATE"
AMISS = frozenset(
    {
        ControlOutcome.OPTED_OUT,
        ControlOutcome.COMPLETED_OPTED_OUT,
        ControlOutcome.OVERRULED,
        ControlOutcome.NOT_SUPPORTED,
        ControlOutcome.NOT_APPLICABLE,
        ControlOutcome.INVALID,
        ControlOutcome.LATE,
    }
)
"""Outcomes of a command that is not followed."""
_MOST_NOTES = 10_000


class Need(Enum):
    """Whether an answer is told."""

    TOLD = "it is filed, and then `Delivered`"
    NOTHING = "nobody asked, or the event is gone"
    UNKNOWN = "the events have not been read yet"


@dataclass(frozen=True, slots=True)
class Owed:
    """An outcome that a VTN may want to know; `key` is unique and stable, `event` the VTN's id of it.

    `mrid` names the command: it begins with utility, id and createdDateTime of the event.
    """

    key: str
    subject: str
    event: str
    mrid: str
    outcome: ControlOutcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of an answer; where it is not `final` it may be owed again."""

    key: str
    accepted: bool
    problem: str = ""
    final: bool = True


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An answer to file, on the event by this key; somebody `asked` for what becomes of it."""

    event: str
    owed: Owed
    asked: bool


class Answers:
    """The answers that are to be filed; `kept` names those of earlier runs that nobody asks for again."""

    def __init__(self, scene: Scene, kept: list[str]) -> None:
        """Owe nothing."""
        self._scene = scene
        self._waiting: dict[str, _Waiting] = {}
        self._noted: dict[str, None] = dict.fromkeys(kept)
        self._tried: set[str] = set()
        """Answers that were sent, and may have come."""
        self.moved = False
        """Whether `document` says something new since it was read last."""
        self.delivered: list[Delivered] = []
        """What became of answers that somebody asked for, until it is taken from here."""

    @property
    def waiting(self) -> bool:
        """Say whether any answer is owed."""
        return bool(self._waiting)

    def document(self) -> list[Any]:
        """Return what must be known after a restart."""
        self.moved = False
        return list(self._noted)

    def owe(self, owed: Owed) -> Need:
        """File an answer, where its event wants it or it says that a command is not followed."""
        held = self._event(owed)
        if held is None:
            return Need.UNKNOWN if self._scene.since is None else Need.NOTHING
        if owed.outcome not in AMISS and not self._asked(held, owed.subject):
            return Need.NOTHING
        self._waiting[owed.key] = _Waiting(held.key, owed, asked=True)
        return Need.TOLD

    def note(self, held: Held, subject: str, outcome: ControlOutcome) -> None:
        """File once that an event is not followed, of which no command ever came."""
        key = f"{held.key}/{held.digest[:16]}/{subject}/{outcome}"
        if key not in self._noted:
            owed = Owed(key, subject, "", "", outcome, held.received)
            self._waiting[key] = _Waiting(held.key, owed, asked=False)

    def forget(self, event: str) -> None:
        """Owe nothing on an event that is served no more: a VTN takes no report on it."""
        for waiting in [it for it in self._waiting.values() if it.event == event]:
            self._end(waiting, Delivered(waiting.owed.key, accepted=True))

    def next(self) -> Outgoing | None:
        """Return the answer to file now, None where none is owed."""
        for waiting in list(self._waiting.values()):
            body = self._body(waiting)
            if body is not None:
                key = waiting.owed.key
                fresh = self._scene.later(waiting.owed.at) and key not in self._tried
                return Outgoing(key, waiting.event, body, updates=False, fresh=fresh)
            problem = "no rule tells OPERATING_STATE, or the event has no id to name it by"
            self._end(waiting, Delivered(waiting.owed.key, accepted=False, problem=problem))
        return None

    def done(self, key: str, fate: Fate, problem: str) -> None:
        """Take what became of an answer; one that is not filed yet stands behind the others."""
        waiting = self._waiting.get(key)
        if waiting is None:
            return
        final = fate is not Fate.LATER
        (self._tried.discard if final else self._tried.add)(key)
        self._end(waiting, Delivered(key, fate is Fate.FILED, problem, final))
        if not (final or waiting.asked):
            self._waiting[key] = waiting

    def _end(self, waiting: _Waiting, delivered: Delivered) -> None:
        del self._waiting[waiting.owed.key]
        if waiting.asked:
            self.delivered.append(delivered)
        elif delivered.final:
            self._noted[waiting.owed.key] = None
            self.moved = True
            while len(self._noted) > _MOST_NOTES:
                del self._noted[next(iter(self._noted))]

    def _body(self, waiting: _Waiting) -> Json | None:
        scene, owed = self._scene, waiting.owed
        held = scene.events[waiting.event]
        resource = scene.resource(owed.subject)
        wanted = scene.wanted(held, STATE, resource, _name(held, owed, resource))
        if wanted is None or scene.revision is None:
            return None
        facts = status(scene.state(owed.subject, owed.at), owed.outcome)
        slot = Slot(owed.at, timedelta(0), facts)
        return report(scene.book, scene.revision, wanted, [slot]).value

    def _asked(self, held: Held, subject: str) -> bool:
        """Say whether an event asks for the state of a subject."""
        return any(
            isinstance(request, ReportRequest)
            and request.payload == STATE
            and subject in self._scene.asked(held.key, request)
            for request in self._scene.requests(held)
        )

    def _event(self, owed: Owed) -> Held | None:
        """Return the event that a command came by, None where it is served no more.

        VTNs give an id to another event after a restart: what the mRID says of its creation counts too.
        """
        for held in self._scene.events.values():
            if isinstance(held.event, Event) and held.event.id == owed.event:
                names = {held.key, f"{held.event.id}/{held.event.created_text}".rstrip("/")}
                utility = self._scene.access.utility
                if any(_begins(owed.mrid, f"{utility}/{name}") for name in names):
                    return held
        return None


def _name(held: Held, owed: Owed, resource: str) -> str:
    """Return the reportName of an answer, the same whenever it is told; at most 128 characters."""
    digest = sha256(repr((held.key, owed.key)).encode()).hexdigest()[:16]
    return f"{STATE}/{resource[:40]}/{owed.at:%Y%m%dT%H%M%SZ}/{digest}"


def _begins(mrid: str, name: str) -> bool:
    return mrid == name or (mrid.startswith(name) and mrid[len(name)] in "/#~")

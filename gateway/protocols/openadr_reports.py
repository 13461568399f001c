"""What a VTN is to be told, and when, without I/O: answers to its events, and the reports that they ask for.

Theory of operation. Events, samples and states of stations come in. `due(now, utc)` names the next request,
`answered` takes what came of it; one request is under way at a time. Every report has a name that no restart
changes, and is looked up by it before it is sent (`openadr_filing`): a lost answer files nothing twice.
Random numbers in [0, 1) and all times come in: monotonic seconds, and UTC by our clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_answers import Answers, Delivered, Need, Owed
from gateway.protocols.openadr_changes import Held, SessionKept
from gateway.protocols.openadr_duties import Duties
from gateway.protocols.openadr_filing import Fate, Filing, Shelf
from gateway.protocols.openadr_http import Answer, Request
from gateway.protocols.openadr_problem import retry_after_s
from gateway.protocols.openadr_scene import Outgoing, Scene
from gateway.protocols.pacing import backoff
from translators.canonical.capability import StationProfile
from translators.canonical.commands import Revision
from translators.canonical.status import StationStatus
from translators.canonical.telemetry import ControlOutcome, Sample
from translators.rules.book import Book

PART = "reports"
"""The part of the session that this is."""
_MOVED_S, _COUNTED_S = 2.0, 60.0
"""How often it is kept which reports there are, and what was measured."""
_EACH_S = 0.001
"""How much longer each report lets it wait: all are written at once."""


@dataclass(slots=True)
class _Going:
    """The report that is under way."""

    outgoing: Outgoing
    filing: Filing


class Reporter:
    """What one VEN reports; `kept` is the document of its last `SessionKept` of the part `reports`."""

    def __init__(
        self, access: VenAccess, book: Book, kept: Mapping[str, Any] | None = None
    ) -> None:
        """Know no event yet."""
        kept = kept or {}
        names = {one.subject: one.name for one in access.resources}
        self._scene = Scene(access, book, access.revision, names=names)
        self._answers = Answers(self._scene, kept.get("noted", []))
        self._duties = Duties(self._scene, kept)
        self._shelves: dict[str, Shelf] = {}
        self._going: _Going | None = None
        self._failures, self._barred = 0, 0.0
        self._kept_at = -_COUNTED_S
        self.problem = ""
        """Why what is due waits, for people; empty where nothing does."""

    def use(self, book: Book) -> None:
        """Write by other mapping rules from now on."""
        self._scene.book = book

    def speaks(self, revision: Revision, utc: datetime) -> None:
        """Know the edition of the VTN: nothing is filed before."""
        if self._scene.revision is not revision:
            self._scene.revision = revision
            for held in self._scene.events.values():
                self._duties.served(held, utc)

    def served(self, held: Held, subjects: frozenset[str], utc: datetime) -> None:
        """Know an event, or another edition of it, and the stations and sites that it addresses."""
        self._scene.events[held.key] = held
        self._scene.subjects[held.key] = subjects
        self._duties.served(held, utc)

    def removed(self, key: str) -> None:
        """Report nothing more on an event that is served no more."""
        self._scene.forget(key)
        self._shelves.pop(key, None)
        if self._going is not None and self._going.outgoing.event == key:
            self._going = None
        self._answers.forget(key)
        self._duties.removed(key)

    def listed(self, utc: datetime) -> None:
        """Know that every event that is served now was handed on: what is not known is gone."""
        self._scene.since = self._scene.since or utc
        self._duties.listed()

    def described(
        self,
        subject: str,
        state: StationStatus,
        profile: StationProfile | None,
        sessions: frozenset[int] | None,
        utc: datetime,
    ) -> None:
        """Know what a station or site does and can, and at which EVSEs a transaction runs."""
        station = self._scene.station(subject)
        station.state, station.sessions = state, sessions
        station.since = station.since or utc
        station.profile = profile or station.profile
        self._duties.described(subject, utc)

    def measured(self, subject: str, samples: tuple[Sample, ...], utc: datetime) -> None:
        """Take samples of a station or site into the intervals that are reported on."""
        self._duties.measured(subject, samples, utc)

    def owe(self, owed: Owed) -> Need:
        """File what became of a command, where that is to be told."""
        return self._answers.owe(owed)

    def refused(self, key: str, subject: str, outcome: ControlOutcome) -> None:
        """File that an event, or a part of it, is not followed, of which no command ever came."""
        held = self._scene.events.get(key)
        if held is not None:
            self._answers.note(held, subject, outcome)

    def due(self, now: float, utc: datetime) -> Request | None:
        """Return the request that is due, None where none is."""
        self._duties.pass_to(utc)
        if self._scene.revision is None or now < self._barred:
            return None
        while self._going is not None or self._begin(utc):
            request = self._going.filing.request() if self._going is not None else None
            if request is not None:
                return request
            self._end(None, utc)
        return None

    def wake_at(self, now: float, utc: datetime) -> float | None:
        """Return when something may be due (monotonic seconds), None where an event alone changes that."""
        if self._scene.revision is None:
            return None
        if self._going is not None or self._answers.waiting:
            return max(now, self._barred)
        at = self._duties.wake_at()
        return None if at is None else max(self._barred, now + (at - utc).total_seconds())

    def answered(self, answer: Answer, now: float, utc: datetime, draw: float) -> None:
        """Take what came of the request that was due. `draw` in [0, 1) spreads the next try."""
        going = self._going
        if going is None:  # its event was taken back meanwhile
            return
        fate = going.filing.answered(answer)
        if fate is Fate.ASKING:
            return
        if fate is Fate.LATER:
            self._failures += 1
            asked = retry_after_s(answer, utc)
            pause = backoff(self._scene.access.poll_s, self._failures, draw)
            self._barred = now + (pause if asked is None else asked)
            self.problem = going.filing.problem
        else:
            self._failures, self.problem = 0, ""
        self._end(fate, utc)

    def delivered(self) -> list[Delivered]:
        """Return what became of answers since this was asked last."""
        found, self._answers.delivered = self._answers.delivered, []
        return found

    def notes(self) -> list[str]:
        """Return for people what is not reported and why, since this was asked last."""
        found, self._duties.notes = self._duties.notes, []
        return found

    def kept(self, now: float, *, final: bool = False) -> SessionKept | None:
        """Return what has to be kept for the next run, None where nothing is new (yet, unless it is `final`).

        What is not kept in time is looked up at the VTN: that is why it may wait.
        """
        moved = self._answers.moved or self._duties.moved
        pause = _MOVED_S + self._duties.count * _EACH_S if moved else _COUNTED_S
        pause = 0.0 if final else pause
        if not (moved or self._duties.counted) or now < self._kept_at + pause:
            return None
        self._kept_at = now
        return SessionKept(PART, {"noted": self._answers.document(), **self._duties.document()})

    def _begin(self, utc: datetime) -> bool:
        """Take up the next report; say whether there is one."""
        outgoing = self._answers.next() or self._duties.next(utc)
        if outgoing is None:
            return False
        shelf = self._shelves.get(outgoing.event)
        if shelf is None:
            shelf = Shelf(outgoing.body["eventID"], outgoing.body["clientName"])
            self._shelves[outgoing.event] = shelf
        filing = Filing(outgoing.body, shelf, updates=outgoing.updates, fresh=outgoing.fresh)
        self._going = _Going(outgoing, filing)
        return True

    def _end(self, fate: Fate | None, utc: datetime) -> None:
        """Put down the report that is under way."""
        going, self._going = self._going, None
        if going is not None:
            filing, key = going.filing, going.outgoing.key
            self._answers.done(key, fate or filing.fate, filing.problem)
            self._duties.done(key, fate or filing.fate, filing, utc)

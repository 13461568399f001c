"""What reports are made of: the events that ask, the stations that are told of, and the rules that tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_changes import Held
from gateway.protocols.openadr_http import Json
from gateway.protocols.openadr_spans import Subject
from translators.canonical.commands import Revision
from translators.canonical.status import StationStatus
from translators.errors import DocumentError
from translators.openadr.binding import Binding
from translators.openadr.outbound import Wanted
from translators.openadr.requests import ReportRequest, report_requests
from translators.openadr.wire import Event
from translators.rules.book import Book

_SET_BACK = timedelta(minutes=10)
"""How far our clock may have been set back between two runs."""
AGGREGATED = "AGGREGATED_REPORT"
"""The resourceName of a sum over resources (user guide 7.7)."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A report to file: `key` is its own, `event` that of the event.

    What is there under its name is replaced if it `updates`; a `fresh` one was never sent.
    """

    key: str
    event: str
    body: Json
    updates: bool
    fresh: bool = False


@dataclass(slots=True)
class Scene:
    """What is known now.

    `events` are those that are served, by key, `subjects` whom each addresses. `since` is when the list of
    events was whole for the first time in this run: an event that is not there is gone, and what is reported
    of later was reported by no earlier run.
    """

    access: VenAccess
    book: Book
    revision: Revision | None
    events: dict[str, Held] = field(default_factory=dict)
    subjects: dict[str, frozenset[str]] = field(default_factory=dict)
    since: datetime | None = None
    stations: dict[str, Subject] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Of resources, by subject."""
    _asked: dict[str, tuple[Held, tuple[ReportRequest | DocumentError, ...]]] = field(
        default_factory=dict
    )

    @property
    def client(self) -> str:
        """Return the clientName."""
        return self.access.ven or self.access.client.id or self.access.utility

    def requests(self, held: Held) -> tuple[ReportRequest | DocumentError, ...]:
        """Return what an event asks to be told; nothing where it cannot be read."""
        if not isinstance(held.event, Event):
            return ()
        known = self._asked.get(held.key)
        if known is None or known[0] is not held:
            known = self._asked[held.key] = (held, report_requests(held.event))
        return known[1]

    def forget(self, key: str) -> None:
        """Know nothing more of an event."""
        for known in (self.events, self.subjects, self._asked):
            known.pop(key, None)

    def resource(self, subject: str) -> str:
        """Return the resourceName of a subject."""
        return self.names.get(subject, subject)

    def state(self, subject: str, at: datetime) -> StationStatus:
        """Return what a station does, as far as it was said; nothing is known of one that never was."""
        known = self.stations.get(subject)
        doing = None if known is None else known.doing(at)
        return StationStatus(at, connected=None) if doing is None else doing

    def later(self, at: datetime) -> bool:
        """Say whether an instant is one of this run, also where our clock was set back before it."""
        return self.since is not None and at > self.since + _SET_BACK

    def station(self, subject: str) -> Subject:
        """Return what is known of a subject, nothing at first."""
        return self.stations.setdefault(subject, Subject(subject))

    def asked(self, event: str, request: ReportRequest) -> frozenset[str]:
        """Return the subjects of an event of which a request asks: all, or those that its targets name."""
        subjects = self.subjects.get(event, frozenset())
        held = self.events.get(event)
        if not request.targets or held is None or not isinstance(held.event, Event):
            return subjects
        named = replace(held.event, raw={"targets": list(request.targets)})
        return subjects & self.access.audience.addressed(named, held.program)

    def counted_twice(self, subjects: Iterable[str]) -> bool:
        """Say whether a site may be among these and one of its stations too."""
        members = self.access.members.intersection(subjects)
        return bool(members) and not members.issuperset(subjects)

    def wanted(
        self, held: Held, payload: str, resource: str, name: str, units: str = ""
    ) -> Wanted | None:
        """Return what a report on an event is; None where the event cannot be named to the VTN."""
        event, program = _named(held.value, "id"), _named(held.value, "programID")
        if not event or (not program and self.revision is Revision.OPENADR_3_0):
            return None
        binding = self._binding(held, program, payload)
        return Wanted(payload, event, program, self.client, resource, units, binding, name)

    def _binding(self, held: Held, program: str, payload: str) -> Binding | None:
        """Return the program's contract for a payload type: it names the program by id or name."""
        name = "" if held.program is None else held.program.name
        for binding in self.access.bindings:
            if binding.payload == payload and binding.program in {program, name}:
                return binding
        return None


def _named(value: Json, key: str) -> str:
    """Return an id of a document that may be no event at all."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""

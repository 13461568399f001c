"""The events of one VTN, and what they come to for each station and site: commands, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.connectors.openadr.handing import Handed
from gateway.connectors.openadr.party import Moment, Party, Plan, Rules, Served
from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_changes import Held
from gateway.protocols.openadr_reading import address_of
from translators.canonical.commands import Revision
from translators.openadr.binding import Binding
from translators.openadr.contracts import terms_of
from translators.openadr.judging import Judging
from translators.openadr.payloads import EventContext
from translators.openadr.wire import Event
from translators.rules.book import Book

_MANY = 200
"""Events that are planned in about 0.1 s."""


@dataclass(frozen=True, slots=True)
class _Event:
    """An event, the subjects that it addresses, and what its reading has in common for all of them."""

    held: Held
    subjects: frozenset[str]
    digest: str
    bindings: tuple[Binding, ...]


class Schedule:
    """What a VTN serves now, planned for each subject whenever that changes, or time brings more of it.

    `handed` is what an earlier run handed on, by subject and mRID. Until a whole list of events came, nothing
    is withdrawn.
    """

    def __init__(
        self, access: VenAccess, book: Book, handed: Mapping[str, Mapping[str, Handed]]
    ) -> None:
        """Know no event yet."""
        self._access = access
        self.use(book)
        self._audience = access.audience
        self._events: dict[str, _Event] = {}
        self._parties = {
            one.subject: Party(access.utility, one.subject, handed.get(one.subject, {}))
            for one in access.resources
        }
        self._whole = False
        self._moved: set[str] = set()
        """Subjects of whose events some changed."""
        self._rebuild: dict[str, datetime] = {}

    def use(self, book: Book) -> None:
        """Read by other mapping rules what comes from now on."""
        self._rules = Rules(book, Judging(book), terms_of(book, self._access.contract))

    def complete(self) -> None:
        """Know that a whole list of events came: what is not among them is gone."""
        if not self._whole:
            self._moved |= self._parties.keys()
        self._whole = True

    def served(self, held: Held) -> frozenset[str]:
        """Take an event or another edition of it; return the subjects that it addresses."""
        event = held.event if isinstance(held.event, Event) else address_of(held.value)
        subjects = self._audience.addressed(event, held.program)
        digest = hashlib.sha256(held.raw).hexdigest()
        self.removed(held.key)
        self._events[held.key] = _Event(held, subjects, digest, self._bindings(held))
        self._moved |= subjects
        return subjects

    def removed(self, key: str) -> None:
        """Let go of an event."""
        known = self._events.pop(key, None)
        if known is not None:
            self._moved |= known.subjects

    def due(self, utc: datetime) -> list[str]:
        """Return the subjects for which a plan may change anything."""
        due = self._moved | {subject for subject, at in self._rebuild.items() if utc >= at}
        return [subject for subject in self._parties if subject in due]

    @property
    def large(self) -> bool:
        """Say whether a plan takes so long that others would notice."""
        return len(self._events) > _MANY

    def plan(self, subject: str, revision: Revision, seed: str, utc: datetime) -> Plan:
        """Return what makes the engine know what is served for a subject now."""
        self._moved.discard(subject)
        self._rebuild.pop(subject, None)
        served = [
            Served(event.held, self._context(event, subject, revision, seed, utc))
            for event in self._events.values()
            if subject in event.subjects
        ]
        moment = Moment(self._rules, utc, self._whole)
        plan = self._parties[subject].plan(served, moment)
        if plan.rebuild_at is not None:
            self._rebuild[subject] = plan.rebuild_at
        return plan

    def _context(
        self, event: _Event, subject: str, revision: Revision, seed: str, utc: datetime
    ) -> EventContext:
        held, access = event.held, self._access
        return EventContext(
            utility=access.utility,
            station=subject,
            revision=revision,
            program=held.program,
            bindings=event.bindings,
            policy=access.policy,
            received=held.received,
            now=utc,
            known=held.known,
            seed=seed,
            digest=event.digest,
        )

    def _bindings(self, held: Held) -> tuple[Binding, ...]:
        """Return the contracts, those that name the event's program by its name with its id."""
        program = held.program
        if program is None:
            return self._access.bindings
        return tuple(
            replace(binding, program=program.id) if binding.program == program.name else binding
            for binding in self._access.bindings
        )

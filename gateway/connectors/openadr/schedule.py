"""The events of one VTN, and what they come to for each station and site: commands, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.connectors.openadr.handing import Handed, Handing
from gateway.core.events import CommandReceived, CommandWithdrawn, DocumentRefused
from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_changes import Held
from translators.canonical.commands import Revision
from translators.canonical.telemetry import ControlOutcome
from translators.openadr.binding import Binding
from translators.openadr.inbound import ServedEvent
from translators.openadr.payloads import EventContext
from translators.rules.book import Book
from translators.rules.trace import Refusal

_REBUILD = timedelta(hours=1)
_SEVERITY = (ControlOutcome.INVALID, ControlOutcome.NOT_SUPPORTED, ControlOutcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Refused:
    """What of an event a station or site does not follow, for the engine and for the VTN."""

    key: str
    subject: str
    outcome: ControlOutcome
    event: DocumentRefused


@dataclass(slots=True)
class Plan:
    """What is to be handed on."""

    events: list[CommandReceived | CommandWithdrawn] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Schedule:
    """What a VTN serves now, planned for each subject whenever that changes or time passes.

    `handed` is what an earlier run handed on of each subject. Until a whole list of events came, nothing is
    withdrawn.
    """

    def __init__(
        self, access: VenAccess, book: Book, handed: Mapping[str, Mapping[str, Handed]]
    ) -> None:
        """Know no event yet."""
        self._access, self._book = access, book
        self._held: dict[str, Held] = {}
        self._subjects: dict[str, frozenset[str]] = {}
        self._handings = {
            one.subject: Handing(access.utility, one.subject, handed.get(one.subject, {}))
            for one in access.resources
        }
        self._refused: dict[tuple[str, str], tuple[str, tuple[Refusal, ...]]] = {}
        self._whole = self._moved = False
        self._rebuild_at: datetime | None = None

    def use(self, book: Book) -> None:
        """Read by other mapping rules from now on."""
        self._book = book

    def complete(self) -> None:
        """Know that a whole list of events came: what is not among them is gone."""
        self._moved = self._moved or not self._whole
        self._whole = True

    def served(self, held: Held) -> frozenset[str]:
        """Take an event or another edition of it; return the subjects that it addresses."""
        self._held[held.key] = held
        found = self._addressed(held)
        self._subjects[held.key] = found
        self._moved = True
        return found

    def removed(self, key: str) -> None:
        """Let go of an event."""
        self._held.pop(key, None)
        self._subjects.pop(key, None)
        self._refused = {at: told for at, told in self._refused.items() if at[0] != key}
        self._moved = True

    def due(self, utc: datetime) -> bool:
        """Say whether a plan would change anything."""
        return self._moved or (self._rebuild_at is not None and utc >= self._rebuild_at)

    def plan(self, revision: Revision, seed: str, utc: datetime) -> Plan:
        """Return what makes the engine know what is served now."""
        plan = Plan()
        self._moved, self._rebuild_at = False, utc + _REBUILD
        for subject, handing in self._handings.items():
            wanted: list[CommandReceived] = []
            for held in self._held.values():
                if subject in self._subjects[held.key]:
                    context = self._context(held, subject, revision, seed, utc)
                    wanted += self._read(held, context, plan)
            plan.events += handing.plan(wanted, utc, whole=self._whole)
        return plan

    def _read(self, held: Held, context: EventContext, plan: Plan) -> list[CommandReceived]:
        """Return the commands of an event; note what of it is refused."""
        read = ServedEvent(held.event, context).read(self._book)
        self._refuse(held, context.station, read.refusals, plan)
        return [
            CommandReceived(
                command, read.steps, read.losses, raw=(held.raw,), book=self._book.digest
            )
            for command in read.value
        ]

    def _refuse(self, held: Held, subject: str, refusals: tuple[Refusal, ...], plan: Plan) -> None:
        """Note what is refused of an event, each edition once."""
        at, told = (held.key, subject), (held.digest, refusals)
        if self._refused.get(at, (held.digest, ())) == told:
            return
        self._refused[at] = told
        if refusals:
            names = self._access.utility, subject, _name(held)
            refused = DocumentRefused(*names, refusals, (held.raw,))
            plan.refused.append(Refused(held.key, subject, _gravest(refusals), refused))

    def _context(
        self, held: Held, subject: str, revision: Revision, seed: str, utc: datetime
    ) -> EventContext:
        return EventContext(
            utility=self._access.utility,
            station=subject,
            revision=revision,
            program=held.program,
            bindings=self._bindings(held),
            policy=self._access.policy,
            received=held.received,
            now=utc,
            known=held.known,
            seed=seed,
            digest=hashlib.sha256(held.raw).hexdigest(),
            contract=self._access.contract,
        )

    def _bindings(self, held: Held) -> tuple[Binding, ...]:
        """Return the contracts of an event's program, which the settings name by its id or its name."""
        program = held.program
        if program is None:
            return self._access.bindings
        return tuple(
            replace(binding, program=program.id) if binding.program == program.name else binding
            for binding in self._access.bindings
        )

    def _addressed(self, held: Held) -> frozenset[str]:
        """Return whom an event is for: those that it names, else all but members of sites."""
        named = _targets(held.value)
        resources = self._access.resources
        own = {self._access.ven, *self._access.targets}
        if not named:
            return frozenset(one.subject for one in resources) - self._access.members
        if not own.isdisjoint(named):
            return frozenset(one.subject for one in resources) - self._access.members
        return frozenset(
            one.subject for one in resources if not {one.name, *one.targets}.isdisjoint(named)
        )


def _targets(value: Any) -> set[str]:
    listed = value.get("targets") if isinstance(value, dict) else None
    found: set[str] = set()
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, str):
            found.add(item)
        elif isinstance(item, dict) and isinstance(item.get("values"), list):
            found |= {one for one in item["values"] if isinstance(one, str)}
    return found


def _gravest(refusals: Sequence[Refusal]) -> ControlOutcome:
    """Return the one outcome that stands for all refusals."""
    found = {refusal.outcome for refusal in refusals}
    return next(outcome for outcome in _SEVERITY if outcome in found)


def _name(held: Held) -> str:
    """Return the name of an event at its VTN."""
    return f"/events/{held.key}"

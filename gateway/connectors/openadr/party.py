"""One station or site at its VTN: its events in time, the commands that they are, what is not followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.connectors.openadr.handing import Handed, Handing
from gateway.core.events import CommandReceived, CommandWithdrawn, DocumentRefused
from gateway.protocols.openadr_changes import Held
from translators.canonical.telemetry import ControlOutcome, gravest
from translators.openadr.contracts import Terms
from translators.openadr.inbound import ServedEvent, ServedStretch
from translators.openadr.intervals import Slot
from translators.openadr.judging import Judging
from translators.openadr.payloads import EventContext
from translators.openadr.timeline import EVENT_RULE, Entry, Judged, Stretch, timeline
from translators.openadr.wire import Event, Payload
from translators.rules.book import Book
from translators.rules.trace import Refusal

_MOST_REFUSED = 200
"""Events of one plan that are told as refused."""

type _Problem = tuple[str, str]
"""What is refused, and why: told once of an event."""


@dataclass(frozen=True, slots=True)
class Served:
    """An event, and how its station or site reads it."""

    held: Held
    context: EventContext


@dataclass(frozen=True, slots=True)
class Rules:
    """By what events are read: a book, what it says of payloads, and the terms of its contract."""

    book: Book
    judge: Judging
    terms: Terms | None


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds for all parties: the rules, the time, and whether the list of events is `whole`."""

    rules: Rules
    now: datetime
    whole: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """What of an event is not followed and comes with no command, for the engine and (`outcome`) the VTN."""

    key: str
    outcome: ControlOutcome
    event: DocumentRefused


@dataclass(slots=True)
class Plan:
    """What is to be handed on, and when it is worked out anew, None where time alone changes nothing."""

    events: list[CommandReceived | CommandWithdrawn] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    rebuild_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """The commands of a stretch, as they were read when it was new."""

    held: Held
    stretch: Stretch
    commands: tuple[CommandReceived, ...]


class Party:
    """A station or site; `known` is what an earlier run handed on.

    An event of which something was handed on stays as it was read until it changes: other rules count for
    what comes, and take back no limit that runs.
    """

    def __init__(self, utility: str, subject: str, known: Mapping[str, Handed]) -> None:
        """Know no event yet."""
        self._utility, self._subject = utility, subject
        self._handing = Handing(utility, subject, known)
        self._reads: dict[tuple[str, str, int], _Read] = {}
        self._told: dict[str, tuple[str, frozenset[_Problem]]] = {}
        self._kept: dict[str, tuple[Held, Rules]] = {}
        """Events of which something was handed on, and by which rules."""

    def plan(self, served: Sequence[Served], moment: Moment) -> Plan:
        """Return what changes where these are its events."""
        here = {one.held.key: one for one in served}
        rules = {key: self._rules(one.held, moment.rules) for key, one in here.items()}
        entries = {
            key: Entry(key, one.held.event, replace(one.context, contract=rules[key].terms))
            for key, one in here.items()
            if isinstance(one.held.event, Event)
        }

        def told(entry: Entry, slot: Slot) -> tuple[int, datetime | None]:
            names = ServedStretch(entry.event, entry.context, Stretch(entry.key, slot)).mrids()
            return self._handing.told(names, moment.now)

        def judge(entry: Entry) -> Callable[[Payload], Judged]:
            return rules[entry.key].judge(entry)

        line = timeline(list(entries.values()), judge, moment.now, told=told)
        reads = [
            self._read(
                here[it.key].held, entries[it.key], it, rules[it.key], uneven=it.key in line.uneven
            )
            for it in line.stretches
        ]
        same = {
            key for key, kept in self._kept.items() if key in here and kept[0] is here[key].held
        }
        known = same.union(it.key for it in line.stretches)
        self._kept = {key: (here[key].held, rules[key]) for key in known}
        self._reads = {(it.stretch.key, *_place(it.stretch)): it for it in reads}
        wanted, twins = _named_once(reads)
        events = self._handing.plan(wanted, moment.now, whole=moment.whole)
        book = moment.rules.book
        unread = {key: _unread(one, book) for key, one in here.items() if key not in entries}
        refused = list(self._refused(here, {**unread, **twins, **line.refusals}, reads))
        return Plan(list(events), refused, line.rebuild_at)

    def _rules(self, held: Held, now: Rules) -> Rules:
        """Return by what an event is read: as before, where something of it was handed on."""
        kept = self._kept.get(held.key)
        return kept[1] if kept is not None and kept[0] is held else now

    def _read(
        self, held: Held, entry: Entry, stretch: Stretch, rules: Rules, *, uneven: bool
    ) -> _Read:
        """Return the commands of a stretch, with what is refused of its interval."""
        known = self._reads.get((stretch.key, *_place(stretch)))
        if known is not None and known.held is held and known.stretch == stretch:
            return known
        read = ServedStretch(entry.event, entry.context, stretch, uneven).read(rules.book)
        refusals = (*_beside(entry, stretch, rules.judge), *read.refusals)
        commands = tuple(
            CommandReceived(
                command, read.steps, read.losses, refusals, (held.raw,), book=rules.book.digest
            )
            for command in read.value
        )
        return _Read(held, stretch, commands)

    def _refused(
        self,
        here: Mapping[str, Served],
        refusals: Mapping[str, tuple[Refusal, ...]],
        reads: Sequence[_Read],
    ) -> Iterator[Refused]:
        """Yield what is refused of events and comes with no command, each problem of an edition once.

        Of very many some wait for the next plans.
        """
        left = _MOST_REFUSED
        with_commands = {
            (read.held.key, *_problem(refusal))
            for read in reads
            for command in read.commands
            for refusal in command.refusals
        }
        told, self._told = self._told, {}
        for key, found in refusals.items():
            held = here[key].held
            digest, before = told.get(key, ("", frozenset()))
            before = before if digest == held.digest else frozenset()
            alone = [it for it in found if (key, *_problem(it)) not in with_commands]
            new = tuple(it for it in alone if _problem(it) not in before)
            if new and left == 0:
                continue
            self._told[key] = held.digest, before.union(map(_problem, alone))
            if new:
                left -= 1
                names = self._utility, self._subject, f"/events/{held.key}"
                outcome = gravest(it.outcome for it in new) or ControlOutcome.INVALID
                yield Refused(key, outcome, DocumentRefused(*names, new, (held.raw,)))


def _named_once(
    reads: Sequence[_Read],
) -> tuple[list[CommandReceived], dict[str, tuple[Refusal, ...]]]:
    """Return the commands, each name once, and of whose events others are refused for want of a name."""
    wanted: dict[str, CommandReceived] = {}
    twins: dict[str, tuple[Refusal, ...]] = {}
    for read in reads:
        for command in read.commands:
            if wanted.setdefault(command.command.mrid, command) is not command:
                problem = (
                    "another event comes under the same name: an id has a mark of ours (#, ~, /)"
                )
                outcome = ControlOutcome.INVALID
                twins[read.held.key] = (Refusal(outcome, "event", "id", problem, EVENT_RULE),)
    return list(wanted.values()), twins


def _place(stretch: Stretch) -> tuple[str, int]:
    return stretch.slot.key, stretch.part


def _beside(entry: Entry, stretch: Stretch, judge: Judging) -> Iterator[Refusal]:
    """Yield why payloads of the same interval ask for nothing: a mode without its partner is not meant."""
    number, ask = stretch.slot.interval, judge(entry)
    for index, payload in enumerate(entry.event.intervals[number].payloads):
        refusal = ask(payload).refusal
        if refusal is not None:
            yield replace(refusal, where=f"intervals[{number}]/payloads[{index}]")


def _unread(served: Served, book: Book) -> tuple[Refusal, ...]:
    """Return why an event cannot be read."""
    return ServedEvent(served.held.event, served.context).read(book).refusals


def _problem(refusal: Refusal) -> _Problem:
    return refusal.function, refusal.problem

"""An event to canonical commands, one per interval, through the book's rules.

A payload's type names its rule; where the program's contract or the site's policy gives it a meaning of its
own, that picks the rule. What has no rule is refused by name and never guessed; its neighbours go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Randomization,
    ResponseDuty,
    Target,
)
from translators.canonical.controls import DerControl, function_of
from translators.errors import DocumentError
from translators.openadr.contracts import breach
from translators.openadr.intervals import MOST_SLOTS, Expansion, Slot, drawn
from translators.openadr.payloads import EventContext, Reading, controls_of, identity
from translators.openadr.requests import unreadable
from translators.openadr.timeline import EVENT_RULE, UNSTATED_PRIORITY, Stretch, priority, timed
from translators.openadr.wire import Event, Period, event_of
from translators.rules.book import Book
from translators.rules.trace import Block, Loss, LossKind, Part, Translation
from translators.rules.values import Trace, Unmet

FALLBACK_PRIORITY = 2**31 - 1
"""Of a subscribed capacity: any limit wins, an unstated priority too."""
_CITES = ("OpenADR 3.1 Definition, event.priority", "OpenADR 3 User Guide 7.3")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ServedEvent:
    """An event as a VTN served it: read, or the reason why it cannot be."""

    event: Event | DocumentError
    context: EventContext

    @property
    def protocol(self) -> Protocol:
        """Return the protocol."""
        return Protocol.OPENADR

    @property
    def revision(self) -> str:
        """Return the edition that the VTN speaks."""
        return self.context.revision.value

    @property
    def kind(self) -> str:
        """Return what OpenADR calls it."""
        return "event"

    @property
    def primacy(self) -> int:
        """Return its priority; lower wins, and one that is not stated loses."""
        return priority(self.event) if isinstance(self.event, Event) else UNSTATED_PRIORITY

    def read(self, book: Book) -> Translation[tuple[DerCommand, ...]]:
        """Return its commands in the order of time."""
        return to_commands(book, self.event, self.context)


@dataclass(frozen=True, slots=True)
class ServedStretch:
    """What of an event holds at one time for one station or site, as `timeline` found it.

    `uneven` says that values which follow each other change at whole seconds.
    """

    event: Event
    context: EventContext
    stretch: Stretch
    uneven: bool = False

    def read(self, book: Book) -> Translation[tuple[DerCommand, ...]]:
        """Return its command, and the one of its subscribed capacity."""
        reading = Reading()
        _note(self.event, Expansion(uneven=self.uneven), reading)
        slot, part = self.stretch.slot, self.stretch.part
        commands = list(_slot_commands(book, self.event, slot, self.context, reading, part))
        return reading.result(commands)

    def mrids(self) -> tuple[str, str]:
        """Return the names that its command has, and that of its subscribed capacity."""
        of = self.event, self.stretch.slot, self.context, self.stretch.part
        return _mrid(*of, fallback=False), _mrid(*of, fallback=True)


def served(value: Any, context: EventContext) -> ServedEvent:
    """Return the document that a JSON value is, whether it can be read or not."""
    try:
        return ServedEvent(event_of(value), context)
    except DocumentError as error:
        return ServedEvent(error, context)


def to_commands(
    book: Book, event: Event | DocumentError, context: EventContext
) -> Translation[tuple[DerCommand, ...]]:
    """Return the commands that an event is, one per interval; none where it asks for nothing.

    An event that cannot be read or timed is refused as a whole, a payload by itself. Subscribed capacity
    is a command of its own beside the others, of the lowest priority.
    """
    reading = Reading()
    if isinstance(event, DocumentError):
        reading.refuse("event", event.where, event.problem, "invalid", EVENT_RULE)
        return reading.result(())
    broken = breach(context.contract, event)
    if broken is not None:
        reading.refuse("event", broken.where, broken.problem, "invalid", broken.rule)
        return reading.result(())
    try:
        line = timed(event, context)
    except Unmet as unmet:
        reading.refuse("event", unmet.where, unmet.problem, unmet.outcome, EVENT_RULE)
        return reading.result(())
    _note(event, line, reading)
    commands = [
        command
        for slot in line.slots
        for command in _slot_commands(book, event, slot, context, reading)
    ]
    return reading.result(commands)


def _note(event: Event, line: Expansion, reading: Reading) -> None:
    """Declare what of the line of time is not told exactly, and what of the event is not read."""
    reading.losses += unreadable(event)
    if line.beyond:
        detail = f"more than {MOST_SLOTS} intervals: the later ones are read again as time passes"
        reading.losses.append(Loss(LossKind.DROP, EVENT_RULE, "intervals", detail))
    if line.uneven:
        detail = "values that follow each other change at whole seconds"
        reading.losses.append(Loss(LossKind.ROUND, EVENT_RULE, "intervals", detail))


def _slot_commands(
    book: Book, event: Event, slot: Slot, context: EventContext, reading: Reading, part: int = 0
) -> Iterator[DerCommand]:
    """Yield the command of one interval or a part of it, and the one of its subscribed capacity."""
    made = list(controls_of(book, event, slot, context, reading))
    for fallback in (False, True):
        held = [item for item in made if item.fallback == fallback]
        if not held:
            continue
        controls = [item.control for item in held]
        command = _command(event, slot, context, controls, part, fallback=fallback)
        parts: list[Part] = [_header(event, slot, command)]
        for item in held:
            function = function_of(item.control)
            item.trace.serve(function)
            parts.append(item.trace.block())
            reading.losses += item.trace.losses
        reading.take(parts)
        yield command


def _command(
    event: Event,
    slot: Slot,
    context: EventContext,
    controls: Sequence[DerControl],
    part: int,
    *,
    fallback: bool,
) -> DerCommand:
    """Return the command of one interval, or of a part of it."""
    origin = Origin(
        utility=context.utility,
        protocol=Protocol.OPENADR,
        revision=context.revision,
        program=event.program,
        href=f"/events/{event.id}",
        digest=context.digest,
    )
    return DerCommand(
        mrid=_mrid(event, slot, context, part, fallback=fallback),
        origin=origin,
        target=Target(context.station),
        controls=tuple(controls),
        primacy=FALLBACK_PRIORITY if fallback else priority(event),
        created=event.modified or event.created or _EPOCH,
        server_time=context.now or context.received or event.created or _EPOCH,
        interval=Interval(slot.start, slot.end),
        description=event.name,
        response=ResponseDuty(specific=True, reply_to=event.id),
        randomization=_randomization(event, slot, context),
    )


def _randomization(event: Event, slot: Slot, context: EventContext) -> Randomization:
    """Return what is still to be drawn, or what was drawn and is not in the times yet."""
    if not slot.randomize or slot.moved is not None:
        return Randomization()
    draw = drawn(context.seed, identity(event, context), slot) if context.seed else None
    return Randomization(start_s=slot.randomize, start_draw_s=draw)


def _mrid(event: Event, slot: Slot, context: EventContext, part: int, *, fallback: bool) -> str:
    """Return the name of a command: the event's, with the interval's key behind it after the first.

    Behind `~` stands which part of the interval it is, after the first.
    """
    name = identity(event, context) + ("/subscription" if fallback else "")
    interval = "" if slot.key == "0" else f"#{slot.key}"
    return f"{name}{interval}" + (f"~{part}" if part else "")


def _header(event: Event, slot: Slot, command: DerCommand) -> Block:
    """Return how the command's own numbers came about."""
    trace = Trace(EVENT_RULE, _CITES)
    stated = "not stated" if event.priority is None else event.priority
    taken = "subscription" if command.primacy == FALLBACK_PRIORITY else stated
    trace.step("take", "event/priority", taken, "primacy", command.primacy)
    (begin, began), (length, lasts) = _times(event, slot)
    seconds = "without end" if slot.end is None else int((slot.end - slot.start).total_seconds())
    trace.step("instant", begin, began, "interval.start", slot.start.isoformat())
    if slot.moved is not None:
        trace.step("draw", "randomizeStart", f"±{slot.randomize} s", "interval.start", slot.moved)
    trace.step("duration", length, lasts, "interval.duration", seconds)
    return trace.block()


def _times(event: Event, slot: Slot) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return where start and duration of an interval stand, each with its text."""
    own, default = event.intervals[slot.interval].period, event.period or Period()
    inside = f"intervals[{slot.interval}]/intervalPeriod"
    begin = f"{inside}/start", own.start
    if own.start is None and not slot.interval:
        begin = "intervalPeriod/start", default.start
    length = f"{inside}/duration", own.duration
    if own.duration is None:
        length = "intervalPeriod/duration", default.duration
    began = begin[1] or ("the end before" if slot.interval else "now")
    return (begin[0], began), (length[0], length[1] or event.duration or "not stated")

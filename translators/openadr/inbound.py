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
from translators.openadr.intervals import MOST_SLOTS, Clock, Expansion, Slot, drawn, expand
from translators.openadr.payloads import EventContext, Reading, controls_of
from translators.openadr.wire import Event, Period, event_of
from translators.rules.book import Book
from translators.rules.trace import Block, Loss, LossKind, Part, Translation
from translators.rules.values import Trace, Unmet

UNSTATED_PRIORITY = 2**31 - 2
"""Of an event without priority: whatever states one wins."""
FALLBACK_PRIORITY = 2**31 - 1
"""Of a subscribed capacity: any limit wins, an unstated priority too."""
_EVENT = "openadr.event"
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
        return _priority(self.event) if isinstance(self.event, Event) else UNSTATED_PRIORITY

    def read(self, book: Book) -> Translation[tuple[DerCommand, ...]]:
        """Return its commands in the order of time."""
        return to_commands(book, self.event, self.context)


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
        reading.refuse("event", event.where, event.problem, "invalid", _EVENT)
        return reading.result(())
    broken = breach(context.contract, event)
    if broken is not None:
        reading.refuse("event", broken.where, broken.problem, "invalid", broken.rule)
        return reading.result(())
    try:
        line = _timed(event, context)
    except Unmet as unmet:
        reading.refuse("event", unmet.where, unmet.problem, unmet.outcome, _EVENT)
        return reading.result(())
    _note(line, reading)
    commands = [
        command
        for slot in line.slots
        for command in _slot_commands(book, event, slot, context, reading)
    ]
    return reading.result(commands)


def _timed(event: Event, context: EventContext) -> Expansion:
    """Return when the event's intervals hold; `Unmet` where that or its priority cannot be."""
    if _priority(event) > UNSTATED_PRIORITY:
        raise Unmet("invalid", "priority", f"is {event.priority}, beyond Int32")
    clock = Clock(context.revision, context.received, context.now, known=context.known)
    return expand(event, clock)


def _priority(event: Event) -> int:
    return UNSTATED_PRIORITY if event.priority is None else event.priority


def _note(line: Expansion, reading: Reading) -> None:
    """Declare what of the line of time is not told exactly."""
    if line.beyond:
        detail = f"more than {MOST_SLOTS} intervals: the later ones are read again as time passes"
        reading.losses.append(Loss(LossKind.DROP, _EVENT, "intervals", detail))
    if line.uneven:
        detail = "values that follow each other change at whole seconds"
        reading.losses.append(Loss(LossKind.ROUND, _EVENT, "intervals", detail))


def _slot_commands(
    book: Book, event: Event, slot: Slot, context: EventContext, reading: Reading
) -> Iterator[DerCommand]:
    """Yield the command of one interval, and the one of its subscribed capacity."""
    made = list(controls_of(book, event, slot, context, reading))
    for fallback in (False, True):
        held = [item for item in made if item.fallback == fallback]
        if not held:
            continue
        command = _command(event, slot, context, [item.control for item in held], fallback=fallback)
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
    *,
    fallback: bool,
) -> DerCommand:
    """Return the command of one interval."""
    origin = Origin(
        utility=context.utility,
        protocol=Protocol.OPENADR,
        revision=context.revision,
        program=event.program,
        href=f"/events/{event.id}",
        digest=context.digest,
    )
    draw = drawn(context.seed, _identity(event, context), slot) if context.seed else None
    return DerCommand(
        mrid=_mrid(event, slot, context, fallback=fallback),
        origin=origin,
        target=Target(context.station),
        controls=tuple(controls),
        primacy=FALLBACK_PRIORITY if fallback else _priority(event),
        created=event.modified or event.created or _EPOCH,
        server_time=context.now or context.received or event.created or _EPOCH,
        interval=Interval(slot.start, slot.end),
        description=event.name,
        response=ResponseDuty(specific=True, reply_to=event.id),
        randomization=Randomization(
            start_s=slot.randomize, start_draw_s=draw if slot.randomize else None
        ),
    )


def _identity(event: Event, context: EventContext) -> str:
    """Return what tells an event from all others: VTNs reuse their ids after a restart."""
    return "/".join(part for part in (context.utility, event.id, event.created_text) if part)


def _mrid(event: Event, slot: Slot, context: EventContext, *, fallback: bool) -> str:
    """Return the name of a command: the event's, with the interval's key behind it after the first."""
    name = _identity(event, context) + ("/subscription" if fallback else "")
    return name if slot.key == "0" else f"{name}#{slot.key}"


def _header(event: Event, slot: Slot, command: DerCommand) -> Block:
    """Return how the command's own numbers came about."""
    trace = Trace(_EVENT, _CITES)
    stated = "not stated" if event.priority is None else event.priority
    taken = "subscription" if command.primacy == FALLBACK_PRIORITY else stated
    trace.step("take", "event/priority", taken, "primacy", command.primacy)
    (begin, began), (length, lasts) = _times(event, slot)
    seconds = "without end" if slot.end is None else int((slot.end - slot.start).total_seconds())
    trace.step("instant", begin, began, "interval.start", slot.start.isoformat())
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

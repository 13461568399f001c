"""When an event holds: its intervals on the line of time (OpenADR 3 User Guide 7.3, 7.4).

    event start ├── interval 0 ──┤├─ 1 ─┤ gap ├── 2 (own start) ──┤
                                 └ starts where the one before ended

An interval takes from its own period what stands there, from the event's what does not. Three texts of
time have a meaning of their own: a start in the year 0 or 1 is *now*, a duration of 9999 years or more is
*without end* by value however it is spelled, and year 1 with PT0S takes back a known event, or an interval
of it whose own period says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial

from translators.canonical.commands import Revision
from translators.openadr.times import Anchor, Duration, duration, start
from translators.openadr.wire import Event, Payload, Period, Point
from translators.rules.values import Unmet

MOST_SLOTS = 1024
"""How many intervals are looked ahead: as many periods as an OCPP schedule may hold."""
MOST_PARTS = 1024
"""Into how many parts the values of one interval may split it."""
_INHERITED = Period()
"""Of an interval that has no period of its own."""
_WHOLE_TEXTS = frozenset({"CURVE"})
"""Types whose values are one thing: they split no interval."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One interval on the line of time, or an equal part of one that lists several values.

    `key` names it among those of its event, the same at every reading; `interval` is its place in the
    document. `randomize` is the span in seconds by which its start may move, either way; slots of one
    `shift` move together, and `moved` says by how many seconds it was moved.
    """

    key: str
    interval: int
    start: datetime
    end: datetime | None
    payloads: tuple[Payload, ...]
    randomize: int = 0
    shift: int = 0
    moved: int | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """The slots of an event in the order of time; `beyond` says that more follow than are looked at."""

    slots: tuple[Slot, ...] = ()
    beyond: bool = False
    cancelled: bool = False
    uneven: bool = False
    """Whether values split an interval whose seconds they do not divide."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What expansion depends on besides the event.

    `received` anchors *now*: when the event was first seen. Intervals that ended before `now` are left
    out; None keeps all. `known` says that an edition of the event with a time was held before; `most`
    intervals are looked ahead.
    """

    revision: Revision
    received: datetime | None = None
    now: datetime | None = None
    known: bool = False
    most: int = MOST_SLOTS


def expand(event: Event, clock: Clock) -> Expansion:
    """Return when each interval of an event holds; `Unmet` where that cannot be told."""
    if not event.intervals:
        return Expansion()
    if clock.known and timeless(event):  # User Guide 7.9
        return Expansion(cancelled=True)
    default = event.period or Period()
    began = None if default.start is None else start(default.start, "intervalPeriod/start")
    if began is Anchor.NOW and _zero(default):
        # User Guide 8.10.2: seen first, it holds from now on
        default = replace(default, duration="P9999Y")
    total = _total(event, clock)
    line = list(_line(event, default, began, clock, open_ended=total is not None))
    if line and total is not None:
        return _window(_looped(line, total, clock), clock)
    return _window(iter(line), clock)


def timeless(event: Event) -> bool:
    """Say whether an event is of year 1 and no time, itself or each of its intervals.

    New, it holds from now on without end; one that had a time and has none any more is taken back.
    """
    default = event.period or Period()
    try:
        if _taken_back(default, default):
            return True
        own = (_taken_back(interval.period, default) for interval in event.intervals)
        return bool(event.intervals) and all(own)
    except Unmet:
        return False


def drawn(seed: str, event: str, slot: Slot) -> int:
    """Return by how many seconds a slot starts later (or earlier): the same at every reading.

    Uniform over -randomize..randomize, from the seed of the site, the event and the shift alone.
    """
    if not slot.randomize:
        return 0
    said = hashlib.sha256(f"{seed}|{event}|{slot.shift}".encode()).digest()
    return int.from_bytes(said[:8], "big") % (2 * slot.randomize + 1) - slot.randomize


def longest_random(event: Event) -> int:
    """Return by how many seconds a start of an event may move at most; `Unmet` where that cannot be."""
    default = _random(event.period or Period(), "intervalPeriod")
    own = (
        _random(interval.period, f"intervals[{number}]/intervalPeriod")
        for number, interval in enumerate(event.intervals)
        if interval.period.randomize_start is not None
    )
    return max([default, *own])


def _zero(period: Period) -> bool:
    text = period.duration
    return text is not None and duration(text, "intervalPeriod/duration").seconds == 0


def _taken_back(own: Period, default: Period) -> bool:
    """Say whether a period is year 1 and no time."""
    if own.start is None or not _zero(own if own.duration is not None else default):
        return False
    return start(own.start, "intervalPeriod/start") is Anchor.NOW


def _total(event: Event, clock: Clock) -> Duration | None:
    """Return event.duration, which 3.1 knows: it ends, repeats or loops the intervals."""
    if event.duration is None or clock.revision is Revision.OPENADR_3_0:
        return None
    return duration(event.duration, "duration")


def _line(
    event: Event,
    default: Period,
    began: datetime | Anchor | None,
    clock: Clock,
    *,
    open_ended: bool,
) -> Iterator[Slot]:
    """Yield the intervals once, one behind the other."""
    after: datetime | None = _first(event, began, clock)
    span, shift = _random(default, "intervalPeriod"), 0
    length = partial(_length, clock=clock, open_ended=open_ended)
    inherited: timedelta | None = None
    for number, interval in enumerate(event.intervals):
        own = interval.period
        if own == _INHERITED and inherited is not None and after is not None:
            begin, after = after, _plus(after, inherited, f"intervals[{number}]/intervalPeriod")
            yield Slot(str(number), number, begin, after, interval.payloads, span, shift)
            continue
        try:
            begin = _begin(own, after, first=number == 0)
            if not clock.known and _taken_back(own, default):  # User Guide 8.10.2
                own = replace(own, duration="P9999Y")
            lasts = length(own if own.duration is not None else default)
            inherited = lasts if own.duration is None else inherited
            if own.randomize_start is not None:
                span, shift = _random(own, "intervalPeriod"), number
            after = None if lasts is None else _plus(begin, lasts, "intervalPeriod")
        except Unmet as unmet:
            where = f"intervals[{number}]/{unmet.where}"
            raise Unmet(unmet.outcome, where, unmet.problem) from unmet
        yield Slot(str(number), number, begin, after, interval.payloads, span, shift)


def _first(event: Event, began: datetime | Anchor | None, clock: Clock) -> datetime:
    """Return when the first interval starts unless it says so itself: event start, else now."""
    if isinstance(began, datetime):
        return began
    received = clock.received or event.created
    own = event.intervals[0].period.start
    if own is not None and isinstance(start(own, "intervals[0]/intervalPeriod/start"), datetime):
        return datetime.min.replace(tzinfo=UTC)
    if received is None:
        raise Unmet("invalid", "intervalPeriod/start", "is now, and nothing says when it came")
    return received


def _begin(own: Period, after: datetime | None, *, first: bool) -> datetime:
    """Return the start of an interval: its own, else where the one before ended."""
    if after is None:
        raise Unmet("invalid", "intervalPeriod", "follows an interval without end")
    if own.start is None:
        return after
    begin = start(own.start, "intervalPeriod/start")
    if isinstance(begin, Anchor):
        return after
    if not first and begin < after:
        problem = "lies before the end of the interval before"
        raise Unmet("invalid", "intervalPeriod/start", problem)
    return begin


def _length(period: Period, clock: Clock, *, open_ended: bool) -> timedelta | None:
    """Return how long an interval lasts, None without end."""
    at = "intervalPeriod/duration"
    if period.duration is not None:
        return duration(period.duration, at).length
    if clock.revision is Revision.OPENADR_3_0 or open_ended:
        return None
    # 3.1 gives no duration a meaning only where event.duration ends it
    raise Unmet("invalid", at, "is missing, and the event has no duration that ends the interval")


def _random(period: Period, where: str) -> int:
    if period.randomize_start is None:
        return 0
    at = f"{where}/randomizeStart"
    seconds = duration(period.randomize_start, at).seconds
    if seconds is None:
        raise Unmet("invalid", at, "is without end")
    return seconds


def _plus(begin: datetime, length: timedelta, where: str) -> datetime:
    try:
        return begin + length
    except OverflowError as exc:
        raise Unmet("invalid", where, "ends after the year 9999") from exc


def _looped(line: list[Slot], total: Duration, clock: Clock) -> Iterator[Slot]:
    """Yield the line once, cut, or again and again until event.duration ends it."""
    begin, last = line[0].start, line[-1].end
    limit = None if total.length is None else _plus(begin, total.length, "duration")
    lap = None if last is None else last - begin
    if lap is not None and not lap:
        yield from line
        return
    lap_number = _lap_at(begin, lap, clock)
    while True:
        for slot in line:
            moved = slot if lap is None else _moved(slot, lap, lap_number, len(line))
            if moved is None or (limit is not None and moved.start >= limit):
                return
            yield _cut(moved, limit)
        if lap is None:
            return
        lap_number += 1


def _lap_at(begin: datetime, lap: timedelta | None, clock: Clock) -> int:
    """Return the first repetition that has not ended yet."""
    if clock.now is None or lap is None or clock.now <= begin:
        return 0
    return (clock.now - begin) // lap


def _moved(slot: Slot, lap: timedelta, number: int, intervals: int) -> Slot | None:
    """Return a slot of a later lap, None after the year 9999."""
    try:
        shift = lap * number
        end = None if slot.end is None else slot.end + shift
        key = str(slot.interval + number * intervals)
        return replace(slot, key=key, start=slot.start + shift, end=end)
    except OverflowError:
        return None


def _cut(slot: Slot, limit: datetime | None) -> Slot:
    if limit is None or (slot.end is not None and slot.end <= limit):
        return slot
    return replace(slot, end=limit)


@dataclass(slots=True)
class _Kept:
    """What a window holds so far."""

    slots: list[Slot] = field(default_factory=list)
    uneven: bool = False
    instant: bool = False
    """Whether an interval without any length was passed over."""
    lasting: bool = False
    """Whether an interval with a length came."""


def _window(slots: Iterator[Slot], clock: Clock) -> Expansion:
    """Return the slots that have not ended, as many as are looked ahead."""
    kept = _Kept()
    for slot in slots:
        if slot.end is not None and slot.end <= slot.start:
            kept.instant = True
            continue
        kept.lasting = True
        if slot.end is None or clock.now is None or slot.end > clock.now:
            if len(kept.slots) >= clock.most:
                return Expansion(tuple(kept.slots), beyond=True, uneven=kept.uneven)
            _keep(slot, kept, clock.now)
    if kept.instant and not kept.lasting:
        raise Unmet("invalid", "intervalPeriod/duration", "lasts no time")
    return Expansion(tuple(kept.slots), uneven=kept.uneven)


def _keep(slot: Slot, kept: _Kept, now: datetime | None) -> None:
    """Take a slot, or its parts where a payload lists several values for it."""
    counts = {len(p.values) for p in slot.payloads if _splits(p)}
    if not counts:
        kept.slots.append(slot)
        return
    where = f"intervals[{slot.interval}]"
    if slot.end is None:
        raise Unmet("invalid", where, "lists several values for a time without end")
    if max(counts) > MOST_PARTS:
        raise Unmet("invalid", where, f"lists more than {MOST_PARTS} values")
    seconds = int((slot.end - slot.start).total_seconds())
    cuts = sorted({Fraction(part, parts) for parts in counts for part in range(parts)})
    edges = [slot.start + timedelta(seconds=int(cut * seconds)) for cut in cuts]
    kept.uneven |= any((cut * seconds).denominator != 1 for cut in cuts)
    for number, (cut, begin, end) in enumerate(
        zip(cuts, edges, [*edges[1:], slot.end], strict=True)
    ):
        if begin < end and not (now and end <= now):
            held = tuple(_part(payload, cut) for payload in slot.payloads)
            key = f"{slot.key}.{number}" if number else slot.key
            kept.slots.append(replace(slot, key=key, start=begin, end=end, payloads=held))


def _part(payload: Payload, cut: Fraction) -> Payload:
    if not _splits(payload):
        return payload
    return replace(payload, values=(payload.values[int(cut * len(payload.values))],))


def _splits(payload: Payload) -> bool:
    """Say whether the values of a payload follow each other in time: several numbers do."""
    numbers = len(payload.values) > 1 and payload.type not in _WHOLE_TEXTS
    return numbers and not any(isinstance(value, str | Point) for value in payload.values)

"""Which intervals each report covers, and when it is due (OpenADR 3 User Guide 7.5).

    historical      interval 0 │ 1 │ 2 │ 3       startInterval 1, numIntervals 2, frequency 2, repeat 2
                    ├─ report 0 ─┤  due at its end
                                 ├─ report 1 ─┤  due at its end
    not historical  a report is due at the start of what it covers

An event without intervals implies them where its intervalPeriod lasts: one behind the other, until
event.duration ends them. Of SUB_INTERVALS and OPEN_INTERVALS the choice is ours: quarters of an hour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from translators.canonical.commands import Revision
from translators.openadr.intervals import MOST_SLOTS, Clock, Slot, expand
from translators.openadr.requests import ReportRequest
from translators.openadr.wire import Event, EventInterval, Period

_GRIDS_S = (900, 3600, 86_400)
"""Lengths of intervals of our own choice: the first one that does not make too many."""
_LONGEST = 10_000
"""Intervals of an event that are reported on."""
_MOST_TOLD = 200_000
"""Intervals of all reports that are looked ahead."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOREVER = "P9999Y"


@dataclass(frozen=True, slots=True)
class Span:
    """One interval of a report; `id` is that of the event's interval, None in `end` is without end."""

    id: int
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Window:
    """What one report covers, in order, and when it is due."""

    due: datetime
    spans: tuple[Span, ...]


def windows(event: Event, request: ReportRequest, clock: Clock) -> tuple[Window, ...]:
    """Return the reports on the intervals that an event lists or implies, in the order in which they are due.

    Ad hoc reports (frequency 0) have none, nor has an interval without end that is looked back on.
    A report is left out where an interval of it ended before the clock's `now`, or lies further ahead than
    three laps of an event, or 1,024 intervals. `Unmet` where the event's times cannot be told.
    """
    if not request.frequency:
        return ()
    if not event.intervals:
        if event.period is None or event.period.duration is None:
            return ()
        event, clock = _implied(event), replace(clock, revision=Revision.OPENADR_3_1)
    most = max(MOST_SLOTS, 3 * min(len(event.intervals), _LONGEST))
    expansion = expand(_bare(event), replace(clock, most=most))
    line = {int(slot.key): slot for slot in expansion.slots}
    if not line:
        return ()
    end = max(line) + 1 if expansion.beyond else None
    ids = _ids(event)
    spans = {number: _span(ids, slot) for number, slot in line.items()}
    found: list[Window] = []
    told = 0
    for due, slots in _covered(request, line, len(event.intervals), end):
        told += len(slots)
        if told > _MOST_TOLD:
            break
        found.append(Window(due, _divided(request, [spans[int(slot.key)] for slot in slots])))
    return tuple(found)


def ad_hoc(event: Event, clock: Clock) -> tuple[datetime, datetime | None]:
    """Return from when to when reports may be made at any time: while the event lasts.

    `Unmet` where the event's times cannot be told; the clock's `received` is where it has none.
    """
    begin = clock.received or _EPOCH
    expansion = expand(_bare(event), replace(clock, now=None))
    if not expansion.slots:
        return begin, None
    end = None if expansion.beyond else expansion.slots[-1].end
    return max(begin, expansion.slots[0].start), end


def report_name(event: str, request: ReportRequest, resource: str, window: Window) -> str:
    """Return the reportName of one report, the same whenever it is asked for; at most 128 characters.

    `event` names the event for ever, also where the VTN gives its id to another one.
    """
    begin, end = window.spans[0].start, window.spans[-1].end
    said = repr((event, request.number, request.payload, resource, str(begin), str(end)))
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return f"{request.payload[:40]}/{resource[:40]}/{begin:%Y%m%dT%H%M%SZ}/{digest}"


def _bare(event: Event) -> Event:
    """Return an event whose intervals no values split."""
    return replace(event, intervals=tuple(EventInterval(i.period, ()) for i in event.intervals))


def _implied(event: Event) -> Event:
    """Return an event with the interval that its intervalPeriod implies, again and again (user guide 8.7)."""
    lap = (EventInterval(Period(), ()),)
    return replace(event, intervals=lap, duration=event.duration or _FOREVER)


def _ids(event: Event) -> list[int]:
    """Return the ids of an event's intervals, their place where there is none."""
    listed = event.raw.get("intervals")
    found = listed if isinstance(listed, list) else []
    ids = [item.get("id") if isinstance(item, dict) else None for item in found]
    known = [n if isinstance(n, int) and not isinstance(n, bool) else None for n in ids]
    return [at if n is None else n for at, n in enumerate(known)]


def _span(ids: Sequence[int], slot: Slot) -> Span:
    number = ids[slot.interval] if slot.interval < len(ids) else int(slot.key)
    return Span(number, slot.start, slot.end)


def _covered(
    request: ReportRequest, line: Mapping[int, Slot], lap: int, end: int | None
) -> Iterator[tuple[datetime, list[Slot]]]:
    """Yield when each report is due, and its slots; laps of a looped event are numbered on.

    From `end` on, if it is there, the event goes on and the line does not.
    """
    step = lap if request.frequency < 0 else request.frequency
    far = lap - 1 if request.historical else 0
    anchor = far if request.start_interval < 0 else request.start_interval
    left, begin, last = request.repeat, min(line), max(line)
    if anchor < begin:  # what is over is passed by at once: a lap may last a second
        passed = (begin - anchor) // step
        anchor, left = anchor + passed * step, left if left < 0 else max(0, left - passed)
    while anchor <= last and left:
        reach = _reach(request, anchor, lap)
        slots = [line[number] for number in reach if number in line]
        due = _due(request, line.get(anchor))
        whole = reach.start >= begin and (end is None or reach.stop <= end)
        if slots and due is not None and whole:
            yield due, slots
        anchor, left = anchor + step, left - 1


def _reach(request: ReportRequest, anchor: int, lap: int) -> range:
    """Return the numbers of the intervals of one report; -1 reaches to the end of the lap."""
    begin = anchor - anchor % lap
    if request.historical:
        first = begin if request.num_intervals < 0 else anchor - request.num_intervals + 1
        return range(max(0, first), anchor + 1)
    end = begin + lap if request.num_intervals < 0 else anchor + request.num_intervals
    return range(anchor, end)


def _due(request: ReportRequest, slot: Slot | None) -> datetime | None:
    if slot is None:
        return None
    return slot.end if request.historical else slot.start


def _divided(request: ReportRequest, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the intervals of a report in the pieces that are of our choice; the future has one value."""
    if request.intervals == "INTERVALS" or not request.historical:
        return tuple(spans)
    whole = list(_joined(spans)) if request.intervals == "OPEN_INTERVALS" else spans
    for grid in _GRIDS_S:
        count = sum(_seconds(span) // grid + 2 for span in whole)
        if count <= MOST_SLOTS:
            pieces = [piece for span in whole for piece in _pieces(span, grid)]
            if request.intervals == "OPEN_INTERVALS":
                return tuple(replace(piece, id=number) for number, piece in enumerate(pieces))
            return tuple(pieces)
    return tuple(spans)


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the time that intervals cover, without the borders between them."""
    begin = spans[0]
    for left, right in pairwise(spans):
        if left.end != right.start:
            yield replace(begin, end=left.end)
            begin = right
    yield replace(begin, end=spans[-1].end)


def _seconds(span: Span) -> int:
    return 0 if span.end is None else int((span.end - span.start).total_seconds())


def _pieces(span: Span, grid: int) -> Iterator[Span]:
    """Yield the pieces of an interval between whole multiples of `grid` seconds of UTC."""
    begin, end = span.start, span.end or span.start
    step = timedelta(seconds=grid)
    while (cut := begin + step - (begin - _EPOCH) % step) < end:
        yield Span(span.id, begin, cut)
        begin = cut
    yield Span(span.id, begin, span.end)

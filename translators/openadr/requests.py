"""What an event asks to be told back: its reportDescriptors, and which intervals each report covers, when.

    historical      interval 0 │ 1 │ 2 │ 3       startInterval 1, numIntervals 2, frequency 2, repeat 2
                    ├─ report 0 ─┤  due at its end
                                 ├─ report 1 ─┤  due at its end
    not historical  a report is due at the start of what it covers

A descriptor that cannot be read is refused alone: the event and its other descriptors go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from translators.errors import DocumentError
from translators.openadr.intervals import Clock, Slot, expand
from translators.openadr.wire import Event, EventInterval

_RULE = "OpenADR 3 reportDescriptor"
_GRIDS = frozenset({"INTERVALS", "SUB_INTERVALS", "OPEN_INTERVALS"})


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """One reportDescriptor with the defaults of the standard; `number` is its place in the event.

    `start_interval` is the interval at which a report is generated, -1 the far end in the direction of
    travel; `frequency` -1 is once for all intervals, 0 whenever the VEN likes; `repeat` -1 for ever.
    """

    number: int
    payload: str
    reading_type: str = ""
    units: str = ""
    aggregate: bool = False
    start_interval: int = -1
    num_intervals: int = -1
    historical: bool = True
    frequency: int = -1
    repeat: int = 1
    intervals: str = "INTERVALS"


@dataclass(frozen=True, slots=True)
class Window:
    """What one report covers, and when it is due: the intervals of the event, in order."""

    due: datetime
    slots: tuple[Slot, ...]


def report_requests(event: Event) -> tuple[ReportRequest | DocumentError, ...]:
    """Return each reportDescriptor of an event, or what is wrong with it, in their order."""
    found = event.raw.get("reportDescriptors")
    listed = found if isinstance(found, list) else []
    return tuple([_read(number, item) for number, item in enumerate(listed)])


def windows(event: Event, request: ReportRequest, clock: Clock) -> tuple[Window, ...]:
    """Return the reports on the intervals that an event lists, in the order in which they are due.

    Ad hoc reports (frequency 0) have none, nor has an interval without end that is looked back on.
    A report is left out where an interval of it ended before the clock's `now`, or follows the
    `MOST_SLOTS` that are looked ahead. `Unmet` where the event's times cannot be told.
    """
    bare = replace(event, intervals=tuple(EventInterval(i.period, ()) for i in event.intervals))
    expansion = expand(bare, clock)
    line = {int(slot.key): slot for slot in expansion.slots}
    if not line or not request.frequency:
        return ()
    end = max(line) + 1 if expansion.beyond else None
    return tuple(_covered(request, line, len(event.intervals), end))


def report_name(event: str, request: ReportRequest, resource: str, window: Window) -> str:
    """Return the reportName of one report, the same whenever it is asked for; at most 128 characters.

    `event` names the event for ever, also where the VTN gives its id to another one.
    """
    begin, end = window.slots[0].start, window.slots[-1].end
    said = repr((event, request.number, request.payload, resource, str(begin), str(end)))
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    return f"{request.payload[:40]}/{resource[:40]}/{begin:%Y%m%dT%H%M%SZ}/{digest}"


def _covered(
    request: ReportRequest, line: Mapping[int, Slot], lap: int, end: int | None
) -> Iterator[Window]:
    """Yield the window of each anchor on the line; laps of a looped event are numbered on.

    From `end` on, if it is there, the event goes on and the line does not.
    """
    step = lap if request.frequency < 0 else request.frequency
    far = lap - 1 if request.historical else 0
    anchor = far if request.start_interval < 0 else request.start_interval
    left, begin, last = request.repeat, min(line), max(line)
    while anchor <= last and left:
        reach = _reach(request, anchor, lap)
        slots = [line[number] for number in reach if number in line]
        due = _due(request, line.get(anchor))
        whole = reach.start >= begin and (end is None or reach.stop <= end)
        if slots and due is not None and whole:
            yield Window(due, tuple(slots))
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


def _read(number: int, value: Any) -> ReportRequest | DocumentError:
    where = f"reportDescriptors[{number}]"
    if not isinstance(value, dict):
        return DocumentError("is no object", where=where, rule=_RULE)
    try:
        return ReportRequest(
            number,
            payload=_text(value, "payloadType", where),
            reading_type=_text(value, "readingType", where, ""),
            units=_text(value, "units", where, ""),
            aggregate=_flag(value, "aggregate", where, default=False),
            start_interval=_count(value, "startInterval", where, -1),
            num_intervals=_count(value, "numIntervals", where, -1),
            historical=_flag(value, "historical", where, default=True),
            frequency=_count(value, "frequency", where, -1),
            repeat=_count(value, "repeat", where, 1),
            intervals=_grid(value, where),
        )
    except DocumentError as error:
        return error


def _text(value: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    found = value.get(key)
    found = default if found is None else found
    if not isinstance(found, str) or (default is None and not found):
        raise DocumentError("is no text", where=f"{where}/{key}", value=found, rule=_RULE)
    return found


def _flag(value: Mapping[str, Any], key: str, where: str, *, default: bool) -> bool:
    found = value.get(key)
    found = default if found is None else found
    if not isinstance(found, bool):
        raise DocumentError("is neither true nor false", where=f"{where}/{key}", rule=_RULE)
    return found


def _count(value: Mapping[str, Any], key: str, where: str, default: int) -> int:
    found = value.get(key)
    if found is None:
        return default
    exact = Decimal(found) if isinstance(found, int | Decimal) else Decimal("NaN")
    whole = exact.is_finite() and exact == exact.to_integral_value()
    if isinstance(found, bool) or not whole or not -1 <= exact < 1 << 31:
        raise DocumentError("is no count", where=f"{where}/{key}", value=found, rule=_RULE)
    return int(found)


def _grid(value: Mapping[str, Any], where: str) -> str:
    grid = _text(value, "reportIntervals", where, "INTERVALS")
    if grid not in _GRIDS:
        known = ", ".join(sorted(_GRIDS))
        raise DocumentError(f"is none of {known}", where=f"{where}/reportIntervals", rule=_RULE)
    return grid

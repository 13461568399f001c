"""When each report of one reportDescriptor begins to count: the plan of an event's request.

windows   ├── 0 ──┤├── 1 ──┤├── 2 ──┤   seen first in 2: of what is over only the last is told, at once
                               ▲        (user guide 7.5, "do it now"); then 2
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gateway.protocols.openadr_changes import Held
from translators.canonical.commands import Revision
from translators.openadr.intervals import Clock
from translators.openadr.requests import ReportRequest
from translators.openadr.windows import Window, ad_hoc, windows
from translators.openadr.wire import Event, Period

_QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Plan:
    """The reports of a descriptor that have not begun; `planned` is when the last one that did is due.

    What begins after `until` is not asked for.
    """

    event: Event
    request: ReportRequest
    clock: Clock
    planned: datetime | None = None
    until: datetime | None = None
    _waiting: list[Window] = field(default_factory=list)
    _begun: datetime | None = None
    _over: bool = False

    def opened(self, utc: datetime) -> Iterator[Window]:
        """Yield the reports that count by now, each once; `Unmet` where the event's times cannot be told."""
        while not self._over:
            while self._waiting and self._opens(self._waiting[0]) <= utc:
                window = self._waiting.pop(0)
                self.planned, self._begun = window.due, window.spans[0].start
                yield window
            if self._waiting:
                return
            self._look(utc)

    @property
    def wake_at(self) -> datetime | None:
        """Return when the next report begins to count, None where none does."""
        return self._opens(self._waiting[0]) if self._waiting else None

    def _look(self, utc: datetime) -> None:
        """Look ahead; of what is over already the last report counts."""
        first = self._begun is None
        known = self._windows(self._begun)
        if first and known and max(known) <= utc:
            known |= self._windows(utc)
        found = [known[due] for due in sorted(known) if self._asked(known[due])]
        over = [window for window in found if window.due <= utc] if first else []
        self._waiting = found[max(0, len(over) - 1) :]
        self._over = not self._waiting
        self._begun = self._begun or utc

    def _windows(self, now: datetime | None) -> dict[datetime, Window]:
        clock = replace(self.clock, now=now)
        return {window.due: window for window in windows(self.event, self.request, clock)}

    def _asked(self, window: Window) -> bool:
        later = self.planned is None or window.due > self.planned
        return later and (self.until is None or window.due <= self.until)

    def _opens(self, window: Window) -> datetime:
        return window.spans[0].start if self.request.historical else window.due


def plan_of(
    held: Held, event: Event, request: ReportRequest, revision: Revision, planned: datetime | None
) -> Plan:
    """Return the plan of a request; `planned` is what an earlier run got to.

    What is measured and asked for at any time is told of each quarter of an hour while the event lasts, as
    often as `repeat` says, where it says more than once. `Unmet` where the event's times cannot be told.
    """
    clock = _clock(held, revision)
    if request.frequency and (event.intervals or _implies(event)):
        return Plan(event, request, clock, planned)
    begin, end = lasts(held, event, revision)
    aligned = begin + (_EPOCH - begin) % _QUARTER
    quarters = replace(
        event, intervals=(), period=Period(aligned.isoformat(), "PT15M"), duration=None
    )
    asked = replace(
        request,
        start_interval=0,
        num_intervals=1,
        historical=True,
        frequency=1,
        repeat=-1 if request.repeat == 1 else request.repeat,
        intervals="INTERVALS",
    )
    return Plan(quarters, asked, clock, planned, until=end)


def at_any_time(event: Event, request: ReportRequest) -> bool:
    """Say whether a report may be made whenever the VEN likes."""
    return not request.frequency or not (event.intervals or _implies(event))


def _implies(event: Event) -> bool:
    return event.period is not None and event.period.duration is not None


def lasts(held: Held, event: Event, revision: Revision) -> tuple[datetime, datetime | None]:
    """Return from when to when an event lasts, None while it is served; `Unmet` where that cannot be told."""
    return ad_hoc(event, _clock(held, revision))


def _clock(held: Held, revision: Revision) -> Clock:
    return Clock(revision, held.received, known=held.known)

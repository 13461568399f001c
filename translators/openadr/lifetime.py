"""How long an event lasts, as far as that can be told without a plan of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from translators.openadr.intervals import Clock, expand, longest_random
from translators.openadr.times import duration, start
from translators.openadr.wire import Event, EventInterval, Period
from translators.rules.values import Unmet

_INHERITED = Period()


def lifetime(event: Event, clock: Clock) -> datetime | None:
    """Return when an event ends, a random start as late as it may be; the clock's `now` is passed over.

    None where it never ends, and where that cannot be told.
    """
    try:
        return _plain_end(event) or _end(event, replace(clock, now=None))
    except (Unmet, OverflowError):
        return None


def begins_after(event: Event, moment: datetime) -> bool:
    """Say whether an event states a start that is later than a moment."""
    text = event.period.start if event.period is not None else None
    try:
        begin = None if text is None else start(text, "intervalPeriod/start")
    except Unmet:
        return False
    return isinstance(begin, datetime) and begin > moment


def _plain_end(event: Event) -> datetime | None:
    """Return the end of an event whose intervals all take its own period; None of all others."""
    period = event.period
    if event.duration is not None or period is None:
        return None
    if period.start is None or period.duration is None or period.randomize_start is not None:
        return None
    if not event.intervals or any(it.period != _INHERITED for it in event.intervals):
        return None
    begin, length = start(period.start, ""), duration(period.duration, "").length
    if not isinstance(begin, datetime) or length is None or not length:
        return None
    return begin + length * len(event.intervals)


def _end(event: Event, clock: Clock) -> datetime | None:
    bare = replace(event, intervals=tuple(EventInterval(it.period, ()) for it in event.intervals))
    line = expand(bare, clock)
    ends = [slot.end for slot in line.slots]
    if line.beyond or not ends:
        return None
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return None
    return max(known) + timedelta(seconds=longest_random(event))

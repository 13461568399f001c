"""Commands without an end: a station is told one, and a later one long before it lapses.

    wanted   ├────────────────────────────── …
    told     ├───────────────┤
                     ├──────────────┤               half of the span later
                            ├──────────────┤

A station that is cut off lets go by itself. Limits hold longer than what moves power: without them it
would be freer than its utility allows. The instants depend on the start alone, so that what was
translated once stays as it is until the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from translators.canonical.commands import Interval
from translators.canonical.controls import DerControl, PowerLimit

_LIMITS = timedelta(days=30)
_OTHERS = timedelta(days=1)


def told_until(interval: Interval, controls: Sequence[DerControl], now: datetime) -> datetime:
    """Return the end that a station is told: the interval's own, or one that will be put off in time."""
    return interval.end or put_off_at(interval, controls, now) + _span(controls) / 2


def put_off_at(interval: Interval, controls: Sequence[DerControl], now: datetime) -> datetime:
    """Return when the end of an interval without one is put off next."""
    half = _span(controls) / 2
    gone = max(timedelta(), now - interval.start) // half
    return interval.start + (gone + 1) * half


def _span(controls: Sequence[DerControl]) -> timedelta:
    limits = all(isinstance(control, PowerLimit) for control in controls)
    return _LIMITS if limits else _OTHERS

"""Times as OpenADR 3 writes them, read by the simulated VTN for itself; seconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FOREVER = float("inf")
_YEAR_S, _MONTH_S, _WEEK_S, _DAY_S = 365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400
_DURATION = re.compile(
    r"(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_UNITS_S = (_YEAR_S, _MONTH_S, _WEEK_S, _DAY_S, 3600, 60, 1)
_FOREVER_S = 9999 * _YEAR_S
_NOW = re.compile(r"000[01]-(00|01)-(00|01)(T00:00:00(\.0+)?(Z|\+00:00)?)?")


def moment(seconds: float) -> str:
    """Return an RFC 3339 date-time in UTC, without fractions."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float | None:
    """Return what a date-time says; None for the sentinel of "now". ValueError for anything else."""
    if _NOW.fullmatch(text):
        return None
    read = datetime.fromisoformat(text)
    if read.tzinfo is None or len(text) < len("2026-01-01T00:00Z"):
        raise ValueError(f"{text} is no date-time with a zone")
    return read.timestamp()


def duration_of(text: str) -> float:
    """Return the length of an ISO 8601 duration; 9999 years and more are for ever."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is no duration")
    sign, *numbers = match.groups()
    total = sum(float(n) * unit for n, unit in zip(numbers, _UNITS_S, strict=True) if n)
    if total >= _FOREVER_S:
        return FOREVER
    return -total if sign else total


def lifetime(event: Mapping[str, Any], received: float) -> tuple[float, float]:
    """Return when an event begins and ends; what cannot be read counts as always."""
    try:
        return _lifetime(event, received)
    except (ValueError, TypeError, AttributeError, KeyError):
        return -FOREVER, FOREVER


def _lifetime(event: Mapping[str, Any], received: float) -> tuple[float, float]:
    period = event.get("intervalPeriod") or {}
    begin = cursor = _start(period, received)
    for number, interval in enumerate(event.get("intervals") or ()):
        own = interval.get("intervalPeriod") or {}
        if own.get("start"):
            start = seconds_of(own["start"])
            cursor = cursor if start is None else start
            begin = cursor if number == 0 else min(begin, cursor)
        length = own.get("duration") or period.get("duration")
        cursor += duration_of(length) if length else FOREVER
    if not event.get("intervals"):
        cursor += duration_of(period["duration"]) if period.get("duration") else FOREVER
    if event.get("duration"):
        cursor = begin + duration_of(event["duration"])
    return begin, cursor


def _start(period: Mapping[str, Any], received: float) -> float:
    start = seconds_of(period["start"]) if period.get("start") else None
    return received if start is None else start

"""Texts of time: durations, instants, and the three spellings that OpenADR 3 gives a meaning of their own.

A start in the year 0 or 1 is *now*; a duration of 9999 years or more is *without end*, by value, however it
is spelled; calendar years and months have no length that a station could be told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from fractions import Fraction
from functools import lru_cache

from translators.rules.values import Unmet

_NUMBER = r"([0-9]{1,12}(?:[.,][0-9]{1,9})?)"
_DURATION = re.compile(
    rf"([+-]?)P(?=[0-9T])(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=[0-9])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_ENDLESS_DAYS = 9999 * 365
_NOW = re.compile(r"000[01]-(?:00-00|01-01)(?:[T ]00:00:00(?:\.0+)?(?:Z|[+-]00:?00)?)?")


class Anchor(Enum):
    """A start that is no instant."""

    NOW = "now"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length in whole seconds; None is without end."""

    seconds: int | None
    length: timedelta | None = field(init=False, repr=False, compare=False)
    """The same as a span of time."""

    def __post_init__(self) -> None:
        """Note the length once: each interval asks for it."""
        length = None if self.seconds is None else timedelta(seconds=self.seconds)
        object.__setattr__(self, "length", length)


ENDLESS = Duration(None)


def duration(text: str, where: str) -> Duration:
    """Return the duration of an ISO 8601 text; `Unmet` names what a station cannot be told."""
    read = _duration(text)
    if isinstance(read, str):
        raise Unmet("invalid", where, f"{text[:40]!r} {read}")
    return read


def start(text: str, where: str) -> datetime | Anchor:
    """Return the instant of an RFC 3339 text in UTC, or *now*; `Unmet` where the text is neither."""
    read = _start(text)
    if isinstance(read, str):
        raise Unmet("invalid", where, f"{text[:40]!r} {read}")
    return read


@lru_cache(maxsize=1024)
def _duration(text: str) -> Duration | str:
    """Return a duration, or what is wrong with its text."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return "is no ISO 8601 duration"
    sign, *numbers = match.groups()
    years, months, weeks, days, hours, minutes, seconds = (
        Fraction((number or "0").replace(",", ".")) for number in numbers
    )
    rest = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    total = (years + months / 12) * 365 * 86400 + rest
    if sign == "-" and total:
        return "is a negative duration"
    if total >= _ENDLESS_DAYS * 86400:
        return ENDLESS
    if years or months:
        return "counts calendar years or months, which have no fixed length"
    return Duration(int(rest)) if rest.denominator == 1 else "has parts of a second"


@lru_cache(maxsize=1024)
def _start(text: str) -> datetime | Anchor | str:
    """Return an instant or *now*, or what is wrong with its text."""
    plain = text.strip()
    if plain.startswith("000") and _NOW.fullmatch(plain):
        return Anchor.NOW
    try:
        read = datetime.fromisoformat(plain)
        if read.tzinfo is None:
            return "has no time zone"
        return read if read.tzinfo is UTC else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return "is no RFC 3339 instant"

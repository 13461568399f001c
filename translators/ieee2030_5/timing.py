"""When a control of IEEE 2030.5 holds: interval, random spans, ramp, edition; how these came about."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from translators.canonical.commands import Interval, Randomization
from translators.ieee2030_5.view import ResourceView
from translators.rules.trace import Block, Note
from translators.rules.values import Unmet

EVENT = "ieee2030_5.event"
"""The rule under which a control's own numbers stand."""

_CITES = ("IEEE 2030.5-2018 DERProgram.primacy", "IEEE 2030.5-2018 Event")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED = Randomization()
_HOUR = 3600
_PLAIN = 10
"""Digits of a number that is known by sight."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")


class Times(NamedTuple):
    """When a control holds, and which edition it is; a default control has no interval.

    `stated` are start and duration as the document has them.
    """

    interval: Interval | None
    created: datetime = _EPOCH
    version: int = 0
    randomization: Randomization = _FIXED
    ramp_time: Fraction | None = None
    stated: tuple[str, str] = ("", "")


UNTIMED = Times(Interval(_EPOCH, None))
"""Of an event that cannot be timed: it asks for nothing, as long as its utility serves it."""


def times_of(control: ResourceView, name: str, *, is_default: bool) -> Times:
    """Return when a control holds and which edition it is; `Unmet` where that cannot be told."""
    creation = _optional(control, "creationTime", name)
    interval, stated = (None, ("", "")) if is_default else _interval(control, name)
    return Times(
        interval=interval,
        created=_EPOCH if creation is None else _instant(creation, "creationTime"),
        version=_version(control, name),
        randomization=_randomization(control, name),
        ramp_time=_ramp_time(control, name),
        stated=stated,
    )


def header(name: str, primacy: int, times: Times) -> Block:
    """Return how the command's own numbers came about; `name` is the element's."""
    return Block(EVENT, _CITES, "", (partial(_tell, name, primacy, times),))


def _tell(name: str, primacy: int, times: Times, note: Note) -> None:
    note("take", "DERProgram/primacy", primacy, "primacy", primacy)
    if times.interval is not None:
        where, (start, duration) = f"{name}/interval", times.stated
        begin = times.interval.start.isoformat()
        note("instant", f"{where}/start", start, "interval.start", begin)
        note("take", f"{where}/duration", duration, "interval.duration", duration)


def _interval(control: ResourceView, name: str) -> tuple[Interval, tuple[str, str]]:
    """Return start and end of the event in the utility's time, and the texts that say so."""
    stated = control.raw("interval/start"), control.raw("interval/duration")
    start = _whole(stated[0], "interval/start", name)
    duration = _whole(stated[1], "interval/duration", name)
    if start is None or duration is None:
        raise Unmet("invalid", "DERControl/interval", "needs start and duration")
    if not 0 <= duration < 2**32:
        raise Unmet("invalid", "DERControl/interval/duration", f"is {duration}, not UInt32")
    begin = _instant(start, "interval/start")
    try:
        interval = Interval(begin, begin + timedelta(seconds=duration))
    except OverflowError as exc:
        raise Unmet("invalid", "DERControl/interval", "ends after the year 9999") from exc
    return interval, (str(stated[0]), str(stated[1]))


def _instant(seconds: int, where: str) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError as exc:
        raise Unmet("invalid", f"DERControl/{where}", f"{seconds} is no instant") from exc


def _ramp_time(control: ResourceView, name: str) -> Fraction | None:
    """Return the ramp in seconds, None where none is stated: UInt16, of real servers up to UInt32."""
    path = "DERControlBase/rampTms"
    hundredths = _optional(control, path, name)
    if hundredths is None:
        return None
    if not 0 <= hundredths < 2**32:
        raise Unmet("invalid", f"{name}/{path}", f"is {hundredths}, not UInt32")
    return Fraction(hundredths, 100)


def _version(control: ResourceView, name: str) -> int:
    """Return the edition, 0 where the document states none: UInt16, of real servers what 64 bits hold."""
    version = _optional(control, "version", name) or 0
    if abs(version) >= 2**63:
        raise Unmet("invalid", f"{name}/version", f"is {version}, no edition")
    return version


def _randomization(control: ResourceView, name: str) -> Randomization:
    """Return the random spans; Int16, limited to an hour either way (OneHourRangeType)."""
    start = _optional(control, "randomizeStart", name)
    duration = _optional(control, "randomizeDuration", name)
    if not (start or duration):
        return _FIXED
    begin, lasting = (max(-_HOUR, min(_HOUR, span or 0)) for span in (start, duration))
    return Randomization(start_s=begin, duration_s=lasting)


def _optional(control: ResourceView, path: str, name: str) -> int | None:
    """Return the whole number at `path`, None where absent."""
    return _whole(control.raw(path), path, name)


def _whole(text: str | None, path: str, name: str) -> int | None:
    """Return the whole number that a text at `path` is, None where there is none."""
    if not text:
        return None
    if len(text) <= _PLAIN and text.isdecimal() and text.isascii():
        return int(text)
    if _WHOLE.fullmatch(text) is None:
        raise Unmet("invalid", f"{name}/{path}", f"is {text!r}, no whole number")
    return int(text)

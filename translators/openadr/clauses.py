"""What clauses of contracts ask of an event: for each demand, where an event breaks it and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from translators.openadr.times import duration, start
from translators.openadr.wire import Event, EventInterval
from translators.rules.contract_schema import (
    Adjacent,
    AskedReport,
    Clause,
    Count,
    Descriptors,
    Payloads,
    Reports,
    Targets,
    Values,
)
from translators.rules.values import Unmet

type Breach = tuple[str, str]
"""Where and what."""
type _Span = tuple[datetime, datetime]
type Demand = Callable[[Any, Event], Iterator[Breach]]
"""What the value of a key of a clause asks of an event."""

_REPORT_DEFAULTS = {"frequency": -1, "repeat": 1, "reportIntervals": "INTERVALS"}


def breaches(clause: Clause, event: Event) -> Iterator[Breach]:
    """Yield where an event breaks a clause and how, nothing where it keeps it."""
    try:
        yield from _DEMANDS[clause.demand](getattr(clause, clause.demand), event)
    except Unmet as unmet:
        yield unmet.where, unmet.problem


def types_of(event: Event) -> frozenset[str]:
    """Return the payload types that an event carries or describes."""
    return frozenset(event.descriptors) | _carried(event)


def _carried(event: Event) -> frozenset[str]:
    return frozenset(payload.type for it in event.intervals for payload in it.payloads)


def _absent(asked: Sequence[str], event: Event) -> Iterator[Breach]:
    for path in asked:
        if "/" not in path:
            if event.raw.get(path) is not None:
                yield path, "stands there"
            continue
        member = path.partition("/")[2]
        for number, interval in enumerate(_intervals(event)):
            if interval.get(member) is not None:
                yield f"intervals[{number}]/{member}", "stands there"


def _period(asked: str, event: Event) -> Iterator[Breach]:
    """Time stands on the event, or on every interval and nowhere else."""
    own = [interval.get("intervalPeriod") is not None for interval in _intervals(event)]
    on_event = event.raw.get("intervalPeriod") is not None
    if asked == "event" and not on_event:
        yield "intervalPeriod", "is missing"
    elif asked == "either" and on_event and any(own):
        yield "intervalPeriod", "stands on the event and on intervals"
    elif not all(own) and (asked == "intervals" or not on_event):
        yield "intervals", "do not all have an intervalPeriod"
    elif asked == "either" and not on_event and not own:
        yield "intervalPeriod", "stands nowhere"


def _length(asked: str, event: Event) -> Iterator[Breach]:
    told = None if event.period is None else event.period.duration
    if told is None or _seconds(told, "intervalPeriod") != _wanted(asked):
        yield "intervalPeriod/duration", f"is {told}, not {asked}"


def _lengths(asked: Sequence[str], event: Event) -> Iterator[Breach]:
    known = {_wanted(text) for text in asked}
    for number, interval in enumerate(event.intervals):
        text, where = interval.period.duration, f"intervals[{number}]/intervalPeriod"
        if text is None or _seconds(text, where) not in known:
            yield f"{where}/duration", f"is {text}, none of {', '.join(asked)}"


def _within(_asked: bool, event: Event) -> Iterator[Breach]:
    if event.period is None:
        return
    whole = _span(event.period.start, event.period.duration, "intervalPeriod")
    for number, span in _spans(event):
        if span[0] < whole[0] or span[1] > whole[1]:
            yield f"intervals[{number}]", "lies outside the event's intervalPeriod"


def _apart(_asked: bool, event: Event) -> Iterator[Breach]:
    ordered = sorted(_spans(event), key=lambda found: found[1])
    for (_, former), (number, later) in pairwise(ordered):
        if later[0] < former[1]:
            yield f"intervals[{number}]", "overlaps another interval"


def _adjacent(asked: Adjacent, event: Event) -> Iterator[Breach]:
    length = timedelta(seconds=_wanted(asked.length) or 0)
    found = dict(_spans(event))
    longer = [span for span in found.values() if span[1] - span[0] != length]
    for number, (begin, end) in found.items():
        if end - begin != length:
            continue
        if not any(other[0] == end or other[1] == begin for other in longer):
            yield f"intervals[{number}]", f"of {asked.length} touches no other interval"
        yield from _value_beside(asked, event.intervals[number], f"intervals[{number}]")


def _value_beside(asked: Adjacent, interval: EventInterval, where: str) -> Iterator[Breach]:
    for payload in interval.payloads:
        if payload.type == asked.payload and payload.values != (Decimal(asked.value),):
            yield where, f"of {asked.length} has a {asked.payload} that is not {asked.value}"


def _targets(asked: Targets, event: Event) -> Iterator[Breach]:
    """Targets are plain in 3.1, the values of a map in 3.0.1."""
    told = _listed(event.raw.get("targets"))
    values = [
        value
        for target in told
        for value in (_listed(target.get("values")) if isinstance(target, dict) else [target])
    ]
    yield from _counted(asked, len(values), "targets")
    digits = asked.digits
    if digits is not None and not all(_is_digits(value, digits) for value in values):
        yield "targets", f"are not all of {digits} digits"


def _descriptors(asked: Descriptors, event: Event) -> Iterator[Breach]:
    told = [one.get("payloadType") for one in _listed_objects(event, "payloadDescriptors")]
    wanted = _carried(event) if asked.carried else asked.units.keys()
    if Counter(told) != Counter(wanted):
        yield "payloadDescriptors", f"describe not just {', '.join(sorted(wanted)) or 'nothing'}"
    for kind, unit in asked.units.items():
        found = event.descriptors.get(kind)
        if found is not None and found.units != unit:
            yield f"payloadDescriptors[{kind}]", f"units are {found.units}, not {unit}"


def _reports(asked: Reports, event: Event) -> Iterator[Breach]:
    told = _listed_objects(event, "reportDescriptors")
    if asked.only and len(told) != len(asked.each):
        yield "reportDescriptors", f"are {len(told)}, not {len(asked.each)}"
    for report in asked.each:
        found = [one for one in told if one.get("payloadType") == report.payload]
        if len(found) != 1:
            yield "reportDescriptors", f"ask {len(found)} times for {report.payload}, not once"
        else:
            yield from _asked(report, found[0])


def _asked(report: AskedReport, told: Mapping[str, Any]) -> Iterator[Breach]:
    wanted = {
        "frequency": report.frequency,
        "repeat": report.repeat,
        "reportIntervals": report.intervals or None,
    }
    for key, value in wanted.items():
        given = told.get(key)
        given = _REPORT_DEFAULTS[key] if given is None else given
        if value is not None and given != value:
            where = f"reportDescriptors[{report.payload}]/{key}"
            yield where, f"is {given}, not {value}"


def _count(asked: Count, event: Event) -> Iterator[Breach]:
    yield from _counted(asked, len(event.intervals), "intervals")


def _ids(asked: str, event: Event) -> Iterator[Breach]:
    ids = [interval.get("id") for interval in _intervals(event)]
    whole = [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]
    if len(whole) < len(ids):
        yield "intervals", "have an id that is no whole number"
    elif any(later <= former for former, later in pairwise(whole)):
        yield "intervals", "have ids that do not rise strictly"
    elif asked == "from_zero" and whole and whole[0]:
        yield "intervals", f"have ids that begin at {whole[0]}, not 0"


def _payloads(asked: Payloads, event: Event) -> Iterator[Breach]:
    for number, interval in enumerate(event.intervals):
        where = f"intervals[{number}]"
        for problem in _unlike(asked, Counter(payload.type for payload in interval.payloads)):
            yield where, problem
        for payload in interval.payloads:
            known = asked.types.get(payload.type)
            problem = "" if known is None else _misfit(known, payload.values)
            if problem:
                yield f"{where}/{payload.type}", problem


def _unlike(asked: Payloads, here: Mapping[str, int]) -> Iterator[str]:
    """Yield which payload types an interval should not hold, not twice, or not so few of."""
    for kind, times in here.items():
        if kind not in asked.types or times > 1:
            yield f"holds {kind}" + (f" {times} times" if times > 1 else "")
    for kind, values in asked.types.items():
        if kind not in here and not values.optional:
            yield f"lacks {kind}"
        if kind in here and values.beside is not None and values.beside not in here:
            yield f"holds {kind} without {values.beside}"
    if asked.some and not any(kind in here for kind in asked.some):
        yield f"holds none of {', '.join(asked.some)}"


def _misfit(asked: Values, values: tuple[object, ...]) -> str:
    """Return what is wrong with the values of a payload, nothing where they fit."""
    if len(values) != asked.values:
        return f"has {len(values)} values, not {asked.values}"
    for value in values:
        if asked.one_of and value not in asked.one_of:
            return f"is {value}, none of {', '.join(asked.one_of)}"
        if asked.uuid and not _is_uuid(value):
            return f"is {value}, no UUID"
        if (asked.least, asked.most, asked.places) != (None, None, None):
            problem = _misfit_number(asked, value)
            if problem:
                return problem
    return ""


def _misfit_number(asked: Values, value: object) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        return f"is {value}, no number"
    if asked.least is not None and value < asked.least:
        return f"is {value}, below {asked.least}"
    if asked.most is not None and value > asked.most:
        return f"is {value}, above {asked.most}"
    exponent = value.normalize().as_tuple().exponent
    if asked.places is not None and isinstance(exponent, int) and -exponent > asked.places:
        return f"is {value}, of more than {asked.places} decimals"
    return ""


def _counted(asked: Count, found: int, where: str) -> Iterator[Breach]:
    if found < asked.least:
        yield where, f"are {found}, fewer than {asked.least}"
    if asked.most is not None and found > asked.most:
        yield where, f"are {found}, more than {asked.most}"


def _is_digits(value: object, count: int) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == count


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and UUID(value) is not None
    except ValueError:
        return False


def _spans(event: Event) -> list[tuple[int, _Span]]:
    """Return when each interval with a period of its own lasts; `Unmet` where that cannot be told."""
    own = ((number, interval.period) for number, interval in enumerate(event.intervals))
    return [
        (number, _span(one.start, one.duration, f"intervals[{number}]/intervalPeriod"))
        for number, one in own
        if one.start is not None and one.duration is not None
    ]


def _span(begin: str | None, length: str | None, where: str) -> _Span:
    began = None if begin is None else start(begin, f"{where}/start")
    lasts = None if length is None else _seconds(length, where)
    if not isinstance(began, datetime) or lasts is None:
        raise Unmet("invalid", where, "has no instant of its own, or no end")
    try:
        return began, began + timedelta(seconds=lasts)
    except OverflowError as exc:
        raise Unmet("invalid", where, "ends after the year 9999") from exc


def _seconds(text: str, where: str) -> int | None:
    return duration(text, f"{where}/duration").seconds


def _wanted(text: str) -> int | None:
    return duration(text, "contract").seconds


def _listed(value: object) -> list[Any]:
    """Return a list as it is, nothing as an empty one, and what should be a list as its only item."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _listed_objects(event: Event, member: str) -> list[Mapping[str, Any]]:
    return [one if isinstance(one, dict) else {} for one in _listed(event.raw.get(member))]


def _intervals(event: Event) -> list[dict[str, object]]:
    return event.raw.get("intervals") or []


_DEMANDS: Mapping[str, Demand] = {
    "absent": _absent,
    "period": _period,
    "length": _length,
    "lengths": _lengths,
    "within": _within,
    "apart": _apart,
    "adjacent": _adjacent,
    "targets": _targets,
    "descriptors": _descriptors,
    "reports": _reports,
    "intervals": _count,
    "ids": _ids,
    "payloads": _payloads,
}

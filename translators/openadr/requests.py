"""What an event asks to be told back: its reportDescriptors, each read by itself.

A descriptor that cannot be read is refused alone: the event and its other descriptors go on. So it is with
what should be a list of them and is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from translators.errors import DocumentError
from translators.openadr.wire import Event
from translators.rules.trace import Loss, LossKind

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
    targets: tuple[Any, ...] = ()
    """Of whom it asks, as event targets are written; empty for all that the event addresses."""


def report_requests(event: Event) -> tuple[ReportRequest | DocumentError, ...]:
    """Return each reportDescriptor of an event, or what is wrong with it, in their order."""
    found = event.raw.get("reportDescriptors")
    if found is None:
        return ()
    if not isinstance(found, list):
        return (DocumentError("is no list", where="reportDescriptors", rule=_RULE),)
    return tuple([_read(number, item) for number, item in enumerate(found)])


def unreadable(event: Event) -> Iterator[Loss]:
    """Yield what nobody will be told of an event, because its reportDescriptors cannot be read."""
    for asked in report_requests(event):
        if isinstance(asked, DocumentError):
            yield Loss(LossKind.DROP, _RULE, asked.where, f"{asked.problem}: nothing is reported")


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
            targets=_targets(value, where),
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


def _targets(value: Mapping[str, Any], where: str) -> tuple[Any, ...]:
    found = value.get("targets")
    if found is not None and not isinstance(found, list):
        raise DocumentError("is no list", where=f"{where}/targets", rule=_RULE)
    return tuple(found or ())

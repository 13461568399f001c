"""OpenADR 3 events as JSON has them, in one model for 3.0.1 and 3.1.

Both editions are read alike: what one of them lacks is absent. Unknown members are passed over, the raw
object is kept. Dates of metadata differ from VTN to VTN and are never a reason to lose an event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from translators.errors import DocumentError
from translators.rules.jsontext import value_of

LARGEST_TEXT = 8 << 20
_RULE = "OpenADR 3 event"
_NAME = Field(min_length=1, max_length=128)


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class _PeriodForm(_Form):
    start: str | None = None
    duration: str | None = None
    randomizeStart: str | None = None  # noqa: N815 - wire key


class _PayloadForm(_Form):
    type: Annotated[str, _NAME]
    values: list[Any]


class _IntervalForm(_Form):
    intervalPeriod: _PeriodForm | None = None  # noqa: N815 - wire key
    payloads: list[_PayloadForm] | None = None


class _DescriptorForm(_Form):
    payloadType: Annotated[str, _NAME]  # noqa: N815 - wire key
    objectType: str | None = None  # noqa: N815 - wire key
    units: str | None = None
    currency: str | None = None


class _EventForm(_Form):
    id: Annotated[str, _NAME]
    programID: Annotated[str, _NAME]  # noqa: N815 - wire key
    eventName: str | None = None  # noqa: N815 - wire key
    priority: Annotated[int, Field(ge=0)] | None = None
    duration: str | None = None
    intervalPeriod: _PeriodForm | None = None  # noqa: N815 - wire key
    intervals: list[_IntervalForm] | None = None
    payloadDescriptors: list[_DescriptorForm] | None = None  # noqa: N815 - wire key


class _ProgramForm(_Form):
    id: Annotated[str, _NAME]
    programName: str | None = None  # noqa: N815 - wire key
    payloadDescriptors: list[Any] | None = None  # noqa: N815 - wire key


@dataclass(frozen=True, slots=True)
class Point:
    """A value of two numbers."""

    x: Value
    y: Value


type Value = Decimal | str | bool | Point | None
"""One value of a payload; None is a JSON value that no payload may hold."""


@dataclass(frozen=True, slots=True)
class Period:
    """An intervalPeriod, its texts as they came."""

    start: str | None = None
    duration: str | None = None
    randomize_start: str | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """A type and its values; points that came as a list of lists are flat."""

    type: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class EventInterval:
    """One interval: the order of the list counts, the VTN's own number of it does not."""

    period: Period
    payloads: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a payload type is measured in."""

    units: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `created` and `modified` are None where they cannot be read as instants.

    `created_text` is the VTN's own spelling: with `id` it tells this event from one of before a restart.
    """

    id: str
    program: str
    name: str
    priority: int | None
    created: datetime | None
    created_text: str
    modified: datetime | None
    period: Period | None
    duration: str | None
    intervals: tuple[EventInterval, ...]
    descriptors: Mapping[str, Descriptor]
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Program:
    """What a program says of its events: units by payload type."""

    id: str
    name: str = ""
    descriptors: Mapping[str, Descriptor] = field(default_factory=dict)


def parse(text: str) -> Any:
    """Return a JSON value, numbers exact; `DocumentError` where the text is none, or says a thing twice."""
    return value_of(text, _RULE, LARGEST_TEXT)


def event_of(value: Any) -> Event:
    """Return the event that a JSON object is; `DocumentError` names every member that does not fit."""
    form = _read(_EventForm, value)
    return Event(
        id=form.id,
        program=form.programID,
        name=form.eventName or "",
        priority=form.priority,
        created=_instant(value.get("createdDateTime")),
        created_text=encodable(str(value.get("createdDateTime") or "")),
        modified=_instant(value.get("modificationDateTime")),
        period=None if form.intervalPeriod is None else _period(form.intervalPeriod),
        duration=form.duration,
        intervals=tuple(_interval(item) for item in form.intervals or ()),
        descriptors=_descriptors(form.payloadDescriptors or ()),
        raw=value,
    )


def program_of(value: Any) -> Program:
    """Return the program that a JSON object is; descriptors of reports are passed over."""
    form = _read(_ProgramForm, value)
    told = [
        _read(_DescriptorForm, item)
        for item in form.payloadDescriptors or ()
        if not (isinstance(item, dict) and item.get("objectType") == "REPORT_PAYLOAD_DESCRIPTOR")
    ]
    return Program(form.id, form.programName or "", _descriptors(told))


def _read[F: BaseModel](form: type[F], value: Any) -> F:
    if not isinstance(value, dict):
        raise DocumentError("is no object", rule=_RULE)
    try:
        return form.model_validate(value)
    except ValidationError as exc:
        problems = [
            f"{'.'.join(map(str, error['loc']))}: {error['msg'].lower()}" for error in exc.errors()
        ]
        raise DocumentError("; ".join(problems), rule=_RULE) from exc


def _period(form: _PeriodForm) -> Period:
    return Period(form.start, form.duration, form.randomizeStart)


_INHERITED = Period()


def _interval(form: _IntervalForm) -> EventInterval:
    period = _INHERITED if form.intervalPeriod is None else _period(form.intervalPeriod)
    payloads = tuple([Payload(item.type, _values(item.values)) for item in form.payloads or ()])
    return EventInterval(period, payloads)


def _descriptors(forms: Sequence[_DescriptorForm]) -> dict[str, Descriptor]:
    found: dict[str, Descriptor] = {}
    for form in forms:
        told = Descriptor(form.units, form.currency)
        if found.setdefault(form.payloadType, told) != told:
            where = f"payloadDescriptors[{form.payloadType}]"
            raise DocumentError("is described twice, differently", where=where, rule=_RULE)
    return found


def _values(values: Sequence[Any]) -> tuple[Value, ...]:
    """Return the values of a payload; a list of points within the list is the enumeration's shape."""
    if len(values) == 1 and not isinstance(values[0], list):
        return (_value(values[0]),)
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return tuple([_value(item) for item in flat])


def _value(value: Any) -> Value:
    if type(value) is int:
        return Decimal(value)
    match value:
        case bool() | Decimal():
            return value
        case str():
            return encodable(value)
        case float():
            return Decimal(repr(value))
        case {"x": x, "y": y}:
            return Point(_scalar(x), _scalar(y))
        case _:
            return None


def encodable(text: str) -> str:
    """Return a text without halves of surrogate pairs, which JSON may escape and nobody can store."""
    return text.encode("utf-8", "replace").decode()


def _scalar(value: Any) -> Value:
    made = _value(value)
    return None if isinstance(made, Point) else made


def _instant(value: Any) -> datetime | None:
    """Return an instant of metadata as far as it is one; without a zone it is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""Values as JSON and back, exactly, by their type hints: the form in which what the engine heard is kept.

Canonical values have the form of `translators.canonical.codec`. Around them: texts, instants and enums as
they are, exact numbers as texts, spans in microseconds, bytes in base64; a member of a union of classes
says its class under `$type`. A field that has a default may be absent.
"""

from __future__ import annotations

import types
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, TypeAliasType, Union, get_args, get_origin, get_type_hints

from translators.canonical import codec
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.errors import ModelError
from translators.rules.trace import Step
from translators.units import Kind

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Form:
    """How one type is written and read; what `write` returns is for `orjson`."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@cache
def form_of(hint: Any) -> Form:
    """Return the form of a type; `ModelError` where it has none, whatever its values."""
    if isinstance(hint, TypeAliasType):
        return form_of(hint.__value__)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _union(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin is frozenset:
        item = form_of(arguments[0])
        return Form(
            lambda value: sorted(map(item.write, value)),
            lambda document: frozenset(map(item.read, document)),
        )
    if origin in {dict, Mapping} and arguments[0] is str:
        return _table(form_of(arguments[1]))
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Form(_same, hint)
    if is_dataclass(hint):
        canonical = hint.__module__.startswith("translators.canonical.")
        return _canonical(hint) if canonical else _dataclass(hint)
    raise ModelError("has no form", where="forms", value=hint)


def _same(value: Any) -> Any:
    return value


def _union(members: tuple[Any, ...]) -> Form:
    """An optional, or classes that are told apart by `$type`."""
    others = [member for member in members if member is not types.NoneType]
    if len(others) == 1:
        one = form_of(others[0])
        return Form(
            lambda value: None if value is None else one.write(value),
            lambda document: None if document is None else one.read(document),
        )
    by_name = {member.__name__: form_of(member) for member in others}

    def read(document: Any) -> Any:
        name = document.get("$type") if isinstance(document, dict) else None
        if not isinstance(name, str) or name not in by_name:
            raise ModelError("is no known type", where="forms", value=name)
        return by_name[name].read(document)

    return Form(lambda value: by_name[type(value).__name__].write(value), read)


def _tuple(arguments: tuple[Any, ...]) -> Form:
    if arguments[-1] is ...:
        item = form_of(arguments[0])
        return Form(
            lambda value: [item.write(one) for one in value],
            lambda document: tuple(item.read(one) for one in document),
        )
    items = [form_of(argument) for argument in arguments]
    return Form(
        lambda value: [item.write(one) for item, one in zip(items, value, strict=True)],
        lambda document: tuple(item.read(one) for item, one in zip(items, document, strict=True)),
    )


def _table(item: Form) -> Form:
    return Form(
        lambda value: {key: item.write(one) for key, one in value.items()},
        lambda document: {key: item.read(one) for key, one in document.items()},
    )


def _canonical(hint: Any) -> Form:
    return Form(codec.encode, lambda document: codec.decode(document, hint))


def _dataclass(hint: Any) -> Form:
    """A class of ours, with its name: a union of such classes needs it."""
    hints, name = get_type_hints(hint), hint.__name__
    known = {field.name: form_of(hints[field.name]) for field in fields(hint) if field.init}
    needed = frozenset(
        field.name
        for field in fields(hint)
        if field.init and field.default is MISSING and field.default_factory is MISSING
    )
    writers = [(key, form.write) for key, form in known.items()]

    def write(value: Any) -> dict[str, Any]:
        return {"$type": name, **{key: write(getattr(value, key)) for key, write in writers}}

    def read(document: Any) -> Any:
        given = document.keys() - {"$type"} if isinstance(document, dict) else frozenset()
        if not isinstance(document, dict) or not needed <= given <= known.keys():
            raise ModelError(f"is no {name}", where="forms", value=sorted(given))
        return hint(
            **{key: form.read(document[key]) for key, form in known.items() if key in given}
        )

    return Form(write, read)


def _written_sample(value: Sample) -> list[Any]:
    return [
        value.station,
        value.evse,
        value.kind,
        str(value.value),
        value.at,
        value.phase,
        value.quality,
    ]


def _read_sample(document: Any) -> Sample:
    station, evse, kind, number, at, phase, quality = document
    instant = datetime.fromisoformat(at)
    return Sample(
        station, evse, Kind(kind), Fraction(number), instant, Phase(phase), Quality(quality)
    )


def _read_step(document: Any) -> Step:
    return Step(**document | {"cites": tuple(document["cites"])})


_SCALARS: Mapping[Any, Form] = {
    **dict.fromkeys((str, int, bool, float, Any, object), Form(_same, _same)),
    datetime: Form(_same, datetime.fromisoformat),
    Fraction: Form(str, Fraction),
    timedelta: Form(lambda value: value // _MICROSECOND, lambda document: document * _MICROSECOND),
    bytes: Form(lambda value: b64encode(value).decode("ascii"), b64decode),
    Sample: Form(_written_sample, _read_sample),
    Step: Form(Step.told, _read_step),
}
"""Types that are one JSON value each; a sample is a list: stations make thousands in a second."""

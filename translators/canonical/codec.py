"""Canonical values as JSON and back, exactly: the form in which they are kept and audited.

Numbers are texts (`950/1000` as `19/20`), instants ISO 8601 in UTC, units by their names, enums by value.
A control says its class under `$type`; equal values give equal JSON. A field that has a default may be
absent: what was kept before the field was there is still read.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from functools import cache
from operator import attrgetter
from typing import Any, TypeAliasType, Union, get_args, get_origin, get_type_hints

from translators.errors import ModelError, TranslatorError
from translators.units import Unit, parse_unit

type Json = dict[str, Any]
type _Read = Callable[[Any], Any]
type _Write = Callable[[Any], Any]


def encode(value: Any) -> Any:
    """Return the JSON value of a canonical value; `ModelError` for anything else."""
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(cls: Any) -> _Write:
    """Return the function that writes values of one class."""
    if issubclass(cls, types.NoneType | bool | int) or cls is str:
        return _same
    if issubclass(cls, StrEnum):
        return attrgetter("value")
    if issubclass(cls, str | Fraction | Unit):
        return str
    if issubclass(cls, datetime):
        return datetime.isoformat
    if issubclass(cls, tuple):
        return lambda value: [encode(item) for item in value]
    if issubclass(cls, frozenset):
        return lambda value: sorted(encode(item) for item in value)
    if issubclass(cls, dict):
        return lambda value: {str(key): encode(item) for key, item in value.items()}
    if is_dataclass(cls):
        return _members(cls)
    raise ModelError("is no canonical value", where="codec", value=cls.__name__)


def _same(value: Any) -> Any:
    return value


def _members(cls: Any) -> _Write:
    """Return the function that writes a dataclass, its name first."""
    names = tuple(field.name for field in fields(cls))

    def write(value: Any) -> Json:
        document: Json = {"$type": cls.__name__}
        for name in names:
            document[name] = encode(getattr(value, name))
        return document

    return write


def decode[T](document: Any, cls: type[T]) -> T:
    """Return the value of type `cls` that `encode` described; `ModelError` names what does not fit."""
    hint: Any = cls
    value: T = _reader(hint)(document)
    return value


@cache
def _reader(hint: Any) -> _Read:
    """Return the function that reads one type."""
    if isinstance(hint, TypeAliasType):
        return _reader(hint.__value__)
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _union(get_args(hint))
    if origin is tuple:
        return _sequence(get_args(hint)[0], tuple)
    if origin is frozenset:
        return _sequence(get_args(hint)[0], frozenset)
    if origin is dict:
        item = _reader(get_args(hint)[1])
        return lambda document: {key: item(value) for key, value in _typed(document, dict).items()}
    if is_dataclass(hint) and hint is not Unit:
        return _dataclass(hint)
    return _scalar(hint)


def _scalar(hint: Any) -> _Read:
    make: _Read
    if hint is Unit:
        make = parse_unit
    elif hint is datetime:
        make = datetime.fromisoformat
    elif hint is Fraction or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        make = hint
    else:
        return lambda document: _typed(document, hint)

    def read(document: Any) -> Any:
        if not isinstance(document, str):
            raise ModelError(f"is no text for {hint.__name__}", where="codec", value=document)
        try:
            return make(document)
        except (ValueError, ZeroDivisionError, TranslatorError) as exc:
            raise ModelError(f"is no {hint.__name__}", where="codec", value=document) from exc

    return read


def _typed(document: Any, hint: Any) -> Any:
    if type(document) is not hint:
        raise ModelError(f"is no {hint.__name__}", where="codec", value=document)
    return document


def _sequence(item_hint: Any, make: Callable[[Any], Any]) -> _Read:
    item = _reader(item_hint)

    def read(document: Any) -> Any:
        return make(item(value) for value in _typed(document, list))

    return read


def _union(members: tuple[Any, ...]) -> _Read:
    """Read an optional, or a control by its `$type`."""
    others = [member for member in members if member is not types.NoneType]
    if len(others) == 1:
        read_one = _reader(others[0])
        return lambda document: None if document is None else read_one(document)
    by_name = {member.__name__: _reader(member) for member in others}

    def read(document: Any) -> Any:
        name = document.get("$type") if isinstance(document, dict) else None
        if not isinstance(name, str) or name not in by_name:
            raise ModelError("is no known type", where="codec", value=name)
        return by_name[name](document)

    return read


def _dataclass(cls: Any) -> _Read:
    hints = get_type_hints(cls)
    readers = {field.name: _reader(hints[field.name]) for field in fields(cls)}
    needed = {
        field.name
        for field in fields(cls)
        if field.default is MISSING and field.default_factory is MISSING
    }

    def read(document: Any) -> Any:
        given = _typed(document, dict)
        names = given.keys() - {"$type"}
        if given.get("$type") != cls.__name__ or not needed <= names <= readers.keys():
            known = ", ".join(readers)
            raise ModelError(f"is no {cls.__name__} of {known}", where="codec", value=sorted(given))
        return cls(**{name: readers[name](given[name]) for name in readers if name in names})

    return read

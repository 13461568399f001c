"""OCPP messages as the wire has them: literal keys, JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, overload

from translators.canonical.swift import swift
from translators.errors import DocumentError

type Json = dict[str, Any]

_LARGEST_PLACE = 2**31 - 1


@swift
@dataclass(frozen=True, slots=True)
class StationMessage:
    """One CALL owed to a station.

    `id` is the deterministic control id or the profile id (as text): the ledger's key.
    `functions` are the canonical functions that it serves (`function_of`). `interval` is the place (from 0)
    of its command among those of its event: steps of a later one carry its name (`rules.scopes`).
    `part` is what its id is derived from besides event, station and EVSE.
    """

    ocpp: str
    action: str
    payload: Json
    id: str
    functions: tuple[str, ...]
    interval: int = 0
    part: str = ""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf of a payload with its path, `a/b[0]/c`."""
    match value:
        case dict():
            for key, item in value.items():
                yield from leaves(item, f"{path}/{key}" if path else key)
        case list():
            for number, item in enumerate(value):
                yield from leaves(item, f"{path}[{number}]")
        case _:
            yield path, value


def instant(text: str, where: str = "timestamp") -> datetime:
    """Return a date-time in UTC, exactly to the microsecond; one without a zone is UTC."""
    try:
        read = datetime.fromisoformat(text)
        if read.tzinfo is UTC:
            return read
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise DocumentError("is no instant", where=where, value=text) from exc


@overload
def place_of(number: float) -> int: ...
@overload
def place_of(number: float | None) -> int | None: ...
def place_of(number: float | None) -> int | None:
    """Return the number of an EVSE or connector: JSON Schema takes 1.0 for an integer, too.

    No station has one beyond 32 bits: a larger one is the largest, and no store has to hold more.
    """
    return None if number is None else max(-_LARGEST_PLACE, min(_LARGEST_PLACE, int(number)))

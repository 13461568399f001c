"""Comparing what a station says it holds with what it was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_TOLERANCE = 1e-6


def same_payload(told: Any, reported: Any, but: frozenset[str] = frozenset()) -> bool:
    """Say whether all that was told is reported alike: numbers by value, instants as such.

    A station may report more than it was told (defaults that it filled in); keys in `but` do not
    count.
    """
    if told is reported:
        return True
    if isinstance(told, Mapping):
        return isinstance(reported, Mapping) and all(
            key in but or (key in reported and same_payload(value, reported[key], but))
            for key, value in told.items()
        )
    if isinstance(told, str):
        return told == reported or _same_instant(told, reported)
    if isinstance(told, Sequence):
        return (
            isinstance(reported, Sequence)
            and len(told) == len(reported)
            and all(same_payload(a, b, but) for a, b in zip(told, reported, strict=True))
        )
    if isinstance(told, bool) or isinstance(reported, bool):
        return told is reported
    if isinstance(told, int | float) and isinstance(reported, int | float):
        return abs(told - reported) <= _TOLERANCE * max(1.0, abs(told))
    return bool(told == reported)


def _same_instant(told: str, reported: Any) -> bool:
    if not isinstance(reported, str):
        return False
    try:
        return datetime.fromisoformat(told) == datetime.fromisoformat(reported)
    except (ValueError, TypeError):
        return False


def clear_call(action: str, payload: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the CALL that undoes a SetDERControl or SetChargingProfile."""
    if action == "SetDERControl":
        return "ClearDERControl", {
            "isDefault": payload["isDefault"],
            "controlId": payload["controlId"],
        }
    return "ClearChargingProfile", {"chargingProfileId": payload["chargingProfile"]["id"]}

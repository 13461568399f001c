"""One OCPP-J frame as its array: bounds, duplicate keys and the form of a message, nothing of its meaning."""

from __future__ import annotations

import re
from typing import Any

import orjson

MAX_FRAME = 256 * 1024
MAX_DEPTH = 32
_MAX_ID = 36
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
"""Outside these, each colon is one member."""


def parse(frame: bytes) -> list[Any]:
    """Return a frame as [type, id, …]; `ValueError` says what is wrong with it.

    Size, depth, duplicate keys, NaN and infinities are refused before any meaning is read.
    """
    if len(frame) > MAX_FRAME:
        raise ValueError(f"the frame has {len(frame)} bytes, more than {MAX_FRAME}")
    try:
        message = orjson.loads(frame)  # knows no NaN and no infinity, and bounds its own recursion
    except orjson.JSONDecodeError as exc:
        raise ValueError(f"the frame is no JSON: {exc}") from exc
    _check_structure(frame, message)
    if not isinstance(message, list) or len(message) < 3:
        raise ValueError("a message is an array of at least three")
    kind, message_id = message[0], message[1]
    if type(kind) is not int:
        raise ValueError("the message type is no number")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= _MAX_ID:
        raise ValueError(f"the message id is no text of 1 to {_MAX_ID} characters")
    return message


def _check_structure(frame: bytes, message: Any) -> None:
    """Refuse deep nesting, and keys that an object has twice."""
    if frame.count(b"[") + frame.count(b"{") > MAX_DEPTH and _is_deep(message):
        raise ValueError(f"the frame nests deeper than {MAX_DEPTH}")
    anew = orjson.dumps(message)
    if anew == frame:  # each member once: nothing went lost
        return
    if b"\\" not in frame and anew.count(b":") == frame.count(b":"):
        return  # spaces and spellings of numbers apart, that is the same
    if _members(message) != _STRINGS.sub(b"", frame).count(b":"):
        raise ValueError("an object has a key twice")


def _is_deep(message: Any) -> bool:
    """Say whether arrays and objects lie in each other more than `MAX_DEPTH` deep."""
    level = [message]
    for _ in range(MAX_DEPTH):
        inside = [part.values() if type(part) is dict else part for part in level]
        level = [
            item for parts in inside for item in parts if type(item) is dict or type(item) is list
        ]
        if not level:
            return False
    return True


def _members(value: Any) -> int:
    """Return how many members the objects in a value have."""
    if isinstance(value, dict):
        return len(value) + sum(map(_members, value.values()))
    return sum(map(_members, value)) if isinstance(value, list) else 0

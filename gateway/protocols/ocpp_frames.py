"""One OCPP-J frame as its array: bounds, duplicate keys and the form of a message, nothing of its meaning."""

from __future__ import annotations

import re
from typing import Any

import orjson

MAX_FRAME = 256 * 1024
MAX_DEPTH = 32
_MAX_ID = 36
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")


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
    """Refuse deep nesting and duplicate keys: outside its strings, each colon is one member."""
    if _plainly_sound(frame, message):
        return
    bare = _STRINGS.sub(b"", frame)
    brackets = bare.translate(_AS_SQUARE, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")  # the innermost level of all that is left
    if brackets:
        raise ValueError(f"the frame nests deeper than {MAX_DEPTH}")
    if _members(message) != bare.count(b":"):
        raise ValueError("an object has a key twice")


def _plainly_sound(frame: bytes, message: Any) -> bool:
    """Say whether counting alone shows that a frame is flat enough and has no key twice.

    Written anew, a message has each member once and, without escapes, no colon that was not there: where
    the colons agree in number, no member went lost.
    """
    return (
        frame.count(b"[") + frame.count(b"{") <= MAX_DEPTH
        and b"\\" not in frame
        and frame.count(b":") == orjson.dumps(message).count(b":")
    )


def _members(value: Any) -> int:
    """Return how many members the objects in a value have."""
    if isinstance(value, dict):
        return len(value) + sum(map(_members, value.values()))
    return sum(map(_members, value)) if isinstance(value, list) else 0

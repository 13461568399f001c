"""Where the next frame of a client ends (RFC 6455, 5.2), as far as that is plain to see, and what is text."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from gateway.protocols.ocpp_frames import MAX_FRAME

_TEXT = 0x81
"""A whole text, not packed."""
_CONTROL = frozenset({0x88, 0x89, 0x8A})
_MASKED = 0x80


class Kind(Enum):
    """What is done with a frame."""

    TEXT = auto()
    CONTROL = auto()
    OTHER = auto()
    """A fragment, a packed, binary, unmasked, faulty or too large frame: not for us to read."""


class Found(NamedTuple):
    """A frame: its masked payload is `stream[begin:end]`, the mask the four octets before."""

    kind: Kind
    begin: int = 0
    end: int = 0


_OTHER = Found(Kind.OTHER)


def text_begin(data: bytes) -> int:
    """Return where the payload begins of the one whole text that some data is; 0 where it is not that."""
    size = len(data) - 6
    if size < 0 or data[0] != _TEXT:
        return 0
    if data[1] == _MASKED | size:
        return 6 if size < 126 else 0
    return 8 if data[1] == _MASKED | 126 and int.from_bytes(data[2:4], "big") == size - 2 else 0


def next_frame(stream: bytes, at: int) -> Found | None:
    """Return the frame that begins at an octet, None where it is not whole yet."""
    here = len(stream) - at
    if here < 2:
        return None
    first, second = stream[at], stream[at + 1]
    kind = Kind.TEXT if first == _TEXT else Kind.CONTROL if first in _CONTROL else Kind.OTHER
    size, begin = second & 0x7F, at + 6
    if kind is Kind.OTHER or not second & _MASKED or (kind is Kind.CONTROL and size > 125):
        return _OTHER
    if size == 126:
        if here < 4:
            return None
        size, begin = int.from_bytes(stream[at + 2 : at + 4], "big"), at + 8
    elif size == 127:
        if here < 10:
            return None
        size, begin = int.from_bytes(stream[at + 2 : at + 10], "big"), at + 14
    if size > MAX_FRAME:
        return _OTHER
    end = begin + size
    return Found(kind, begin, end) if end <= len(stream) else None


def is_text(payload: bytes) -> bool:
    """Say whether a payload is UTF-8, as that of a text is (RFC 6455, 8.1)."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True

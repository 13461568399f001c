"""OCPP-J as the simulated station reads and writes it: frames, instants, statuses.

A frame is [2, id, action, payload], [3, id, payload], [4, id, code, text, details], and in OCPP 2.1
[5, id, code, text, details] (an answer was refused) and [6, id, action, payload] (wants no answer).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

type Json = dict[str, Any]

MAX_ID = 36


class Kind(IntEnum):
    """Message types."""

    CALL = 2
    RESULT = 3
    ERROR = 4
    RESULT_ERROR = 5
    SEND = 6


_LENGTHS = {Kind.CALL: 4, Kind.RESULT: 3, Kind.ERROR: 5, Kind.RESULT_ERROR: 5, Kind.SEND: 4}
UNREADABLE = "-1"
"""The message id of an error about a message whose id cannot be read (Part 4, 4.2.3)."""


class FrameError(Exception):
    """A frame breaks OCPP-J; `message_id` is what could be read of it."""

    def __init__(self, code: str, problem: str, message_id: str = UNREADABLE) -> None:
        """Keep the CALLERROR code apart."""
        super().__init__(problem)
        self.code = code
        self.message_id = message_id


class CallError(Exception):
    """A call is answered with a CALLERROR of this code."""

    def __init__(self, code: str, problem: str) -> None:
        """Keep the code apart."""
        super().__init__(problem)
        self.code = code


@dataclass(frozen=True, slots=True)
class Frame:
    """A readable frame; `name` is the action, or the code of an error."""

    kind: Kind
    message_id: str
    name: str
    payload: Json

    @classmethod
    def parse(cls, text: str | bytes) -> Frame:
        """Read a frame; FrameError says what is wrong with it."""
        message = _array(text)
        message_id = message[1] if len(message) > 1 else None
        if not isinstance(message_id, str) or not 0 < len(message_id) <= MAX_ID:
            raise FrameError("RpcFrameworkError", f"{message_id!r} is no message id")
        if type(message[0]) is not int or message[0] not in set(Kind):
            problem = f"{message[0]!r} is no message type"
            raise FrameError("MessageTypeNotSupported", problem, message_id)
        kind = Kind(message[0])
        if len(message) != _LENGTHS[kind]:
            problem = f"{len(message)} parts instead of {_LENGTHS[kind]}"
            raise FrameError("RpcFrameworkError", problem, message_id)
        name = "" if kind is Kind.RESULT else message[2]
        payload = message[-1]
        if not isinstance(name, str) or not isinstance(payload, dict):
            raise FrameError("RpcFrameworkError", "no text and object at the end", message_id)
        return cls(kind, message_id, name, payload)


def _array(text: str | bytes) -> list[Any]:
    try:
        message = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise FrameError("RpcFrameworkError", f"no JSON: {exc}") from exc
    if not isinstance(message, list) or not message:
        raise FrameError("RpcFrameworkError", "a message is an array")
    return message


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def call(message_id: str, action: str, payload: Json) -> list[Any]:
    """Return a CALL."""
    return [int(Kind.CALL), message_id, action, payload]


def send(message_id: str, action: str, payload: Json) -> list[Any]:
    """Return a SEND."""
    return [int(Kind.SEND), message_id, action, payload]


def result(message_id: str, payload: Json) -> list[Any]:
    """Return a CALLRESULT."""
    return [int(Kind.RESULT), message_id, payload]


def error(message_id: str, code: str, problem: str) -> list[Any]:
    """Return a CALLERROR."""
    return [int(Kind.ERROR), message_id, code, problem[:255], {}]


def dump(frame: list[Any]) -> str:
    """Return a frame as text."""
    return json.dumps(frame, separators=(",", ":"), allow_nan=False)


def status(name: str, reason: str = "", detail: str = "") -> Json:
    """Return an answer of a status, with the reason of a refusal (reason codes of Part 2, 5)."""
    if not reason:
        return {"status": name}
    info = {"reasonCode": reason} | ({"additionalInfo": detail} if detail else {})
    return {"status": name, "statusInfo": info}


def instant(seconds: float) -> str:
    """Return seconds since the epoch as OCPP writes an instant."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """Return an instant as seconds since the epoch; without a zone it is UTC."""
    read = datetime.fromisoformat(text)
    return (read.replace(tzinfo=UTC) if read.tzinfo is None else read).timestamp()


def rounded(value: float) -> float:
    """Return a measurement with three places, never a negative zero."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no measurement")
    return round(value, 3) + 0.0

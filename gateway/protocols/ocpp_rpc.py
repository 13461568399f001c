"""OCPP-J framing, sans-I/O: frames in, outputs and frames out, deadlines as data.

Theory of operation: `receive` turns one frame into outputs for the session; `call` queues a CALL, and
`next_frame` yields what may be written now: answers at once, one CALL at a time (Part 4, 4.1.1), grid
commands before housekeeping. `expire` ends calls whose time is over. Nothing a peer sends raises.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import Any, NamedTuple

import orjson

from gateway.protocols.ocpp_frames import parse

_MAX_WORDS = 255
"""Characters of an error description (Part 4, 4.2.3)."""
_REMEMBERED = 64
"""Message ids of ended calls that are still told apart from ids never used."""

type Json = dict[str, Any]


class MessageType(IntEnum):
    """Message type numbers of OCPP-J 2.1 (5 and 6 do not exist in 2.0.1)."""

    CALL = 2
    CALLRESULT = 3
    CALLERROR = 4
    CALLRESULTERROR = 5
    SEND = 6


class Priority(IntEnum):
    """Which CALL goes first when several wait."""

    GRID = 0
    HOUSEKEEPING = 1


@dataclass(frozen=True, slots=True)
class Call:
    """One CALL of ours; `key` is the caller's own name for it, the payload has been validated."""

    key: str
    action: str
    payload: Json
    body: bytes = b""
    """The payload as it is written, where its caller has it already."""


class Called(NamedTuple):
    """The peer calls: answer with `answer` or `refuse`, exactly once."""

    message_id: str
    action: str
    payload: Json


@dataclass(frozen=True, slots=True)
class Sent:
    """The peer sends without wanting an answer (2.1)."""

    action: str
    payload: Json


@dataclass(frozen=True, slots=True)
class Answered:
    """The peer answered our call; `late` where its time was over already."""

    call: Call
    message_id: str
    payload: Json
    late: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The peer answered our call with CALLERROR, or with something that is no answer."""

    call: Call
    code: str
    description: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Our call got no answer in time."""

    call: Call


@dataclass(frozen=True, slots=True)
class Odd:
    """Something that a sound peer does not send; counted, never fatal by itself."""

    problem: str
    message_id: str = ""


type Output = Called | Sent | Answered | Refused | TimedOut | Odd


@dataclass(frozen=True, slots=True)
class _Outstanding:
    call: Call
    message_id: str
    deadline: float


@dataclass(slots=True)
class Rpc:
    """One session; `new_id` yields unused message ids, `timeout_s` bounds a call, `odd` counts."""

    new_id: Callable[[], str]
    timeout_s: float = 30.0
    version: str = "2.1"
    odd: int = 0
    _queue: list[tuple[int, int, Call]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _replies: list[bytes] = field(default_factory=list)
    _outstanding: _Outstanding | None = None
    _ended: dict[str, Call] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def call(self, call: Call, priority: Priority = Priority.GRID) -> None:
        """Queue a CALL."""
        heapq.heappush(self._queue, (priority, next(self._order), call))

    def answer(self, message_id: str, payload: Json) -> None:
        """Answer a `Called`; a second answer to one call is never written."""
        self._reply(message_id, [MessageType.CALLRESULT, message_id, payload])

    def refuse(self, message_id: str, code: str, description: str) -> None:
        """Answer a `Called` with CALLERROR."""
        error = [MessageType.CALLERROR, message_id, code, description[:_MAX_WORDS], {}]
        self._reply(message_id, error)

    def reject_result(self, message_id: str, code: str, description: str) -> None:
        """Tell the peer that its answer was unusable (2.1; 2.0.1 has no such message)."""
        if self.version == "2.1":
            kind = MessageType.CALLRESULTERROR
            self._replies.append(_dump([kind, message_id, code, description[:_MAX_WORDS], {}]))

    def next_frame(self, now: float) -> bytes | None:
        """Return the next frame to write, None where nothing may be written now."""
        if self._replies:
            return self._replies.pop(0)
        if self._outstanding is not None or not self._queue:
            return None
        call = heapq.heappop(self._queue)[2]
        message_id = self.new_id()
        self._outstanding = _Outstanding(call, message_id, now + self.timeout_s)
        payload = orjson.Fragment(call.body) if call.body else call.payload
        return _dump([MessageType.CALL, message_id, call.action, payload])

    @property
    def deadline(self) -> float | None:
        """Return when the outstanding call ends, None without one."""
        return None if self._outstanding is None else self._outstanding.deadline

    @property
    def backlog(self) -> int:
        """Return how many answers wait to be written."""
        return len(self._replies)

    def expire(self, now: float) -> list[Output]:
        """End the outstanding call if its time is over."""
        ended = self._outstanding
        if ended is None or now < ended.deadline:
            return []
        self._outstanding = None
        self._ended[ended.message_id] = ended.call
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
        return [TimedOut(ended.call)]

    def abandon(self) -> tuple[Call | None, list[Call]]:
        """The connection is gone: return the outstanding call and those that never left."""
        outstanding = None if self._outstanding is None else self._outstanding.call
        unsent = [call for _, _, call in sorted(self._queue, key=lambda entry: entry[:2])]
        self._outstanding = None
        self._queue.clear()
        self._replies.clear()
        return outstanding, unsent

    def receive(self, frame: bytes) -> list[Output]:
        """Take one text frame in; every fault becomes an `Odd` and, where due, a CALLERROR."""
        try:
            message = parse(frame)
        except ValueError as error:
            # Part 4, 4.2.3: what has no readable message id is answered under the id -1
            self._fault("-1", "RpcFrameworkError", str(error))
            return [self._strange(str(error))]
        kind, message_id = message[0], message[1]
        match kind:
            case MessageType.CALL:
                return [self._called(message)]
            case MessageType.CALLRESULT:
                return [self._answered(message_id, message[2:])]
            case MessageType.CALLERROR:
                return [self._refused(message_id, message[2:])]
            case MessageType.CALLRESULTERROR if self.version == "2.1":
                return [self._strange("the peer could not use our answer", message_id)]
            case MessageType.SEND if self.version == "2.1":
                return [self._sent(message)]
            case _:
                problem = f"message type {kind} is unknown"
                self._fault(message_id, "MessageTypeNotSupported", problem)
                return [self._strange(problem, message_id)]

    def _called(self, message: list[Any]) -> Output:
        if not _is_request(message):
            problem = "a CALL is [2, id, action, payload]"
            self._fault(message[1], "FormatViolation", problem)
            return self._strange(problem, message[1])
        _, message_id, action, payload = message
        self._open.add(message_id)
        return Called(message_id, action, payload)

    def _sent(self, message: list[Any]) -> Output:
        if not _is_request(message):
            return self._strange("a SEND is [6, id, action, payload]", message[1])
        return Sent(message[2], message[3])

    def _answered(self, message_id: str, rest: list[Any]) -> Output:
        call, late = self._match(message_id)
        if call is None:
            return self._strange("an answer to a call that was never made", message_id)
        if [type(part) for part in rest] != [dict]:
            self.reject_result(message_id, "FormatViolation", "a CALLRESULT is [3, id, payload]")
            return Refused(call, "FormatViolation", "the answer is no CALLRESULT", late)
        return Answered(call, message_id, rest[0], late)

    def _refused(self, message_id: str, rest: list[Any]) -> Output:
        call, late = self._match(message_id)
        if call is None:
            return self._strange("an error to a call that was never made", message_id)
        code = rest[0] if isinstance(rest[0], str) else "GenericError"
        words = rest[1] if len(rest) > 1 and isinstance(rest[1], str) else ""
        return Refused(call, code, words, late)

    def _match(self, message_id: str) -> tuple[Call | None, bool]:
        """Return the call that an answer belongs to, and whether it had ended by then."""
        outstanding = self._outstanding
        if outstanding is not None and outstanding.message_id == message_id:
            self._outstanding = None
            return outstanding.call, False
        return self._ended.pop(message_id, None), True

    def _reply(self, message_id: str, frame: list[Any]) -> None:
        if message_id in self._open:
            self._open.remove(message_id)
            self._replies.append(_dump(frame))

    def _fault(self, message_id: str, code: str, description: str) -> None:
        frame = [MessageType.CALLERROR, message_id, code, description[:_MAX_WORDS], {}]
        self._replies.append(_dump(frame))

    def _strange(self, problem: str, message_id: str = "") -> Odd:
        self.odd += 1
        return Odd(problem, message_id)


def _is_request(message: list[Any]) -> bool:
    """Say whether what follows the id is an action and a payload."""
    return len(message) == 4 and type(message[2]) is str and type(message[3]) is dict


def _dump(message: list[Any]) -> bytes:
    return orjson.dumps(message)

"""OCPP-J framing, sans-I/O: frames in, outputs and frames out, deadlines as data.

Theory of operation: `receive` turns one frame into outputs for the session; `call` queues a CALL, and
`next_frame` yields what may be written now: answers at once, one CALL at a time (Part 4, 4.1.1), grid
commands before housekeeping. `expire` ends calls whose time is over. Nothing a peer sends raises.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
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


@dataclass(slots=True)
class Call[K]:
    """One CALL of ours; `key` is the caller's own name for it, `body` its payload, validated, as JSON."""

    key: K
    action: str
    """A plain name: it is written as it is."""
    body: bytes = field(compare=False)
    """Until it is written."""
    message_id: str = field(default="", compare=False)
    deadline: float = field(default=0.0, compare=False)
    """Both since it was written."""

    def answer(self, frame: bytes) -> bytes | None:
        """Return the text of the payload where a frame is plainly the answer; None decides nothing.

        Whoever knows the text as one whole object knows the frame as `[3,"id",{…}]`.
        """
        head = f'[3,"{self.message_id}",'.encode()
        return frame[len(head) : -1] if frame.startswith(head) and frame.endswith(b"]") else None


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
class Answered[K]:
    """The peer answered our call; `late` where its time was over already."""

    call: Call[K]
    message_id: str
    payload: Json
    late: bool = False


@dataclass(frozen=True, slots=True)
class Refused[K]:
    """The peer answered our call with CALLERROR, or with something that is no answer."""

    call: Call[K]
    code: str
    description: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class TimedOut[K]:
    """Our call got no answer in time."""

    call: Call[K]


@dataclass(frozen=True, slots=True)
class Odd:
    """Something that a sound peer does not send; counted, never fatal by itself."""

    problem: str
    message_id: str = ""


type Output[K] = Called | Sent | Answered[K] | Refused[K] | TimedOut[K] | Odd


@dataclass(slots=True, eq=False)
class Rpc[K]:
    """One session; message ids are `prefix-1` and so on, `timeout_s` bounds a call, `odd` counts."""

    prefix: str
    timeout_s: float = 30.0
    version: str = "2.1"
    odd: int = 0
    outstanding: Call[K] | None = None
    """What was written and waits for its answer; whoever took the answer elsewhere sets it to None."""
    _made: int = 0
    _queue: list[Call[K]] = field(default_factory=list)
    _urgent: int = 0
    """How many of those in the queue, in front, are for the grid."""
    _replies: list[bytes] = field(default_factory=list)
    _ended: dict[str, Call[K]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def call(self, call: Call[K], priority: Priority = Priority.GRID) -> None:
        """Queue a CALL."""
        if priority is Priority.GRID:
            self._queue.insert(self._urgent, call)
            self._urgent += 1
        else:
            self._queue.append(call)

    def answer(self, message_id: str, payload: Json) -> None:
        """Answer a `Called`; a second answer to one call is never written."""
        self._reply(message_id, [MessageType.CALLRESULT, message_id, payload])

    def acknowledge(self, message_id: bytes) -> None:
        """Answer a CALL that was taken in elsewhere with nothing; its id is plain ASCII."""
        self._replies.append(b'[3,"' + message_id + b'",{}]')

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
        if self.outstanding is not None or not self._queue:
            return None
        self.outstanding = call = self._queue.pop(0)
        if self._urgent:
            self._urgent -= 1
        self._made += 1
        call.message_id = f"{self.prefix}-{self._made}"
        call.deadline = now + self.timeout_s
        body, call.body = call.body, b""  # of thousands of calls under way none keeps its payload
        return f'[2,"{call.message_id}","{call.action}",'.encode() + body + b"]"

    @property
    def waiting(self) -> bool:
        """Return whether anything waits to be written, now or later."""
        return bool(self._queue or self._replies)

    def expire(self, now: float) -> list[Output[K]]:
        """End the outstanding call if its time is over."""
        ended = self.outstanding
        if ended is None or now < ended.deadline:
            return []
        self.outstanding = None
        self._ended[ended.message_id] = ended
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]
        return [TimedOut(ended)]

    def abandon(self) -> tuple[Call[K] | None, list[Call[K]]]:
        """The connection is gone: return the outstanding call and those that never left."""
        outstanding, unsent = self.outstanding, self._queue
        self.outstanding, self._queue, self._urgent = None, [], 0
        self._replies.clear()
        return outstanding, unsent

    def receive(self, frame: bytes) -> list[Output[K]]:
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

    def _called(self, message: list[Any]) -> Output[K]:
        if not _is_request(message):
            problem = "a CALL is [2, id, action, payload]"
            self._fault(message[1], "FormatViolation", problem)
            return self._strange(problem, message[1])
        _, message_id, action, payload = message
        self._open.append(message_id)
        return Called(message_id, action, payload)

    def _sent(self, message: list[Any]) -> Output[K]:
        if not _is_request(message):
            return self._strange("a SEND is [6, id, action, payload]", message[1])
        return Sent(message[2], message[3])

    def _answered(self, message_id: str, rest: list[Any]) -> Output[K]:
        call, late = self._match(message_id)
        if call is None:
            return self._strange("an answer to a call that was never made", message_id)
        if [type(part) for part in rest] != [dict]:
            self.reject_result(message_id, "FormatViolation", "a CALLRESULT is [3, id, payload]")
            return Refused(call, "FormatViolation", "the answer is no CALLRESULT", late)
        return Answered(call, message_id, rest[0], late)

    def _refused(self, message_id: str, rest: list[Any]) -> Output[K]:
        call, late = self._match(message_id)
        if call is None:
            return self._strange("an error to a call that was never made", message_id)
        code = rest[0] if isinstance(rest[0], str) else "GenericError"
        words = rest[1] if len(rest) > 1 and isinstance(rest[1], str) else ""
        return Refused(call, code, words, late)

    def _match(self, message_id: str) -> tuple[Call[K] | None, bool]:
        """Return the call that an answer belongs to, and whether it had ended by then."""
        outstanding = self.outstanding
        if outstanding is not None and outstanding.message_id == message_id:
            self.outstanding = None
            return outstanding, False
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

"""One connection of a simulated station: frames in and out, one call at a time, faults on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from websockets.asyncio.client import ClientConnection

from gateway.simulators import station_wire as wire
from gateway.simulators.station_core import Core
from gateway.simulators.station_handlers import handle
from gateway.simulators.station_options import ANY, hits
from gateway.simulators.station_schema import check_response
from gateway.simulators.station_wire import CallError, Frame, FrameError, Json, Kind

IN, OUT = "in", "out"
"""Directions of recorded frames, as the station sees them."""

type Recorded = tuple[str, Any]
"""Direction and parsed frame; an unreadable frame stays text."""


class Record(Protocol):
    """Takes every frame in order, such as a deque."""

    def append(self, frame: Recorded, /) -> None:
        """Take one."""


type Reply = list[Any] | str
"""A frame; text where it is none."""
type Outcome = tuple[str, Json]
"""Of an own call: an error code (empty for an answer) and the payload."""


class LostError(Exception):
    """The connection is to end now, as a fault of the personality."""


@dataclass(slots=True)
class Connection:
    """Reads, answers and calls on one socket; `changed` is told of everything."""

    socket: ClientConnection
    core: Core
    clock: Callable[[], float]
    record: Record
    changed: Callable[[], None]
    timeout_s: float = 10.0
    _waiting: dict[str, tuple[str, asyncio.Future[Outcome]]] = field(default_factory=dict)
    _answers: set[asyncio.Task[None]] = field(default_factory=set)

    async def read(self) -> None:
        """Take frames until the socket closes."""
        try:
            async for text in self.socket:
                await self._take(text)
        finally:
            for task in self._answers:
                task.cancel()

    async def call(self, action: str, payload: Json) -> Outcome | None:
        """Make a call and wait for its end; None where none came in time."""
        message_id = str(uuid4())
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = (action, future)
        await self._send(wire.call(message_id, action, payload))
        try:
            async with asyncio.timeout(self.timeout_s):
                return await future
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(message_id, None)

    async def send(self, action: str, payload: Json) -> None:
        """Send what wants no answer (2.1)."""
        await self._send(wire.send(str(uuid4()), action, payload))

    async def _send(self, frame: Reply) -> None:
        self.record.append((OUT, frame))
        await self.socket.send(frame if isinstance(frame, str) else wire.dump(frame))
        self.changed()

    async def _take(self, text: str | bytes) -> None:
        try:
            frame = Frame.parse(text)
        except FrameError as exc:
            self._note(text if isinstance(text, str) else text.decode(errors="replace"))
            await self._send(wire.error(exc.message_id, exc.code, str(exc)))
            return
        self._note(_parts(frame))
        match frame.kind:
            case Kind.CALL:
                await self._answer(frame)
            case Kind.RESULT | Kind.ERROR:
                await self._settle(frame)
            case Kind.RESULT_ERROR | Kind.SEND:
                pass  # nothing that a station answers

    def _note(self, frame: Any) -> None:
        self.record.append((IN, frame))
        self.changed()

    async def _settle(self, frame: Frame) -> None:
        """Hand an answer to its call; one that breaks its schema is refused (2.1)."""
        action, future = self._waiting.pop(frame.message_id, ("", None))
        if future is None or future.done():
            return  # late, or an answer to a call never made
        code = frame.name
        if frame.kind is Kind.RESULT:
            try:
                check_response(self.core.version, action, frame.payload)
            except CallError as exc:
                code = exc.code
                if self.core.version == "2.1":
                    refused = wire.error(frame.message_id, exc.code, str(exc))
                    await self._send([int(Kind.RESULT_ERROR), *refused[1:]])
        future.set_result((code, frame.payload))

    async def _answer(self, frame: Frame) -> None:
        personality, action = self.core.personality, frame.name
        if hits(personality.disconnects, action):
            self.socket.transport.abort()
            raise LostError(action)
        reply = self._reply(frame)
        if hits(personality.reboots, action):
            self.core.reboot_wanted = "Watchdog"
        if hits(personality.silent, action):
            return
        late = personality.late_s.get(action, personality.late_s.get(ANY, 0.0))
        times = 2 if hits(personality.twice, action) else 1
        if late <= 0:
            await self._send_reply(reply, times)
            return
        task = asyncio.create_task(self._send_late(reply, times, late))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _reply(self, frame: Frame) -> Reply:
        """Carry out a request and return its answer; text where it is no JSON."""
        faults, action = self.core.personality, frame.name
        message_id = str(uuid4()) if hits(faults.wrong_id, action) else frame.message_id
        code = faults.errors.get(action, faults.errors.get(ANY, ""))
        if code:
            return wire.error(message_id, code, "by its personality")
        try:
            payload = handle(self.core, action, frame.payload, self.clock())
        except CallError as exc:
            return wire.error(message_id, exc.code, str(exc))
        if hits(faults.garbles, action):
            return f"[3,{message_id},"
        return wire.result(message_id, faults.answers.get(action, payload))

    async def _send_late(self, reply: Reply, times: int, late_s: float) -> None:
        await asyncio.sleep(late_s)
        await self._send_reply(reply, times)

    async def _send_reply(self, reply: Reply, times: int) -> None:
        for _ in range(times):
            await self._send(reply)


def _parts(frame: Frame) -> list[Any]:
    """Return a parsed frame as the array that it was."""
    match frame.kind:
        case Kind.RESULT:
            return wire.result(frame.message_id, frame.payload)
        case Kind.ERROR | Kind.RESULT_ERROR:
            return [int(frame.kind), frame.message_id, frame.name, "", frame.payload]
        case _:
            return [int(frame.kind), frame.message_id, frame.name, frame.payload]

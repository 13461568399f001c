"""One connected station: frames through the RPC session to the blocks, calls and answers back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    ReplyStatus,
    StationConnected,
    StationReplied,
)
from gateway.ports import Post, StationTransport
from gateway.protocols.ocpp_rpc import (
    Answered,
    Call,
    Called,
    Odd,
    Output,
    Priority,
    Refused,
    Rpc,
    Sent,
    TimedOut,
)
from gateway.stations.blocks import (
    availability,
    der_control,
    metering,
    provisioning,
    smart_charging,
)
from gateway.stations.context import Context, Handler, Json, Reply, StationEntry
from gateway.stations.validators import known_actions, violation

log = structlog.get_logger()

MAX_ODD = 20
"""Frames that a sound peer does not send, before the connection is closed."""
BOOT_GRACE_S = 2.0
"""A station that reconnects without rebooting sends no BootNotification: how long to wait for one."""
_NOT_SUPPORTED = frozenset({"NotImplemented", "NotSupported"})
_STATUS = {
    "Accepted": ReplyStatus.ACCEPTED,
    "NotSupported": ReplyStatus.NOT_SUPPORTED,
    "NotFound": ReplyStatus.NOT_FOUND,
    "Unknown": ReplyStatus.NOT_FOUND,
    "NoProfiles": ReplyStatus.NOT_FOUND,
    "EmptyResultSet": ReplyStatus.NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long a session waits for what: a call's answer, a boot."""

    call_timeout_s: float = 30.0
    heartbeat_s: int = 60
    boot_grace_s: float = BOOT_GRACE_S


@dataclass(slots=True)
class Clocks:
    """Where a session's time comes from."""

    utc: Callable[[], datetime]
    monotonic: Callable[[], float]


@dataclass(slots=True)
class Session:
    """One connection of one station; `run` lasts as long as it."""

    transport: StationTransport
    entry: StationEntry
    post: Post
    clocks: Clocks
    rhythm: Rhythm = field(default_factory=Rhythm)
    context: Context = field(init=False)
    _rpc: Rpc = field(init=False)
    _handlers: Mapping[str, Handler] = field(init=False)
    _waiting: dict[str, asyncio.Future[Reply]] = field(default_factory=dict)
    _keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _booted: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Wire the blocks to this connection."""
        version = self.transport.subprotocol.removeprefix("ocpp")
        prefix = f"{self.clocks.utc().timestamp():.0f}"
        numbers = itertools.count(1)
        self._rpc = Rpc(lambda: f"dg-{prefix}-{next(numbers)}", self.rhythm.call_timeout_s, version)
        self.context = Context(
            entry=self.entry,
            version=version,
            post=self.post,
            call=self.call,
            clock=self.clocks.utc,
            heartbeat_s=self.rhythm.heartbeat_s,
        )
        self._handlers = {
            **provisioning.HANDLERS,
            **der_control.HANDLERS,
            **smart_charging.HANDLERS,
            **availability.HANDLERS,
            **metering.Metering().handlers(),
        }

    async def run(self) -> None:
        """Serve the connection until it ends; whatever was under way then has no answer."""
        writer = asyncio.create_task(self._write())
        announcer = asyncio.create_task(self._announce())
        try:
            async for frame in self.transport.frames():
                self.take(frame)
                if self._rpc.odd > MAX_ODD:
                    log.warning("station.odd", station=self.entry.id, count=self._rpc.odd)
                    await self.transport.close(1002, "too many malformed messages")
                    break
        finally:
            self._close([writer, announcer, *self._tasks])

    def _close(self, tasks: list[asyncio.Task[None]]) -> None:
        outstanding, unsent = self._rpc.abandon()
        if outstanding is not None:
            self._settle(outstanding, Reply(ReplyStatus.NO_ANSWER, reason="connection lost"))
        for call in unsent:
            self._settle(call, Reply(ReplyStatus.NOT_SENT, reason="connection lost"))
        for task in tasks:
            task.cancel()

    def take(self, frame: bytes) -> None:
        """Take one frame in and act on it; nothing that a station sends raises."""
        for output in self._rpc.receive(frame):
            self._act(output)
        self._changed.set()

    async def call(self, action: str, payload: Json, priority: Priority = Priority.GRID) -> Reply:
        """Make one call and wait for its end; an unsendable payload is refused before it leaves."""
        fault = violation(self.context.version, action, payload, request=True)
        if fault is not None:
            log.error("call.invalid", station=self.entry.id, action=action, problem=str(fault))
            return Reply(ReplyStatus.NOT_SUPPORTED, reason=f"not sendable: {fault}")
        key = str(next(self._keys))
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        self._rpc.call(Call(key, action, payload), priority)
        self._changed.set()
        return await future

    def submit(self, effect: SendToStation) -> None:
        """Make the engine's call; its end is posted."""
        self._spawn(self._submit(effect))

    def read_back(self, effect: ReadBack) -> None:
        """Ask for everything that the station holds; the result is posted."""
        self._spawn(self._read_back(effect))

    async def _submit(self, effect: SendToStation) -> None:
        reply = await self.call(effect.action, effect.payload)
        self.post(
            StationReplied(
                self.entry.id, effect.request_id, reply.status, reply.reason, reply.payload
            )
        )

    async def _read_back(self, effect: ReadBack) -> None:
        held, complete = await smart_charging.read_back(self.context)
        if self.context.version == "2.1":
            controls, all_told = await der_control.read_back(self.context)
            held, complete = [*held, *controls], complete and all_told
        report = ControlsReported(self.entry.id, effect.request_id, tuple(held), complete)
        self.post(report)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _announce(self) -> None:
        """Say that the station is here: once after its boot, and again after each reboot."""
        try:
            async with asyncio.timeout(self.rhythm.boot_grace_s):
                await self._booted.wait()
        except TimeoutError:
            log.info("station.no_boot", station=self.entry.id)
        while True:
            self._booted.clear()
            profile = await provisioning.discover(self.context)
            self.post(StationConnected(self.entry.id, profile))
            await self._booted.wait()

    async def _write(self) -> None:
        """Write what may be written, and end calls whose time is over."""
        while True:
            now = self.clocks.monotonic()
            for output in self._rpc.expire(now):
                self._act(output)
            while (frame := self._rpc.next_frame(now)) is not None:
                await self.transport.send(frame)
            deadline = self._rpc.deadline
            delay = None if deadline is None else max(0.0, deadline - self.clocks.monotonic())
            try:
                async with asyncio.timeout(delay):
                    await self._changed.wait()
            except TimeoutError:
                continue
            self._changed.clear()

    def _act(self, output: Output) -> None:
        match output:
            case Called():
                self._answer(output)
            case Answered(call=call, late=True) | Refused(call=call, late=True):
                log.warning("answer.late", station=self.entry.id, action=call.action)
            case Answered():
                self._settle(output.call, self._judge(output))
            case Refused(call=call, code=code):
                lacking = code in _NOT_SUPPORTED
                status = ReplyStatus.NOT_SUPPORTED if lacking else ReplyStatus.CALL_ERROR
                self._settle(call, Reply(status, reason=f"{code} {output.description}".strip()))
            case TimedOut(call=call):
                log.warning("call.unanswered", station=self.entry.id, action=call.action)
                self._settle(call, Reply(ReplyStatus.NO_ANSWER, reason="no answer in time"))
            case Sent(action=action):
                log.info("send.ignored", station=self.entry.id, action=action)
            case Odd(problem=problem):
                log.warning("frame.odd", station=self.entry.id, problem=problem)

    def _settle(self, call: Call, reply: Reply) -> None:
        future = self._waiting.pop(call.key, None)
        if future is not None and not future.done():
            future.set_result(reply)

    def _judge(self, output: Answered) -> Reply:
        """Return what an answer means; one that breaks its schema is never taken as success."""
        action, payload = output.call.action, output.payload
        fault = violation(self.context.version, action, payload, request=False)
        if fault is not None:
            self._rpc.reject_result(output.message_id, fault.code, str(fault))
            return Reply(ReplyStatus.CALL_ERROR, payload, f"answer breaks its schema: {fault}")
        status = _STATUS.get(str(payload.get("status", "Accepted")), ReplyStatus.REJECTED)
        info = payload.get("statusInfo", {})
        reason = f"{info.get('reasonCode', '')} {info.get('additionalInfo', '')}".strip()
        return Reply(status, payload, reason)

    def _answer(self, called: Called) -> None:
        """Answer one CALL: NotImplemented, the schema's fault, or what its block says."""
        version, action = self.context.version, called.action
        if action not in known_actions(version):
            problem = f"{action} is no action of OCPP {version}"
            self._rpc.refuse(called.message_id, "NotImplemented", problem)
            return
        handler = self._handlers.get(action)
        if handler is None:
            self._rpc.refuse(called.message_id, "NotSupported", f"{action} is not for a CSMS")
            return
        fault = violation(version, action, called.payload, request=True)
        if fault is not None:
            log.warning("call.refused", station=self.entry.id, action=action, problem=str(fault))
            self._rpc.refuse(called.message_id, fault.code, str(fault))
            return
        self._rpc.answer(called.message_id, handler(self.context, called.payload))
        if action == "BootNotification":
            self._booted.set()

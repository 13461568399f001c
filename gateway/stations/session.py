"""One connected station: frames through the RPC session to the blocks, calls and answers back.

Theory of operation: each frame is taken in, acted on and answered within one callback; whatever may
be written then is. Calls end in callbacks, too; who waits for an answer stands in one register for all
sessions, with one timer, and an answer that was judged before is known by its text. A task runs only
while there is something to wait for: one says who is here after a boot, one reads back what the
station holds. `end` fences the session: what was under way is told to the engine as unanswered or
unsent, and nothing that the old connection still says counts any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

import structlog

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import ReplyStatus, StationReplied
from gateway.errors import PeerError
from gateway.leading import LAPSED_S, never
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
from gateway.stations.answering import answer, hear
from gateway.stations.blocks import metering
from gateway.stations.context import AskKnown, Context, Handler, Json, Reply, StationEntry
from gateway.stations.deadlines import Deadlines
from gateway.stations.introduction import Introduction
from gateway.stations.nameplate import Nameplate
from gateway.stations.outcomes import (
    LOST,
    SHADOWED,
    UNANSWERED,
    UNSENT,
    answered,
    refused,
    unsendable,
    unusable,
)
from gateway.stations.probing import Probe
from gateway.stations.reading_back import ReadBacks
from gateway.stations.reports import Reports
from gateway.stations.rules import Violation
from gateway.stations.templates import Templates
from gateway.stations.validators import read_violation
from translators.rules.book import Book

log = structlog.get_logger()

MAX_ODD = 20
"""Frames that a sound peer does not send, before the connection is closed."""
_PROTOCOL_ERROR = 1002
_OF_SCHEDULES = frozenset({"SetChargingProfile", "UpdateDynamicSchedule", "ClearChargingProfile"})
"""Calls whose numbers a station may ask for again."""


def _asks(action: str) -> bool:
    """Say whether a call changes nothing at a station."""
    return action.startswith("Get") or action == "TriggerMessage"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long a session waits for what: an answer, a report, a boot, a sign of life."""

    call_timeout_s: float = 30.0
    report_timeout_s: float = 30.0
    heartbeat_s: int = 60
    boot_grace_s: float = 2.0
    """A station that reconnects without rebooting sends no BootNotification."""
    power_s: int = 0
    """How often stations that can do so tell their power beside their meter; 0: never."""
    ask_known: AskKnown = "first"
    """When a known station that comes back without a boot is asked what it is."""
    ping_interval_s: float = 20.0
    probe_timeout_s: float = 5.0
    """How long an old connection may take to show that it lives when a second one comes."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where a session's time comes from."""

    utc: Callable[[], datetime]
    monotonic: Callable[[], float]
    lapsed: Callable[[], bool] = never
    """Whether the time is over for which this gateway leads: nothing is sent then."""


type _Owner = SendToStation | asyncio.Future[Reply]
"""Who made a call: the engine, or a block that waits for its end."""


@dataclass(slots=True, repr=False, eq=False)
class Session:
    """One connection of one station; `generation` orders the connections of one process."""

    transport: StationTransport
    entry: StationEntry
    post: Post
    clocks: Clocks
    rhythm: Rhythm = field(default_factory=Rhythm)
    generation: int = 1
    meter: metering.Metering = field(default_factory=metering.Metering)
    plate: Nameplate = field(default_factory=Nameplate)
    deadlines: Deadlines = field(default_factory=Deadlines)
    templates: Templates = field(default_factory=Templates)
    reports: Reports = field(default_factory=Reports)
    more: Mapping[str, Handler] = field(default_factory=dict)
    """What is answered for all stations in one place."""
    only_asks: bool = False
    """Whether only what asks is sent."""
    _context: Context = field(init=False)
    _rpc: Rpc[_Owner] = field(init=False)
    _measuring: Mapping[str, Handler] = field(init=False)
    _introduction: Introduction = field(init=False)
    _probe: Probe = field(init=False)
    _read_backs: ReadBacks = field(init=False)
    _group: asyncio.TaskGroup | None = None
    _held_back: asyncio.TimerHandle | None = None
    _ended: bool = False

    def __post_init__(self) -> None:
        """Wire the blocks to this connection."""
        version = self.transport.subprotocol.removeprefix("ocpp")
        since = self.clocks.utc().timestamp()
        prefix = f"dg-{since * 1000:.0f}-{self.generation}"
        self._rpc = Rpc(prefix, self.rhythm.call_timeout_s, version)
        self._context = Context(
            entry=self.entry,
            version=version,
            post=self.post,
            call=self.call,
            clock=self.clocks.utc,
            heartbeat_s=self.rhythm.heartbeat_s,
            report_timeout_s=self.rhythm.report_timeout_s,
            # parts of a report that an earlier connection asked for must not look like ours
            requests=int(since) % 1_000_000_000,
            plate=self.plate,
            power_s=self.rhythm.power_s,
            ask_known=self.rhythm.ask_known,
        )
        self.plate.name_anew()
        self._measuring = self.meter.handlers()
        self._introduction = Introduction(self._context, self._begin)
        self._probe = Probe(self._context, self._begin, self.deadlines)
        self._read_backs = ReadBacks(self._context, self._begin)
        self._context.measure_soon = self._probe.soon

    @property
    def announced(self) -> bool:
        """Return whether the engine was told that the station is here."""
        return self._introduction.announced

    @property
    def version(self) -> str:
        """Return the version of OCPP that is spoken here."""
        return self._context.version

    def use(self, book: Book) -> None:
        """Read what the station reports by other mapping rules from now on."""
        self._context.entry = replace(self._context.entry, book=book)

    async def run(self) -> None:
        """Serve the connection until it ends; `end` is due then."""
        async with asyncio.TaskGroup() as self._group:
            self.deadlines.after(self.rhythm.boot_grace_s, self._introduction.boot_missed)
            await self.transport.receive(self.take)
            self._stop()

    def end(self) -> None:
        """Tell how everything under way ended, and take no further part; once."""
        if self._ended:
            return
        self._ended = True
        self._stop()
        self.deadlines.relieve(self)
        outstanding, unsent = self._rpc.abandon()
        if outstanding is not None:
            self._settle(outstanding, LOST)
        for call in unsent:
            self._settle(call, UNSENT)
        self._read_backs.end()

    def _stop(self) -> None:
        self._group = None
        self._introduction.stop()
        self._probe.stop()
        self._read_backs.stop()

    def take(self, frame: bytes) -> None:
        """Take one frame in, act on it and answer; nothing that a station sends raises."""
        if self._ended or self._is_known_answer(frame) or self._is_known_report(frame):
            return
        for output in self._rpc.receive(frame):
            self._act(output, frame)
        self._write()
        if self._rpc.odd > MAX_ODD:
            log.warning("station.odd", station=self.entry.id, count=self._rpc.odd)
            self.transport.close(_PROTOCOL_ERROR, "too many malformed messages")

    def _is_known_report(self, frame: bytes) -> bool:
        """Take measurements in whose form was checked before, and answer them."""
        report = self.reports.read(self._rpc.version, frame)
        if report is None or self._context.registration.bars("MeterValues"):
            return False
        self.meter.known_report(self._context, report)
        self._rpc.acknowledge(report.message_id)
        self._write()
        return True

    def _is_known_answer(self, frame: bytes) -> bool:
        """End the outstanding call where this very answer has been judged before, whoever gave it."""
        rpc, call = self._rpc, self._rpc.outstanding
        text = None if call is None else call.answer(frame)
        if call is None or text is None:
            return False
        reply = self.templates.recall(rpc.version, call.action, text)
        if reply is None:
            return False
        rpc.outstanding = None
        self._settle(call, reply)
        if rpc.waiting:
            self._write()
        return True

    async def call(self, action: str, payload: Json, priority: Priority = Priority.GRID) -> Reply:
        """Make one call and wait for its end."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._start(future, action, payload, priority)
        return await future

    def submit(self, effect: SendToStation) -> None:
        """Make the engine's call; its end is posted. What only asks goes after what commands."""
        asks = effect.action.startswith("Get")
        priority = Priority.HOUSEKEEPING if asks else Priority.GRID
        self._start(effect, effect.action, effect.payload, priority)

    def read_back(self, effect: ReadBack) -> None:
        """Ask for everything that the station holds; the result is posted."""
        if self._ended:
            self._read_backs.unknown(effect.request_id)
        else:
            self._read_backs.ask(effect.request_id)

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None] | None:
        """Let work run beside the frames; without a connection there is none."""
        if self._group is None:
            work.close()
            return None
        return self._group.create_task(work)

    def _start(self, owner: _Owner, action: str, payload: Json, priority: Priority) -> None:
        """Queue a call; one that cannot be sent ends at once."""
        body = self.templates.render(self._rpc.version, action, payload)
        if self._ended:
            self._end_call(owner, UNSENT)
        elif isinstance(body, Violation):
            log.error("call.invalid", station=self.entry.id, action=action, problem=str(body))
            self._end_call(owner, unsendable(body))
        elif self.only_asks and not _asks(action):
            self._end_call(owner, SHADOWED)
        else:
            if action in _OF_SCHEDULES:
                self._context.schedules.told(action, payload)
            self._rpc.call(Call(owner, action, body), priority)
            if priority is Priority.GRID:
                self._write()
            else:  # what the grid wants within the same turn goes before it
                asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        """Write what may be written now; a peer that takes nothing any more is dropped."""
        if self.clocks.lapsed():
            self._hold_back()
            return
        rpc, now = self._rpc, self.clocks.monotonic()
        before = rpc.outstanding
        try:
            while (frame := rpc.next_frame(now)) is not None:
                self.transport.send(frame)
        except PeerError as error:
            log.warning("station.unwritable", station=self.entry.id, problem=str(error))
            self.transport.abort()
        if rpc.outstanding is not before:
            self.deadlines.expect(self, rpc.timeout_s)

    def _hold_back(self) -> None:
        """Write later what may not be written now."""
        if self._held_back is None and not self._ended:
            self._held_back = asyncio.get_running_loop().call_later(LAPSED_S, self._let_go)

    def _let_go(self) -> None:
        self._held_back = None
        if not self._ended:
            self._write()

    def expire(self) -> None:
        """End a call whose time is over, and let the next one go."""
        now = self.clocks.monotonic()
        for output in self._rpc.expire(now):
            self._act(output)
        self._write()
        late = self._rpc.outstanding
        if late is not None and not self._ended:  # this clock is behind the loop's
            self.deadlines.expect(self, late.deadline - now)

    def _act(self, output: Output[_Owner], frame: bytes = b"") -> None:
        match output:
            case Called():
                self._answer(output)
            case Answered(call=call, late=True) | Refused(call=call, late=True):
                # the read-back that its silence led to says what came of it
                log.warning("answer.late", station=self.entry.id, action=call.action)
            case Answered():
                self._judge(output, frame)
            case Refused(call=call, code=code, description=words):
                self._settle(call, refused(code, words))
            case TimedOut(call=call):
                log.warning("call.unanswered", station=self.entry.id, action=call.action)
                self._settle(call, UNANSWERED)
            case Sent():
                hear(self._context, self._rpc, output)
            case Odd(problem=problem):
                log.warning("frame.odd", station=self.entry.id, problem=problem)
            case _:
                assert_never(output)

    def _settle(self, call: Call[_Owner], reply: Reply) -> None:
        self.deadlines.relieve(self)
        self._tell(call.key, reply)

    def _tell(self, owner: _Owner, reply: Reply) -> None:
        """Say how a call ended that was on its way."""
        if isinstance(owner, SendToStation) and owner.action in _OF_SCHEDULES:
            self._context.schedules.answered(owner.action, owner.payload, reply.status)
            if reply.status is ReplyStatus.ACCEPTED:
                self._context.measure_soon()
        self._end_call(owner, reply)

    def _end_call(self, owner: _Owner, reply: Reply) -> None:
        """Hand the end of a call to whoever made it."""
        if isinstance(owner, SendToStation):
            number, status, reason = owner.request_id, reply.status, reply.reason
            self.post(StationReplied(self.entry.id, number, status, reason, reply.payload))
        elif not owner.done():
            owner.set_result(reply)

    def _judge(self, output: Answered[_Owner], frame: bytes) -> None:
        """End a call as its answer says; an answer that breaks its schema is sent back (2.1)."""
        call, payload, version = output.call, output.payload, self._rpc.version
        fault = read_violation(version, call.action, payload, request=False)
        if fault is None:
            reply = answered(payload)
            text = call.answer(frame)
            if text is not None:
                self.templates.learn(version, call.action, text, reply)
            self._settle(call, reply)
        else:
            self._rpc.reject_result(output.message_id, fault.code, str(fault))
            self._settle(call, unusable(payload, fault))

    def _answer(self, called: Called) -> None:
        """Answer one CALL; after a boot the station is asked what it is."""
        own = self._measuring.get(called.action) or self.more.get(called.action)
        if answer(self._context, self._rpc, called, own) and called.action == "BootNotification":
            self._introduction.booted()

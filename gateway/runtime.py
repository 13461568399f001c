"""Drives the engine: one queue in, effects out, one TaskGroup, a drain before the end.

The order is the promise: what an event changes is durable (in one transaction, with others that wait)
before any of it is acknowledged to a utility or sent to a station. While the database refuses, the queue
waits: nothing is acknowledged.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import assert_never

import structlog

from gateway.beside import beside
from gateway.core.effects import (
    Audit,
    Effect,
    Persist,
    PostSamples,
    ReadBack,
    ReportStation,
    RespondToUtility,
    SendToStation,
    WakeAt,
)
from gateway.core.engine import RESTORED
from gateway.core.events import CommandReceived, Event, SamplesTaken, StationReplied, Tick
from gateway.core.orders import DrainMode, DrainRequested
from gateway.errors import GatewayError, StoreError
from gateway.leading import until_leading
from gateway.outbox import Outbox
from gateway.parts import Parts
from gateway.ports import (
    UtilityLink,
)

log = structlog.get_logger()

SAMPLES_WAITING = 5_000
"""Queued events beyond which new samples are let go: the next ones say the same, only newer."""
_TROUBLES = frozenset(
    {
        "clock.jumped",
        "clock.unknown",
        "answer.unusable",
        "canary.failed",
        "command.crowded",
        "command.refused",
        "command.version_fell",
        "control.clear_failed",
        "control.foreign",
        "control.not_followed",
        "control.overridden",
        "control.refused",
        "document.refused",
        "failsafe.entered",
        "failsafe.left",
        "failsafe.limited",
        "limit.binds",
        "site.excess",
        "station.alarm",
    }
)
"""Audited decisions that an operator should see at once: they are logged as warnings too."""
_PRUNE_S = 3_600.0
_SEAL_S = 10.0
"""How long a checkpoint that is due may wait where nothing more is written."""
TOGETHER = 200
"""Events at most that become durable together; the last waits for the decisions on all."""
CHUNK = 200
"""Calls to stations, after which the loop may turn to what came in."""
_HEARTBEAT_S = 1.0
"""How late a step of a clock, ours or a utility's, may be noticed."""


class Runtime:
    """One gateway at work."""

    def __init__(self, parts: Parts) -> None:
        """Wire nothing, start nothing."""
        self._parts = parts
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._wakes: list[datetime] = []
        self._awaited: set[datetime] = set()
        self._dropped = 0
        self._refusals = {"start": "it has not begun"}
        self._written = asyncio.Event()
        patience = parts.retry_s, parts.draw
        self._outboxes = {
            key: Outbox(link, self.post, self._pass_by, patience, parts.lapsed)
            for key, link in parts.utilities.items()
        }

    def post(self, event: Event) -> None:
        """Take an event in; samples give way when the queue is long."""
        if isinstance(event, SamplesTaken) and self._events.qsize() >= SAMPLES_WAITING:
            if not self._dropped:
                log.warning("samples.dropping", station=event.station)
            self._dropped += 1
            return
        if self._dropped and self._events.empty():
            log.warning("samples.dropped", count=self._dropped)
            self._dropped = 0
        self._events.put_nowait(event)

    async def run(self) -> None:
        """Restore, then work until cancelled; ends with everything audited."""
        parts = self._parts
        kept = await self._beside(lambda: {table: parts.store.load(table) for table in RESTORED})
        await self._beside(lambda: parts.audit.drain(parts.store))
        now = parts.clock.now()
        effects = parts.engine.restore(kept, now)
        parts.inputs.begin(kept, now, effects)
        await self._apply(self._marked(effects))
        self._refusals.pop("start")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._decide())
                group.create_task(self._write_audit())
                group.create_task(self._prune())
                for outbox in self._outboxes.values():
                    group.create_task(outbox.run())
                for key, link in parts.utilities.items():
                    group.create_task(self._link(key, link))
        finally:
            self._follow(final=True)

    async def _link(self, key: tuple[str, str], link: UtilityLink) -> None:
        """Run one link; one that ends by itself takes the gateway with it: nobody may miss it."""
        await link.run(self.post)
        raise GatewayError("the link ended by itself", where="/".join(key))

    async def drain(self, mode: DrainMode, patience_s: float = 5.0) -> None:
        """Take back what `mode` says, wait for the answers, at most `patience_s`."""
        self.post(DrainRequested(mode))
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            if self._events.empty() and self._parts.engine.quiet:
                return
        log.warning("drain.unfinished", mode=mode.value)

    async def _decide(self) -> None:
        """Decide what waits, make it durable in one transaction, and do it."""
        while True:
            effects: list[Effect] = []
            try:
                for event in await self._next():
                    effects += self._decided(event)
            finally:  # what was decided before one that fails counts
                if effects:
                    await self._apply(effects)

    def _decided(self, event: Event) -> list[Effect]:
        """Return what the engine makes of an event."""
        parts = self._parts
        parts.failpoints.reach("received")
        if isinstance(event, CommandReceived):
            event = replace(event, draws=(parts.draw.random(), parts.draw.random()))
        if isinstance(event, StationReplied):
            parts.failpoints.reach("answered")
        for observer in parts.observers:
            observer.heard(event)
        now = parts.clock.now()
        parts.inputs.hear(event, now)
        effects = parts.engine.handle(event, now)
        parts.inputs.decided(effects)
        parts.failpoints.reach("decided")
        return self._marked(effects)

    def _marked(self, effects: list[Effect]) -> list[Effect]:
        """Return effects whose records say, in a shadow, that nothing was sent."""
        if not self._parts.shadow:
            return effects
        return [
            replace(effect, details=effect.details | {"shadow": True})
            if isinstance(effect, Audit)
            else effect
            for effect in effects
        ]

    async def _next(self) -> list[Event]:
        """Return the events that wait, not too many at once, or a Tick when a deadline comes first."""
        delay = _HEARTBEAT_S
        if self._wakes:
            ahead = (self._wakes[0] - self._parts.clock.now().utc).total_seconds()
            delay = min(delay, ahead)
        if delay > 0:
            try:
                async with asyncio.timeout(delay):
                    found = [await self._events.get()]
            except TimeoutError:
                pass
            else:
                waiting = min(self._events.qsize(), TOGETHER - 1)
                return [*found, *(self._events.get_nowait() for _ in range(waiting))]
        now = self._parts.clock.now().utc
        while self._wakes and self._wakes[0] <= now:
            self._awaited.discard(heapq.heappop(self._wakes))
        return [Tick()]

    async def _apply(self, effects: list[Effect]) -> None:
        """Do it in order; what is sent goes out a chunk at a time, so that others get their turn."""
        self._parts.inputs.write()
        await self._commit([e for e in effects if isinstance(e, Persist | Audit)])
        for observer in self._parts.observers:
            observer.decided(effects)
        sent = 0
        for effect in effects:
            if isinstance(effect, SendToStation | ReadBack) and self._parts.lapsed():
                await until_leading(self._parts.lapsed)
            self._do(effect)
            if isinstance(effect, SendToStation):
                sent += 1
                if not sent % CHUNK:
                    await asyncio.sleep(0)

    async def _commit(self, durable: list[Persist | Audit]) -> None:
        """Write one transaction; wait while the database refuses, acknowledging nothing."""
        while durable:
            self._parts.failpoints.reach("begun")
            now = self._parts.clock.now().utc
            try:
                await self._beside(partial(self._parts.store.commit, durable, now))
            except StoreError as error:
                await self._wait_out("store", error)
            else:
                self._refusals.pop("store", None)
                self._written.set()
                self._parts.failpoints.reach("committed")
                _warn(durable)
                return

    async def _beside[T](self, call: Callable[[], T]) -> T:
        """Call the store; where it may wait for a network, beside the loop."""
        return await beside(call) if self._parts.store.remote else call()

    async def _wait_out(self, what: str, refusal: StoreError) -> None:
        self._refusals[what] = str(refusal)
        log.error("store.refused", problem=str(refusal))
        await asyncio.sleep(self._parts.store_retry_s)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Persist() | Audit():
                pass
            case RespondToUtility() | PostSamples() | ReportStation():
                self._send_up(effect)
            case WakeAt(utc=utc):
                if utc not in self._awaited:
                    self._awaited.add(utc)
                    heapq.heappush(self._wakes, utc)
            case SendToStation():
                self._parts.stations.send(effect)
                self._parts.failpoints.reach("sent")
            case ReadBack():
                self._parts.stations.read_back(effect)
            case _:
                assert_never(effect)

    def _pass_by(self, name: str) -> None:
        self._parts.failpoints.reach(name)

    def _send_up(self, effect: RespondToUtility | PostSamples | ReportStation) -> None:
        outbox = self._outboxes.get((effect.utility, effect.station))
        match effect:
            case _ if (
                outbox is None
            ):  # an answer stays in the store, until the settings name it again
                log.warning("link.unknown", utility=effect.utility, station=effect.station)
            case RespondToUtility():
                outbox.owe(effect)
            case PostSamples():
                outbox.measure(effect)
            case ReportStation():
                outbox.describe(effect)
            case _:
                assert_never(effect)

    async def _write_audit(self) -> None:
        """Let the segments follow the store, in groups."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_SEAL_S):
                    await self._written.wait()
            self._written.clear()
            try:
                await self._beside(self._follow)
            except StoreError as error:
                self._written.set()
                await self._wait_out("audit", error)
            else:
                self._refusals.pop("audit", None)
                self._parts.failpoints.reach("audited")
                await asyncio.sleep(self._parts.group_s)

    async def _prune(self) -> None:
        """Forget documents that were kept long enough, once an hour."""
        while (keep := self._parts.keep_documents) is not None:
            before = self._parts.clock.now().utc - keep
            try:
                count = await self._beside(partial(self._parts.store.prune, before))
            except StoreError as error:
                log.warning("documents.kept", problem=str(error))
            else:
                log.info("documents.pruned", count=count)
            await asyncio.sleep(_PRUNE_S)

    def _follow(self, *, final: bool = False) -> None:
        """Let the segments catch up with the store, and sign what is due of them."""
        self._parts.audit.drain(self._parts.store)
        if self._parts.seal is not None:
            self._parts.seal.seal(self._parts.clock.now().utc, final=final)
            self._parts.failpoints.reach("sealed")

    @property
    def refusal(self) -> str:
        """Return why the gateway is not ready, empty where all works."""
        return next(iter(self._refusals.values()), "")

    @property
    def parts(self) -> Parts:
        """Return what is driven."""
        return self._parts


def _warn(durable: list[Persist | Audit]) -> None:
    """Log what went wrong at a station; all else of it stands in the audit."""
    for effect in durable:
        if isinstance(effect, Audit) and effect.kind in _TROUBLES:
            log.warning(effect.kind, actor=effect.actor, subject=effect.subject, **effect.details)

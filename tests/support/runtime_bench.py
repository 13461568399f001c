"""A runtime over a real database and audit folder, with links that live in memory."""

import asyncio
import sqlite3
from collections import deque
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from gateway.clock import SystemClock
from gateway.core.events import (
    CommandReceived,
    ControlsReported,
    ReplyStatus,
    StationConnected,
    StationReplied,
)
from gateway.parts import Parts
from gateway.runtime import Runtime
from gateway.store.audit import AuditSegments
from gateway.store.sqlite import SqliteStore
from support.engine_bench import a_command, a_profile, an_engine, held_from
from translators.canonical.commands import Interval

KEY = ("dso", "CS1")


def a_command_now(mrid="M1", *controls, start_s=60.0, seconds=3600.0, **changes):
    """Return a command by the real clock; it starts `start_s` from now."""
    now = datetime.now(UTC)
    begin = now + timedelta(seconds=start_s)
    interval = Interval(begin, begin + timedelta(seconds=seconds))
    return a_command(mrid, *controls, interval=interval, created=now, server_time=now, **changes)


class UtilityInMemory:
    """A `UtilityLink` that posts what it is given and takes answers, unless told to refuse."""

    def __init__(self, events=(), *, refusals=()):
        self.events = list(events)
        self.refusals = deque(refusals)
        self.responses, self.samples, self.reports = [], [], []
        self.witness = None
        self.ends = False
        self.failure = None

    async def run(self, post):
        for event in self.events:
            post(event)
        if self.failure is not None:
            raise self.failure
        if not self.ends:
            await asyncio.Event().wait()

    def _refuse(self):
        refusal = self.refusals.popleft() if self.refusals else None
        if refusal is not None:
            raise refusal

    async def respond(self, response):
        if self.witness is not None:
            self.witness("respond", response)
        self._refuse()
        self.responses.append(response)

    async def post_samples(self, effect):
        self._refuse()
        self.samples.append(effect)

    async def report_station(self, effect):
        self._refuse()
        self.reports.append(effect)


class StationsInMemory:
    """A `StationLink` that takes what it is sent and holds it, unless it is mute."""

    def __init__(self):
        self.post = None
        self.sent = []
        self.held = {}
        self.mute = False
        self.status = ReplyStatus.ACCEPTED
        self.witness = None

    def send(self, effect):
        if self.witness is not None:
            self.witness("send", effect)
        self.sent.append(effect)
        if effect.action.startswith("Set"):
            control = held_from(effect)
            self.held[control.id] = control
        elif effect.action == "ClearDERControl":
            self.held.pop(effect.payload["controlId"], None)
        if not self.mute:
            self.post(StationReplied(effect.station, effect.request_id, self.status))

    def read_back(self, effect):
        held = tuple(self.held.values())
        self.post(ControlsReported(effect.station, effect.request_id, held))


@dataclass
class Site:
    """One state folder; each `at_work` is one life of a gateway on it."""

    folder: Path
    book: object
    utility: UtilityInMemory = field(default_factory=UtilityInMemory)
    stations: StationsInMemory = field(default_factory=StationsInMemory)
    settings: dict = field(default_factory=dict)
    runtime: Runtime = None
    task: asyncio.Task = None
    store: SqliteStore = None
    clock: SystemClock = field(default_factory=SystemClock)

    def __post_init__(self):
        self.clock.set_offset("dso", 0.0)

    def parts(self):
        """Return the parts of a fresh gateway on this state."""
        self.store = SqliteStore(self.folder / "state.db")
        return self.parts_over(self.store, AuditSegments(self.folder / "audit"))

    def parts_over(self, store, audit):
        """Return the parts of a fresh gateway over this store and audit."""
        made = Parts(
            engine=an_engine(self.book),
            store=store,
            audit=audit,
            stations=self.stations,
            utilities={KEY: self.utility},
            clock=self.clock,
            group_s=0.0,
            store_retry_s=0.01,
            retry_s=(0.01,),
        )
        return replace(made, **self.settings)

    @asynccontextmanager
    async def at_work(self, *events):
        """Run one gateway with CS1 connected; post `events`; cancel it at the end."""
        parts = self.parts()
        self.runtime = Runtime(parts)
        self.stations.post = self.runtime.post
        self.runtime.post(StationConnected("CS1", a_profile()))
        for event in events:
            self.runtime.post(event)
        task = self.task = asyncio.create_task(self.runtime.run())
        try:
            yield self.runtime
            if task.done():
                task.result()
        finally:
            task.cancel()
            try:
                with suppress(asyncio.CancelledError):
                    await task
            finally:
                parts.audit.close()
                parts.store.close()

    def documents(self, table):
        """Read a table as another program would."""
        query = "SELECT key, document FROM documents WHERE kind = ?"
        with closing(sqlite3.connect(self.folder / "state.db")) as db:
            rows = db.execute(query, (table.value,)).fetchall()
        return {key: orjson.loads(document) for key, document in rows}

    def kinds(self):
        """Read the kinds of all audit records, oldest first."""
        with closing(sqlite3.connect(self.folder / "state.db")) as db:
            rows = db.execute("SELECT lines FROM audit_groups ORDER BY last").fetchall()
        return [
            orjson.loads(line)["record"]["kind"] for (text,) in rows for line in text.splitlines()
        ]


def received(*commands):
    """Return the events of commands that a utility serves."""
    return [CommandReceived(command) for command in commands]


async def until(condition, *, within_s=60.0):
    """Wait until `condition()` holds and return what it is; fail where it never does."""
    async with asyncio.timeout(within_s):
        while not (found := condition()):  # noqa: ASYNC110 - files and other tasks tell no event
            await asyncio.sleep(0.002)
    return found

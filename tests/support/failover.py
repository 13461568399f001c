"""Two gateways on one PostgreSQL, a balancer before them, a station and a utility: who leads may vanish.

The balancer is what a site would have: it asks `/readyz` and sends the station to the gateway that is
ready. It keeps connections to a gateway that lost the lead, to hear whether that one still says something.
"""

import asyncio
import os
import signal
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.core.effects import Table
from gateway.security.identities import certificate_lfdi
from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility, control
from gateway.simulators.utility_2030_5_controls import fixed_pf
from gateway.store.postgres import PostgresStore
from gateway.store.verification import verify
from support.faults import PROGRAM
from support.places import ROOT
from support.site import PASSWORD, a_free_port, a_site, a_utility, enrol, server_files, write_site

PATIENCE_S = 60
_CONTROL = 0x08
"""Bit of the opcode that farewells, pings and pongs of a WebSocket have, and no message."""


def messages(octets):
    """Return what is left of some frames of a server without farewells, pings and pongs."""
    while octets and octets[0] & _CONTROL:
        octets = octets[2 + octets[1] :]
    return octets


class Node:
    """One of the gateways, a process that is started again whenever it ended."""

    def __init__(self, name, folder, values):
        self.name, self.folder, self.process = name, folder, None
        self.port, self.admin = a_free_port(), a_free_port()
        ports = {"ocpp": {"port": self.port}, "admin": {"port": self.admin}}
        folder.mkdir()
        (folder / "certs").symlink_to(folder.parent / "certs")
        self._site = write_site(folder, a_site(**values, **ports, log_level="warning"))
        self.ends = []

    async def start(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway", "run", "-c", str(self._site)),
                cwd=ROOT,
                env=kept,
                stdout=log,
                stderr=log,
            )

    def tell(self, number):
        self.process.send_signal(number)

    async def ended(self):
        self.ends.append(await self.process.wait())
        return self.ends[-1]

    async def ready(self):
        """Return what `/readyz` says: 200, 503, or 0 where nobody answers in time."""
        try:
            async with asyncio.timeout(0.5):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.admin)
                try:
                    writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    return int((await reader.readline()).split()[1])
                finally:
                    writer.close()
        except (OSError, TimeoutError, IndexError):
            return 0


@dataclass
class Balancer:
    """Sends the station to the gateway that is ready, and hears what the others still say."""

    nodes: list
    current: Node = None
    changed: float = 0.0
    after_all: list = field(default_factory=list)
    """What a gateway said to a station after another one had taken over."""
    port: int = 0
    _ways: set = field(default_factory=set)

    async def watch(self):
        while True:
            ready = [node for node in self.nodes if await node.ready() == 200]
            if ready and ready[0] is not self.current:
                self.current, self.changed = ready[0], time.monotonic()
                for way in list(self._ways):
                    if way.node is not self.current:
                        way.station.close()
            await asyncio.sleep(0.1)

    async def take(self, reader, writer):
        node = self.current
        try:
            up, down = await asyncio.open_connection("127.0.0.1", node.port)
        except (OSError, AttributeError):
            writer.close()
            return
        way = _Way(node, writer, asyncio.current_task())
        self._ways.add(way)
        asks = asyncio.create_task(self._pass_up(reader, down))
        try:
            while octets := await up.read(65_536):
                if node is not self.current:
                    if said := messages(octets):
                        self.after_all.append((node.name, said))
                elif not writer.is_closing():
                    writer.write(octets)
        except OSError:
            pass
        finally:
            self._ways.discard(way)
            asks.cancel()
            writer.close()
            down.close()

    async def _pass_up(self, reader, down):
        """Pass on what the station says; its end is not told, so that the gateway may go on."""
        with suppress(OSError):
            while octets := await reader.read(65_536):
                down.write(octets)


@dataclass(frozen=True, eq=False)
class _Way:
    """A connection through the balancer; who knows it keeps its task alive."""

    node: Node
    station: asyncio.StreamWriter
    task: asyncio.Task


@dataclass
class Round:
    """What one event came to, and how long nobody led."""

    number: int
    how: str
    away_s: float
    statuses: list
    repeats: int
    sent: dict
    held: list

    def faults(self):
        found = []
        if sorted(set(self.statuses)) != [1, 2, 6]:
            found.append(f"Responses {self.statuses}")
        if len(self.statuses) > 3 + self.repeats:
            found.append(f"Responses {self.statuses} repeat more than {self.repeats} times")
        found += [
            f"{name} was sent {times} times" for name, times in self.sent.items() if times > 1
        ]
        if "FixedPFInject" in self.held:
            found.append("the control was not taken back")
        return found


class Play:
    """A site with two gateways; each round is one event during which the leader goes away."""

    def __init__(self, folder, url, *, lease_s=2.0):
        self._folder, self._url, self._lease_s = folder, url, lease_s
        self.rounds = []

    @asynccontextmanager
    async def running(self):
        authorities = enrol(self._folder, "CS1")
        files = server_files(authorities)
        async with AsyncExitStack() as stack:
            self.utility = await stack.enter_async_context(
                SimulatedUtility(files, Options(Dialect(), page_size=100))
            )
            self.program = self.utility.add_program(1, mrid=PROGRAM)
            lfdi = certificate_lfdi(self._folder / "certs" / "cs1.pem")
            self.utility.add_device(lfdi, self.program)
            grid = a_utility(url=self.utility.url, poll_interval_s=0.3, post_interval_s=60)
            shared = {"utilities": [grid], "database": self._url, "lease_s": self._lease_s}
            self.nodes = [Node(name, self._folder / name, shared) for name in ("one", "two")]
            self.balancer = Balancer(self.nodes)
            listening = await asyncio.start_server(self.balancer.take, "127.0.0.1", 0)
            watching = asyncio.create_task(self.balancer.watch())
            stack.callback(watching.cancel)
            stack.callback(listening.close)
            stack.push_async_callback(self._end)
            for node in self.nodes:
                await node.start()
            port = listening.sockets[0].getsockname()[1]
            url = f"ws://127.0.0.1:{port}/ocpp"
            options = StationOptions("CS1", PASSWORD, url, backoff_s=0.05, discharge_w=5_000)
            self.station = await stack.enter_async_context(SimulatedStation(options))
            await self.station.wait_for(lambda: self.station.ready, PATIENCE_S)
            yield self

    def other(self, node):
        """Return the gateway beside this one."""
        return next(one for one in self.nodes if one is not node)

    async def _end(self):
        for node in self.nodes:
            if node.process is not None and node.process.returncode is None:
                node.process.kill()
                await node.process.wait()

    async def round(self, number, how, after_s):
        """Play one event; `after_s` into it the leader is killed, paused or told to end."""
        mrid = f"{number:024X}00007ED9"
        part = fixed_pf("0.95", absorbing_var=True)
        begin = len(self.station.payloads(IN, "SetDERControl"))
        event = control(int(self.utility.now()) + 1, 3600, part, mrid=mrid)
        self.utility.add_control(self.program, event)
        away = asyncio.create_task(self._go_away(how, after_s))
        story = asyncio.create_task(self._story(mrid))
        away_s = await away
        await story
        await self.station.wait_for(
            lambda: "FixedPFInject" not in self.station.controls.active, PATIENCE_S
        )
        await asyncio.sleep(0.4)  # one more poll: nothing may follow
        sent = {}
        for payload in self.station.payloads(IN, "SetDERControl")[begin:]:
            sent[payload["controlId"]] = sent.get(payload["controlId"], 0) + 1
        statuses, held = self.utility.statuses(mrid), list(self.station.controls.active)
        one = Round(number, how, away_s, statuses, int(how != "end"), sent, held)
        self.rounds.append(one)
        return one

    async def _story(self, mrid):
        await self.utility.wait_for(lambda: {1, 2} <= set(self.utility.statuses(mrid)), PATIENCE_S)
        self.utility.cancel(mrid)
        await self.utility.wait_for(lambda: 6 in self.utility.statuses(mrid), PATIENCE_S)

    async def _go_away(self, how, after_s):
        """Take the leader away and start it again; return how long no gateway was ready."""
        await asyncio.sleep(after_s)
        leader = self.balancer.current
        begin = time.monotonic()
        leader.tell({"kill": signal.SIGKILL, "pause": signal.SIGSTOP, "end": signal.SIGTERM}[how])
        async with asyncio.timeout(PATIENCE_S):
            while self.balancer.current is leader:  # noqa: ASYNC110 - another task changes it
                await asyncio.sleep(0.02)
            away_s = self.balancer.changed - begin
            if how == "pause":
                leader.tell(signal.SIGCONT)
            await leader.ended()
        await leader.start()
        async with asyncio.timeout(PATIENCE_S):
            while await leader.ready() != 503:  # noqa: ASYNC110 - a process of its own
                await asyncio.sleep(0.1)
        return away_s

    async def finish(self):
        """End both gateways as an operator would; return what they leave."""
        for node in self.nodes:
            node.tell(signal.SIGTERM)
        for node in self.nodes:
            await node.ended()
        store = PostgresStore(self._url)
        try:
            if not store.take(60):
                raise RuntimeError("a gateway that ended still leads")
            owed = sorted(store.load(Table.RESPONSES))
            head = store.commit([], datetime.now(UTC))
        finally:
            store.close()
        audits = [verify(Path(node.folder) / "state" / "audit") for node in self.nodes]
        return owed, head, audits

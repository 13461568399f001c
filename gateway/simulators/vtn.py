"""A simulated OpenADR 3 VTN (3.0.1 and 3.1) for tests: real HTTP, objects that a test moves.

    async with SimulatedVtn(Options(revision="3.1")) as vtn:
        program = vtn.add_program("ev-flex")
        event = vtn.add_event(program, intervalPeriod={...}, intervals=[...])
        await vtn.wait_for(lambda: vtn.reports, timeout_s=5)
        vtn.delete_event(event)

Clients: `ven_client`, `ven_client2`, `bl_client`, each with the secret `secret`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from types import TracebackType
from typing import Self

from aiohttp import web

from gateway.simulators.traps import Trap
from gateway.simulators.vtn_broker import Broker, public_url
from gateway.simulators.vtn_delivery import deliver
from gateway.simulators.vtn_desk import Desk
from gateway.simulators.vtn_faults import HONEST, Answer, Fault, lost_answer, status
from gateway.simulators.vtn_http import RefusedError, Reply, Request
from gateway.simulators.vtn_options import Account, Options
from gateway.simulators.vtn_push import Pusher
from gateway.simulators.vtn_quirks import QUIRKS, Quirk
from gateway.simulators.vtn_world import Body, Entry, Kind, World

__all__ = [
    "QUIRKS",
    "Account",
    "Entry",
    "Exchange",
    "Kind",
    "Options",
    "Quirk",
    "SimulatedVtn",
]

COMPLAINTS = "/complaints"
"""Where, beside the interface, what VENs did amiss is listed."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and how it was answered; `reason` is why it was refused."""

    at: float
    client: str
    method: str
    path: str
    status: int
    reason: str = ""


class SimulatedVtn(World):
    """The VTN with its server; open it with `async with`, move it with the methods of World."""

    def __init__(
        self,
        options: Options | None = None,
        *,
        address: tuple[str, int] = ("127.0.0.1", 0),
        tls: ssl.SSLContext | None = None,
        trust: ssl.SSLContext | None = None,
        broker: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Listen nowhere yet; `tls` serves, `trust` verifies callbacks, else the system's roots do.

        `broker` is the address at which this VTN publishes, with its password. SettingsError where the
        extra `mqtt` is missing.
        """
        told = options or Options()
        if broker and not told.broker:
            told = replace(told, broker=public_url(broker))
        super().__init__(told, clock)
        self._desk = Desk(self)
        self._host, self._port = address
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Condition()
        self._pusher = Pusher(self, trust)
        self._broker = Broker(self, broker, trust) if broker else None
        self._pushing: list[asyncio.Task[None]] = []
        self._traps: list[Trap[Fault]] = []
        self.listeners += [self._pusher.note, lambda _: self._desk.watch.changed()]
        if self._broker is not None:
            self.listeners.append(self._broker.note)
        self.exchanges: list[Exchange] = []

    async def __aenter__(self) -> Self:
        """Listen, deliver webhooks, publish."""
        await self.up()
        self._pushing = [asyncio.create_task(self._pusher.run())]
        if self._broker is not None:
            self._pushing.append(asyncio.create_task(self._broker.run()))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        for task in self._pushing:
            task.cancel()
        ends = await asyncio.gather(*self._pushing, return_exceptions=True)
        await self.down()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    @property
    def url(self) -> str:
        """The base address that a VEN is given."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://{self._host}:{self._port}{self.options.base}"

    @property
    def reports(self) -> list[Entry]:
        """Every stored report, in order."""
        return self.entries(Kind.REPORT)

    @property
    def lost(self) -> list[Body]:
        """Every notification that no callback took."""
        return self._pusher.lost

    @property
    def complaints(self) -> list[str]:
        """What VENs did against the specification, each once; `complained` says how often."""
        return list(self._desk.watch.counted)

    @property
    def complained(self) -> Counter[str]:
        """How often each complaint was made."""
        return self._desk.watch.counted

    async def up(self) -> None:
        """Listen, again on the same port where it did before."""
        app = web.Application(client_max_size=16 << 20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(
            self._runner, self._host, self._port, ssl_context=self._tls, reuse_address=True
        ).start()
        self._port = int(self._runner.addresses[0][1])

    async def down(self) -> None:
        """Stop listening; what is stored stays."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def revoke_tokens(self) -> None:
        """Let no token be good any more."""
        self._desk.tokens.revoke()

    def replay_webhooks(self, times: int = 1) -> None:
        """Deliver the notifications that were delivered so far once more, `times` times."""
        self._pusher.replay(times)

    def forge_webhooks(self, token: str) -> None:
        """Notify every callback of an event that there is not, with this bearer token."""
        self._pusher.forge(token)

    def babble(self, messages: int) -> None:
        """Publish messages that mean nothing on the topics of events."""
        if self._broker is not None:
            self._broker.babble(messages)

    def spoil(
        self,
        pattern: str,
        fault: Fault,
        *,
        method: str | None = None,
        times: int | None = None,
        for_s: float = math.inf,
    ) -> None:
        """Let `fault` spoil the answers at `pattern` (`/events*`), so often and so long, or until `heal`."""
        self._traps.append(Trap(pattern, fault, method, times, self.now() + for_s))

    def heal(self) -> None:
        """Take every fault away."""
        self._traps.clear()

    def lose_answers(self, pattern: str, times: int = 1) -> None:
        """Do what the next posts at `pattern` ask, then break the connection instead of saying so."""
        self.spoil(pattern, lost_answer(), method="POST", times=times)

    def fail(self, pattern: str, code: int, times: int = 1) -> None:
        """Answer the next requests at `pattern` (`/events*`) with a bare status."""
        self.spoil(pattern, status(code), times=times)

    async def wait_for(self, predicate: Callable[[], object], timeout_s: float | None) -> None:
        """Wait until `predicate` holds, asked after each request; TimeoutError where it does not."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: bool(predicate()))

    async def _serve(self, http: web.Request) -> web.StreamResponse:
        base = self.options.base
        if http.path == COMPLAINTS and http.method == "GET":
            return web.json_response({"complaints": dict(self.complained)})
        if base and not http.path.startswith(f"{base}/"):
            return web.Response(status=404)
        query = {key: http.query.getall(key) for key in http.query}
        headers = {key.lower(): value for key, value in http.headers.items()}
        path, body = http.path[len(base) :], await http.read()
        asked = Request(http.method, path, query, headers, body, http.scheme)
        fault = self._fault(asked)
        answer = fault.spoil(await self._acted(asked) if fault.acts else Answer(0))
        if not fault.acts:
            self._record(asked, "", answer.status)
        async with self._changed:
            self._changed.notify_all()
        date = {"Date": formatdate(self.now(), usegmt=True)}
        return await deliver(http, answer, fault, date)

    def _fault(self, asked: Request) -> Fault:
        """Return what waits for this request."""
        for trap in self._traps:
            if trap.springs(asked.method, asked.path, self.now()):
                if trap.fault.retry_after_s:
                    self._desk.told_to_wait(asked, trap.fault.retry_after_s)
                return trap.fault
        return HONEST

    async def _acted(self, asked: Request) -> Answer:
        """Do what is asked."""
        reply, client, reason = self._desk.answer(asked)
        if reply.status == 201 and asked.path == "/subscriptions":
            reply = await self._challenged(reply)
        self._record(asked, client, reply.status, reason)
        body = json.dumps(reply.body).encode()
        if self.options.etags and asked.method == "GET" and reply.status == 200:
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            if asked.headers.get("if-none-match") == tag:
                return Answer(304, headers={"ETag": tag})
            return Answer(200, body, reply.media, {**reply.headers, "ETag": tag})
        return Answer(reply.status, body, reply.media, reply.headers)

    async def _challenged(self, reply: Reply) -> Reply:
        """Keep a subscription only where its callbacks pass the echo challenge."""
        entry = self.entry(Kind.SUBSCRIPTION, reply.body["id"])
        if await self._pusher.challenge(entry.body):
            return reply
        self.remove(entry)
        return self._desk.problem(RefusedError(400, "Bad Request", "the callback does not echo"))

    def _record(self, asked: Request, client: str, code: int, reason: str = "") -> None:
        exchange = Exchange(self.now(), client, asked.method, asked.path, code, reason)
        self.exchanges.append(exchange)

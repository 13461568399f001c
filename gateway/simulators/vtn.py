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
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Self

from aiohttp import web

from gateway.simulators.vtn_desk import Desk
from gateway.simulators.vtn_http import Request
from gateway.simulators.vtn_options import Account, Options
from gateway.simulators.vtn_push import Pusher
from gateway.simulators.vtn_quirks import QUIRKS, Quirk
from gateway.simulators.vtn_world import Entry, Kind, World

__all__ = ["QUIRKS", "Account", "Entry", "Exchange", "Kind", "Options", "Quirk", "SimulatedVtn"]


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
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(options or Options(), clock)
        self._desk = Desk(self)
        self._host, self._port = address
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Condition()
        self._pusher = Pusher(self)
        self._pushing: asyncio.Task[None] | None = None
        self.listeners += [self._pusher.note, lambda _: self._desk.watch.changed()]
        self._failures: list[tuple[str, int, list[int]]] = []
        self._losses: list[tuple[str, list[int]]] = []
        self.exchanges: list[Exchange] = []

    async def __aenter__(self) -> Self:
        """Listen, and deliver webhooks."""
        await self.up()
        self._pushing = asyncio.create_task(self._pusher.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        if self._pushing is not None:
            self._pushing.cancel()
            await asyncio.gather(self._pushing, return_exceptions=True)
        await self.down()

    @property
    def url(self) -> str:
        """The base address that a VEN is given."""
        return f"http://{self._host}:{self._port}{self.options.base}"

    @property
    def reports(self) -> list[Entry]:
        """Every stored report, in order."""
        return self.entries(Kind.REPORT)

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
        await web.TCPSite(self._runner, self._host, self._port, reuse_address=True).start()
        self._port = int(self._runner.addresses[0][1])

    async def down(self) -> None:
        """Stop listening; what is stored stays."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def revoke_tokens(self) -> None:
        """Let no token be good any more."""
        self._desk.tokens.revoke()

    def lose_answers(self, pattern: str, times: int = 1) -> None:
        """Do what the next writes at `pattern` ask, then break the connection instead of saying so."""
        self._losses.append((pattern, [times]))

    def fail(self, pattern: str, status: int, times: int = 1) -> None:
        """Answer the next requests at `pattern` (`/events*`) with a bare status."""
        self._failures.append((pattern, status, [times]))

    async def wait_for(self, predicate: Callable[[], object], timeout_s: float | None) -> None:
        """Wait until `predicate` holds, asked after each request; TimeoutError where it does not."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: bool(predicate()))

    async def _serve(self, http: web.Request) -> web.Response:
        base = self.options.base
        if base and not http.path.startswith(f"{base}/"):
            return web.Response(status=404)
        query = {key: http.query.getall(key) for key in http.query}
        headers = {key.lower(): value for key, value in http.headers.items()}
        asked = Request(http.method, http.path[len(base) :], query, headers, await http.read())
        answer = self._failed(asked) or self._answered(asked)
        if answer.status == 201 and asked.path == "/subscriptions":
            answer = await self._challenged(answer)
        if http.method != "GET" and http.transport is not None and self._lost(asked.path):
            http.transport.abort()
        answer.headers["Date"] = formatdate(self.now(), usegmt=True)
        async with self._changed:
            self._changed.notify_all()
        return answer

    async def _challenged(self, answer: web.Response) -> web.Response:
        """Keep a subscription only where its callbacks pass the echo challenge."""
        entry = self.entry(Kind.SUBSCRIPTION, json.loads(answer.text or "")["id"])
        if await self._pusher.challenge(entry.body):
            return answer
        self.remove(entry)
        problem = {"title": "Bad Request", "status": 400, "detail": "the callback does not echo"}
        return web.json_response(problem, status=400, content_type="application/problem+json")

    def _lost(self, path: str) -> bool:
        for pattern, left in self._losses:
            if left[0] and fnmatchcase(path, pattern):
                left[0] -= 1
                return True
        return False

    def _failed(self, asked: Request) -> web.Response | None:
        for pattern, status, left in self._failures:
            if left[0] and fnmatchcase(asked.path, pattern):
                left[0] -= 1
                self._record(asked, "", status)
                return web.Response(status=status)
        return None

    def _answered(self, asked: Request) -> web.Response:
        reply, client, reason = self._desk.answer(asked)
        self._record(asked, client, reply.status, reason)
        body = json.dumps(reply.body).encode()
        if self.options.etags and asked.method == "GET" and reply.status == 200:
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            if asked.headers.get("if-none-match") == tag:
                return web.Response(status=304, headers={"ETag": tag})
            reply.headers["ETag"] = tag
        return web.Response(
            status=reply.status, body=body, content_type=reply.media, headers=reply.headers
        )

    def _record(self, asked: Request, client: str, status: int, reason: str = "") -> None:
        exchange = Exchange(self.now(), client, asked.method, asked.path, status, reason)
        self.exchanges.append(exchange)

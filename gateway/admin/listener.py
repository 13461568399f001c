"""The HTTP surface of a running gateway: read-only, on loopback unless a token guards it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import orjson
import structlog
from aiohttp import web

from gateway.admin.guard import Guard
from gateway.admin.metrics import Meters
from gateway.admin.streams import STREAMS, Tap
from gateway.admin.views import View

log = structlog.get_logger()

_OPEN = frozenset({"/healthz", "/readyz"})
"""What a supervisor asks without a token."""

_END_S = 1.0
"""How long answers under way may take when the gateway ends."""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class AdminConfig:
    """Where the listener is, and the token that it asks for (empty: none)."""

    host: str
    port: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """What is shown: `view` as it is now, `problem` why the gateway is not ready, empty where it is."""

    view: Callable[[], View]
    meters: Meters
    tap: Tap
    problem: Callable[[], str]


class Admin:
    """The listener; an async context manager. `OSError` where its address cannot be had."""

    def __init__(self, config: AdminConfig, sources: Sources) -> None:
        """Open nothing yet."""
        self._config, self._sources = config, sources
        application = web.Application(middlewares=[self._guarded], client_max_size=64 * 1024)
        application.add_routes(
            [
                web.get("/healthz", self._health),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._metrics),
                web.get("/events", self._events),
                web.get("/events/{mrid}", self._event),
                web.get("/stations", self._stations),
                web.get("/stations/{station}", self._station),
                web.get("/tap/{stream}", self._tap),
            ]
        )
        self._runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=_END_S
        )
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("the runner has no server")
        guard = Guard(self._runner.server)
        try:
            self._server = await asyncio.get_running_loop().create_server(
                guard, self._config.host, self._config.port
            )
        except OSError:
            await self._runner.cleanup()
            raise
        log.info("admin.opened", url=self.url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening; streams end."""
        if self._server is not None:
            self._server.close()
        self._sources.tap.close()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Return the address that is listened on."""
        if self._server is None:
            raise RuntimeError("the listener is not open")
        host, port, *_ = self._server.sockets[0].getsockname()
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}"

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Ask for the token, turn refusals into problem documents, close after the answer."""
        if request.path not in _OPEN and not self._may(request):
            response: web.StreamResponse = _problem(401, "a bearer token is needed")
            response.headers["WWW-Authenticate"] = "Bearer"
        else:
            try:
                response = await handler(request)
            except web.HTTPException as refusal:
                response = _problem(refusal.status, refusal.text or refusal.reason)
        response.force_close()
        return response

    def _may(self, request: web.Request) -> bool:
        shown = request.headers.get("Authorization", "")
        wanted = f"Bearer {self._config.token}"
        return not self._config.token or hmac.compare_digest(shown.encode(), wanted.encode())

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        problem = self._sources.problem()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")

    async def _metrics(self, _request: web.Request) -> web.Response:
        text = self._sources.meters.text()
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _events(self, _request: web.Request) -> web.Response:
        return _json(self._sources.view().events())

    async def _event(self, request: web.Request) -> web.Response:
        mrid = request.match_info["mrid"]
        found = self._sources.view().event(mrid)
        if not found:
            raise web.HTTPNotFound(text=f"no command {mrid}")
        return _json(found)

    async def _stations(self, _request: web.Request) -> web.Response:
        return _json(self._sources.view().stations())

    async def _station(self, request: web.Request) -> web.Response:
        name = request.match_info["station"]
        found = self._sources.view().station(name)
        if found is None:
            raise web.HTTPNotFound(text=f"no station {name}")
        return _json(found)

    async def _tap(self, request: web.Request) -> web.StreamResponse:
        """Write lines as they come, and an empty one where nothing does."""
        stream = request.match_info["stream"]
        if stream not in STREAMS:
            raise web.HTTPNotFound(text=f"no stream {stream}: there are {', '.join(STREAMS)}")
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        response.force_close()
        await response.prepare(request)
        station = request.query.get("station")
        async with aclosing(self._sources.tap.follow(stream, station)) as lines:
            async for line in lines:
                await response.write((orjson.dumps(line, default=str) if line else b"") + b"\n")
        return response


def _json(value: Any) -> web.Response:
    body = orjson.dumps(value, default=str)
    return web.Response(body=body, content_type="application/json")


def _problem(status: int, detail: str) -> web.Response:
    document = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = orjson.dumps(document)
    return web.Response(status=status, body=body, content_type="application/problem+json")

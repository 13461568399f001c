"""The HTTP surface of a running gateway: to look on, and with a token to decline events and to hold."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.admin.hosts import names_us
from gateway.admin.metrics import Meters
from gateway.admin.streams import STREAMS, Tap
from gateway.admin.views import View
from gateway.core.orders import CommissioningOrdered, HoldChanged, ParticipationChanged, PlanOrdered
from gateway.ports import Post
from gateway.security.guard import Guard
from gateway.settings.mode import FOR_REAL, Mode

log = structlog.get_logger()

_OPEN = frozenset({"/healthz", "/readyz"})
"""What a supervisor asks without a token."""

_END_S = 1.0
"""How long answers under way may take when the gateway ends."""

_APPLY_S = 5.0
"""How long the engine may take to say what came of a plan."""
_LOOK_S = 0.02
_OTHER_PLAN = "it would be another plan now: what is desired or held has changed; read it anew"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class AdminConfig:
    """Where the listener is, and the token that it asks for (empty: none)."""

    host: str
    port: int
    token: str = ""
    mode: Mode = FOR_REAL


class _Order(BaseModel):
    """Who orders, and why: both stand in the audit."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=200)
    actor: str = Field(min_length=1, max_length=64)


class HoldOrder(_Order):
    """To stop dispatch to all stations or one, or let it go on; `release` takes back what runs."""

    on: bool
    release: bool = False
    station: str = ""


class Commissioning(_Order):
    """To have a station step a little, at `watts` W at most."""

    watts: float | None = Field(default=None, gt=0, le=1e6)
    settle_s: float = Field(default=20, ge=1, le=600)
    measure_s: float = Field(default=15, ge=1, le=600)


class Participation(_Order):
    """To decline an event, or take part again; at all stations where none is named."""

    out: bool
    utility: str = ""
    stations: list[str] = []


class PlanOrder(_Order):
    """To send exactly what a plan said."""

    digest: str = Field(pattern="^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class Sources:
    """What is shown: `view` as it is now, `problem` why the gateway is not ready, empty where it is."""

    view: Callable[[], View]
    meters: Meters
    tap: Tap
    problem: Callable[[], str]
    post: Post
    """Takes what an operator orders."""


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
                web.get("/sites", self._sites),
                web.get("/sites/{site}", self._site),
                web.get("/stations", self._stations),
                web.get("/stations/{station}", self._station),
                web.post("/stations/{station}/commissioning", self._commission),
                web.get("/tap/{stream}", self._tap),
                web.get("/plan", self._plan),
                web.post("/plan", self._apply),
                web.get("/hold", self._held),
                web.post("/hold", self._hold),
                web.post("/events/{mrid}/participation", self._participate),
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
        elif request.path not in _OPEN and not self._is_meant(request):
            response = _problem(421, "without a token this address is asked by its own name only")
        else:
            try:
                response = await handler(request)
            except web.HTTPException as refusal:
                response = _problem(refusal.status, refusal.text or refusal.reason)
                if "Allow" in refusal.headers:  # RFC 9110, 15.5.6
                    response.headers["Allow"] = refusal.headers["Allow"]
        if self._config.mode.words:
            response.headers["Dergate-Mode"] = self._config.mode.words
        response.force_close()
        return response

    def _may(self, request: web.Request) -> bool:
        shown = request.headers.get("Authorization", "")
        wanted = f"Bearer {self._config.token}"
        return not self._config.token or hmac.compare_digest(
            shown.encode(errors="surrogateescape"), wanted.encode()
        )

    def _is_meant(self, request: web.Request) -> bool:
        """Say whether a request names us, where no token shows that no page of a browser has sent it.

        A name that was made to point here (DNS rebinding) is none of ours; an address cannot be made to.
        """
        told = request.headers.get("Host")
        return bool(self._config.token) or told is None or names_us(told, self._config.host)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, request: web.Request) -> web.Response:
        """Say why it is not ready only to whom the rest is shown, too: the reason names files."""
        problem = self._sources.problem()
        if problem and not (self._may(request) and self._is_meant(request)):
            problem = "not ready"
        words = self._config.mode.words
        lines = [problem or "ok", *([words] if words else [])]
        return web.Response(status=503 if problem else 200, text="\n".join([*lines, ""]))

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

    async def _sites(self, _request: web.Request) -> web.Response:
        return _json(self._sources.view().sites())

    async def _site(self, request: web.Request) -> web.Response:
        found = self._sources.view().site(request.match_info["site"])
        return _problem(404, "no site has this id") if found is None else _json(found)

    async def _stations(self, _request: web.Request) -> web.Response:
        return _json(self._sources.view().stations())

    async def _station(self, request: web.Request) -> web.Response:
        name = request.match_info["station"]
        found = self._sources.view().station(name)
        if found is None:
            raise web.HTTPNotFound(text=f"no station {name}")
        return _json(found)

    async def _held(self, _request: web.Request) -> web.Response:
        return _json(self._sources.view().hold())

    async def _hold(self, request: web.Request) -> web.Response:
        order = await self._order(request, HoldOrder)
        if order.station and self._sources.view().station(order.station) is None:
            raise web.HTTPNotFound(text=f"no station {order.station}")
        self._sources.post(
            HoldChanged(order.on, order.reason, order.actor, order.release, order.station)
        )
        return web.Response(status=202)

    async def _commission(self, request: web.Request) -> web.Response:
        order = await self._order(request, Commissioning)
        name = request.match_info["station"]
        obstacle = self._sources.view().obstacle(name)
        if obstacle is None:
            raise web.HTTPNotFound(text=f"no station {name}")
        if obstacle:
            raise web.HTTPConflict(text=obstacle)
        watts = None if order.watts is None else Fraction(str(order.watts))
        times = timedelta(seconds=order.settle_s), timedelta(seconds=order.measure_s)
        self._sources.post(CommissioningOrdered(name, order.reason, order.actor, watts, *times))
        return web.Response(status=202)

    async def _plan(self, _request: web.Request) -> web.Response:
        return _json(self._sources.view().plan())

    async def _apply(self, request: web.Request) -> web.Response:
        """Order a plan, and wait for what comes of it: the engine compares once more."""
        order = await self._order(request, PlanOrder)
        found = self._sources.view().plan()
        if not found["waits"]:
            raise web.HTTPConflict(text="nothing is held back: there is nothing to apply")
        if found["digest"] != order.digest:
            raise web.HTTPConflict(text=_OTHER_PLAN)
        before = self._sources.view().applied
        self._sources.post(PlanOrdered(order.digest, order.reason, order.actor))
        end = asyncio.get_running_loop().time() + _APPLY_S
        while (after := self._sources.view().applied) is before:
            if asyncio.get_running_loop().time() > end:
                raise web.HTTPServiceUnavailable(text="nothing came of it yet: see the audit")
            await asyncio.sleep(_LOOK_S)
        if after != (order.digest, True):
            raise web.HTTPConflict(text=_OTHER_PLAN)
        return _json({"applied": order.digest, "changes": len(found["changes"])})

    async def _participate(self, request: web.Request) -> web.Response:
        order, mrid = await self._order(request, Participation), request.match_info["mrid"]
        stations = frozenset(order.stations)
        rows = self._sources.view().event(mrid)
        known = {row["station"] for row in rows if order.utility in {"", row["utility"]}}
        if not known:
            of = f" of {order.utility}" if order.utility else ""
            raise web.HTTPNotFound(text=f"no command {mrid}{of}")
        if not stations <= known:
            others = ", ".join(sorted(stations - known))
            raise web.HTTPNotFound(text=f"no command {mrid} at {others}")
        self._sources.post(
            ParticipationChanged(
                mrid, order.out, order.reason, order.actor, order.utility, stations
            )
        )
        return web.Response(status=202)

    async def _order[M: BaseModel](self, request: web.Request, form: type[M]) -> M:
        """Return what is ordered: never without a token, so that no page of a browser can."""
        if self._config.mode.read_only:
            raise web.HTTPForbidden(text="this gateway runs read-only: it takes no orders")
        if not self._config.token:
            raise web.HTTPForbidden(text="orders need admin.token_file in the settings")
        try:
            return form.model_validate_json(await request.read())
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise web.HTTPUnprocessableEntity(text="; ".join(faults)) from error

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

"""Where a VTN says that something changed: answers its challenge, takes what bears our token.

A body is read for what it is about and then forgotten. The token that a VTN shows is drawn for each run;
without it nothing is read. A replayed notification costs what a real one does: one more look.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from gateway.connectors.openadr.access import WebhookAccess
from gateway.protocols.openadr_notice import LARGEST_BODY
from gateway.protocols.openadr_subscriptions import Callback
from gateway.security.guard import Guard
from gateway.security.tls import web_server_context

log = structlog.get_logger()

_BODY_S = 5.0
_HANDSHAKE_S = 10.0
_END_S = 1.0
_LONGEST_ECHO = 1024

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

type Came = Callable[[bytes | None], None]
"""Take the body of a notification, None where it was not read."""


class Webhook:
    """The listener of one VEN; `async with` opens it.

    `OSError` where its address cannot be had, `IdentityError` where its certificate is no good. `refused`
    is called for each request without our token.
    """

    def __init__(
        self, access: WebhookAccess, callback: Callback, came: Came, refused: Callable[[], None]
    ) -> None:
        """Open nothing yet."""
        self._access, self._came, self._refused = access, came, refused
        self._wanted = f"Bearer {callback.token}".encode()
        path = urlsplit(callback.url).path.rstrip("/")
        application = web.Application(middlewares=[_closing], client_max_size=LARGEST_BODY)
        for place in dict.fromkeys((path or "/", f"{path}/", f"{path}/echo")):
            application.router.add_get(place, self._challenged)
            application.router.add_post(place, self._notified)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_END_S,
            lingering_time=0,
            auto_decompress=False,  # a compressed body could grow beyond every bound
        )
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        identity, access = self._access.identity, self._access
        tls = None if identity is None else web_server_context(*identity)
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("the runner has no server")
        try:
            self._server = await asyncio.get_running_loop().create_server(
                Guard(self._runner.server),
                access.host,
                access.port,
                ssl=tls,
                ssl_handshake_timeout=None if tls is None else _HANDSHAKE_S,
            )
        except OSError:
            await self._runner.cleanup()
            raise
        log.info("webhook.opened", host=access.host, port=self.port, url=access.url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        if self._server is None:
            raise RuntimeError("the listener is not open")
        return int(self._server.sockets[0].getsockname()[1])

    async def _challenged(self, request: web.Request) -> web.Response:
        """Repeat what a VTN sends to see whose the address is (3.1 Definition, Webhooks)."""
        word = request.query.get("echo", "")
        if not word or len(word) > _LONGEST_ECHO:
            return web.Response(status=400)
        response = web.Response(text=word, content_type="text/plain")
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    async def _notified(self, request: web.Request) -> web.Response:
        """Take a notification that bears our token; a body that is too long or too slow is not waited for."""
        shown = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(shown, self._wanted):
            self._refused()
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        try:
            async with asyncio.timeout(_BODY_S):
                body = await request.read()
        except (TimeoutError, web.HTTPRequestEntityTooLarge):
            self._came(None)
            return web.Response(status=413)
        self._came(body)
        return web.Response()


@web.middleware
async def _closing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Close the connection behind each answer: the guard times the first request of each alone."""
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        response = web.Response(status=refusal.status)
    response.force_close()
    return response

"""The default backend: `websockets` shakes hands and closes, `websockets_io` carries the texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.protocol import Event
from websockets.server import ServerProtocol

from gateway.protocols.ocpp_frames import MAX_FRAME
from gateway.stations.acceptor import Acceptor, Left
from gateway.stations.handshakes import by_client_order, knock_of, with_headers
from gateway.stations.listening import MAX_UNREAD, Gate, Listening, Refusal
from gateway.stations.websockets_io import Connection, WebSocketTransport, deflate


class _Guest(Connection):
    """A connection that says when its request was read, and lets no answers to pings pile up."""

    left: Left

    def process_event(self, event: Event) -> None:
        """Drop a peer that goes on without reading what it is answered."""
        super().process_event(event)
        if self.transport.get_write_buffer_size() > MAX_UNREAD:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the room of the handshake back, where that has not been done."""
        self.left()
        super().connection_lost(exc)


@asynccontextmanager
async def listen(listening: Listening, gate: Gate) -> AsyncIterator[int]:
    """Listen within a block; yields the port."""

    async def admit(connection: ServerConnection, request: Request) -> Response | None:
        guest = cast("_Guest", connection)
        guest.left()
        guest.left = _gone  # thousands of them keep nothing of how they came in
        found = await gate.admit(knock_of(request, connection.transport))
        if isinstance(found, Refusal):
            return with_headers(connection.respond(found.status, found.text), found)
        connection.username = found
        return None

    async def handle(connection: ServerConnection) -> None:
        opened = WebSocketTransport(cast("_Guest", connection), connection.username)
        ending = await gate.serve(opened)
        if ending is not None:
            await connection.close(*ending)

    server = serve(
        handle, process_request=admit, open_timeout=listening.handshake_s, server_header=None
    )
    acceptor = Acceptor(listening, lambda left: _made(server, listening, left), gate.crowded)
    server.create_server = acceptor.open  # type: ignore[assignment]  # has all that is asked of it
    async with server:
        yield acceptor.port


def _gone() -> None:
    """Do what there is to do for one that has left already: nothing."""


def _made(server: Server, listening: Listening, left: Left) -> _Guest:
    options: dict[str, Any] = {
        "ping_interval": listening.ping_interval_s,
        "ping_timeout": listening.ping_interval_s,
        "close_timeout": listening.close_s,
    }
    protocol = ServerProtocol(
        extensions=[deflate()], select_subprotocol=by_client_order, max_size=MAX_FRAME
    )
    guest = _Guest(protocol, server, **options)
    guest.left = left
    return guest

"""The default transport: one connection of the `websockets` library behind `StationTransport`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from gateway.errors import PeerError

READ_AHEAD = 4
"""Frames of one connection that wait to be taken in, before its socket is read no further."""
_UNSUPPORTED_DATA = 1003
_WINDOW_BITS = 10
"""1 KiB of history: OCPP frames are short, and thousands of connections share the memory."""


@dataclass(slots=True)
class WebSocketTransport:
    """One open connection whose id has been authenticated."""

    connection: ServerConnection
    station: str

    @property
    def subprotocol(self) -> str:
        """Return what the handshake agreed on, empty where nothing was common."""
        return self.connection.subprotocol or ""

    async def send(self, frame: bytes) -> None:
        """Write one text frame; `PeerError` where the connection is gone."""
        try:
            await self.connection.send(frame, text=True)
        except ConnectionClosed as exc:
            raise PeerError("the connection is closed", where=self.station) from exc

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield text frames until the connection ends; a binary frame ends it (Part 4, 4.1)."""
        try:
            async for message in self.connection:
                if isinstance(message, bytes):
                    await self.close(_UNSUPPORTED_DATA, "OCPP-J is text")
                    return
                yield message.encode()
        except ConnectionClosed:
            return

    async def alive(self, timeout_s: float) -> bool:
        """Say whether the peer answers a ping in time."""
        try:
            async with asyncio.timeout(timeout_s):
                pong = await self.connection.ping()
                await pong
        except (ConnectionClosed, TimeoutError):
            return False
        return True

    async def close(self, code: int, reason: str) -> None:
        """Close with a WebSocket status."""
        await self.connection.close(code, reason)

    def abort(self) -> None:
        """Drop the TCP connection without a word."""
        self.connection.transport.abort()


def deflate() -> ServerPerMessageDeflateFactory:
    """Return RFC 7692 compression with little memory, for peers that offer it."""
    return ServerPerMessageDeflateFactory(
        server_no_context_takeover=True,
        client_no_context_takeover=True,
        server_max_window_bits=_WINDOW_BITS,
        client_max_window_bits=_WINDOW_BITS,
        compress_settings={"memLevel": 4},
    )

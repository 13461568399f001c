"""The backend of the extra `fast`: `websockets` reads and judges the handshake, then `picows` drives.

`picows` decides about a request in a callback, knows neither address nor certificate there, and what
it accepts differs. So the handshake is that of the default backend, without I/O; a connection that was
let in is handed to `picows` with a request of our own making. What this relies on beyond its
documented interface is pinned by tests/contract/test_picows.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from picows import (
    WSAutoPingStrategy,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # not in its stubs
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from gateway.protocols.ocpp_frames import MAX_FRAME
from gateway.stations.acceptor import Acceptor, Left
from gateway.stations.admission import Knock
from gateway.stations.handshakes import by_client_order, knock_of, with_headers
from gateway.stations.listening import Gate, Listening, Refusal
from gateway.stations.picows_io import PicowsTransport

MAX_HEAD = 16 * 1024
"""Octets of a request."""
_END = b"\r\n\r\n"
_BUFFER = 2048
"""What a connection holds for reading; it grows to twice the largest message, and stays so."""
_GOING_AWAY = (1001, "")

_logger = logging.getLogger("picows.server")
_logger.addFilter(
    lambda record: record.exc_info is not None
)  # what peers do wrong is no error here
_quiet = logging.LoggerAdapter(_logger)
"""One for all: the library would make a logger for each connection."""


@dataclass(slots=True)
class _Server:
    """All connections of one endpoint."""

    listening: Listening
    gate: Gate
    open: bool = True
    connections: set[PicowsTransport] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def judge(self, handshake: _Handshake, head: bytes) -> None:
        """Let a task see a connection through from its request to its end."""
        task = asyncio.get_running_loop().create_task(self._through(handshake, head))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _through(self, handshake: _Handshake, head: bytes) -> None:
        opened = await self._let_in(handshake, head)
        del handshake, head
        if opened is None:
            return
        self.connections.add(opened)
        try:
            ending = await self.gate.serve(opened)
            await opened.finish(ending, self.listening.close_s)
        finally:
            self.connections.discard(opened)
            opened.abort()

    async def _let_in(self, handshake: _Handshake, head: bytes) -> PicowsTransport | None:
        """Return the open connection, None where it was refused or left."""
        library = ServerProtocol(select_subprotocol=by_client_order)
        library.receive_data(head)
        request = next(iter(library.events_received()), None)
        if not isinstance(request, Request):
            handshake.hang_up()
            return None
        knock = handshake.knock(request)
        found = await self.gate.admit(knock)
        if isinstance(found, Refusal):
            answer = with_headers(library.reject(found.status, found.text), found)
        elif self.open:
            answer = library.accept(request)
        else:
            answer = library.reject(HTTPStatus.SERVICE_UNAVAILABLE, "shutting down\n")
        if isinstance(found, Refusal) or answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            handshake.refuse(answer)
            return None
        if handshake.lost:
            return None
        opened = PicowsTransport(
            found, library.subprotocol or "", knock.address, self.listening.ping_interval_s
        )
        handshake.hand_over(opened, request)
        return opened

    async def close(self) -> None:
        """Close every connection, and wait for the end of all."""
        self.open = False
        for opened in self.connections:
            opened.close(*_GOING_AWAY)
        if self.tasks:
            await asyncio.wait(self.tasks)


class _Handshake(asyncio.Protocol):
    """Reads one request and writes one answer."""

    def __init__(self, server: _Server, left: Left) -> None:
        """Wait for the connection."""
        self.lost = False
        self._server, self._left = server, left
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle
        self._data: bytearray | None = bytearray()
        """What came of the request; None once it is whole, or was refused."""
        self._rest = bytearray()
        """What came after it: not for us to read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the request its time."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's are no subclasses
        loop, patience = asyncio.get_running_loop(), self._server.listening.handshake_s
        self._timer = loop.call_later(patience, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Gather the request; what follows it is for later, and how much of that is bounded.

        Reading goes on meanwhile: else nobody would notice that the peer has left.
        """
        if self._data is None:
            self._keep(data)
            return
        self._data += data
        end = self._data.find(_END)
        if end < 0 and len(self._data) <= MAX_HEAD:
            return
        if end < 0 or end > MAX_HEAD:
            self._data = None
            self.refuse(_too_large())
            return
        self._left()
        self._timer.cancel()
        begin = end + len(_END)
        head, rest, self._data = bytes(self._data[:begin]), self._data[begin:], None
        self._keep(rest)
        self._server.judge(self, head)

    def _keep(self, data: bytes | bytearray) -> None:
        before = len(self._rest)
        self._rest += data
        if before <= MAX_HEAD < len(self._rest) and not self._transport.is_closing():
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it has left."""
        del exc
        self.lost = True
        self._timer.cancel()
        self._left()

    def knock(self, request: Request) -> Knock:
        """Return who wants to come in."""
        return knock_of(request, self._transport)

    def refuse(self, answer: Response) -> None:
        """Answer, and hang up."""
        if not self.lost:
            self._transport.write(answer.serialize())
        self.hang_up()

    def hang_up(self) -> None:
        """Close; a peer that does not read the answer is dropped."""
        self._transport.close()
        loop, patience = asyncio.get_running_loop(), self._server.listening.close_s
        self._timer.cancel()
        self._timer = loop.call_later(patience, self._transport.abort)

    def hand_over(self, opened: PicowsTransport, request: Request) -> None:
        """Let `picows` finish the handshake and read on, first what came before it could."""
        driver = _driver(opened)
        driver.connection_made(self._transport)
        self._transport.set_protocol(driver)
        for part in (_own_request(request), bytes(self._rest)):
            _feed(driver, part)
        if len(self._rest) > MAX_HEAD and not self._transport.is_closing():
            self._transport.resume_reading()


def _driver(opened: PicowsTransport) -> WSProtocol:
    """Return the library's protocol for one connection; pings and timeouts are ours."""

    def accept(_request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        agreed = [("Sec-WebSocket-Protocol", opened.subprotocol)] if opened.subprotocol else []
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(agreed), opened)

    strategy = WSAutoPingStrategy.PING_PERIODICALLY
    return WSProtocol(
        *(None, None, False, accept, _quiet, True),
        *(None, False, 0, 0, strategy, False),
        *(MAX_FRAME, None, _BUFFER),
    )


def _own_request(request: Request) -> bytes:
    """Return the least that the library takes for a handshake: all else has been judged."""
    key = request.headers["Sec-WebSocket-Key"]
    lines = (
        "GET / HTTP/1.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _feed(driver: WSProtocol, data: bytes) -> None:
    """Give the library octets as a transport would."""
    while data:
        room: memoryview = driver.get_buffer(len(data))
        part, data = data[: len(room)], data[len(room) :]
        room[: len(part)] = part
        driver.buffer_updated(len(part))


def _too_large() -> Response:
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return ServerProtocol().reject(status, f"a request has at most {MAX_HEAD} octets\n")


@asynccontextmanager
async def listen(listening: Listening, gate: Gate) -> AsyncIterator[int]:
    """Listen within a block; yields the port."""
    server = _Server(listening, gate)
    acceptor = Acceptor(listening, lambda left: _Handshake(server, left), gate.crowded)
    await acceptor.open()
    try:
        yield acceptor.port
    finally:
        acceptor.close()
        await acceptor.wait_closed()
        await server.close()

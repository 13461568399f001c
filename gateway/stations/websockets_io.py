"""The default transport: one connection of the `websockets` library behind `StationTransport`.

Texts go from the parser to a callback and from the caller to the socket: the library's queue, its
iterator and its drain cost half of a round trip. What this relies on beyond the documented interface
is pinned by tests/contract/test_websockets.py.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import Server, ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import (  # type: ignore[attr-defined]  # in C where the wheel has it
    CloseCode,
    Frame,
    Opcode,
    apply_mask,
)
from websockets.http11 import Request
from websockets.protocol import Event, State
from websockets.server import ServerProtocol

from gateway.errors import PeerError
from gateway.stations.frames import Kind, is_text, next_frame, text_begin
from gateway.stations.handshakes import address_of
from gateway.stations.listening import (
    AHEAD,
    MAX_FRAGMENTS,
    MAX_UNREAD,
    NO_TEXT,
    NO_UTF8,
    Ending,
    Pace,
    Take,
)

_LOGGER = logging.getLogger("websockets.server")
_READ = Request("/", Headers())
"""Stands for a request that was read: its own, with all its headers, is not needed any more."""
_MESSAGE_TOO_BIG = 1009
_FINAL_TEXT = 0x81
"""A whole text in one frame (RFC 6455, 5.2)."""
_WINDOW_BITS = 10
"""1 KiB of history: OCPP frames are short, and thousands of connections share the memory."""


class _Nothing:
    """Stands where the library would gather messages for a reader that there is not."""

    def close(self) -> None:
        """Have nobody to tell."""


_NOTHING = _Nothing()


class Connection(ServerConnection):
    """Hands whole texts to one callback; `ended` is done when no more come, with our verdict if any."""

    __slots__ = (
        "_at_boundary",
        "_begun",
        "_early",
        "_framed",
        "_heard",
        "_parts",
        "_take",
        "ended",
        "unread",
    )

    def __init__(self, protocol: ServerProtocol, server: Server, **options: Any) -> None:
        """Keep what comes until somebody takes it."""
        super().__init__(protocol, server, **options)
        self.ended: asyncio.Future[Ending | None] = self.loop.create_future()
        self._take: Take | None = None
        self._early: list[bytes] | None = None
        self._parts: list[bytes] | None = None
        self._begun: bytes | None = b""
        """The part of a frame that is here; None where the library reads the stream itself."""
        self._at_boundary = False
        self._framed = False
        """Whether what comes are frames that are read here."""
        self._heard = True
        """Whether anything came since the last ping."""
        self.unread = False
        """Whether we read nothing for now, answers to pings neither: what comes waits."""
        self._forget_what_is_not_used()

    def hand_to(self, take: Take) -> None:
        """Hand every text to `take` from now on, first those that came already."""
        early, self._early = self._early or [], None
        if len(early) >= AHEAD and not self.transport.is_closing():
            self.transport.resume_reading()
        self._take = take
        self.request, self.response = _READ, None
        for frame in early:
            self._deliver(frame)

    def start_keepalive(self) -> None:
        """Ping at intervals, as the library does, without a task for each connection."""
        if self.ping_interval is not None:
            later = self.loop.call_later(self.ping_interval, self._keep_alive)
            self.keepalive_task = later  # type: ignore[assignment]  # all that it is asked is to cancel

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep no queue of messages: they go to the callback."""
        super().connection_made(transport)
        self.recv_messages = _NOTHING  # type: ignore[assignment]  # closed with the connection, no more

    def _forget_what_is_not_used(self) -> None:
        """Let go of what the library makes for each connection: thousands of them share the memory."""
        self.drain_waiters = []  # type: ignore[assignment]  # few wait, where any do
        self.protocol.logger = self.logger = _LOGGER

    def _keep_alive(self) -> None:
        """Send the next ping; a peer of which nothing came since the last one is gone."""
        if self.protocol.state is not State.OPEN:
            return
        if self._heard or self.unread:
            self._heard = False
            self.protocol.send_ping(b"")
            self.send_data()
            self.start_keepalive()
            return
        self.protocol.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
        self.send_data()
        self.transport.close()
        self.loop.call_later(self.close_timeout or 0, self.transport.abort)

    def note_life(self) -> None:
        """Count the peer as heard since the last ping."""
        self._heard = True

    def refuse(self, code: int, reason: str) -> None:
        """Take nothing in any more; whoever awaits `ended` closes."""
        if not self.ended.done():
            self.ended.set_result((code, reason))

    def write_text(self, text: bytes) -> None:
        """Write one text frame; where nothing is packed, its head is all that there is to make."""
        if self.protocol.extensions:
            self.protocol.send_text(text)
            self.send_data()
            return
        size = len(text)
        if size < 126:
            head = bytes((_FINAL_TEXT, size))
        elif size < 2**16:
            head = bytes((_FINAL_TEXT, 126, size >> 8, size & 0xFF))
        else:
            head = bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big")
        self.transport.write(head + text)

    def data_received(self, data: bytes) -> None:
        """Take whole texts out of the stream; control frames go to the library, one by one.

        What is neither (fragments, packed or faulty frames) gives it the stream for good: so far it has
        seen whole frames only, and goes on at the beginning of one.
        """
        self._heard = True
        if self._framed and not self._begun and (begin := text_begin(data)):
            self._deliver(apply_mask(data[begin:], data[begin - 4 : begin]))
            return
        self._framed = self._begun is not None and (self._framed or self._is_framed(data))
        if self._begun is None or not self._framed:
            super().data_received(data)
            return
        stream, at = self._begun + data, 0
        while (frame := next_frame(stream, at)) is not None:
            match frame.kind:
                case Kind.TEXT:
                    mask = stream[frame.begin - 4 : frame.begin]
                    self._deliver(apply_mask(stream[frame.begin : frame.end], mask))
                case Kind.CONTROL:
                    super().data_received(stream[at : frame.end])
                    if self.protocol.state is not State.OPEN:
                        # what comes after a close means nothing (RFC 6455, 5.5.1): it throws it away
                        self._leave(stream[frame.end :])
                        return
                case _:
                    self._leave(stream[at:])
                    return
            at = frame.end
        self._begun = stream[at:]

    def _leave(self, rest: bytes) -> None:
        """Let the library read the stream itself from now on."""
        self._begun, self._framed = None, False
        if rest:
            super().data_received(rest)

    def _is_framed(self, data: bytes) -> bool:
        """Say whether frames begin with this data: the request before ended where its data did."""
        if self.protocol.state is State.CONNECTING:
            self._at_boundary = data.endswith(b"\r\n\r\n")
            return False
        if not self._at_boundary or self.protocol.extensions:
            self._begun = None
            return False
        return True

    def process_event(self, event: Event) -> None:
        """Take data frames past the library's queue; the handshake and control frames are its own."""
        if not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode is Opcode.TEXT and event.fin:
            self._deliver(bytes(event.data))
        elif event.opcode is Opcode.BINARY:
            self.refuse(*NO_TEXT)
        elif event.opcode is Opcode.TEXT or event.opcode is Opcode.CONT:
            self._gather(event)
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more comes."""
        super().connection_lost(exc)
        self.finish()

    def finish(self) -> None:
        """Take nothing in any more; there is nothing left to close."""
        if not self.ended.done():
            self.ended.set_result(None)

    def _gather(self, piece: Frame) -> None:
        """Put a message in pieces together; the library bounds their sum."""
        parts = self._parts = self._parts or []
        parts.append(bytes(piece.data))
        if len(parts) > MAX_FRAGMENTS:
            parts.clear()
            self.refuse(_MESSAGE_TOO_BIG, "too many fragments")
        elif piece.fin:
            self._parts = None
            self._deliver(b"".join(parts))

    def _deliver(self, frame: bytes) -> None:
        # the library answers a close before it hands over the text that came with it
        if self.ended.done():
            return
        if not frame.isascii() and not is_text(frame):
            self.refuse(*NO_UTF8)
        elif self._take is not None:
            self._take(frame)
        else:
            early = self._early = self._early or []
            early.append(frame)
            if len(early) == AHEAD:
                self.transport.pause_reading()


@dataclass(slots=True)
class WebSocketTransport:
    """One open connection whose id has been authenticated."""

    connection: Connection
    station: str
    pace: Pace | None = None

    @property
    def subprotocol(self) -> str:
        """Return what the handshake agreed on, empty where nothing was common."""
        return self.connection.subprotocol or ""

    @property
    def address(self) -> str:
        """Return where it comes from, nothing where it is gone already."""
        return address_of(self.connection.transport)

    @property
    def close_code(self) -> int | None:
        """Return the WebSocket status that it ended with."""
        code = self.connection.close_code
        return None if code is None else int(code)

    def send(self, frame: bytes) -> None:
        """Write one text frame; `PeerError` where the connection is gone, or its peer does not read."""
        connection = self.connection
        wire = connection.transport
        if wire.is_closing() or connection.protocol.state is not State.OPEN:
            raise PeerError("the connection is closed", where=self.station)
        if wire.get_write_buffer_size() > MAX_UNREAD:
            raise PeerError("reads nothing of what it is told", where=self.station)
        connection.write_text(frame)

    async def receive(self, take: Take) -> None:
        """Hand each text to `take`, until the connection has ended or was refused."""
        paced = take if self.pace is None else self.pace(take, self)
        self.connection.hand_to(paced)
        verdict = await self.connection.ended
        if verdict is not None:
            await self.connection.close(*verdict)

    def pause_reading(self) -> None:
        """Leave what comes in the socket."""
        self.connection.unread = True
        self.connection.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on; from now on the peer has its time to show that it lives."""
        self.connection.unread = False
        self.connection.note_life()
        self.connection.transport.resume_reading()

    def is_closing(self) -> bool:
        """Say whether nothing more comes."""
        return self.connection.transport.is_closing()

    async def alive(self, timeout_s: float) -> bool:
        """Say whether the peer answers a ping in time; one that said more than is read now does."""
        if self.connection.unread:
            return not self.is_closing()
        try:
            async with asyncio.timeout(timeout_s):
                pong = await self.connection.ping()
                await pong
        except (ConnectionClosed, TimeoutError):
            return False
        return True

    def close(self, code: int, reason: str) -> None:
        """Take nothing in any more, and close with a WebSocket status."""
        self.connection.refuse(code, reason)

    def abort(self) -> None:
        """Drop the TCP connection without a word, and take nothing in any more."""
        self.connection.finish()
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

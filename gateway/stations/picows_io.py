"""The fast transport: one connection of `picows` behind `StationTransport`.

The library frames and unmasks in C. What it leaves to its user is here: putting fragments together,
UTF-8, pings both ways, the closing handshake, and bounds on what a peer may leave unread. It never
negotiates compression.
"""

from __future__ import annotations

import asyncio
from typing import cast

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from gateway.errors import PeerError
from gateway.protocols.ocpp_frames import MAX_FRAME
from gateway.stations.frames import is_text
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

_TEXT, _CONTINUATION = WSMsgType.TEXT, WSMsgType.CONTINUATION
_PING, _PONG, _CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE
_PROTOCOL_ERROR = 1002
_ABNORMAL = 1006
_MESSAGE_TOO_BIG = 1009
_INTERNAL_ERROR = 1011


class PicowsTransport(WSListener):
    """One open connection whose id has been authenticated; what `picows` calls a listener, too."""

    def __init__(
        self, station: str, subprotocol: str, address: str, ping_interval_s: float
    ) -> None:
        """Keep what comes until somebody takes it."""
        self.station, self.subprotocol, self.address = station, subprotocol, address
        self.pace: Pace | None = None
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Ending | None] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._ping_interval_s = ping_interval_s
        self._beat: asyncio.TimerHandle | None = None
        self._over = False
        """Whether it ended, or will without another word from us."""
        self._take: Take | None = None
        self._early: list[bytes] = []
        self._parts: list[bytes] = []
        self._gathered = 0
        self._asked = self._heard = 0
        """The last ping that was sent, and the last that was answered."""
        self._owed = 0
        """The ping that has to be answered before the next beat, where nothing else comes."""
        self._spoke = False
        """Whether anything came since the last beat."""
        self._unread = False
        """Whether we read nothing for now, answers to pings neither: what comes waits."""
        self._probes: dict[int, asyncio.Future[bool]] = {}

    @property
    def close_code(self) -> int | None:
        """Return the WebSocket status that it ended with: theirs, else ours."""
        if not self._gone.done():
            return None
        shaken = self._wire.close_handshake
        told = None if shaken is None else shaken.recv or shaken.sent
        return _ABNORMAL if told is None else int(cast("int", told.code)) or 1005

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin; the library calls this before any frame."""
        self._wire = transport
        self._socket = transport.underlying_transport
        self._unwritten = self._socket.get_write_buffer_size
        self._beat = self._loop.call_later(self._ping_interval_s, self._keep)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one frame in."""
        self._spoke = True
        kind = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.close(_PROTOCOL_ERROR, "no extension was agreed on")
        elif kind is _TEXT and frame.fin and not self._parts:
            self._deliver(frame.get_payload_as_bytes())
        elif kind is _TEXT or kind is _CONTINUATION:
            self._gather(frame, begins=kind is _TEXT)
        elif kind is _PING:
            self._answer(frame.get_payload_as_bytes())
        elif kind is _PONG:
            self._hear(frame.get_payload_as_bytes())
        elif kind is _CLOSE:
            self._shake_back(transport, frame)
        else:
            self.close(*NO_TEXT)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Note that nothing more comes."""
        del transport
        self._over = True
        if self._beat is not None:
            self._beat.cancel()
        self._parts.clear()
        if not self._ended.done():
            self._ended.set_result(None)
        if not self._gone.done():
            self._gone.set_result(None)
        for probe in self._probes.values():
            if not probe.done():
                probe.set_result(False)

    def pause_writing(self) -> None:
        """Nothing waits for a peer: `send` looks at what is unread."""

    def resume_writing(self) -> None:
        """Nothing waits for a peer."""

    def send(self, frame: bytes) -> None:
        """Write one text frame; `PeerError` where the connection is gone, or its peer does not read."""
        wire = self._wire
        if self._over or wire.is_close_frame_sent:
            raise PeerError("the connection is closed", where=self.station)
        if self._unwritten() > MAX_UNREAD:
            raise PeerError("reads nothing of what it is told", where=self.station)
        wire.send(_TEXT, frame)

    async def receive(self, take: Take) -> None:
        """Hand each text to `take`, until the connection has ended or was refused."""
        if len(self._early) >= AHEAD and not self.is_closing():
            self.resume_reading()
        self._take = take if self.pace is None else self.pace(take, self)
        early, self._early = self._early, []
        for frame in early:
            self._deliver(frame)
        await self._ended

    def pause_reading(self) -> None:
        """Leave what comes in the socket."""
        self._unread = True
        self._socket.pause_reading()

    def resume_reading(self) -> None:
        """Read on; from now on the peer has its time to show that it lives."""
        self._unread, self._spoke = False, True
        self._socket.resume_reading()

    def is_closing(self) -> bool:
        """Say whether nothing more comes."""
        closing: bool = self._socket.is_closing()
        return closing

    async def alive(self, timeout_s: float) -> bool:
        """Say whether the peer answers a ping in time; one that said more than is read now does."""
        if self._gone.done() or self._wire.is_close_frame_sent:
            return False
        if self._unread:
            return not self.is_closing()
        number = self._ask()
        probe = self._probes[number] = self._loop.create_future()
        try:
            async with asyncio.timeout(timeout_s):
                answered: bool = await probe
        except TimeoutError:
            return False
        finally:
            del self._probes[number]
        return answered

    def close(self, code: int, reason: str) -> None:
        """Take nothing in any more; whoever serves the connection closes it with this status."""
        if not self._ended.done():
            self._ended.set_result((code, reason))

    def abort(self) -> None:
        """Drop the TCP connection without a word."""
        self.close(_ABNORMAL, "dropped")
        self._over = True
        self._socket.abort()

    async def finish(self, ending: Ending | None, close_s: float) -> None:
        """Close with a status, ours, the one of `close` or 1000; drop a peer that does not follow."""
        told = self._ended.result() if self._ended.done() else None
        code, reason = ending or told or (1000, "")
        if self._beat is not None:  # from here on the peer has `close_s`
            self._beat.cancel()
        if not self._gone.done() and not self._socket.is_closing():
            self._wire.send_close(WSCloseCode(code), reason)
        if not self._gone.done():
            await asyncio.wait([self._gone], timeout=close_s)
        if not self._gone.done():
            self._socket.abort()
            await self._gone

    def _deliver(self, frame: bytes) -> None:
        if self._ended.done():
            return
        if not frame.isascii() and not is_text(frame):
            self.close(*NO_UTF8)
        elif self._take is not None:
            self._take(frame)
        else:
            self._early.append(frame)
            if len(self._early) >= AHEAD:  # the end of the handshake reads on once
                self.pause_reading()

    def _gather(self, frame: WSFrame, *, begins: bool) -> None:
        """Put a message in pieces together."""
        if begins == bool(self._parts):
            self.close(_PROTOCOL_ERROR, "a fragment out of place")
            return
        if self._ended.done():
            return
        self._parts.append(frame.get_payload_as_bytes())
        self._gathered += frame.payload_size
        if len(self._parts) > MAX_FRAGMENTS or self._gathered > MAX_FRAME:
            self._parts, self._gathered = [], 0
            self.close(_MESSAGE_TOO_BIG, "too many fragments, or too large together")
        elif frame.fin:
            whole, self._parts, self._gathered = b"".join(self._parts), [], 0
            self._deliver(whole)

    def _answer(self, payload: bytes) -> None:
        """Answer a ping, unless answers pile up."""
        if self._unwritten() > MAX_UNREAD:
            self.abort()
        else:
            self._wire.send_pong(payload)

    def _ask(self) -> int:
        """Send a ping; return its number."""
        self._asked += 1
        self._wire.send_ping(b"%d" % self._asked)
        return self._asked

    def _hear(self, payload: bytes) -> None:
        """Take an answer to a ping, which answers all before it; others mean nothing (RFC 6455, 5.5.3)."""
        number = int(payload) if payload.isdigit() and len(payload) < 10 else 0
        if not self._heard < number <= self._asked:
            return
        self._heard = number
        for asked, probe in self._probes.items():
            if asked <= number and not probe.done():
                probe.set_result(True)

    def _keep(self) -> None:
        """Ask whether the peer lives; close where it did not say so since the last time."""
        self._beat = self._loop.call_later(self._ping_interval_s, self._keep)
        if self._wire.is_close_frame_sent:
            self._socket.abort()
        elif self._owed > self._heard and not self._spoke and not self._unread:
            self.close(_INTERNAL_ERROR, "keepalive ping timeout")
        else:
            self._spoke = False
            self._owed = self._ask()

    def _shake_back(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer the end of the peer with its own status, and hang up."""
        code = cast("int", frame.get_close_code())
        if not transport.is_close_frame_sent:
            if code:
                transport.send_close(cast("WSCloseCode", code))
            else:
                transport.send(_CLOSE, None)
        transport.disconnect()
        self._over = True
        if not self._ended.done():  # what comes after a close means nothing (RFC 6455, 5.5.1)
            self._ended.set_result(None)

"""Takes TCP connections in, whatever library speaks on them, and bounds what shaking hands may cost.

A connection that says nothing is a socket and no more. TLS begins with its first octet, as soon as the
lobby has room; the room is given back when its request has been read (`left`), or when it is gone.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from gateway.stations.admission import neighbourhood
from gateway.stations.admission_lobby import Lobby
from gateway.stations.buffers import fresh_where_large
from gateway.stations.listening import Listening

log = structlog.get_logger()

_BACKLOG = 1024
_AT_ONCE = 64
"""Connections that are accepted in one turn of the loop."""
_SHORT_S = 1.0
"""How long nobody is accepted where the machine lacks descriptors or memory."""
_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_HEAVY = "TLS without uvloop takes 256 KiB for each station: install uvloop"
"""asyncio/sslproto.py has a read buffer of that size for each connection."""

type Left = Callable[[], None]
"""Called once a request has been read, or its connection is lost; again without effect."""
type Factory = Callable[[Left], asyncio.BaseProtocol]


@dataclass(slots=True, eq=False)
class _Guest:
    """One that has not been admitted yet; `address` is whom it counts for."""

    connection: socket.socket
    address: str
    timer: asyncio.TimerHandle | None = None
    transport: asyncio.Transport | None = None
    """Where it shakes hands, once TLS is done."""


@dataclass(slots=True)
class Acceptor:
    """Listens for one backend; has what `websockets` asks of an `asyncio.Server`."""

    listening: Listening
    factory: Factory
    crowded: Callable[[str], None]
    """Called with the address of each connection that is dropped for want of room."""
    lobby: Lobby[_Guest] = field(init=False)
    sockets: list[socket.socket] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _guests: set[_Guest] = field(default_factory=set)
    """Those that are outside."""
    _inside: set[_Guest] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _accepting: bool = False
    _serving: bool = False

    def __post_init__(self) -> None:
        """Expect nobody yet."""
        self.lobby = Lobby()

    async def open(self) -> Acceptor:
        """Listen on every address that the host has; `OSError` where that cannot be."""
        host, port = self.listening.host, self.listening.port
        flags = socket.AI_PASSIVE
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
        try:
            for family, kind, protocol, _, address in dict.fromkeys(found):
                listener = socket.socket(family, kind, protocol)
                self.sockets.append(listener)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind(address)
                listener.listen(_BACKLOG)
                listener.setblocking(False)
        except OSError:
            self._shut()
            raise
        self._serving = True
        self._resume()
        if self.listening.tls is not None:
            fresh_where_large()
            if not _is_uvloop(self._loop):
                log.warning("endpoint.heavy_tls", problem=_HEAVY)
        return self

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        port: int = self.sockets[0].getsockname()[1]
        return port

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop that it runs on."""
        return self._loop

    def is_serving(self) -> bool:
        """Say whether connections are taken."""
        return self._serving

    def close(self) -> None:
        """Take no more, and drop those whose request has not been read."""
        self._serving = False
        self._pause()
        self._shut()
        for guest in list(self._guests):
            self._drop(guest)
        for guest in list(self._inside):
            if guest.transport is not None:
                guest.transport.abort()

    async def wait_closed(self) -> None:
        """Wait until nobody is between the socket and its protocol any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _shut(self) -> None:
        for listener in self.sockets:
            listener.close()

    def _pause(self) -> None:
        if self._accepting:
            self._accepting = False
            for listener in self.sockets:
                self._loop.remove_reader(listener)

    def _resume(self) -> None:
        if self._serving and not self._accepting and not self.lobby.full:
            self._accepting = True
            for listener in self.sockets:
                self._loop.add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _SHORTAGES:
                    raise
                log.error("endpoint.short", problem=str(error))  # noqa: TRY400 - not ours to mend
                self._pause()
                self._loop.call_later(_SHORT_S, self._resume)
                return
            self._take(connection, neighbourhood(address[0]))
            if self.lobby.full:
                self._pause()
                return

    def _take(self, connection: socket.socket, address: str) -> None:
        if not self.lobby.arrive(address):
            connection.close()
            self.crowded(address)
            return
        connection.setblocking(False)
        guest = _Guest(connection, address)
        guest.timer = self._loop.call_later(self.listening.handshake_s, self._drop, guest)
        self._guests.add(guest)
        self._loop.add_reader(connection, self._speaks, guest)

    def _speaks(self, guest: _Guest) -> None:
        """Let one go on that has said something, and forget one that has left."""
        self._loop.remove_reader(guest.connection)
        try:
            begun = guest.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            begun = b""
        if not begun:
            self._drop(guest)
        elif self.lobby.ready(guest.address, guest):
            self._go_on(guest)

    def _drop(self, guest: _Guest) -> None:
        """Let go of one that is outside."""
        self._guests.discard(guest)
        self.lobby.give_up(guest.address, guest)
        if guest.timer is not None:
            guest.timer.cancel()
        self._loop.remove_reader(guest.connection)
        guest.connection.close()
        self._resume()

    def _go_on(self, guest: _Guest) -> None:
        self._guests.discard(guest)
        if guest.timer is not None:
            guest.timer.cancel()
            guest.timer = None
        self._inside.add(guest)
        task = self._loop.create_task(self._shake(guest))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._resume()

    async def _shake(self, guest: _Guest) -> None:
        """Give the connection to its protocol, after TLS where there is TLS."""
        left = partial(self._leave, guest)
        make, options = partial(self.factory, left), self._tls_options()
        try:
            with suppress(OSError):  # TLS that failed or took too long, too
                guest.transport, _ = await self._loop.connect_accepted_socket(
                    make, guest.connection, **options
                )
        finally:
            if guest.transport is None:
                left()
                guest.connection.close()

    def _tls_options(self) -> dict[str, Any]:
        listening = self.listening
        if listening.tls is None:
            return {}
        return {
            "ssl": listening.tls,
            "ssl_handshake_timeout": listening.handshake_s,
            "ssl_shutdown_timeout": listening.close_s,
        }

    def _leave(self, guest: _Guest) -> None:
        if guest not in self._inside:
            return
        self._inside.discard(guest)
        following = self.lobby.leave(guest.address)
        if following is not None:
            self._go_on(following)


def _is_uvloop(loop: asyncio.AbstractEventLoop) -> bool:
    return type(loop).__module__.partition(".")[0] == "uvloop"

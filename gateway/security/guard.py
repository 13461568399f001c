"""What stands before aiohttp: few connections, and ten seconds for a whole request head.

aiohttp keeps a half-sent request for over a minute. Each connection must serve one request (the
listener closes it), so that only the first head has to be timed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

HEAD_S = 10.0
MOST_CONNECTIONS = 64
_MOST_HEAD = 16 * 1024
_END = b"\r\n\r\n"

type Factory = Callable[[], asyncio.Protocol]


class Guard:
    """Makes guarded protocols, and counts those that are open."""

    def __init__(self, inner: Factory, head_s: float = HEAD_S) -> None:
        """Guard what `inner` makes."""
        self._inner, self.head_s = inner, head_s
        self.open = 0

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of one connection."""
        return _Guarded(self, self._inner())


class _Guarded(asyncio.Protocol):
    """Hands everything to the inner protocol, but for a connection that is one too many."""

    def __init__(self, guard: Guard, inner: asyncio.Protocol) -> None:
        self._guard, self._inner = guard, inner
        self._head = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._guard.open += 1
        if self._guard.open > MOST_CONNECTIONS:
            _abort(transport)
            return
        self._begun = True
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._guard.head_s, _abort, transport)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._timer is not None:
            # RFC 9112, 2.2: empty lines before a request are passed over, and end no head.
            head = data if self._head else data.lstrip(b"\r\n")
            self._head += head[: _MOST_HEAD + 1 - len(self._head)]
            if _END in self._head or len(self._head) > _MOST_HEAD:  # too long: aiohttp answers 400
                self._timed_no_more()
        if self._begun:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._begun else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.open -= 1
        self._timed_no_more()
        if self._begun:
            self._inner.connection_lost(exc)

    def _timed_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._head.clear()


def _abort(transport: asyncio.BaseTransport) -> None:
    cast("asyncio.Transport", transport).abort()  # uvloop's is no subclass of it

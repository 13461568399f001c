"""The seam between the endpoint and the WebSocket library: who asks, who decides, who drives.

    library ──Knock──> Gate.admit ──id or Refusal──> library finishes the handshake
    library ──Opened─> Gate.serve ──Ending or None──> library closes

A backend is a function of type `Listen`; nothing above it knows which library is below.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from gateway.ports import StationTransport
from gateway.stations.admission import Knock

MAX_UNREAD = 256 * 1024
"""Octets that wait for a station to read them, before it counts as stalled."""
MAX_FRAGMENTS = 1024
"""Pieces in which one message may come."""
AHEAD = 4
"""Frames that come before anybody takes them, before the socket is read no further."""


class Reader(Protocol):
    """The reading half of a connection."""

    def pause_reading(self) -> None:
        """Leave what comes in the socket: TCP makes the peer wait."""
        ...

    def resume_reading(self) -> None:
        """Read on."""
        ...

    def is_closing(self) -> bool:
        """Say whether nothing more comes."""
        ...


type Take = Callable[[bytes], None]
type Pace = Callable[[Take, Reader], Take]
"""Slows down the reading of a station that says too much."""
type Ending = tuple[int, str]
"""Status and reason with which this side ends a connection."""

NO_TEXT: Ending = (1003, "OCPP-J is text")  # Part 4, 4.1
NO_UTF8: Ending = (1007, "a text is UTF-8")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a backend listens, and how long it waits for what, seconds; no `tls` is plain."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    ping_interval_s: float
    handshake_s: float
    """For TLS, and once more for the request."""
    close_s: float
    """For the peer's part of the closing handshake."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a handshake that is not let through."""

    status: HTTPStatus
    text: str
    headers: tuple[tuple[str, str], ...] = ()


class Opened(StationTransport, Protocol):
    """A connection whose handshake is over; `subprotocol` is empty where nothing was common."""

    pace: Pace | None
    """Set before `receive`."""

    @property
    def address(self) -> str:
        """Return where it comes from, nothing where it is gone already."""
        ...

    @property
    def close_code(self) -> int | None:
        """Return the WebSocket status that it ended with; None while it is open."""
        ...


class Gate(Protocol):
    """Who decides."""

    async def admit(self, knock: Knock) -> str | Refusal:
        """Return the id of the station, or how it is refused."""
        ...

    def crowded(self, address: str) -> None:
        """Take note of a connection that was dropped: too many of its address wait already."""
        ...

    async def serve(self, opened: Opened) -> Ending | None:
        """Serve a connection as long as it lasts; return how it is to be closed, where it is open."""
        ...


type Listen = Callable[[Listening, Gate], AbstractAsyncContextManager[int]]
"""Listen within a block; yields the port. At its end connections are closed with 1001."""

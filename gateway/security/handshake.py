"""Watches a new connection of an HTTP client until TLS stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def _any(stream: Any) -> None:
    """Accept the peer: TLS has checked who it is."""
    del stream


class Handshake:
    """Checks the peer before the first request is written, and closes what is left half open.

    The library below leaves a socket open whose handshake is cancelled. `check` raises `PeerError` for a
    peer that is not the one that is meant.
    """

    def __init__(self, check: Callable[[Any], None] = _any) -> None:
        """Watch nothing yet."""
        self._check = check
        self._open: Any = None

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow the connection: the `trace` extension of a request."""
        if event == "connection.connect_tcp.complete":
            self._open = info["return_value"]
        elif event == "connection.start_tls.complete":
            self._check(info["return_value"])
            self._open = None
        elif event.startswith("http11.send_request_headers"):
            self._open = None  # plain HTTP has no handshake

    async def end(self) -> None:
        """Close a connection that never came to stand."""
        if self._open is not None:
            await self._open.aclose()

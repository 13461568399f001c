"""The broker of a VTN, as one that is listened to and nothing else: MQTT 3.1.1 by aiomqtt (extra `mqtt`).

What this relies on beyond the documented interface of aiomqtt is pinned by tests/contract/test_aiomqtt.py:
how a connection is dropped at once, when it is written to, and that a message is refused before it is read.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from gateway.connectors.openadr.access import MqttAccess
from gateway.errors import IdentityError, PeerError
from gateway.protocols.openadr_notifiers import Broker, BrokerAuth, Place
from gateway.protocols.rates import Bucket, Rate
from gateway.security.files import write_private
from gateway.security.tls import web_client_context

LARGEST_MESSAGE = 4 << 20
_FLOOD = Rate(per_s=200, burst=2000)
"""Above it a broker is left alone for a while."""
_MOST_WAITING = 4000
_TIMEOUT_S = 5.0
_CLOSING_S = 1.0
_KEEPALIVE_S = 15
_REFUSING = frozenset({4, 5, 134, 135})
"""User name or password, not authorized: as MQTT 3.1.1 (3.2.2.3) and as MQTT 5 number it."""

_silent = logging.Logger("aiomqtt", logging.CRITICAL + 1)  # noqa: LOG001 - nobody configures it

type Heard = Callable[[bytes, bool], None]
"""Take a message: its payload, and whether it is an old one that the broker kept (retained)."""


class BrokerRefusedError(PeerError):
    """A broker does not take the token that was shown to it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a broker is met: how it is verified, None without TLS, and the name and password that it gets."""

    context: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


async def listen(
    place: Place, shown: Shown, topics: Iterable[str], begun: Callable[[], None], heard: Heard
) -> None:
    """Listen at one place of a broker until that ends, by `PeerError`; `begun` once topics are granted."""
    where = f"{place.host}:{place.port}"
    try:
        await _knock(place, shown.context)
        async with _Client(place, shown) as client:
            granted = await client.subscribe([(topic, 1) for topic in sorted(topics)])
            if all(getattr(code, "is_failure", False) for code in granted):
                raise PeerError("grants none of its topics", where=where)
            begun()
            await _hear(client, heard, where)
    except MqttConnectError as exc:
        refusing = getattr(exc.rc, "value", exc.rc) in _REFUSING
        kind = BrokerRefusedError if refusing else PeerError
        raise kind(f"ends it: {exc}", where=where) from exc
    except TimeoutError as exc:
        raise PeerError(f"is mute for {_TIMEOUT_S:g} s", where=where) from exc
    except (aiomqtt.MqttError, OSError, ValueError) as exc:
        raise PeerError(f"cannot be heard: {exc}", where=where) from exc


def broker_context(broker: Broker, access: MqttAccess, trust_anchor: Path | None) -> ssl.SSLContext:
    """Return how a broker is verified, and what is shown to it; IdentityError where that is no good.

    What settings say counts first, then what the VTN gave out; where neither names an anchor it is
    `trust_anchor`, the VTN's own.
    """
    with TemporaryDirectory() as name:  # OpenSSL reads certificates and keys from files
        folder = Path(name)
        anchor = access.trust_anchor or _written(folder / "ca.pem", broker.ca) or trust_anchor
        identity = access.identity
        if identity is None and broker.auth is BrokerAuth.CERTIFICATE:
            certificate = _written(folder / "certificate.pem", broker.certificate)
            key = _written(folder / "key.pem", broker.key)
            if certificate is None or key is None:
                raise IdentityError("asks for a certificate, and none is given", where="broker")
            identity = certificate, key
        try:
            return web_client_context(anchor, identity)
        except ssl.SSLError as exc:
            problem = f"cannot be used for TLS: {exc.reason}"
            raise IdentityError(problem, where="broker", code="DG-1118") from exc


class _Client(aiomqtt.Client):
    """A client that goes at once, and refuses a message that is too long before it reads it."""

    def __init__(self, place: Place, shown: Shown) -> None:
        super().__init__(
            place.host,
            place.port,
            logger=_silent,
            username=shown.username,
            password=shown.password,
            tls_context=shown.context,
            timeout=_TIMEOUT_S,
            keepalive=_KEEPALIVE_S,
            max_queued_incoming_messages=_MOST_WAITING,
        )
        receive = self._client._sock_recv  # noqa: SLF001 - see above

        def bounded(size: int) -> bytes:
            if size > LARGEST_MESSAGE:
                raise ConnectionAbortedError(f"a message of {size} bytes")
            return receive(size)

        self._client._sock_recv = bounded  # type: ignore[assignment,method-assign]  # noqa: SLF001

    async def __aenter__(self) -> Self:
        """Connect; what a thread is about to open is waited for also by who is cancelled, and closed."""
        entering = asyncio.ensure_future(super().__aenter__())
        try:
            return await asyncio.shield(entering)
        except BaseException:
            await asyncio.wait({entering}, timeout=_TIMEOUT_S)
            if not entering.cancel() and not entering.cancelled():
                entering.exception()
            await self._drop()
            raise

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._drop()

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        """Write when the socket can be written to, unless it was closed by then."""
        del client, userdata
        self._loop.call_soon_threadsafe(self._await_writable, sock)

    def _await_writable(self, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.add_writer(sock.fileno(), self._write)

    def _write(self) -> None:
        try:
            self._client.loop_write()
        except OSError as exc:
            if not self._disconnected.done():
                self._disconnected.set_exception(exc)

    async def _drop(self) -> None:
        """Close the socket, and look at what nobody waits for any more."""
        await asyncio.sleep(0)  # what was to be done with the socket is done
        self._client._sock_close()  # noqa: SLF001 - see above
        for future in (self._connected, self._disconnected):
            if future.done() and not future.cancelled():
                future.exception()


async def _knock(place: Place, context: ssl.SSLContext | None) -> None:
    """Reach a broker once in a way that can be given up: the library connects in a thread that cannot."""
    named: dict[str, Any] = {}
    if context is not None:
        named = {"ssl": context, "server_hostname": place.host, "ssl_shutdown_timeout": _CLOSING_S}
    async with asyncio.timeout(_TIMEOUT_S):
        _, writer = await asyncio.open_connection(place.host, place.port, **named)
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSING_S):
            await writer.wait_closed()


async def _hear(client: _Client, heard: Heard, where: str) -> None:
    """Hand on messages until the connection ends, or the broker floods."""
    loop = asyncio.get_running_loop()
    bucket = Bucket(_FLOOD, loop.time())
    async for message in client.messages:
        if bucket.wait(loop.time()) > 0:
            raise PeerError(f"sends more than {_FLOOD.per_s:g} messages a second", where=where)
        bucket.take()
        payload = message.payload if isinstance(message.payload, bytes) else b""
        heard(payload, message.retain)


def _written(path: Path, text: str) -> Path | None:
    return write_private(path, text.encode()) if text else None

"""`/ocpp/{id}`: who connects, in which version of OCPP, and which of two connections counts."""

from __future__ import annotations

import ipaddress
import itertools
import ssl
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gateway.errors import SettingsError
from gateway.ports import Post
from gateway.protocols.ocpp_rpc import MAX_FRAME
from gateway.security.tls import station_server_context
from gateway.stations.admission import PREFIX, Admission, Denied
from gateway.stations.blocks.metering import Metering
from gateway.stations.context import StationEntry
from gateway.stations.deadlines import Deadlines
from gateway.stations.facade import Stations
from gateway.stations.nameplate import Nameplate
from gateway.stations.session import Clocks, Rhythm, Session
from gateway.stations.templates import Templates
from gateway.stations.websockets_io import Connection, WebSocketTransport, deflate
from translators.rules.book import Book

log = structlog.get_logger()

SUBPROTOCOLS = frozenset({"ocpp2.1", "ocpp2.0.1"})
_PROTOCOL_ERROR = 1002
_POLICY_VIOLATION = 1008
_HANDSHAKE_S = 10.0
_CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """Where stations connect; port 0 is any, no certificate is plain `ws`, on loopback only.

    `allow_plain` lifts the last restriction (security profile 1, A00).
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)
    allow_plain: bool = False


class Endpoint:
    """The server that stations connect to; an async context manager."""

    def __init__(
        self,
        config: EndpointConfig,
        entries: Iterable[StationEntry],
        stations: Stations,
        post: Post,
        clocks: Clocks,
    ) -> None:
        """Open nothing yet; `SettingsError` where passwords would travel in the clear."""
        self._config, self._stations, self._post, self._clocks = config, stations, post, clocks
        self._tls = _context(config)
        self._admission = Admission.of(entries, clocks.monotonic)
        self._meters = {name: Metering() for name in self._admission.entries}
        self._plates = {name: Nameplate() for name in self._admission.entries}
        self._generations = itertools.count(1)
        self._deadlines, self._templates = Deadlines(), Templates()
        self._open = AsyncExitStack()
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        config = self._config
        self._server = await self._open.enter_async_context(
            serve(
                self._serve,
                config.host,
                config.port,
                ssl=self._tls,
                process_request=self._admit,
                select_subprotocol=_by_client_order,
                compression=None,
                extensions=[deflate()],
                ping_interval=config.rhythm.ping_interval_s,
                ping_timeout=config.rhythm.ping_interval_s,
                open_timeout=_HANDSHAKE_S,
                close_timeout=_CLOSE_S,
                server_header=None,
                max_size=MAX_FRAME,
                create_connection=Connection,
            )
        )
        log.info("endpoint.opened", url=self.url, tls=self._tls is not None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection (1001) and stop listening."""
        await self._open.aclose()

    def use(self, book: Book) -> None:
        """Read what stations report by other mapping rules from now on."""
        entries = self._admission.entries
        for name, entry in entries.items():
            entries[name] = replace(entry, book=book)

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the endpoint is not open")
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Return the address that stations append `/{id}` to."""
        host = self._config.host
        shown = f"[{host}]" if ":" in host else host
        scheme = "ws" if self._tls is None else "wss"
        return f"{scheme}://{shown}:{self.port}{PREFIX.rstrip('/')}"

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let the handshake go on, or refuse it."""
        address = str(connection.remote_address[0])
        authorizations = request.headers.get_all("Authorization")
        found = await self._admission.admit(request.path, authorizations, address)
        if not isinstance(found, Denied) and await self._occupied(found.id):
            found = Denied(HTTPStatus.CONFLICT, f"{found.id} is connected already")
        if isinstance(found, Denied):
            log.warning(
                "station.refused", path=request.path[:200], address=address, problem=found.problem
            )
            return _refusal(connection, found)
        connection.username = found.id
        return None

    async def _occupied(self, station: str) -> bool:
        """Say whether the station has a connection that lives; a dead one is dropped."""
        while (current := self._stations.current(station)) is not None:
            if await current.transport.alive(self._config.rhythm.probe_timeout_s):
                return True
            self._stations.drop(current)
        return False

    async def _serve(self, connection: ServerConnection) -> None:
        """Serve one connection that was let in, as long as it lasts."""
        station = connection.username
        if connection.subprotocol is None:  # Part 4, 3.1.2: finish the handshake, then close
            await connection.close(_PROTOCOL_ERROR, "no common subprotocol")
            return
        if await self._occupied(station):  # another one came in while this one shook hands
            log.warning("station.duplicate", station=station)
            await connection.close(_POLICY_VIOLATION, "connected already")
            return
        session = Session(
            transport=WebSocketTransport(cast("Connection", connection), station),
            entry=self._admission.entries[station],
            post=self._post,
            clocks=self._clocks,
            rhythm=self._config.rhythm,
            generation=next(self._generations),
            meter=self._meters[station],
            plate=self._plates[station],
            deadlines=self._deadlines,
            templates=self._templates,
        )
        log.info("station.came", station=station, version=connection.subprotocol)
        await self._stations.serve(session)
        log.info("station.went", station=station, code=connection.close_code)


def _context(config: EndpointConfig) -> ssl.SSLContext | None:
    if config.certificate is not None and config.key is not None:
        return station_server_context(config.certificate, config.key)
    if config.certificate is not None or config.key is not None:
        problem = "TLS needs both a certificate and its key"
        raise SettingsError(problem, where="ocpp", code="DG-1061")
    if not config.allow_plain and not _is_loopback(config.host):
        problem = f"{config.host} is reachable from outside and has no certificate and key"
        advice = "name both, or allow plain connections there"
        raise SettingsError(problem, where="ocpp", code="DG-1060", advice=advice)
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _by_client_order(
    _connection: ServerConnection, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    """Choose by the client's order of preference (Part 4, 3.1.2)."""
    return next((name for name in offered if name in SUBPROTOCOLS), None)


def _refusal(connection: ServerConnection, denied: Denied) -> Response:
    response = connection.respond(denied.status, f"{denied.problem}\n")
    if denied.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
    if denied.retry_after_s is not None:
        response.headers["Retry-After"] = str(denied.retry_after_s)
    return response

"""`/ocpp/{id}`: who connects, in which version of OCPP, and which of two connections counts."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gateway.core.events import SecurityNoticed
from gateway.errors import SettingsError
from gateway.ports import Post
from gateway.protocols.ocpp_frames import MAX_FRAME
from gateway.security.tls import StationTls
from gateway.stations.admission import PREFIX, Admission, Denied, Doors
from gateway.stations.admission_door import knock_of, notice_of, refusal
from gateway.stations.admission_notices import GATHER_S, Notices
from gateway.stations.blocks.metering import Metering
from gateway.stations.context import StationEntry
from gateway.stations.deadlines import Deadlines
from gateway.stations.facade import Stations
from gateway.stations.nameplate import Nameplate
from gateway.stations.rates import Bucket, Rate
from gateway.stations.session import Clocks, Rhythm, Session
from gateway.stations.templates import Templates
from gateway.stations.throttle import Throttle
from gateway.stations.websockets_io import Connection, Take, WebSocketTransport, deflate
from translators.rules.book import Book

log = structlog.get_logger()

SUBPROTOCOLS = frozenset({"ocpp2.1", "ocpp2.0.1"})
_PROTOCOL_ERROR = 1002
_POLICY_VIOLATION = 1008
_HANDSHAKE_S = 10.0
_CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """Where stations connect; port 0 is any.

    No certificate is plain `ws`, on loopback only unless `doors` names networks. `client_ca` holds the
    authorities of station certificates (security profile 3, A00).
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)
    client_ca: Path | None = None
    doors: Doors = field(default_factory=Doors)
    messages: Rate | None = None
    """How many one station may send before it is read more slowly; None: any number."""


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
        self._tls = _tls_of(config)
        self._admission = Admission.of(entries, clocks.monotonic, config.doors)
        self._notices = Notices()
        self._telling: asyncio.TimerHandle | None = None
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
                ssl=None if self._tls is None else self._tls.context,
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
        if self._telling is not None:
            self._telling.cancel()
        self.tell_counted()

    def tell_counted(self) -> None:
        """Post the security events that were only counted so far."""
        for event in self._notices.rest():
            self._tell(event)

    def reload_certificates(self) -> None:
        """Read the TLS files anew for connections to come; IdentityError changes nothing."""
        if self._tls is not None:
            self._tls.reload()

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
        knock = knock_of(connection, request)
        found = await self._admission.admit(knock)
        if not isinstance(found, Denied) and await self._occupied(found.id):
            problem = f"{found.id} is connected already"
            found = Denied(HTTPStatus.CONFLICT, problem, station=found.id, kind="access.duplicate")
        if isinstance(found, Denied):
            self._notice(notice_of(found, knock.address))
            return refusal(connection, found)
        connection.username = found.id
        return None

    def _notice(self, event: SecurityNoticed) -> None:
        """Log and tell what was noticed; the same again is only counted for a while."""
        for told in self._notices.note(event, self._clocks.monotonic()):
            self._tell(told)
        self._tell_later()

    def _tell_later(self) -> None:
        if self._telling is None and self._notices.counting:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(GATHER_S, self._tell_due)

    def _tell_due(self) -> None:
        self._telling = None
        for event in self._notices.due(self._clocks.monotonic()):
            self._tell(event)
        self._tell_later()

    def _tell(self, event: SecurityNoticed) -> None:
        log.warning("security.noticed", **asdict(event))
        self._post(event)

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
            problem = "another connection came in first"
            self._notice(
                SecurityNoticed("access.duplicate", station, _address(connection), problem)
            )
            await connection.close(_POLICY_VIOLATION, "connected already")
            return
        session = Session(
            transport=self._transport(connection),
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

    def _transport(self, connection: ServerConnection) -> WebSocketTransport:
        """Return a connection as its session sees it, slowed down where the settings say so."""
        open_one, station = cast("Connection", connection), connection.username
        rate = self._config.messages
        if rate is None:
            return WebSocketTransport(open_one, station)
        now = self._clocks.monotonic

        def slowed() -> None:
            address, problem = _address(connection), f"more than {rate.per_s:g} messages a second"
            self._notice(SecurityNoticed("station.slowed", station, address, problem))

        def pace(take: Take, reader: asyncio.Transport) -> Take:
            later = asyncio.get_running_loop().call_later
            return Throttle(take, reader, Bucket(rate, now()), now, later, slowed)

        return WebSocketTransport(open_one, station, pace)


def _address(connection: ServerConnection) -> str:
    """Return where a connection comes from, nothing where it is gone already."""
    return str((connection.remote_address or ("",))[0])


def _tls_of(config: EndpointConfig) -> StationTls | None:
    if config.certificate is not None and config.key is not None:
        return StationTls(config.certificate, config.key, config.client_ca)
    if config.certificate is not None or config.key is not None:
        problem = "TLS needs both a certificate and its key"
        raise SettingsError(problem, where="ocpp", code="DG-1061")
    if not config.doors.plain_from and not _is_loopback(config.host):
        problem = f"{config.host} is reachable from outside and has no certificate and key"
        advice = "name both, or the networks that may connect plain"
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

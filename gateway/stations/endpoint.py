"""`/ocpp/{id}`: who connects, in which version of OCPP, and which of two connections counts."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from gateway.core.events import SecurityNoticed
from gateway.errors import SettingsError
from gateway.ports import Post
from gateway.protocols.rates import Bucket, Rate
from gateway.security.tls import StationTls
from gateway.stations.admission import PREFIX, Admission, Denied, Doors, Knock
from gateway.stations.admission_door import notice_of, refusal
from gateway.stations.admission_notices import GATHER_S, Notices
from gateway.stations.backends import Transport, backend
from gateway.stations.blocks.metering import Metering
from gateway.stations.context import Json, StationEntry
from gateway.stations.deadlines import Deadlines
from gateway.stations.facade import Stations
from gateway.stations.listening import Ending, Listening, Opened, Pace, Reader, Refusal, Take
from gateway.stations.nameplate import Nameplate
from gateway.stations.reports import Reports
from gateway.stations.session import Clocks, Rhythm, Session
from gateway.stations.templates import Templates
from gateway.stations.throttle import Throttle
from gateway.stations.upkeep import Upkeep
from translators.rules.book import Book

log = structlog.get_logger()

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
    other: tuple[Path, Path] | None = None
    """A second certificate with its key, of the other kind."""
    plain_port: int | None = None
    """A second port, beside TLS, for stations that are still plain."""
    doors: Doors = field(default_factory=Doors)
    messages: Rate | None = None
    """How many one station may send before it is read more slowly; None: any number."""
    transport: Transport = "websockets"
    """The library that drives the connections."""
    only_asks: bool = False
    """Whether stations are asked and answered, and told nothing that changes them."""


class Endpoint:
    """The server that stations connect to; an async context manager."""

    def __init__(
        self,
        config: EndpointConfig,
        entries: Iterable[StationEntry],
        stations: Stations,
        post: Post,
        clocks: Clocks,
        upkeep: Upkeep | None = None,
    ) -> None:
        """Open nothing yet; `SettingsError` where passwords would travel in the clear."""
        self._config, self._stations, self._post, self._clocks = config, stations, post, clocks
        self._tls = _tls_of(config)
        past = None if upkeep is None else upkeep.past
        self._more = {} if upkeep is None else upkeep.handlers()
        self._admission = Admission.of(entries, clocks.monotonic, config.doors, past)
        self._notices = Notices()
        self._telling: asyncio.TimerHandle | None = None
        self._meters = {name: Metering() for name in self._admission.entries}
        self._plates = {name: Nameplate() for name in self._admission.entries}
        self._generations = itertools.count(1)
        self._deadlines, self._templates, self._reports = Deadlines(), Templates(), Reports()
        self._open = AsyncExitStack()
        self._port: int | None = None
        self.plain_port: int | None = None
        """The port beside TLS that is listened on for plain connections."""

    async def __aenter__(self) -> Self:
        """Listen; `SettingsError` where the transport's library is not installed."""
        config = self._config
        listening = Listening(
            host=config.host,
            port=config.port,
            tls=None if self._tls is None else self._tls.context,
            ping_interval_s=config.rhythm.ping_interval_s,
            handshake_s=_HANDSHAKE_S,
            close_s=_CLOSE_S,
        )
        try:
            self._port = await self._listen(listening)
            if config.plain_port is not None:
                beside = replace(listening, port=config.plain_port, tls=None)
                self.plain_port = await self._listen(beside)
        except OSError:
            await self._open.aclose()
            raise
        log.info("endpoint.opened", url=self.url, tls=self._tls is not None)
        plain = self._port if self._tls is None else self.plain_port
        if plain is not None:
            networks = [str(network) for network in config.doors.plain_from]
            log.warning("endpoint.plain", port=plain, networks=["this machine", *networks])
        return self

    async def _listen(self, where: Listening) -> int:
        """Listen at one more place; return its port."""
        listen = backend(self._config.transport)
        return await self._open.enter_async_context(listen(where, self))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection (1001) and stop listening."""
        await self._open.aclose()
        self._port = self.plain_port = None
        if self._telling is not None:
            self._telling.cancel()
        self.tell_counted()

    def remember(self, devices: Mapping[str, Json]) -> None:
        """Know what stations said of themselves in an earlier run (`DeviceReported`, by station)."""
        for name, entry in self._admission.entries.items():
            if name in devices:
                self._plates[name] = Nameplate.remembered(entry, devices[name])

    def tell_counted(self) -> None:
        """Post the security events that were only counted so far."""
        for event in self._notices.rest():
            self._tell(event)

    def reload_certificates(self) -> None:
        """Read the TLS files anew for connections to come; IdentityError changes nothing."""
        if self._tls is not None:
            self._tls.reload()

    def use(self, book: Book) -> None:
        """Read what stations report by other mapping rules from now on; none is asked anew for it."""
        entries = self._admission.entries
        for name, entry in entries.items():
            entries[name] = replace(entry, book=book)
        self._stations.use(book)

    def rekey(self, station: str, verifier: str) -> None:
        """Let another password open the door of a station from now on."""
        entries = self._admission.entries
        entries[station] = replace(entries[station], password_verifier=verifier)

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        if self._port is None:
            raise RuntimeError("the endpoint is not open")
        return self._port

    @property
    def url(self) -> str:
        """Return the address that stations append `/{id}` to."""
        host = self._config.host
        shown = f"[{host}]" if ":" in host else host
        scheme = "ws" if self._tls is None else "wss"
        return f"{scheme}://{shown}:{self.port}{PREFIX.rstrip('/')}"

    async def admit(self, knock: Knock) -> str | Refusal:
        """Let a handshake go on for the station that it proved to be, or refuse it."""
        found = await self._admission.admit(knock)
        if not isinstance(found, Denied) and await self._occupied(found.id):
            problem = f"{found.id} is connected already"
            found = Denied(HTTPStatus.CONFLICT, problem, station=found.id, kind="access.duplicate")
        if isinstance(found, Denied):
            self._notice(notice_of(found, knock.address))
            return refusal(found)
        self._admission.past.came(found.id, knock)
        return found.id

    def crowded(self, address: str) -> None:
        """Notice a connection that was dropped before it shook hands."""
        problem = "too many connections of one address shake hands"
        self._notice(SecurityNoticed("access.crowded", "", address, problem))

    async def serve(self, opened: Opened) -> Ending | None:
        """Serve one connection that was let in, as long as it lasts."""
        station = opened.station
        if not opened.subprotocol:  # Part 4, 3.1.2: finish the handshake, then close
            return _PROTOCOL_ERROR, "no common subprotocol"
        if await self._occupied(station):  # another one came in while this one shook hands
            problem = "another connection came in first"
            self._notice(SecurityNoticed("access.duplicate", station, opened.address, problem))
            return _POLICY_VIOLATION, "connected already"
        opened.pace = self._pace(station, opened.address)
        session = Session(
            transport=opened,
            entry=self._admission.entries[station],
            post=self._post,
            clocks=self._clocks,
            rhythm=self._config.rhythm,
            generation=next(self._generations),
            meter=self._meters[station],
            plate=self._plates[station],
            deadlines=self._deadlines,
            templates=self._templates,
            reports=self._reports,
            more=self._more,
            only_asks=self._config.only_asks,
        )
        log.info("station.came", station=station, version=opened.subprotocol)
        await self._stations.serve(session)
        log.info("station.went", station=station, code=opened.close_code)
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

    def _pace(self, station: str, address: str) -> Pace | None:
        """Return what slows a station down where the settings say so."""
        rate = self._config.messages
        if rate is None:
            return None
        now = self._clocks.monotonic

        def slowed() -> None:
            problem = f"more than {rate.per_s:g} messages a second"
            self._notice(SecurityNoticed("station.slowed", station, address, problem))

        def pace(take: Take, reader: Reader) -> Take:
            later = asyncio.get_running_loop().call_later
            return Throttle(take, reader, Bucket(rate, now()), now, later, slowed)

        return pace


def _tls_of(config: EndpointConfig) -> StationTls | None:
    if config.certificate is not None and config.key is not None:
        return StationTls(config.certificate, config.key, config.client_ca, config.other)
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

"""Composition root: builds every part from the settings and runs them until told to stop; no logic."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from ipaddress import ip_network

import structlog

from gateway.admin.listener import Admin, AdminConfig, Sources
from gateway.admin.metrics import Meters
from gateway.admin.streams import Tap
from gateway.admin.views import View
from gateway.connectors.ieee2030_5 import Ieee2030_5Link, UtilityAccess
from gateway.core.effects import Audit, Table
from gateway.core.engine import Engine
from gateway.core.events import DrainMode, RulesRefused, RulesReplaced, SecurityNoticed
from gateway.core.records import from_document
from gateway.core.station import StationRules
from gateway.errors import GatewayError, IdentityError, SettingsError
from gateway.failpoints import Failpoints
from gateway.ports import Clock, CommandStore, Post
from gateway.runtime import Parts, Runtime, SystemClock
from gateway.security.files import secret
from gateway.security.identities import Identity, read_identity
from gateway.security.issuing import KeyAuthority, Spool, StationAuthority
from gateway.security.signing import signer_at
from gateway.security.vault import Vault
from gateway.settings import Settings, mapping_files
from gateway.settings.packs import proven_book
from gateway.settings.schema import Evse as EvseSettings
from gateway.settings.schema import decisions, facts
from gateway.stations.admission import Doors
from gateway.stations.context import StationEntry
from gateway.stations.descriptors import as_many_as_allowed
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.facade import Stations
from gateway.stations.orders import Orders
from gateway.stations.rates import Rate
from gateway.stations.session import Clocks, Rhythm
from gateway.stations.upkeep import Means, Pace, Upkeep, Ward
from gateway.store.audit import AuditSegments
from gateway.store.checkpoints import Notary
from gateway.store.sqlite import SqliteStore
from translators.canonical.capability import Current, Evse, Ratings
from translators.canonical.commands import Revision
from translators.chain import load_book
from translators.errors import MappingError
from translators.rules.book import Book

if sys.platform == "linux":
    import uvloop

log = structlog.get_logger()

type LinkKey = tuple[str, str]
"""Utility and station that an identity binds."""
type Remembered = dict[str, int | None]
"""Commands that did not end yet: mRID, and end in the utility's seconds where there is one."""


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway at work."""

    runtime: Runtime
    endpoint: Endpoint
    admin: Admin


@dataclass(frozen=True, slots=True)
class BoundIdentity:
    """One certificate at one utility, and the station that it stands for."""

    utility: str
    station: str
    identity: Identity


def run(settings: Settings, ready: Callable[[Running], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called when stations may connect."""
    as_many_as_allowed()
    factory = uvloop.new_event_loop if sys.platform == "linux" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(settings, ready))


async def serve(
    settings: Settings,
    ready: Callable[[Running], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run one gateway until `stop` is set (default: until SIGTERM or SIGINT), then drain it.

    `ready` is called when stations may connect. Raises what cannot be built: SettingsError,
    IdentityError, MappingError, LockedError, StoreError.
    """
    accesses = utility_accesses(settings)
    book = book_of(settings)
    with (
        closing(SqliteStore(settings.database)) as store,
        closing(AuditSegments(settings.audit_dir)) as audit,
        _told(stop) as told,
    ):
        clock = SystemClock()
        seal = _sealing(settings, store, clock, book)
        links = _links(accesses, book, clock, remembered(store))
        stations = Stations(lambda event: runtime.post(event))  # noqa: PLW0108 - it comes next
        engine = Engine(book, station_rules(settings))
        meters, tap = Meters(engine.world, clock.now), Tap(lambda: clock.now().utc)
        runtime = Runtime(
            Parts(
                engine=engine,
                store=store,
                audit=audit,
                stations=stations,
                utilities=links,
                clock=clock,
                failpoints=Failpoints.from_environment(),
                observers=(meters, tap),
                seal=seal,
                keep_documents=_kept(settings),
            )
        )
        admin = Admin(
            admin_config(settings),
            Sources(
                lambda: View(engine.world, clock.now().utc),
                meters,
                tap,
                lambda: runtime.refusal,
                runtime.post,
            ),
        )
        clocks = Clocks(lambda: clock.now().utc, time.monotonic)
        vault = Vault(settings.known_dir)
        upkeep = upkeep_of(settings, vault, stations, runtime.post, clocks)
        endpoint = Endpoint(
            endpoint_config(settings),
            station_entries(settings, book, vault),
            stations,
            runtime.post,
            clocks,
            upkeep,
        )
        upkeep.use = endpoint.rekey
        async with _listening(endpoint, admin, settings), asyncio.TaskGroup() as group:
            work = group.create_task(runtime.run())
            users = [endpoint.use, *(link.use for link in links.values())]
            reloads = (endpoint.reload_certificates, upkeep.reload)
            reloading = group.create_task(_reloading(settings, users, reloads, runtime.post))
            keeping = group.create_task(upkeep.run())
            log.info("gateway.started", host=settings.ocpp.host, port=endpoint.port)
            if ready is not None:
                ready(Running(runtime, endpoint, admin))
            await told.wait()
            log.info("gateway.stopping", on_stop=settings.on_stop)
            endpoint.tell_counted()
            keeping.cancel()
            await runtime.drain(DrainMode(settings.on_stop), settings.drain_timeout_s)
            work.cancel()
            reloading.cancel()
    log.info("gateway.stopped")


def _kept(settings: Settings) -> timedelta | None:
    days = settings.keep_documents_days
    return None if days is None else timedelta(days=days)


def _sealing(settings: Settings, store: CommandStore, clock: Clock, book: Book) -> Notary:
    """Return what signs checkpoints; a key that the audit has not seen is told there first."""
    signer = signer_at(settings.audit_key)
    notary = Notary(settings.audit_dir, signer, settings.checkpoints_to)
    if notary.key_is_new:
        public = signer.public
        details = {"public_key": public.pem, "book": book.digest}
        store.commit([Audit("audit.key", "gateway", public.fingerprint, details)], clock.now().utc)
    return notary


async def _reloading(
    settings: Settings,
    users: Iterable[Callable[[Book], None]],
    reloads: Iterable[Callable[[], None]],
    post: Post,
) -> None:
    """On each SIGHUP take certificates and rules anew, each whole or not at all, until cancelled."""
    users, reloads = tuple(users), tuple(reloads)
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    with suppress(ValueError, RuntimeError):  # only the main thread hears signals
        loop.add_signal_handler(signal.SIGHUP, asked.set)
    try:
        while True:
            await asked.wait()
            asked.clear()
            _recertify(settings, reloads, post)
            try:
                book = await asyncio.to_thread(proven_book, settings.mappings)
            except (MappingError, GatewayError) as error:
                log.error("rules.refused", problem=str(error))  # noqa: TRY400 - no traceback needed
                post(RulesRefused(str(error)))
                continue
            for use in users:
                use(book)
            post(RulesReplaced(book))
            log.info("rules.replaced", digest=book.digest)
    finally:
        with suppress(ValueError, RuntimeError):
            loop.remove_signal_handler(signal.SIGHUP)


def _recertify(settings: Settings, reloads: Iterable[Callable[[], None]], post: Post) -> None:
    """Read certificates for stations, and of who signs theirs, anew; what is no good changes nothing."""
    files = str(settings.ocpp.certificate or "")
    try:
        for reload in reloads:
            reload()
    except IdentityError as error:
        log.error("certificate.refused", problem=str(error))  # noqa: TRY400 - no traceback needed
        post(SecurityNoticed("certificate.refused", "", files, str(error)))
    else:
        if files:
            log.info("certificate.replaced", certificate=files)
            post(SecurityNoticed("certificate.replaced", "", files))


def _links(
    accesses: Iterable[UtilityAccess],
    book: Book,
    clock: Clock,
    held: Mapping[LinkKey, Remembered],
) -> dict[LinkKey, Ieee2030_5Link]:
    """Return one link for each identity; `held` is what each had not ended in an earlier run."""
    found: dict[LinkKey, Ieee2030_5Link] = {}
    for access in accesses:
        key = access.utility, access.station
        found[key] = Ieee2030_5Link(access, book, clock, remembered=held.get(key))
    return found


@cache
def shipped_book() -> Book:
    """Return the shipped mapping rules, compiled once in a process."""
    return load_book(mapping_files())


def book_of(settings: Settings) -> Book:
    """Return the rules that a site works by: those of its pack, which must be proven, or the shipped."""
    return shipped_book() if settings.mappings is None else proven_book(settings.mappings)


def bound_identities(settings: Settings) -> tuple[list[BoundIdentity], list[GatewayError]]:
    """Return the identities that can be used, and what is wrong with the others."""
    usable: list[BoundIdentity] = []
    faults: list[GatewayError] = []
    holders: dict[str, str] = {}
    for utility in settings.utilities:
        for entry in utility.identities:
            try:
                identity = read_identity(entry.certificate, entry.key)
                _own(identity, entry.station, holders)
            except IdentityError as fault:
                faults.append(fault)
            else:
                usable.append(BoundIdentity(utility.id, entry.station, identity))
    return usable, faults


def _own(identity: Identity, station: str, holders: dict[str, str]) -> None:
    """Refuse the certificate of another station, whatever its file is called."""
    first = holders.setdefault(identity.lfdi, station)
    if first != station:
        raise IdentityError(
            f"LFDI {identity.lfdi} stands for station {first} already, not also for {station}",
            where=str(identity.certificate_path),
            code="DG-1110",
            advice="each station needs a certificate of its own",
        )


def utility_accesses(settings: Settings) -> list[UtilityAccess]:
    """Return how each station's utility is reached; IdentityError where it cannot be."""
    _, faults = bound_identities(settings)
    if faults:
        raise faults[0]
    return [
        UtilityAccess(
            utility=utility.id,
            station=identity.station,
            revision=Revision(utility.revision),
            url=utility.url,
            certificate=identity.certificate,
            key=identity.key,
            trust_anchor=utility.trust_anchor,
            pin=identity.pin,
            peer_lfdi=utility.peer_lfdi,
            check_hostname=utility.check_hostname,
            additional_ciphers=utility.additional_ciphers,
            poll_interval_s=utility.poll_interval_s,
            post_interval_s=utility.post_interval_s,
            request_timeout_s=utility.request_timeout_s,
        )
        for utility in settings.utilities
        for identity in utility.identities
    ]


def upkeep_of(
    settings: Settings, vault: Vault, stations: Stations, post: Post, clocks: Clocks
) -> Upkeep:
    """Return what looks after the stations of a site; IdentityError where its key cannot be used."""
    ocpp = settings.ocpp
    wards = {
        station.id: Ward(station.password_verifier, station.security_profile or 0)
        for station in settings.stations
    }
    means = Means(
        vault,
        Orders(settings.orders_dir),
        stations.here,
        post,
        clocks,
        authority=_authority(settings),
        operator=ocpp.operator,
        url=ocpp.public_url,
        pace=Pace(renew_days=ocpp.renew_days),
    )
    return Upkeep(wards, means)


def _authority(settings: Settings) -> StationAuthority | None:
    """Return who signs certificates of stations, None where none are used."""
    ocpp = settings.ocpp
    if ocpp.station_ca is None:
        return None
    if ocpp.issuer is not None and ocpp.issuer_key is not None:
        return KeyAuthority(ocpp.issuer, ocpp.issuer_key, ocpp.issue_days)
    return Spool(settings.requests_dir, ocpp.station_ca)


def station_entries(
    settings: Settings, book: Book, known: Vault | None = None
) -> list[StationEntry]:
    """Return the enrolled stations as the endpoint knows them; `book` reads what they report.

    A password that was changed over the air is `known`.
    """
    vault = known or Vault()
    return [
        StationEntry(
            id=station.id,
            password_verifier=vault.verifier(station.id, station.password_verifier),
            nominal_frequency_hz=station.nominal_frequency_hz,
            evses=tuple(_evse(evse) for evse in station.evses),
            book=book,
            overrides={evse.id: facts(evse.ratings) for evse in station.evses},
            readings=station.dialect.model_dump(exclude_unset=True),
            vendor=station.vendor,
            model=station.model,
            serial_number=station.serial_number,
            commissioning=station.commissioning,
        )
        for station in settings.stations
    ]


def _evse(evse: EvseSettings) -> Evse:
    return Evse(
        id=evse.id,
        current=Current(evse.current),
        phases=evse.phases,
        ratings=Ratings(),
        der_modes=frozenset(evse.der_modes),
        v2x_operation_modes=frozenset(evse.v2x_operation_modes),
        charging_rate_units=tuple(evse.charging_rate_units),
    )


def station_rules(settings: Settings) -> list[StationRules]:
    """Return the enrolled stations as the engine knows them."""
    follows = {
        identity.station: utility.id
        for utility in settings.utilities
        for identity in utility.identities
    }
    return [
        StationRules(
            id=station.id,
            utility=follows[station.id],
            settings=facts(station.der_settings),
            policy=decisions(station.policy),
        )
        for station in settings.stations
    ]


def endpoint_config(settings: Settings) -> EndpointConfig:
    """Return where and how stations connect."""
    ocpp = settings.ocpp
    return EndpointConfig(
        host=ocpp.host,
        port=ocpp.port,
        certificate=ocpp.certificate,
        key=ocpp.key,
        client_ca=ocpp.station_ca,
        plain_port=ocpp.plain_port,
        other=(ocpp.rsa_certificate, ocpp.rsa_key)
        if ocpp.rsa_certificate is not None and ocpp.rsa_key is not None
        else None,
        doors=Doors(
            operator=ocpp.operator,
            plain_from=tuple(ip_network(text) for text in ocpp.plain_from),
            unauthenticated=ocpp.unauthenticated,
        ),
        messages=Rate(ocpp.messages_per_s, burst=10 * ocpp.messages_per_s),
        transport=ocpp.transport,
        rhythm=Rhythm(
            call_timeout_s=ocpp.call_timeout_s,
            heartbeat_s=ocpp.heartbeat_s,
            power_s=ocpp.power_interval_s,
        ),
    )


def admin_config(settings: Settings) -> AdminConfig:
    """Return where operators look on; SettingsError where their token cannot be read."""
    admin = settings.admin
    return AdminConfig(
        admin.host, admin.port, "" if admin.token_file is None else secret(admin.token_file)
    )


@asynccontextmanager
async def _listening(endpoint: Endpoint, admin: Admin, settings: Settings) -> AsyncIterator[None]:
    """Hold both listeners open; SettingsError where an address cannot be had."""
    listeners = (("ocpp", settings.ocpp, endpoint), ("admin", settings.admin, admin))
    async with AsyncExitStack() as stack:
        for name, where, listener in listeners:
            try:
                await stack.enter_async_context(listener)
            except OSError as exc:
                raise SettingsError(
                    f"cannot listen: {exc.strerror or exc}",
                    where=f"{where.host}:{where.port}",
                    code="DG-1056",
                    advice=f"choose another {name}.host or {name}.port",
                ) from exc
        yield


def remembered(store: CommandStore) -> dict[LinkKey, Remembered]:
    """Return the commands that did not end yet, by link."""
    found: defaultdict[LinkKey, Remembered] = defaultdict(dict)
    for document in store.load(Table.COMMANDS).values():
        record = from_document(document)
        if not record.over:
            command, planned = record.command, record.planned
            end = None if planned is None or planned.end is None else planned.end.timestamp()
            key = (command.origin.utility, command.target.station)
            found[key][command.mrid] = None if end is None else int(end)
    return dict(found)


@contextmanager
def _told(stop: asyncio.Event | None) -> Iterator[asyncio.Event]:
    """Yield the event that ends the service; without one of the caller's, signals set it."""
    if stop is not None:
        yield stop
        return
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in signals:
            loop.remove_signal_handler(number)

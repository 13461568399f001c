"""Composition root: builds every part from the settings and runs them until told to stop; no logic."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from gateway.admin.listener import Admin, Sources
from gateway.admin.metrics import Meters
from gateway.admin.streams import Tap
from gateway.admin.views import View
from gateway.clock import SystemClock
from gateway.cluster import Lease
from gateway.core.effects import Audit, Table
from gateway.core.events import SecurityNoticed
from gateway.core.inputs import Setup
from gateway.core.orders import DrainMode, RulesRefused, RulesReplaced
from gateway.errors import GatewayError, IdentityError, SettingsError
from gateway.failpoints import Failpoints
from gateway.parts import Parts, Unrecorded
from gateway.ports import Clock, CommandStore, InputLog, Post
from gateway.runtime import Runtime
from gateway.security.signing import signer_at
from gateway.security.vault import Vault
from gateway.settings import Settings
from gateway.settings.mappings import mapping_files
from gateway.settings.mode import FOR_REAL, Mode, shadowed
from gateway.settings.packs import book_of, proven_book
from gateway.settings.schema import Admin as Watching
from gateway.settings.schema import Ocpp
from gateway.site import (
    accesses_of,
    admin_config,
    endpoint_config,
    links_of,
    setup_of,
    station_entries,
    upkeep_of,
)
from gateway.standby import open_store, stand_by, standby_listener
from gateway.stations.descriptors import as_many_as_allowed
from gateway.stations.endpoint import Endpoint
from gateway.stations.facade import Stations
from gateway.stations.session import Clocks
from gateway.stations.shadow import ShadowStations
from gateway.store.audit import AuditSegments
from gateway.store.checkpoints import Notary
from gateway.store.inputs import InputSegments
from translators.errors import MappingError
from translators.rules.book import Book

if sys.platform == "linux":
    import uvloop

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway at work."""

    runtime: Runtime
    endpoint: Endpoint
    admin: Admin


def run(
    settings: Settings,
    ready: Callable[[Running], None] | None = None,
    mode: Mode = FOR_REAL,
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called when stations may connect."""
    as_many_as_allowed()
    factory = uvloop.new_event_loop if sys.platform == "linux" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(settings, ready, mode=mode))


async def serve(
    settings: Settings,
    ready: Callable[[Running], None] | None = None,
    stop: asyncio.Event | None = None,
    mode: Mode = FOR_REAL,
) -> None:
    """Run one gateway until `stop` is set (default: until SIGTERM or SIGINT), then drain it.

    `ready` is called when stations may connect. Raises what cannot be built: SettingsError,
    IdentityError, MappingError, LockedError, StoreError.
    """
    settings = _apart(settings) if mode.shadow else settings
    book = book_of(settings)
    accesses = accesses_of(settings, book)
    opened, lead = open_store(settings)
    setup = setup_of(settings, book)
    with (
        closing(opened) as store,
        closing(AuditSegments(settings.audit_dir)) as audit,
        closing(lead),
        _recording(settings, setup) as inputs,
        _told(stop) as told,
    ):
        clock = SystemClock()
        if isinstance(lead, Lease):
            async with _listening(settings, admin=standby_listener(settings, book, clock, lead)):
                leads = await stand_by(lead, lambda: audit.drain(store), told)
            if not leads:
                return
        seal = _sealing(settings, store, clock, book)
        failpoints = Failpoints.from_environment()
        links = links_of(accesses, book, clock, store, failpoints, shadow=mode.shadow)
        stations = Stations(lambda event: heard(event))  # noqa: PLW0108 - it comes next
        engine = setup.engine(book)
        meters, tap = Meters(engine.world, clock.now), Tap(lambda: clock.now().utc)
        runtime = Runtime(
            Parts(
                engine=engine,
                store=store,
                audit=audit,
                stations=stations,
                utilities=links.by_party,
                clock=clock,
                failpoints=failpoints,
                observers=(meters, tap),
                seal=seal,
                keep_documents=_kept(settings),
                lapsed=lead.lapsed,
                inputs=inputs,
            )
        )
        heard: Post = runtime.post
        if mode.shadow:
            heard = _cast_shadow(runtime, stations)
        admin = Admin(
            replace(admin_config(settings), mode=mode),
            Sources(
                lambda: View(engine.world, clock.now().utc),
                meters,
                tap,
                lambda: lead.problem or runtime.refusal,
                runtime.post,
            ),
        )
        clocks = Clocks(lambda: clock.now().utc, time.monotonic, lead.lapsed)
        vault = Vault(settings.known_dir)
        upkeep = upkeep_of(settings, vault, stations, runtime.post, clocks, mode)
        endpoint = Endpoint(
            replace(endpoint_config(settings), only_asks=mode.shadow),
            station_entries(settings, book, vault),
            stations,
            heard,
            clocks,
            upkeep,
        )
        endpoint.remember(store.load(Table.DEVICES))
        upkeep.use = endpoint.rekey
        async with _listening(settings, ocpp=endpoint, admin=admin), asyncio.TaskGroup() as group:
            work = group.create_task(runtime.run())
            leading = group.create_task(lead.keep())
            users: list[Callable[[Book], None]] = [endpoint.use, *links.users]
            if isinstance(inputs, InputSegments):
                users.append(lambda _book: inputs.keep_rules(mapping_files(settings.mappings)))
            reloads = (endpoint.reload_certificates, upkeep.reload)
            reloading = group.create_task(_reloading(settings, users, reloads, runtime.post))
            keeping = group.create_task(asyncio.sleep(0) if mode.shadow else upkeep.run())
            log.info(
                "gateway.started",
                host=settings.ocpp.host,
                port=endpoint.port,
                **({"mode": mode.words} if mode.words else {}),
            )
            if ready is not None:
                ready(Running(runtime, endpoint, admin))
            await told.wait()
            log.info("gateway.stopping", on_stop=settings.on_stop)
            endpoint.tell_counted()
            keeping.cancel()
            await runtime.drain(DrainMode(settings.on_stop), settings.drain_timeout_s)
            work.cancel()
            leading.cancel()
            reloading.cancel()
    log.info("gateway.stopped")


def _apart(settings: Settings) -> Settings:
    """Return the settings of a shadow, which knows of stations what the gateway for real knows."""
    apart = shadowed(settings)
    shutil.rmtree(apart.known_dir, ignore_errors=True)
    if settings.known_dir.is_dir():
        shutil.copytree(settings.known_dir, apart.known_dir)
    return apart


def _cast_shadow(runtime: Runtime, stations: Stations) -> Post:
    """Let nothing leave that a runtime decides; return what hears stations then."""
    parts = runtime.parts
    shadow = ShadowStations(stations, stations.current, runtime.post, lambda: parts.clock.now().utc)
    parts.shadow, parts.stations = True, shadow
    return shadow.hears


def _kept(settings: Settings) -> timedelta | None:
    days = settings.keep_documents_days
    return None if days is None else timedelta(days=days)


@contextmanager
def _recording(settings: Settings, setup: Setup) -> Iterator[InputLog]:
    """Yield what keeps the input log, where the settings ask for one."""
    if settings.keep_inputs_days is None:
        yield Unrecorded()
        return
    keep = timedelta(days=settings.keep_inputs_days)
    with closing(InputSegments(settings.inputs_dir, setup, keep)) as inputs:
        inputs.keep_rules(mapping_files(settings.mappings))
        yield inputs


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
            post(RulesReplaced(book, at_once=settings.on_change == "apply"))
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


@asynccontextmanager
async def _listening(settings: Settings, **listeners: Endpoint | Admin) -> AsyncIterator[None]:
    """Hold listeners open, by the names of their settings; SettingsError where one has no address."""
    async with AsyncExitStack() as stack:
        for name, listener in listeners.items():
            where: Ocpp | Watching = getattr(settings, name)
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

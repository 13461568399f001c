"""Where the state is; and a gateway that shares it, until it leads: it follows the audit, and no more."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from aiohttp import web

from gateway.admin.listener import Admin, Sources
from gateway.admin.metrics import Meters
from gateway.admin.streams import Tap
from gateway.admin.views import View
from gateway.cluster import Alone, Lead, Lease
from gateway.core.engine import Engine
from gateway.core.events import Event
from gateway.ports import Clock
from gateway.settings import Settings
from gateway.site import admin_config, station_rules
from gateway.store.extra import require_asyncpg
from gateway.store.locking import StateLock
from gateway.store.sqlite import SqliteStore
from translators.rules.book import Book

if TYPE_CHECKING:
    from gateway.store.postgres import PostgresStore

type Store = SqliteStore | PostgresStore


def open_store(settings: Settings) -> tuple[Store, Lead]:
    """Return the state, and who leads on it; `SettingsError` where PostgreSQL's library is absent."""
    if settings.database is None:
        return SqliteStore(settings.database_file), Alone()
    lock = StateLock(settings.database_file)  # the segments are this gateway's own
    try:
        require_asyncpg()
        shared = import_module("gateway.store.postgres").PostgresStore
        holder = f"{socket.gethostname()}:{os.getpid()}"
        store = shared(settings.database.get_secret_value(), holder=holder, lock=lock)
    except BaseException:
        lock.close()
        raise
    return store, Lease(store, settings.lease_s)


def standby_listener(settings: Settings, book: Book, clock: Clock, lease: Lease) -> Admin:
    """Return what tells onlookers that this gateway waits; it takes no orders."""
    world = Engine(book, station_rules(settings)).world
    sources = Sources(
        lambda: View(world, clock.now().utc),
        Meters(world, clock.now),
        Tap(lambda: clock.now().utc),
        lambda: lease.problem,
        _refuse,
    )
    return Admin(admin_config(settings), sources)


async def stand_by(lease: Lease, follow: Callable[[], object], told: asyncio.Event) -> bool:
    """Wait until this gateway leads; say False where it was told to end before."""
    leading = asyncio.create_task(lease.take(follow))
    ending = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({leading, ending}, return_when=asyncio.FIRST_COMPLETED)
        return leading.done() and leading.result() is None
    finally:
        for task in (leading, ending):
            task.cancel()
        await asyncio.gather(leading, ending, return_exceptions=True)


def _refuse(_order: Event) -> None:
    raise web.HTTPServiceUnavailable(text="this gateway waits: order it of the one that leads")

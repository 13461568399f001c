"""The way to a PostgreSQL server: a thread with a loop of its own, connections that come again, refusals.

Callers block, as they do for SQLite, but never longer than they say. What the server refuses is a
`StoreError`; where its answer is lost it is an `UnansweredError`, and whether it was done is not known.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from asyncpg import Connection

from gateway.errors import StoreError

PATIENCE_S = 5.0
"""How long a transaction may take; a table may take longer to be read."""
_CONNECT_S = 5.0
_SETTINGS = {
    "application_name": "dergate",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "1s",
}
_REFUSALS = {
    "53100": ("DG-1301", "is full", "free space; the gateway resumes by itself"),
    "55P03": ("DG-1302", "is locked by another program", "end that program"),
    "25006": ("DG-1303", "is read-only", "name the primary server, and let the gateway write"),
    "42501": ("DG-1303", "does not let this user work", "make the user the owner of its tables"),
    "3D000": ("DG-1303", "is not there", "make it with createdb"),
    "XX001": ("DG-1304", "is damaged", "restore a copy"),
    "XX002": ("DG-1304", "is damaged", "rebuild its index, or restore a copy"),
    "58030": ("DG-1305", "cannot be read or written", "check the disk of the server"),
    "28000": ("DG-1331", "refuses the login", "see user, password and pg_hba.conf"),
    "28P01": ("DG-1331", "refuses the login", "see user and password"),
    "53300": ("DG-1332", "has too many connections", "raise its max_connections"),
}
_AWAY = ("08", "57")
"""Classes of errors after which the connection is gone, and what was asked may have been done."""


class UnansweredError(StoreError):
    """The server cannot be reached, or its answer was lost."""

    default_code = "DG-1330"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where a database is; its password is never shown."""

    url: str

    def __str__(self) -> str:
        """Return the address without what follows the user's colon."""
        parts = urlsplit(self.url)
        user, _, host = parts.netloc.rpartition("@")
        login = f"{user.partition(':')[0]}@" if user else ""
        return f"{parts.scheme}://{login}{host}{parts.path}"


class Wire:
    """Runs work on a loop of its own, for callers of any thread."""

    def __init__(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres", daemon=True)
        self._thread.start()

    def call[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run work to its end and return what it does; the work itself bounds how long."""
        if not self.open:
            work.close()
            raise RuntimeError("the way to the server is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def open(self) -> bool:
        """Say whether work can still be done."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Line:
    """One connection, opened when it is needed, and anew where it was lost; one user at a time."""

    def __init__(self, wire: Wire, address: Address) -> None:
        """Open nothing yet."""
        self._wire, self._address = wire, address
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    def do[T](self, work: Callable[[Connection], Awaitable[T]], within_s: float = PATIENCE_S) -> T:
        """Return what some work on the connection returns; `StoreError` where it is refused."""
        return self._wire.call(self._do(work, within_s))

    def close(self) -> None:
        """Say good-bye to the server, if it still listens."""
        self._wire.call(self._close())

    async def _do[T](self, work: Callable[[Connection], Awaitable[T]], within_s: float) -> T:
        async with self._turn:
            try:
                async with asyncio.timeout(within_s):
                    return await work(await self._connected())
            except asyncpg.DataError:
                raise
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as exc:
                refused = self._refusal(exc)
                if isinstance(refused, UnansweredError):
                    self._drop()
                raise refused from exc

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._address.url, timeout=_CONNECT_S, server_settings=_SETTINGS
            )
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _refusal(self, exc: Exception) -> StoreError:
        where, state = str(self._address), str(getattr(exc, "sqlstate", None) or "08000")
        if isinstance(exc, OSError | asyncpg.InterfaceError) or state.startswith(_AWAY):
            reason = str(exc).partition("\n")[0] or type(exc).__name__
            return UnansweredError("does not answer", where=where, advice=reason)
        if state in _REFUSALS:
            code, problem, advice = _REFUSALS[state]
            return StoreError(problem, where=where, code=code, advice=advice)
        return StoreError(f"refuses: {exc}", where=where, code="DG-1300")

    async def _close(self) -> None:
        async with self._turn:
            if self._connection is None:
                return
            try:
                await self._connection.close(timeout=1)
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                self._drop()
            self._connection = None

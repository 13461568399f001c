"""Upkeep of a state in PostgreSQL, beside or without a gateway that leads; the server copies it itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asyncpg import Connection

from gateway.errors import LockedError
from gateway.ports import AuditHead
from gateway.store.postgres import PostgresStore, last_head
from gateway.store.postgres_schema import MIGRATIONS, stored_version
from gateway.store.postgres_wire import Address, Line, Wire
from gateway.store.upkeep import AUDIT, Condition, beside_audit

_TABLES = ("documents", "audit_groups", "raw")
_COUNTING_S = 300.0
_UPGRADING_S = 60.0


def check(url: str, state: Path) -> Condition:
    """Look at the database, and at the segments in `state`; `StoreError` where none answers."""
    address = Address(url)
    with _line(address) as line:
        schema = line.do(stored_version)
        if not 0 < schema <= len(MIGRATIONS):
            problem = f"database: schema {schema}, this dergate knows 1 to {len(MIGRATIONS)}"
            return Condition(schema, len(MIGRATIONS), {}, AuditHead(0, ""), (problem,))
        rows = line.do(_counted, _COUNTING_S)
        head, problems = beside_audit(
            state / AUDIT, lambda: line.do(lambda db: last_head(db, str(address)))
        )
    return Condition(schema, len(MIGRATIONS), rows, head, tuple(problems))


def upgrade(url: str) -> tuple[int, int]:
    """Bring the schema up to date; return it before and after. `LockedError` while a gateway leads."""
    with _line(Address(url)) as line:
        before = line.do(stored_version)
    store = PostgresStore(url, holder="dergate db upgrade")
    try:
        if not store.take(_UPGRADING_S):
            raise LockedError("a gateway leads", where=str(Address(url)), advice="end it first")
        store.leave()
    finally:
        store.close()
    return before, len(MIGRATIONS)


@contextmanager
def _line(address: Address) -> Iterator[Line]:
    wire = Wire()
    line = Line(wire, address)
    try:
        yield line
    finally:
        line.close()
        wire.close()


async def _counted(db: Connection) -> dict[str, int]:
    count = "SELECT count(*) FROM "
    return {table: await db.fetchval(count + table) for table in _TABLES}

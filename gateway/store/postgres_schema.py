"""The tables in PostgreSQL, and the way from each schema version to the next.

`gateway` (one row) says which schema this is, which term (`fence`) may write, and which transaction was
the last (`mark`); `lease` (one row) until when that term lasts, by the clock of the database. `documents`,
`audit_groups` and `raw` are those of `store.sqlite`; a key is octets, since it may hold any character.
"""

from __future__ import annotations

from asyncpg import Connection

from gateway.errors import StoreError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE gateway (
            one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
            schema INTEGER NOT NULL, fence BIGINT NOT NULL, mark BIGINT NOT NULL
        )
        """,
        "INSERT INTO gateway (schema, fence, mark) VALUES (0, 0, 0)",
        """
        CREATE TABLE lease (
            one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
            fence BIGINT NOT NULL, holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL
        )
        """,
        "INSERT INTO lease (fence, holder, until) VALUES (0, '', '-infinity')",
        """
        CREATE TABLE documents (
            kind TEXT NOT NULL, key BYTEA NOT NULL, document BYTEA NOT NULL, PRIMARY KEY (kind, key)
        )
        """,
        """
        CREATE TABLE audit_groups (
            last BIGINT PRIMARY KEY, first BIGINT NOT NULL, lines BYTEA NOT NULL,
            written TIMESTAMPTZ NOT NULL
        )
        """,
        "CREATE TABLE raw (digest TEXT PRIMARY KEY, body BYTEA NOT NULL, day DATE NOT NULL)",
        "CREATE INDEX raw_by_day ON raw (day)",
    ),
)
"""Statements from each schema version to the next; `gateway.schema` says how many were run."""


async def version(db: Connection, where: str) -> int:
    """Return the schema of the database, 0 where there is none; `StoreError` for a newer one."""
    found = await stored_version(db)
    if found > len(MIGRATIONS):
        raise StoreError(
            f"has schema {found}, this dergate knows up to {len(MIGRATIONS)}",
            where=where,
            code="DG-1306",
            advice="use the newer dergate that made it",
        )
    return found


async def stored_version(db: Connection) -> int:
    """Return the schema of the database, whichever it is; 0 where there is none."""
    if await db.fetchval("SELECT to_regclass('gateway')") is None:
        return 0
    return int(await db.fetchval("SELECT schema FROM gateway"))


async def migrate(db: Connection, before: int) -> None:
    """Run the missing migrations inside the caller's transaction."""
    for statements in MIGRATIONS[before:]:
        for statement in statements:
            await db.execute(statement)
    await db.execute("UPDATE gateway SET schema = $1", len(MIGRATIONS))

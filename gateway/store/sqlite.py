"""Durable state in one SQLite file: WAL, synchronous FULL, one transaction per event, one writer.

Tables: `documents` (table, key → JSON), `audit_groups` (the records of one transaction as lines, by
their last; the segments of `store.audit` follow from it), `raw` (SHA-256 → document as it came).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from gateway.core.effects import Audit, Persist, Table
from gateway.errors import StoreError
from gateway.ports import AuditGroup, AuditHead
from gateway.store import chain
from gateway.store.locking import StateLock
from gateway.store.recent import RecentGroups

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE documents (
            kind TEXT NOT NULL, key TEXT NOT NULL, document BLOB NOT NULL, PRIMARY KEY (kind, key)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE audit (sequence INTEGER PRIMARY KEY, record BLOB NOT NULL)",
        "CREATE TABLE raw (digest TEXT PRIMARY KEY, body BLOB NOT NULL)",
    ),
    (
        """
        CREATE TABLE audit_groups (
            last INTEGER PRIMARY KEY, first INTEGER NOT NULL, lines BLOB NOT NULL
        )
        """,
        "INSERT INTO audit_groups SELECT sequence, sequence, audit_line(record) FROM audit",
        "DROP TABLE audit",
    ),
    (
        "ALTER TABLE raw ADD COLUMN day TEXT NOT NULL DEFAULT ''",
        "UPDATE raw SET day = date('now')",
        "CREATE INDEX raw_by_day ON raw (day)",
    ),
)
"""Statements from each schema version to the next; `PRAGMA user_version` says how many were run."""

_BUSY_S = 0.25
"""How long a foreign lock may hold up the gateway before it counts as a refusal."""
_REFUSALS = {
    sqlite3.SQLITE_FULL: ("DG-1301", "is full", "free space; the gateway resumes by itself"),
    sqlite3.SQLITE_BUSY: ("DG-1302", "is locked by another program", "end that program"),
    sqlite3.SQLITE_LOCKED: ("DG-1302", "is locked by another program", "end that program"),
    sqlite3.SQLITE_READONLY: ("DG-1303", "is read-only", "let the gateway write there"),
    sqlite3.SQLITE_CANTOPEN: ("DG-1303", "cannot be opened", "let the gateway write there"),
    sqlite3.SQLITE_CORRUPT: ("DG-1304", "is damaged", "restore a copy"),
    sqlite3.SQLITE_NOTADB: ("DG-1304", "is no database of dergate", "name another file"),
    sqlite3.SQLITE_IOERR: ("DG-1305", "cannot be read or written", "check the disk"),
}


class SqliteStore:
    """The `CommandStore` of one gateway; a second one on the same file is a `LockedError`."""

    remote = False

    def __init__(self, path: Path) -> None:
        """Open or create the file, take the writer's lock, bring the schema up to date."""
        self._path = path
        self._recent = RecentGroups()
        self._lock = StateLock(path)
        try:
            self._db = _open(path)
            try:
                self._head = self._last_head()
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            self._lock.close()
            raise

    def commit(self, effects: Iterable[Persist | Audit], at: datetime) -> AuditHead:
        """Write all in one transaction; durable on return; `StoreError` with nothing written."""
        effects = tuple(effects)
        audits = [effect for effect in effects if isinstance(effect, Audit)]
        group = chain.group(audits, self._head, at)
        with refusals(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._write(effects, group, at)
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.OperationalError):  # SQLite took some back itself
                    self._db.execute("ROLLBACK")
                raise
        self._head = group.head
        if audits:
            self._recent.add(group)
        return group.head

    def load(self, table: Table) -> dict[str, dict[str, Any]]:
        """Return every document of a table, ordered by key."""
        query = "SELECT key, document FROM documents WHERE kind = ? ORDER BY key"
        with refusals(self._path):
            rows = self._db.execute(query, (table.value,)).fetchall()
        return {key: orjson.loads(document) for key, document in rows}

    def audit_after(self, sequence: int, limit: int) -> list[AuditGroup]:
        """Return up to `limit` groups that end after `sequence`, oldest first."""
        if sequence == self._head.sequence:
            return []
        if (recent := self._recent.after(sequence, limit)) is not None:
            return recent
        query = "SELECT first, lines FROM audit_groups WHERE last > ? ORDER BY last LIMIT ?"
        with refusals(self._path):
            rows = self._db.execute(query, (sequence, limit)).fetchall()
        return [AuditGroup(first, _head_of(lines), lines) for first, lines in rows]

    def release_audit(self, through: int) -> None:
        """Forget groups that end at `through` or before; the newest stays: the chain goes on from it."""
        last = min(through, self._head.sequence - 1)
        with refusals(self._path):
            self._db.execute("DELETE FROM audit_groups WHERE last <= ?", (last,))
        self._recent.forget(last)

    def raw(self, digest: str) -> bytes | None:
        """Return the document of that digest, if it is kept."""
        with refusals(self._path):
            row = self._db.execute("SELECT body FROM raw WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else row[0]

    def prune(self, before: datetime) -> int:
        """Forget the documents that came last before that day (UTC); return how many."""
        with refusals(self._path):
            return self._db.execute("DELETE FROM raw WHERE day < ?", (_day(before),)).rowcount

    def close(self) -> None:
        """Release the file; closing twice is harmless."""
        self._db.close()
        self._lock.close()

    def _write(self, effects: Iterable[Persist | Audit], group: AuditGroup, at: datetime) -> None:
        for effect in effects:
            if isinstance(effect, Audit):
                if effect.raw:
                    self._keep_raw(effect.raw, at)
            elif effect.document is None:
                self._db.execute(
                    "DELETE FROM documents WHERE kind = ? AND key = ?",
                    (effect.table.value, effect.key),
                )
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
                    (effect.table.value, effect.key, orjson.dumps(effect.document)),
                )
        if group.lines:
            row = group.head.sequence, group.first, group.lines
            self._db.execute("INSERT INTO audit_groups VALUES (?, ?, ?)", row)

    def _keep_raw(self, documents: tuple[bytes, ...], at: datetime) -> None:
        """Keep documents, each once; one that came again is kept from that day on."""
        day = _day(at)
        rows = [(chain.raw_digest(body), body, day) for body in documents]
        self._db.executemany(
            "INSERT INTO raw VALUES (?, ?, ?) ON CONFLICT (digest) "
            "DO UPDATE SET day = excluded.day WHERE day < excluded.day",
            rows,
        )

    def _last_head(self) -> AuditHead:
        with refusals(self._path):
            return _last_head(self._db)


def stored_head(path: Path) -> AuditHead:
    """Return the newest record's place and digest, of any schema, beside a gateway that may run."""
    with refusals(path):
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)
        try:
            first = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone()
            return _last_head(db) if first is None else _first_schemas_head(db)
        finally:
            db.close()


def _last_head(db: sqlite3.Connection) -> AuditHead:
    row = db.execute("SELECT lines FROM audit_groups ORDER BY last DESC LIMIT 1").fetchone()
    return chain.GENESIS if row is None else _head_of(row[0])


def _first_schemas_head(db: sqlite3.Connection) -> AuditHead:
    row = db.execute("SELECT record FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
    return chain.GENESIS if row is None else _head_of(chain.line_of(row[0]))


def _head_of(lines: bytes) -> AuditHead:
    """Return where some lines end; a line that does not agree with itself is damage."""
    head = chain.head_of(chain.last_line(lines))
    if head is None:
        raise sqlite3.DatabaseError("a record of the audit does not agree with its hash")
    return head


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _open(path: Path) -> sqlite3.Connection:
    with refusals(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.create_function("audit_line", 1, chain.line_of, deterministic=True)
            _check(db, path)
            _migrate(db, path)
        except BaseException:
            db.close()
            raise
        return db


def _check(db: sqlite3.Connection, path: Path) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StoreError(
            f"is damaged: {verdict}", where=str(path), code="DG-1304", advice="restore a copy"
        )


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Run the missing migrations in one transaction: old or new schema, never between."""
    db.execute("BEGIN IMMEDIATE")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StoreError(
            f"has schema {version}, this dergate knows up to {len(MIGRATIONS)}",
            where=str(path),
            code="DG-1306",
            advice="use the newer dergate that made it",
        )
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.execute("COMMIT")


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk refuse into `StoreError`; misuse stays what it is."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.DatabaseError as exc:
        primary = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        code, problem, advice = _REFUSALS.get(primary, ("DG-1300", f"refuses: {exc}", ""))
        raise StoreError(problem, where=str(path), code=code, advice=advice) from exc
    except OSError as exc:
        raise StoreError(
            "cannot be opened", where=str(path), code="DG-1303", advice=exc.strerror or str(exc)
        ) from exc

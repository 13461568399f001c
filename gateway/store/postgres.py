"""Durable state in PostgreSQL, which several gateways share: one leads, and only it can write.

Each commit is one statement, which the server does whole or not at all, however the gateway ends; and it
names the term (`fence`) and the commit before (`mark`). So a gateway that was overtaken writes nothing,
and one whose answer was lost finds out whether it was done, and never does it twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from asyncpg import Connection

from gateway.core.effects import Audit, Persist, Table
from gateway.errors import LockedError, StoreError
from gateway.ports import AuditGroup, AuditHead
from gateway.store import chain
from gateway.store.locking import StateLock
from gateway.store.postgres_schema import MIGRATIONS, migrate, version
from gateway.store.postgres_wire import Address, Line, Wire
from gateway.store.recent import RecentGroups

KEEP_AUDIT = timedelta(days=7)
"""How long audited groups stay although the leader's segments hold them: so long may a standby be away."""
_LOAD_S = 300.0
_TAKING = 0x6465_7267
"""The advisory lock under which a gateway takes the lead, and the schema is changed."""
_COMMIT = """
WITH led AS (
    UPDATE gateway SET mark = $3 WHERE fence = $1 AND mark = $2 RETURNING 1
), gone AS (
    DELETE FROM documents USING unnest($4::text[], $5::bytea[]) AS old (kind, key)
    WHERE documents.kind = old.kind AND documents.key = old.key AND EXISTS (SELECT FROM led)
), kept AS (
    INSERT INTO documents
    SELECT * FROM unnest($6::text[], $7::bytea[], $8::bytea[]) WHERE EXISTS (SELECT FROM led)
    ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document
), come AS (
    INSERT INTO raw
    SELECT digest, body, $11 FROM unnest($9::text[], $10::bytea[]) AS new (digest, body)
    WHERE EXISTS (SELECT FROM led)
    ON CONFLICT (digest) DO UPDATE SET day = excluded.day WHERE raw.day < excluded.day
), chained AS (
    INSERT INTO audit_groups
    SELECT $12, $13, $14, clock_timestamp() WHERE $14 <> ''::bytea AND EXISTS (SELECT FROM led)
)
SELECT count(*) FROM led
"""


@dataclass(slots=True)
class _Term:
    """What the leading gateway knows of its own writing."""

    fence: int
    mark: int
    head: AuditHead


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What was asked of the server."""

    effects: tuple[Persist | Audit, ...]
    group: AuditGroup


class PostgresStore:
    """The `CommandStore` and the `Seat` of gateways that share a database; it writes once it leads."""

    remote = True

    def __init__(
        self,
        url: str,
        *,
        holder: str = "",
        keep_audit: timedelta = KEEP_AUDIT,
        lock: StateLock | None = None,
    ) -> None:
        """Connect; `StoreError` where that fails, or the database is none that keeps its word.

        The `lock` of the folder beside it is freed with the store.
        """
        self._lock = lock
        self._address, self._holder, self._keep_audit = Address(url), holder, keep_audit
        self._wire = Wire()
        self._line, self._lease = Line(self._wire, self._address), Line(self._wire, self._address)
        self._term: _Term | None = None
        self._attempts: dict[int, _Attempt] = {}
        self._last_mark = 0
        self._recent = RecentGroups()
        try:
            self._readable = self._line.do(self._looked_at) == len(MIGRATIONS)
        except BaseException:
            self.close()
            raise

    def commit(self, effects: Iterable[Persist | Audit], at: datetime) -> AuditHead:
        """Write all in one transaction; durable on return; `StoreError` with nothing acknowledged.

        `LockedError` where this gateway does not lead.
        """
        effects = tuple(effects)
        while True:
            term = self._leading()
            mark = self._mark_of(effects, term, at)
            if self._wrote(term, mark, at) or self._settled(term) == effects:
                return term.head

    def load(self, table: Table) -> dict[str, dict[str, Any]]:
        """Return every document of a table, ordered by key."""
        query = "SELECT key, document FROM documents WHERE kind = $1 ORDER BY key"
        rows = self._line.do(lambda db: db.fetch(query, table.value), _LOAD_S)
        return {key.decode(): orjson.loads(document) for key, document in rows}

    def audit_after(self, sequence: int, limit: int) -> list[AuditGroup]:
        """Return up to `limit` groups that end after `sequence`, oldest first; a standby may follow."""
        if self._term is not None and sequence == self._term.head.sequence:
            return []
        if (recent := self._recent.after(sequence, limit)) is not None:
            return recent
        if not self._readable:
            raise StoreError(
                "has another schema until this gateway leads",
                where=str(self._address),
                code="DG-1334",
            )
        query = "SELECT first, lines FROM audit_groups WHERE last > $1 ORDER BY last LIMIT $2"
        rows = self._line.do(lambda db: db.fetch(query, sequence, limit), _LOAD_S)
        return [
            AuditGroup(first, _head_of(lines, str(self._address)), lines) for first, lines in rows
        ]

    def release_audit(self, through: int) -> None:
        """Forget groups that end at `through` or before, once no standby should need them any more."""
        if self._term is None:
            return
        last = min(through, self._term.head.sequence - 1)
        query = "DELETE FROM audit_groups WHERE last <= $1 AND written <= clock_timestamp() - $2::interval"
        self._line.do(lambda db: db.execute(query, last, self._keep_audit))
        self._recent.forget(last)

    def raw(self, digest: str) -> bytes | None:
        """Return the document of that digest, if it is kept."""
        query = "SELECT body FROM raw WHERE digest = $1"
        found: bytes | None = self._line.do(lambda db: db.fetchval(query, digest))
        return found

    def prune(self, before: datetime) -> int:
        """Forget the documents that came last before that day (UTC); return how many."""
        query = "DELETE FROM raw WHERE day < $1"
        done = self._line.do(lambda db: db.execute(query, _day(before)), _LOAD_S)
        return int(done.rpartition(" ")[2])

    def take(self, seconds: float) -> bool:
        """Lead for so long, with the newest schema, unless another gateway does."""
        self._term = self._line.do(lambda db: self._taken(db, timedelta(seconds=seconds)))
        self._attempts.clear()
        return self._term is not None

    def renew(self, seconds: float) -> bool:
        """Lead for so long from now on; say False where another gateway took over meanwhile."""
        term = self._leading()
        query = "UPDATE lease SET until = clock_timestamp() + $2::interval WHERE fence = $1"
        longer = timedelta(seconds=seconds)
        done = self._lease.do(lambda db: db.execute(query, term.fence, longer))
        return bool(done == "UPDATE 1")

    def leave(self) -> None:
        """Let another gateway lead at once."""
        if self._term is not None:
            query, fence = "UPDATE lease SET until = '-infinity' WHERE fence = $1", self._term.fence
            self._term = None
            self._lease.do(lambda db: db.execute(query, fence))

    def close(self) -> None:
        """Let go of the server; twice is harmless. Who led does so until its lease is over."""
        if self._wire.open:
            self._line.close()
            self._lease.close()
            self._wire.close()
        if self._lock is not None:
            self._lock.close()

    def _leading(self) -> _Term:
        if self._term is None:
            raise LockedError(
                "this gateway does not lead",
                where=str(self._address),
                code="DG-1401",
                advice="another one does; start this one anew as its standby",
            )
        return self._term

    async def _looked_at(self, db: Connection) -> int:
        """Return the schema; refuse a server that acknowledges what is not on its disk."""
        if await db.fetchval("SHOW fsync") != "on":
            raise StoreError(
                "does not write to its disk what it acknowledges",
                where=str(self._address),
                code="DG-1333",
                advice="set fsync = on",
            )
        return await version(db, str(self._address))

    async def _taken(self, db: Connection, lease: timedelta) -> _Term | None:
        """Take the lead in one transaction, if it is free: what was under way there ends first."""
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock($1)", _TAKING)
            found = await version(db, str(self._address))
            self._readable = found == len(MIGRATIONS)
            held = "SELECT until > clock_timestamp() FROM lease FOR UPDATE"
            if found and await db.fetchval(held):
                return None
            await migrate(db, found)
            term = "UPDATE gateway SET fence = fence + 1, mark = 0 RETURNING fence"
            fence = await db.fetchval(term)
            await db.execute(
                "UPDATE lease SET fence = $1, holder = $2, until = clock_timestamp() + $3::interval",
                *(fence, self._holder, lease),
            )
            self._readable, self._last_mark = True, 0
            return _Term(fence, 0, await last_head(db, str(self._address)))

    def _mark_of(self, effects: tuple[Persist | Audit, ...], term: _Term, at: datetime) -> int:
        """Return the mark of a transaction: the same one again while it is not known to be done."""
        for mark, attempt in self._attempts.items():
            if attempt.effects == effects:
                return mark
        audits = [effect for effect in effects if isinstance(effect, Audit)]
        group = chain.group(audits, term.head, at)
        self._last_mark += 1
        self._attempts[self._last_mark] = _Attempt(effects, group)
        return self._last_mark

    def _wrote(self, term: _Term, mark: int, at: datetime) -> bool:
        """Ask the server to write; say False where it holds another mark than the one before."""
        arguments = (term.fence, term.mark, mark, *_arguments(self._attempts[mark], at))
        done = self._line.do(lambda db: db.fetchval(_COMMIT, *arguments))
        if done:
            self._accept(term, mark)
        return bool(done)

    def _settled(self, term: _Term) -> tuple[Persist | Audit, ...]:
        """Find which earlier attempt was done although its answer was lost, and go on from there."""
        query = "SELECT array[fence, mark] FROM gateway"
        fence, mark = self._line.do(lambda db: db.fetchval(query))
        if fence != term.fence or mark not in self._attempts:
            self._term = None
            self._leading()
        effects = self._attempts[mark].effects
        self._accept(term, mark)
        return effects

    def _accept(self, term: _Term, mark: int) -> None:
        group = self._attempts[mark].group
        self._attempts.clear()
        term.mark, term.head = mark, group.head
        if group.lines:
            self._recent.add(group)


async def last_head(db: Connection, where: str) -> AuditHead:
    """Return the newest record's place and digest; `StoreError` where they do not agree."""
    lines = await db.fetchval("SELECT lines FROM audit_groups ORDER BY last DESC LIMIT 1")
    return chain.GENESIS if lines is None else _head_of(lines, where)


def _head_of(lines: bytes, where: str) -> AuditHead:
    head = chain.head_of(chain.last_line(lines))
    if head is None:
        raise StoreError(
            "is damaged: a record of the audit does not agree with its hash",
            where=where,
            code="DG-1304",
            advice="restore a copy",
        )
    return head


def _arguments(attempt: _Attempt, at: datetime) -> tuple[Any, ...]:
    """Return what `_COMMIT` takes after the marks: what goes, what stays, what came, the records."""
    last: dict[tuple[str, bytes], bytes | None] = {}
    raw: dict[str, bytes] = {}
    for effect in attempt.effects:
        if isinstance(effect, Audit):
            raw |= {chain.raw_digest(body): body for body in effect.raw}
        else:
            document = None if effect.document is None else orjson.dumps(effect.document)
            last[effect.table.value, effect.key.encode()] = document
    gone = [place for place, document in last.items() if document is None]
    kept = [(*place, document) for place, document in last.items() if document is not None]
    group = attempt.group
    return (
        *_columns(gone, 2),
        *_columns(kept, 3),
        *(list(raw), list(raw.values()), _day(at)),
        *(group.head.sequence, group.first, group.lines),
    )


def _columns(rows: list[Any], width: int) -> list[list[Any]]:
    return [[row[number] for row in rows] for number in range(width)]


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()

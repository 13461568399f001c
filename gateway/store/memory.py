"""Everything in memory, with the contract of the database: for tests and dry runs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import orjson

from gateway.core.effects import Audit, Persist, Table
from gateway.ports import AuditGroup, AuditHead
from gateway.store import chain


class MemoryStore:
    """A `CommandStore` that forgets all when the process ends."""

    remote = False

    def __init__(self) -> None:
        """Start empty."""
        self._documents: dict[Table, dict[str, bytes]] = {table: {} for table in Table}
        self._groups: list[AuditGroup] = []
        self._raw: dict[str, tuple[bytes, date]] = {}
        self._head = chain.GENESIS

    def commit(self, effects: Iterable[Persist | Audit], at: datetime) -> AuditHead:
        """Take all, or nothing where a document is no JSON."""
        effects = tuple(effects)
        audits = [effect for effect in effects if isinstance(effect, Audit)]
        changes = [(e, orjson.dumps(e.document)) for e in effects if isinstance(e, Persist)]
        group = chain.group(audits, self._head, at)
        day = at.astimezone(UTC).date()
        raw = {chain.raw_digest(body): (body, day) for audit in audits for body in audit.raw}
        for change, document in changes:
            self._documents[change.table][change.key] = document
            if change.document is None:
                del self._documents[change.table][change.key]
        self._head = group.head
        self._groups += [group] if audits else []
        self._raw |= raw
        return self._head

    def load(self, table: Table) -> dict[str, dict[str, Any]]:
        """Return every document of a table, ordered by key."""
        kept = self._documents[table]
        return {key: orjson.loads(kept[key]) for key in sorted(kept)}

    def audit_after(self, sequence: int, limit: int) -> list[AuditGroup]:
        """Return up to `limit` groups that end after `sequence`, oldest first."""
        first = bisect_right(self._groups, sequence, key=lambda group: group.head.sequence)
        return self._groups[first : first + limit]

    def release_audit(self, through: int) -> None:
        """Forget groups that end at `through` or before; the newest stays."""
        last = min(through, self._head.sequence - 1)
        self._groups = [group for group in self._groups if group.head.sequence > last]

    def raw(self, digest: str) -> bytes | None:
        """Return the document of that digest, if it is kept."""
        kept = self._raw.get(digest)
        return None if kept is None else kept[0]

    def prune(self, before: datetime) -> int:
        """Forget the documents that came last before that day (UTC); return how many."""
        day, count = before.astimezone(UTC).date(), len(self._raw)
        self._raw = {digest: kept for digest, kept in self._raw.items() if kept[1] >= day}
        return count - len(self._raw)

    def close(self) -> None:
        """Release nothing."""

"""Everything in memory, with the contract of the database: for tests and dry runs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from gateway.core.effects import Audit, Persist, Table
from gateway.ports import AuditHead
from gateway.store import chain


class MemoryStore:
    """A `CommandStore` that forgets all when the process ends."""

    def __init__(self) -> None:
        """Start empty."""
        self._documents: dict[Table, dict[str, bytes]] = {table: {} for table in Table}
        self._records: list[tuple[int, bytes]] = []
        self._raw: dict[str, bytes] = {}
        self._head = chain.GENESIS

    def commit(self, effects: Iterable[Persist | Audit], at: datetime) -> AuditHead:
        """Take all, or nothing where a document is no JSON."""
        head, records = self._head, list[tuple[int, bytes]]()
        raw, changes = dict[str, bytes](), list[tuple[Persist, bytes]]()
        for effect in effects:
            if isinstance(effect, Audit):
                body = chain.record(effect, head, at)
                head = chain.chained(head, body)
                records.append((head.sequence, body))
                raw |= {chain.raw_digest(document): document for document in effect.raw}
            else:
                changes.append((effect, orjson.dumps(effect.document)))
        for change, document in changes:
            self._documents[change.table][change.key] = document
            if change.document is None:
                del self._documents[change.table][change.key]
        self._head = head
        self._records += records
        self._raw |= raw
        return head

    def load(self, table: Table) -> dict[str, dict[str, Any]]:
        """Return every document of a table, ordered by key."""
        kept = self._documents[table]
        return {key: orjson.loads(kept[key]) for key in sorted(kept)}

    def audit_after(self, sequence: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` records after `sequence`, oldest first."""
        first = bisect_right(self._records, sequence, key=lambda item: item[0])
        return self._records[first : first + limit]

    def release_audit(self, through: int) -> None:
        """Forget the records up to `through`; the newest stays."""
        last = min(through, self._head.sequence - 1)
        self._records = [item for item in self._records if item[0] > last]

    def raw(self, digest: str) -> bytes | None:
        """Return the document of that digest, if it is kept."""
        return self._raw.get(digest)

    def close(self) -> None:
        """Release nothing."""

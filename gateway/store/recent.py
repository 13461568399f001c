"""The newest groups of a store, which wait in memory for their segments so that they are not read back."""

from __future__ import annotations

import threading

from gateway.ports import AuditGroup

KEPT = 1_000
"""Groups at most; where the segments refuse to be written, the rest is read from the database."""


class RecentGroups:
    """Groups without a gap between them, up to the newest; several threads may use it."""

    def __init__(self) -> None:
        """Hold none."""
        self._groups: list[AuditGroup] = []
        self._lock = threading.Lock()

    def add(self, group: AuditGroup) -> None:
        """Hold the newest group, or none where they are too many."""
        with self._lock:
            self._groups.append(group)
            if len(self._groups) > KEPT:
                self._groups.clear()

    def after(self, sequence: int, limit: int) -> list[AuditGroup] | None:
        """Return up to `limit` groups that end after `sequence`, and forget the others before them.

        None where the first of them is not here.
        """
        with self._lock:
            if not self._groups or self._groups[0].first > sequence + 1:
                return None
            self._forget(sequence)
            return self._groups[:limit]

    def forget(self, through: int) -> None:
        """Forget groups that end at `through` or before."""
        with self._lock:
            self._forget(through)

    def _forget(self, through: int) -> None:
        while self._groups and self._groups[0].head.sequence <= through:
            del self._groups[0]

"""What is to be looked at when: names with an instant each, the earliest first."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from datetime import datetime


class Agenda[N: Hashable]:
    """Names and when they are due; a name has one instant."""

    def __init__(self) -> None:
        """Have nothing to look at."""
        self._at: dict[N, datetime] = {}
        self._heap: list[tuple[datetime, int, N]] = []
        self._count = 0

    def put(self, name: N, at: datetime) -> None:
        """Look at a name at an instant, no more at another one; names of one instant in the order of puts."""
        if self._at.get(name) == at:
            return
        self._at[name] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, name))

    def at(self, name: N) -> datetime | None:
        """Return when a name is to be looked at, None where it is not."""
        return self._at.get(name)

    def drop(self, name: N) -> None:
        """Do not look at a name any more."""
        self._at.pop(name, None)

    def pop(self, utc: datetime) -> N | None:
        """Take off and return the earliest name that is due, None where none is."""
        first = self.first()
        if first is None or first > utc:
            return None
        name = heapq.heappop(self._heap)[2]
        del self._at[name]
        return name

    def next(self) -> N | None:
        """Return the earliest name, None where there is none."""
        while self._heap:
            at, _, name = self._heap[0]
            if self._at.get(name) == at:
                return name
            heapq.heappop(self._heap)
        return None

    def first(self) -> datetime | None:
        """Return when the earliest name is due."""
        name = self.next()
        return None if name is None else self._at[name]

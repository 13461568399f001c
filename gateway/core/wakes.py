"""When stations want to be looked at again: the next is found without a look at the others."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Wakes:
    """Instants (UTC) at which stations asked to be settled, each asked for once."""

    _heap: list[tuple[datetime, str]] = field(default_factory=list)
    _asked: set[tuple[datetime, str]] = field(default_factory=set)

    def ask(self, name: str, at: datetime) -> None:
        """Have a station named by `due` at an instant, or soon after."""
        wake = at, name
        if wake not in self._asked:
            self._asked.add(wake)
            heapq.heappush(self._heap, wake)

    def due(self, now: datetime) -> list[str]:
        """Return the stations whose instant has come, the earliest first; each instant is told once."""
        names = []
        while self._heap and self._heap[0][0] <= now:
            wake = heapq.heappop(self._heap)
            self._asked.discard(wake)
            names.append(wake[1])
        return names

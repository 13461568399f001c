"""What becomes due on many connections: one heap and one timer, whatever their number."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Callable
from typing import Protocol


class Waiter(Protocol):
    """Something that waits for an answer."""

    def expire(self) -> None:
        """Look whether the time is over."""
        ...


class Deadlines:
    """Acts that are due later; none can be taken back: each looks for itself whether it still counts."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.Handle | None = None
        self._armed = math.inf
        self._awaited: dict[Waiter, float] = {}
        self._looks_at = math.inf

    def __len__(self) -> int:
        """Return how many acts are due."""
        return len(self._due)

    @property
    def awaited(self) -> int:
        """Return how many wait for an answer."""
        return len(self._awaited)

    def expect(self, waiter: Waiter, within_s: float) -> None:
        """Have `waiter` expire after this long, unless it is relieved before; the last word counts.

        Answers come far more often than they fail: none leaves anything behind on the heap.
        """
        when = asyncio.get_running_loop().time() + within_s
        self._awaited[waiter] = when
        if when < self._looks_at:
            self._looks_at = when
            self.after(within_s, self._look)

    def relieve(self, waiter: Waiter) -> None:
        """Let a waiter expire no more."""
        self._awaited.pop(waiter, None)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._looks_at:  # a shorter wait came after this look was planned
            return
        over = [waiter for waiter, when in self._awaited.items() if when <= now]
        for waiter in over:
            del self._awaited[waiter]
        self._looks_at = min(self._awaited.values(), default=math.inf)
        if self._awaited:
            self.after(self._looks_at - now, self._look)
        for waiter in over:
            waiter.expire()

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Do something once this long has passed; needs a running loop."""
        when = asyncio.get_running_loop().time() + max(0.0, delay_s)
        heapq.heappush(self._due, (when, next(self._order), act))
        if when < self._armed:
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._armed = None, math.inf
        if self._due:  # the loop's own handle cannot be asked: uvloop has two kinds
            self._armed = self._due[0][0]
            self._timer = asyncio.get_running_loop().call_at(self._armed, self._fire)

    def _fire(self) -> None:
        """Do what is due; what an act adds waits for its own time, even one that is over already."""
        now = asyncio.get_running_loop().time()
        due: list[Callable[[], None]] = []
        while self._due and self._due[0][0] <= now:
            due.append(heapq.heappop(self._due)[2])
        self._arm()
        for act in due:
            act()

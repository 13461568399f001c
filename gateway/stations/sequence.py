"""The numbers of one transaction's events (seqNo, E01): what is missing, what came late, what came again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MOST_GAPS = 16
"""Gaps that are remembered to be filled; of more, the oldest is forgotten."""
_LARGEST = 2**53
"""Beyond it nobody counts."""


class Place(StrEnum):
    """Where an event stands among those that came before."""

    NEXT = "next"
    """It is newer than all: those between, if any, are missing."""
    LATE = "late"
    """It was missing."""
    AGAIN = "again"
    """It is the newest one, word for word as it came before: its answer went lost."""
    ODD = "odd"
    """Its number was used before, by another event."""


@dataclass(slots=True)
class Sequence:
    """Follows the numbers; any one may be the first, for nobody hears the beginning for sure."""

    last: int | None = None
    missing: list[range] = field(default_factory=list)
    _heard: int = 0

    def take(self, number: float, event: int) -> tuple[Place, range]:
        """Take one event in; return its place, and the numbers that are found to be missing by it.

        `number` is whole, though JSON may have it as a float; `event` is a hash of the event's words.
        """
        number, last = max(-_LARGEST, min(_LARGEST, int(number))), self.last
        if last is None or number > last:
            gap = range(0) if last is None else range(last + 1, number)
            self.last, self._heard = number, event
            if gap:
                self.missing = [*self.missing, gap][-MOST_GAPS:]
            return Place.NEXT, gap
        if number == last and event == self._heard:
            return Place.AGAIN, range(0)
        return (Place.LATE if self._fill(number) else Place.ODD), range(0)

    def _fill(self, number: int) -> bool:
        """Say whether a number was missing; it is so no longer."""
        for index, gap in enumerate(self.missing):
            if number in gap:
                parts = (range(gap.start, number), range(number + 1, gap.stop))
                self.missing[index : index + 1] = [part for part in parts if part]
                return True
        return False

"""What a pure function gave, kept by its caller for as long as its inputs stay what they were."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Memo[T]:
    """Results by key, each with the inputs that it came from; nothing is shared between two memos.

    The key tells what is translated (an event's version), `inputs` all that it depends on (ratings
    profile, situation, digest of the book): what differs there is computed anew and takes the place.
    Of more than `most` results the oldest goes.
    """

    most: int | None = None
    _held: dict[Hashable, tuple[tuple[Any, ...], T]] = field(default_factory=dict)

    def recall(self, key: Hashable, inputs: tuple[Any, ...], make: Callable[[], T]) -> T:
        """Return what is held for these inputs, else what `make` gives."""
        known = self._held.get(key)
        if known is not None and known[0] == inputs:
            return known[1]
        made = make()
        if known is None and len(self._held) == self.most:
            del self._held[next(iter(self._held))]
        self._held[key] = inputs, made
        return made

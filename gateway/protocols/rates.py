"""How often something may happen: token buckets as data; time is passed in, in monotonic seconds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

_ONE = 1 - 1e-9
"""One token, less what floating point loses while it fills."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_s`."""

    per_s: float
    burst: float


@dataclass(slots=True)
class Bucket:
    """What is left of one rate; starts full."""

    rate: Rate
    at: float
    tokens: float = -1.0

    def __post_init__(self) -> None:
        """Fill it."""
        self.tokens = self.rate.burst

    def wait(self, now: float) -> float:
        """Return the seconds until one token is there, 0 where one is."""
        if now > self.at:
            self.tokens = min(self.rate.burst, self.tokens + (now - self.at) * self.rate.per_s)
            self.at = now
        return 0.0 if self.tokens > _ONE else (1 - self.tokens) / self.rate.per_s

    def take(self) -> None:
        """Take one token; what nobody waited for is owed."""
        self.tokens -= 1

    def give_back(self) -> None:
        """Return a token that was not used after all."""
        self.tokens += 1


@dataclass(slots=True)
class Buckets[K: Hashable]:
    """One bucket for each key, at most `most`: those unused for longest are forgotten first."""

    rate: Rate
    most: int
    _kept: OrderedDict[K, Bucket] = field(default_factory=OrderedDict)

    def of(self, key: K, now: float) -> Bucket:
        """Return the bucket of a key, a full one where it has none."""
        bucket = self._kept.get(key)
        if bucket is None:
            bucket = self._kept[key] = Bucket(self.rate, now)
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return bucket

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

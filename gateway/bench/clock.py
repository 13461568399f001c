"""Timing two things in turns, so that whatever else the machine does falls on both."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

type Work = Callable[[], object]

_YOUNG = 10_000
"""As `dergate run` sets it."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """CPU microseconds of one operation and of its baseline: the minimum of the rounds."""

    name: str
    baseline: str
    micros: float
    baseline_micros: float

    @property
    def times(self) -> float:
        """How many baselines one operation costs."""
        return self.micros / self.baseline_micros


@dataclass(frozen=True, slots=True)
class Pair:
    """One operation and what it is compared with; each `work` is done once per call."""

    name: str
    work: Work
    baseline: str
    baseline_work: Work


def compare(pair: Pair, *, rounds: int = 5, calls: int = 500) -> Ratio:
    """Return the ratio over `rounds` alternating rounds of `calls` calls each (CPU, this process)."""
    mine, other = [], []
    for _ in range(rounds):
        mine.append(_cpu(pair.work, calls))
        other.append(_cpu(pair.baseline_work, calls))
    return Ratio(pair.name, pair.baseline, min(mine), min(other))


def _cpu(work: Work, calls: int) -> float:
    begin = time.process_time_ns()
    for _ in range(calls):
        work()
    return (time.process_time_ns() - begin) / calls / 1000


@contextmanager
def settled() -> Iterator[None]:
    """Have the collector of cycles work as it does in a gateway that has started."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

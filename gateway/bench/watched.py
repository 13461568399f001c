"""The gateway as a contender, with how long each station took to answer."""

from __future__ import annotations

import sys
import time

from gateway.bench.contender import Told
from gateway.bench.fleet import name_of
from gateway.bench.subject import Gateway
from gateway.bench.subject import main as serve
from gateway.core.events import ReplyStatus, StationReplied

MUTE = name_of(0)
"""Of whom no answer is expected, where one may be stalled."""


class Watched(Gateway):
    """Tells the times of the stations that answered."""

    one_is_mute = "mute" in sys.argv
    _began = _cpu = 0.0
    _took: list[tuple[float, float]]

    async def fan_out(self) -> Told:
        """Do the same; `took_ms` are the times from the event to the answers, shortest first.

        `cpu_ms` are the same in CPU time of this process, which no other load prolongs.
        """
        self._took, self._began, self._cpu = [], time.perf_counter(), time.process_time()
        told = await super().fan_out()
        wall, cpu = zip(*self._took, strict=True) if self._took else ((), ())
        return {**told, "took_ms": sorted(wall), "cpu_ms": sorted(cpu)}

    def _expected(self) -> int:
        return super()._expected() - self.one_is_mute

    def _replied(self, event: StationReplied) -> None:
        if self.one_is_mute and event.station == MUTE:
            return
        if event.status is ReplyStatus.ACCEPTED:
            wall, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
            self._took.append((wall * 1000, cpu * 1000))
        super()._replied(event)


def percentile(taken: list[float], part: float) -> float:
    """Return a percentile of sorted values, 0 of none."""
    return taken[round(part * (len(taken) - 1))] if taken else 0.0


def main() -> None:
    """Serve the parent; arguments are those of `subject`, and `mute`."""
    serve(Watched)

"""The gateway as a contender, with how long each station took to answer; one of them may be mute."""

from __future__ import annotations

import sys
import time

from gateway.bench.contender import Told
from gateway.bench.fleet import name_of
from gateway.bench.subject import Gateway
from gateway.bench.subject import main as serve
from gateway.core.events import ReplyStatus, StationReplied

MUTE = name_of(0)
"""Of whom no answer is expected, where it is stalled."""


class Watched(Gateway):
    """Tells the times of the stations that answered."""

    stalled = "stalled" in sys.argv
    _began = 0.0
    _took_ms: list[float]

    async def fan_out(self) -> Told:
        """Do the same; `took_ms` are the times from the event to the answers, shortest first."""
        self._took_ms, self._began = [], time.perf_counter()
        told = await super().fan_out()
        return {**told, "took_ms": sorted(self._took_ms)}

    def _expected(self) -> int:
        return super()._expected() - self.stalled

    def _replied(self, event: StationReplied) -> None:
        if self.stalled and event.station == MUTE:
            return
        if event.status is ReplyStatus.ACCEPTED:
            self._took_ms.append((time.perf_counter() - self._began) * 1000)
        super()._replied(event)


def percentile(taken: list[float], part: float) -> float:
    """Return a percentile of sorted values, 0 of none."""
    return taken[round(part * (len(taken) - 1))] if taken else 0.0


def main() -> None:
    """Serve the parent; arguments are those of `subject`, and `stalled`."""
    serve(Watched)

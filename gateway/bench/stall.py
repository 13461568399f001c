"""`dergate bench fanout --stalled`: what one station that reads nothing costs all the others."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from gateway.bench.contender import Contender
from gateway.bench.fanout import PROFILES
from gateway.bench.rounds import checked
from gateway.bench.watched import percentile
from gateway.bench.wire import PLAIN, Wire

_COMMAND = "from gateway.bench.watched import main; main()"


@dataclass(frozen=True, slots=True)
class Stall:
    """p99 from the event to a station's answer, ms, by round: all read, and one reads nothing."""

    stations: int
    calm_ms: tuple[float, ...]
    stalled_ms: tuple[float, ...]
    wire: Wire = PLAIN

    @property
    def moved(self) -> float:
        """Return by which part the p99 of the others moved: the median of pairs of rounds."""
        pairs = zip(self.calm_ms, self.stalled_ms, strict=True)
        return median(stalled / calm for calm, stalled in pairs) - 1

    def plain(self) -> dict[str, object]:
        """Return JSON values."""
        return {
            "subject": "stalled",
            "stations": self.stations,
            "p99_moved": self.moved,
            "p99_ms_median": {"calm": median(self.calm_ms), "stalled": median(self.stalled_ms)},
            "p99_ms": {"calm": self.calm_ms, "stalled": self.stalled_ms},
            **self.wire.facts,
        }

    def lines(self) -> tuple[str, ...]:
        """Return the figures for people."""
        return (
            f"{median(self.calm_ms):9.2f} ms  p99 of {self.stations} stations that all read",
            f"{median(self.stalled_ms):9.2f} ms  p99 of the others while one reads nothing",
            f"{self.moved:9.2%}     p99_moved, the median of {len(self.calm_ms)} pairs of rounds",
        )


def measure(stations: int, rounds: int, wire: Wire = PLAIN) -> Stall:
    """Measure fan-outs of two gateways in turns; in front of one a station has stalled."""
    with ExitStack() as stack:
        calm = stack.enter_context(_contender("calm", stations, wire))
        stalled = stack.enter_context(_contender("stalled", stations, wire))
        for side in (calm, stalled):
            side.meet()
        stalled.fleet("stall")
        _p99(calm, stations), _p99(stalled, stations - 1)  # the first round is for caches and pages
        pairs = [_pair(number, calm, stalled, stations) for number in range(rounds)]
    return Stall(stations, tuple(one for one, _ in pairs), tuple(two for _, two in pairs), wire)


def _pair(number: int, calm: Contender, stalled: Contender, stations: int) -> tuple[float, float]:
    """Let both play a round; who begins changes, since the second finds the machine warm."""
    if number % 2:
        slow = _p99(stalled, stations - 1)
        return _p99(calm, stations), slow
    return _p99(calm, stations), _p99(stalled, stations - 1)


def _contender(manner: str, stations: int, wire: Wire) -> Contender:
    words = (str(stations), str(PROFILES), "quick", *wire.words, manner)
    return Contender(
        manner, (sys.executable, "-c", _COMMAND, *words), stations, boots=True, tls=wire.tls
    )


def _p99(side: Contender, expected: int) -> float:
    told = side.ask("fan")
    checked(side, "answers", told["done"], expected)
    return percentile(told["took_ms"], 0.99)

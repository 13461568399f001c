"""`dergate bench fanout --stalled`: what one station that reads nothing costs all the others."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from statistics import median

from gateway.bench.contender import Contender
from gateway.bench.fanout import PROFILES
from gateway.bench.rounds import GATEWAY, checked
from gateway.bench.watched import percentile
from gateway.bench.wire import PLAIN, Wire

_COMMAND = "from gateway.bench.watched import main; main()"
_REST_S = 0.2
"""Until one that reads again has read what waited for it."""


@dataclass(frozen=True, slots=True)
class P99:
    """Milliseconds from an event to a station's answer: by the clock, and in CPU of the gateway.

    What else the machine does prolongs the first, and the second hardly.
    """

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Pairs of rounds: all stations read, and one reads nothing while the others are timed."""

    stations: int
    pairs: tuple[tuple[P99, P99], ...]
    wire: Wire = PLAIN

    @property
    def moved(self) -> float:
        """Return by which part the p99 of the others moved: the median of the pairs."""
        return median(stalled.wall_ms / calm.wall_ms for calm, stalled in self.pairs) - 1

    @property
    def cpu_moved(self) -> float:
        """Return the same in CPU time."""
        return median(stalled.cpu_ms / calm.cpu_ms for calm, stalled in self.pairs) - 1

    def plain(self) -> dict[str, object]:
        """Return JSON values."""
        return {
            "subject": "stalled",
            "stations": self.stations,
            "pairs": len(self.pairs),
            "p99_moved": self.moved,
            "p99_cpu_moved": self.cpu_moved,
            "p99_ms_median": {
                "calm": median(calm.wall_ms for calm, _ in self.pairs),
                "stalled": median(stalled.wall_ms for _, stalled in self.pairs),
            },
            "p99_cpu_ms_median": {
                "calm": median(calm.cpu_ms for calm, _ in self.pairs),
                "stalled": median(stalled.cpu_ms for _, stalled in self.pairs),
            },
            **self.wire.facts,
        }

    def lines(self) -> tuple[str, ...]:
        """Return the figures for people."""
        calm = median(calm.wall_ms for calm, _ in self.pairs)
        stalled = median(stalled.wall_ms for _, stalled in self.pairs)
        return (
            f"{calm:9.2f} ms  p99 of {self.stations} stations that all read",
            f"{stalled:9.2f} ms  p99 of the others while one reads nothing",
            f"{self.moved:9.2%}     p99_moved, the median of {len(self.pairs)} pairs of rounds",
            f"{self.cpu_moved:9.2%}     p99_cpu_moved, the same in CPU time of the gateway",
        )


def measure(stations: int, rounds: int, wire: Wire = PLAIN) -> Stall:
    """Measure fan-outs with and without a stalled station in turns, of one gateway and one fleet.

    The station that stalls is never among those that are timed.
    """
    words = (str(stations), str(PROFILES), "quick", *wire.words, "mute")
    command = (sys.executable, "-c", _COMMAND, *words)
    with Contender(GATEWAY, command, stations, boots=True, tls=wire.tls) as side:
        side.meet()
        _p99(side)  # the first round is for caches and pages
        pairs = tuple(_pair(number, side) for number in range(rounds))
    return Stall(stations, pairs, wire)


def _pair(number: int, side: Contender) -> tuple[P99, P99]:
    """Play a round of each kind; which is the first of the two changes."""
    if number % 2:
        stalled = _stalled(side)
        return _p99(side), stalled
    return _p99(side), _stalled(side)


def _stalled(side: Contender) -> P99:
    side.fleet("stall")
    found = _p99(side)
    side.fleet("resume")
    time.sleep(_REST_S)
    return found


def _p99(side: Contender) -> P99:
    told = side.ask("fan")
    checked(side, "answers", told["done"], side.stations - 1)
    return P99(percentile(told["took_ms"], 0.99), percentile(told["cpu_ms"], 0.99))

"""`dergate bench connect --storm`: all stations come at once while a utility's events go on."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass

from gateway.bench.contender import Child, Contender, Told
from gateway.bench.fanout import PROFILES
from gateway.bench.rounds import GATEWAY
from gateway.bench.watched import percentile
from gateway.bench.wire import Wire

STEADY = 100
"""Stations that are connected before, and are told every event."""
_EVERY_S = 0.5
"""How long the utility says nothing after an event."""
_COMMAND = "from gateway.bench.watched import main; main()"


@dataclass(frozen=True, slots=True)
class Storm:
    """How long until all were in, and what that did to events; times from an event to an answer, ms."""

    stations: int
    seconds: float
    cpu_us: float
    """Of the gateway for each station that came, events included."""
    turned_away: int
    """Answers 503: come again at an instant of your own."""
    dropped: int
    """Connections that were not taken in."""
    calm_ms: tuple[float, ...]
    events_ms: tuple[tuple[float, ...], ...]
    """One row for each event of the storm."""
    wire: Wire

    @property
    def p99_ms(self) -> float:
        """Return the p99 over all answers to all events of the storm."""
        return percentile(sorted(took for event in self.events_ms for took in event), 0.99)

    def plain(self) -> dict[str, object]:
        """Return JSON values."""
        p99s = [percentile(list(event), 0.99) for event in self.events_ms]
        return {
            "subject": "storm",
            "stations": self.stations,
            "steady": STEADY,
            "seconds_until_all_in": self.seconds,
            "cpu_us_per_station": self.cpu_us,
            "turned_away": self.turned_away,
            "dropped": self.dropped,
            "events": len(self.events_ms),
            "event_p99_ms_before": percentile(list(self.calm_ms), 0.99),
            "event_p99_ms": self.p99_ms,
            "event_p99_ms_worst": max(p99s, default=0.0),
            **self.wire.facts,
        }

    def lines(self) -> tuple[str, ...]:
        """Return the figures for people."""
        calm = percentile(list(self.calm_ms), 0.99)
        scheme = "wss" if self.wire.tls else "ws"
        return (
            f"{self.seconds:9.2f} s   until {self.stations} stations ({scheme}) were in",
            f"{calm:9.2f} ms  p99 of an event for {STEADY} stations before",
            f"{self.p99_ms:9.2f} ms  p99 of {len(self.events_ms)} events meanwhile",
            f"{self.turned_away:9d}     times a station was told when to come again",
            f"{self.dropped:9d}     times one was not taken in",
        )


def measure(stations: int, wire: Wire) -> Storm:
    """Measure one storm; raises where a station stayed out. Passwords cost nothing, as proven ones do."""
    total = STEADY + stations
    words = (str(total), str(PROFILES), "quick", *wire.words)
    command = (sys.executable, "-c", _COMMAND, *words)
    with (
        Contender(GATEWAY, command, total, boots=True, tls=wire.tls) as side,
        closing(_Fleet(side, f"0-{STEADY}")) as steady,
    ):
        steady.wait()
        side.ask("wait", STEADY)
        side.ask("fan")
        calm = side.ask("fan")["took_ms"]
        begin, before = time.perf_counter(), side.ask("wait", STEADY)["cpu_ns"]
        with closing(_Fleet(side, f"{STEADY}-{total}", "storm")) as coming:
            events = _events(side, coming)
            seconds = time.perf_counter() - begin
            told = coming.wait()
            cpu = side.ask("wait", total)["cpu_ns"] - before
    if told["open"] != stations:
        raise RuntimeError(f"{told['open']} of {stations} stations came")
    return Storm(
        stations=stations,
        seconds=seconds,
        cpu_us=cpu / stations / 1000,
        turned_away=told["turned_away"],
        dropped=told["dropped"],
        calm_ms=tuple(calm),
        events_ms=tuple(tuple(event) for event in events),
        wire=wire,
    )


def _events(side: Contender, coming: _Fleet) -> list[list[float]]:
    """Send events until the storm is over."""
    found = []
    while not coming.over(_EVERY_S):
        told = side.ask("fan")
        if told["done"] < STEADY:
            raise RuntimeError(f"{told['done']} of {STEADY} steady stations answered")
        found.append(told["took_ms"])
    return found


class _Fleet:
    """Stations that come while the parent goes on."""

    def __init__(self, side: Contender, numbers: str, *words: str) -> None:
        self._child: Child = side.more(numbers, *words)
        self._pool = ThreadPoolExecutor(1)
        self._told = self._pool.submit(self._child.heard)

    def over(self, seconds: float) -> bool:
        """Wait that long; say whether all are in."""
        return bool(wait([self._told], seconds).done)

    def wait(self) -> Told:
        """Wait until all are in; RuntimeError where the fleet died before."""
        return self._told.result()

    def close(self) -> None:
        self._child.end()
        self._pool.shutdown()

"""`dergate bench memory`: what one station at rest takes, with all that is kept for it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.bench.fanout import contender
from gateway.bench.rounds import GATEWAY
from gateway.bench.wire import PLAIN, Wire

_REST_S = 0.2


@dataclass(frozen=True, slots=True)
class Memory:
    """Kilobytes for each station more: the slope between a small and a large number of stations.

    What a process needs once, whatever their number, is not in it.
    """

    stations: int
    gateway_kb: float
    raw_kb: float
    wire: Wire = PLAIN

    def plain(self) -> dict[str, object]:
        """Return JSON values."""
        return {
            "subject": "memory",
            "stations": self.stations,
            "ratios": {"vs_raw_websockets": self.raw_kb / self.gateway_kb},
            "kb_per_station": {"gateway": self.gateway_kb, "raw websockets": self.raw_kb},
            **self.wire.facts,
        }


def measure(stations: int, wire: Wire = PLAIN) -> Memory:
    """Measure connections at rest; the gateway's have booted and been asked what they can do."""
    mine, raw = (_slope(name, stations, wire) for name in (GATEWAY, "raw websockets"))
    return Memory(stations, mine, raw, wire)


def _slope(name: str, stations: int, wire: Wire) -> float:
    few = max(1, stations // 5)
    many, less = (_resident(name, count, wire) for count in (stations, few))
    return (many - less) / max(1, stations - few)


def _resident(name: str, stations: int, wire: Wire) -> float:
    with contender(name, stations, wire=wire) as side:
        side.meet()
        kilobytes: float = side.ask("rest", _REST_S)["kb"]
        return kilobytes

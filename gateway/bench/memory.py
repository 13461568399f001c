"""`dergate bench memory`: what one station at rest takes, with all that is kept for it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.bench.fanout import contender

_REST_S = 0.2


@dataclass(frozen=True, slots=True)
class Memory:
    """Kilobytes for each station more: the slope between a small and a large number of stations.

    What a process needs once, whatever their number, is not in it.
    """

    stations: int
    gateway_kb: float
    raw_kb: float

    def plain(self) -> dict[str, object]:
        """Return JSON values."""
        return {
            "subject": "memory",
            "stations": self.stations,
            "ratios": {"vs_raw_websockets": self.raw_kb / self.gateway_kb},
            "kb_per_station": {"gateway": self.gateway_kb, "raw websockets": self.raw_kb},
        }


def measure(stations: int) -> Memory:
    """Measure plain connections at rest; the gateway's have booted and been asked what they can do."""
    return Memory(stations, _slope("gateway", stations), _slope("raw websockets", stations))


def _slope(name: str, stations: int) -> float:
    few = max(1, stations // 5)
    return (_resident(name, stations) - _resident(name, few)) / max(1, stations - few)


def _resident(name: str, stations: int) -> float:
    with contender(name, stations) as side:
        side.meet()
        kilobytes: float = side.ask("rest", _REST_S)["kb"]
        return kilobytes

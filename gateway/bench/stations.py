"""The benchmarks of the station side by name, and their figures as lines to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.bench import connect, fanout, inbound, memory, stall, storm
from gateway.bench.memory import Memory
from gateway.bench.rounds import Verdict
from gateway.bench.stall import Stall
from gateway.bench.storm import Storm
from gateway.bench.wire import PLAIN, Wire


@dataclass(frozen=True, slots=True)
class Wish:
    """What is measured: how many stations, how often, and whether foreign servers take part."""

    stations: int
    rounds: int
    peers: bool
    wire: Wire = PLAIN
    stalled: bool = False
    """Whether it is measured what one station that reads nothing does to the others."""
    storm: bool = False
    """Whether all stations come at once, while events go on."""
    engine: bool = False
    """Whether the engine takes part, too."""


type Found = Verdict | Memory | Stall | Storm


def _fanout(wish: Wish) -> Found:
    if wish.stalled:
        return stall.measure(wish.stations, wish.rounds, wish.wire)
    return fanout.measure(
        wish.stations, wish.rounds, peers=wish.peers, engine=wish.engine, wire=wish.wire
    )


def _connect(wish: Wish) -> Found:
    if wish.storm:
        return storm.measure(wish.stations, wish.wire)
    return connect.measure(wish.stations, wish.rounds, wish.wire)


SUBJECTS: dict[str, Callable[[Wish], Found]] = {
    "fanout": _fanout,
    "inbound": lambda wish: inbound.measure(
        wish.stations, wish.rounds, peers=wish.peers, wire=wish.wire
    ),
    "connect": _connect,
    "memory": lambda wish: memory.measure(wish.stations, wish.wire),
}


def lines(found: Found) -> Iterator[str]:
    """Yield the figures as lines of a table, then the ratios."""
    if isinstance(found, Stall | Storm):
        yield from found.lines()
        return
    if isinstance(found, Memory):
        yield f"{found.gateway_kb:9.2f} KB  one station at rest, all that is kept for it"
        yield f"{found.raw_kb:9.2f} KB  one connection of raw websockets"
        return
    for name, micros in found.least.items():
        yield f"{micros:9.2f} µs  {found.subject}, {found.stations} stations: {name}"
    for key, ratio in found.ratios.items():
        yield f"{ratio:9.2f}     {key}"
    for key, fact in found.facts.items():
        yield f"{fact!s:>9}     {key}"

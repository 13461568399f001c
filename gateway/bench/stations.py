"""The benchmarks of the station side by name, and their figures as lines to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.bench import connect, fanout, inbound, memory
from gateway.bench.memory import Memory
from gateway.bench.rounds import Verdict
from gateway.bench.wire import PLAIN, Wire


@dataclass(frozen=True, slots=True)
class Wish:
    """What is measured: how many stations, how often, and whether foreign servers take part."""

    stations: int
    rounds: int
    peers: bool
    wire: Wire = PLAIN


SUBJECTS: dict[str, Callable[[Wish], Verdict | Memory]] = {
    "fanout": lambda wish: fanout.measure(
        wish.stations, wish.rounds, peers=wish.peers, wire=wish.wire
    ),
    "inbound": lambda wish: inbound.measure(
        wish.stations, wish.rounds, peers=wish.peers, wire=wish.wire
    ),
    "connect": lambda wish: connect.measure(wish.stations, wish.rounds, wish.wire),
    "memory": lambda wish: memory.measure(wish.stations, wish.wire),
}


def lines(found: Verdict | Memory) -> Iterator[str]:
    """Yield the figures as lines of a table, then the ratios."""
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

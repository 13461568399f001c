"""`dergate bench connect`: what it costs to let a station in, boot it and learn what it can do."""

from __future__ import annotations

import time
from collections.abc import Iterator

from gateway.bench.fanout import contender
from gateway.bench.fleet import PASSWORD
from gateway.bench.rounds import GATEWAY, Line, Verdict
from gateway.bench.wire import PLAIN, Wire
from gateway.security.credentials import make_verifier, verify


def measure(stations: int, rounds: int, wire: Wire = PLAIN) -> Verdict:
    """Measure how N stations come in, each side in turns, each time with new processes.

    The fleet's passwords cost nothing to check; what the real check costs stands beside it.
    """
    lines = tuple(line for _ in range(rounds) for line in _meetings(stations, wire))
    return Verdict("connect", stations, lines, {"password_us": _password_us(), **wire.facts})


def _meetings(stations: int, wire: Wire) -> Iterator[Line]:
    for name in (GATEWAY, "raw websockets"):
        with contender(name, stations, wire=wire) as side:
            told = side.meet()
            yield Line(name, told["cpu_ns"] / stations / 1000, told["wall_ns"] / 1e6)


def _password_us() -> float:
    """Return the CPU microseconds of checking one password by its real verifier (scrypt)."""
    verifier = make_verifier(PASSWORD)
    begin = time.process_time_ns()
    if not verify(PASSWORD, verifier):
        raise RuntimeError("a password is not the one of its own verifier")
    return (time.process_time_ns() - begin) / 1000

"""`dergate bench fanout`: one utility event for N stations, until every answer is on disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack

from gateway.bench.contender import Contender, Told
from gateway.bench.rounds import Line, Verdict, checked, in_turns
from gateway.core.events import ReplyStatus

PROFILES = 10
"""Ratings profiles among the stations, where not all differ."""


def measure(stations: int, rounds: int, *, peers: bool) -> Verdict:
    """Measure the fan-out of all contenders in turns; raises where one has not done its work."""
    with ExitStack() as stack:
        names = ["gateway", "raw websockets", *(["ocpp"] if peers else [])]
        sides = {name: stack.enter_context(contender(name, stations)) for name in names}
        for side in sides.values():
            side.meet()
            _fan(side)  # the first round is for caches and pages
        lines = in_turns(sides.values(), rounds, _fan)
        facts = dict(_facts(sides["gateway"], rounds + 1))
    return Verdict("fanout", stations, lines, facts)


def contender(name: str, stations: int, profiles: int = PROFILES) -> Contender:
    """Return a contender's server, started."""
    if name == "gateway":
        command = "from gateway.bench.subject import main; main()"
        words = [str(stations), str(profiles), "quick"]
        return Contender(name, [sys.executable, "-c", command, *words], stations, boots=True)
    kind = "raw" if name == "raw websockets" else "ocpp"
    command = "from gateway.bench.rivals import main; main()"
    return Contender(name, [sys.executable, "-c", command, kind], stations, boots=False)


def _fan(side: Contender) -> Line:
    told = side.ask("fan")
    checked(side, "answers", told["done"], side.stations)
    extra = {key: told[key] for key in ("written_ms",) if key in told}
    return Line(side.name, told["cpu_ns"] / side.stations / 1000, told["wall_ns"] / 1e6, extra)


def _facts(gateway: Contender, rounds: int) -> Iterator[tuple[str, object]]:
    """Yield the proof of the work: what lies on disk, and that both directions are checked."""
    audit = gateway.ask("audit")
    checked(gateway, "audit records", audit["records"], audit["rows"])
    checked(gateway, "faults of the chain", audit["fault"], None)
    checked(gateway, "audit rows", audit["rows"], rounds * (gateway.stations + 1))
    yield "audit_rows", audit["rows"]
    yield "templates", gateway.ask("begin")["templates"]
    yield "refused_answers", _refuses_bad_answers(gateway)


def _refuses_bad_answers(gateway: Contender) -> int:
    """Have the stations answer against the schema; return how many answers were refused: all."""
    gateway.fleet("answer", '{"status":"Perhaps"}')
    told: Told = gateway.ask("fan")
    checked(gateway, "answers refused", told.get(ReplyStatus.CALL_ERROR.value), gateway.stations)
    return gateway.stations

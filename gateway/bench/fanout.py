"""`dergate bench fanout`: one utility event for N stations, until every answer is on disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack

from gateway.bench.contender import Contender, Told
from gateway.bench.foreign import rival, rivals
from gateway.bench.rounds import ALL_DIFFER, ENGINE, GATEWAY, Line, Verdict, checked, in_turns
from gateway.bench.wire import PLAIN, Wire
from gateway.core.events import ReplyStatus

PROFILES = 10
"""Ratings profiles among the stations, where not all differ: what they are told rests on their ratings."""


def measure(
    stations: int, rounds: int, *, peers: bool, engine: bool = False, wire: Wire = PLAIN
) -> Verdict:
    """Measure the fan-out of all contenders in turns; raises where one has not done its work."""
    with ExitStack() as stack:
        own = [GATEWAY, ALL_DIFFER, *([ENGINE] if engine else [])]
        names = [*own, *rivals(wire, peers=peers)]
        sides = {name: stack.enter_context(contender(name, stations, wire=wire)) for name in names}
        for side in sides.values():
            side.meet()
            _fan(side)  # the first round is for caches and pages
        lines = in_turns(sides.values(), rounds, _fan)
        most = sides[ALL_DIFFER].ask("begin")["templates"]
        if engine:
            _whole(sides[ENGINE])
        facts = dict(_facts(sides[GATEWAY], rounds + 1)) | {"templates_all_differ": most}
    return Verdict("fanout", stations, lines, facts | wire.facts)


def contender(name: str, stations: int, profiles: int = PROFILES, wire: Wire = PLAIN) -> Contender:
    """Return a contender's server, started."""
    if name in {GATEWAY, ALL_DIFFER, ENGINE}:
        profiles = stations if name == ALL_DIFFER else profiles
        words = (str(stations), str(profiles), "quick", *wire.words)
        module = "gateway.bench.whole" if name == ENGINE else "gateway.bench.subject"
        command = (sys.executable, "-m", module, *words)
        return Contender(name, command, stations, boots=True, tls=wire.tls)
    return Contender(name, rival(name, wire), stations, boots=False, tls=wire.tls)


def _fan(side: Contender) -> Line:
    told = side.ask("fan")
    checked(side, "answers", told["done"], side.stations)
    keys: tuple[str, ...] = ("written_ms", "written_cpu_ms")
    extra = {key: told[key] for key in keys if key in told}
    return Line(side.name, told["cpu_ns"] / side.stations / 1000, told["wall_ns"] / 1e6, extra)


def _whole(side: Contender) -> None:
    """Check that what the engine decided is on disk."""
    audit = side.ask("audit")
    checked(side, "audit records", audit["records"], audit["rows"])
    checked(side, "faults of the chain", audit["fault"], None)


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

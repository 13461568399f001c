"""`dergate bench inbound`: MeterValues of N stations, each after the answer to the one before."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction

from gateway.bench.contender import Contender
from gateway.bench.fanout import contender
from gateway.bench.fleet import watts_of
from gateway.bench.foreign import rivals
from gateway.bench.rounds import GATEWAY, Line, Verdict, checked, in_turns
from gateway.bench.wire import PLAIN, Wire

EACH = 10
"""Messages of one station in a round."""


def measure(stations: int, rounds: int, *, peers: bool, wire: Wire = PLAIN) -> Verdict:
    """Measure what one MeterValues costs, read, checked, made canonical and answered."""
    names = [GATEWAY, *rivals(wire, peers=peers)]
    with ExitStack() as stack:
        sides = [stack.enter_context(contender(name, stations, wire=wire)) for name in names]
        for side in sides:
            side.meet()
            _say(side)
        lines = in_turns(sides, rounds, _say)
        told = (rounds + 1) * EACH
        facts: dict[str, object] = {
            "watts": _knows_the_numbers(sides[0], told + 1),
            "refused_calls": _refuses_bad_calls(sides[0]),
        }
    return Verdict("inbound", stations, lines, facts | wire.facts)


def _say(side: Contender) -> Line:
    messages = side.stations * EACH
    before = side.ask("begin")
    heard = side.fleet("say", EACH)
    after = side.ask("end")
    checked(side, "answers", heard["said"] - heard["refused"], messages)
    checked(side, "messages taken in", after["taken"] - before.get("taken", 0), messages)
    extra = {}
    if side.name == "gateway":
        samples = after["samples"] - before.get("samples", 0)
        checked(side, "uneven samples", samples % messages, 0)
        extra["samples"] = samples / messages
    return Line(side.name, after["cpu_ns"] / messages / 1000, after["wall_ns"] / 1e6, extra)


def _knows_the_numbers(gateway: Contender, number: int) -> str:
    """Have each station say its next message; return what all export by it: what they said, exactly."""
    gateway.fleet("say", 1)
    found: str = gateway.ask("audit")["watts"]
    phases = 3 * gateway.stations
    checked(gateway, "watts", Fraction(found), -phases * Fraction(watts_of(number)))
    return found


def _refuses_bad_calls(gateway: Contender) -> int:
    """Have each station send a digit string for a number, twice; return how many were refused: all."""
    gateway.fleet("spoil")
    refused: int = gateway.fleet("say", 2)["refused"]
    checked(gateway, "calls refused", refused, 2 * gateway.stations)
    return refused

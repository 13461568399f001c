"""Builders of a gateway whose utility was heard, and may fall silent."""

from datetime import timedelta
from fractions import Fraction

from gateway.core.engine import Engine
from gateway.core.events import Now, Tick, UtilityHeard
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.ledger import EntryState
from gateway.core.station import StationRules
from support.engine_bench import NOON, Bench
from translators.canonical.controls import LimitOn, LimitScope, PowerLimit, Quantity
from translators.units import parse_unit

RULES = UtilityRules(silent_s=180, return_s=60, poll_s=60)
FLOOR = PowerLimit(
    LimitOn.EXPORT, Quantity(Fraction(1500), parse_unit("W")), LimitScope.CONNECTION_POINT
)
SAFE = FailSafe((FLOOR,), after_s=600)


def a_bench(book, rules=RULES, safe=SAFE, **changes):
    stations = [StationRules(name, ("dso",), fail_safe=safe) for name in ("CS1", "CS2")]
    bench = Bench(Engine(book, stations, {"dso": rules}), **changes)
    bench.take(bench.engine.restore(bench.kept, moment(bench)))
    return bench


def moment(bench):
    offsets = {} if bench.offset is None else {"dso": bench.offset}
    return Now(bench.now, (bench.now - NOON).total_seconds(), offsets)


def born_anew(bench, book, **changes):
    """Return a gateway that continues from what was kept, its station connected and read back."""
    fresh = a_bench(book, now=bench.now, offset=bench.offset, kept=bench.kept, **changes)
    fresh.connect()
    fresh.reply()
    return fresh


def word(bench, minute=None, station="CS1", *, timed=False):
    if minute is not None:
        bench.now = NOON + timedelta(minutes=minute)
    bench.hear(UtilityHeard("dso", station, 60.0, timed))
    bench.reply()


def stage(bench, station="CS1"):
    return bench.engine.world.hearings["dso", station].stage


def exports(bench):
    """Return the export limits that the station holds now, in per cent, defaults last."""
    entries = bench.engine.world.stations["CS1"].ledger.entries.values()
    held = [e.desired for e in entries if e.state is EntryState.HELD and not e.expired(bench.now)]
    found = [d for d in held if "limitMaxDischarge" in d.payload]
    ordered = sorted(found, key=lambda desired: desired.is_default)
    return [d.payload["limitMaxDischarge"]["pctMaxDischargePower"] for d in ordered]


def until(bench, minute, step_s=10):
    """Let time pass in steps, every call answered."""
    while bench.now < NOON + timedelta(minutes=minute):
        bench.now += timedelta(seconds=step_s)
        bench.hear(Tick())
        bench.reply()


def a_heard_bench(book):
    """Return a bench whose station is connected and whose utility was heard at noon."""
    bench = a_bench(book)
    bench.connect()
    word(bench)
    return bench


def kinds(bench, station="CS1"):
    return [
        effect.kind
        for effect in bench.effects
        if getattr(effect, "kind", "").startswith("failsafe.") and effect.subject == station
    ]

"""`dergate bench engine`: what one event costs the engine, by how many stations it knows."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import batched

from gateway.bench.clock import settled
from gateway.bench.contender import resident_kb
from gateway.bench.generated import CHUNK, NOON, PROFILES, Fleet, four_controls, volt_var
from gateway.bench.planned import seconds
from gateway.runtime import TOGETHER
from gateway.settings.packs import shipped_book
from translators.canonical.commands import Interval

SIZES = (100, 1_000, 10_000, 100_000)
"""How many stations, where nobody says."""
_ONCE = ("command", "answer", "notice", "sample", "posted")
_TICKS = 3
"""Instants at which something is due at every station: a start, an end, and a minute later."""
_ROUND = timedelta(hours=2)
_AHEAD = timedelta(minutes=10)
_HOUR = timedelta(hours=1)
_REST = 0.2
"""Share of the stations of which the memory is measured, that the small fleet has."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a fleet of one size costs: CPU microseconds for each event and station, by kind of event.

    `idle_us` is one tick at which nothing is due, whatever the number of stations.
    """

    stations: int
    micros: dict[str, float]
    idle_us: float

    @property
    def whole(self) -> float:
        """Return microseconds for one station and one command, from its receipt to its end."""
        return sum(self.micros.values())


@dataclass(frozen=True, slots=True)
class Planned:
    """CPU seconds of planning a control for every ten of so many stations, of so many kinds (`planned`)."""

    stations: int
    kinds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Scale:
    """All sizes of one run, and what a station takes of memory."""

    sizes: tuple[Size, ...]
    kb_per_station: float
    planned: tuple[Planned, ...]

    @property
    def exponent(self) -> float | None:
        """Return the exponent of stations in the cost of all events of all stations: 1 is flat for each."""
        return _slope([(size.stations, size.whole * size.stations) for size in self.sizes])

    def plain(self) -> dict[str, object]:
        """Return JSON values."""
        return {
            "subject": "engine",
            "cpu_us_per_event_and_station": {s.stations: s.micros for s in self.sizes},
            "cpu_us_per_command": {s.stations: s.whole for s in self.sizes},
            "cpu_us_idle_tick": {s.stations: s.idle_us for s in self.sizes},
            "exponent": self.exponent,
            "kb_per_station_of_four_controls": self.kb_per_station,
            "planned": [asdict(one) for one in self.planned],
        }

    def lines(self) -> Iterator[str]:
        """Yield the figures as lines to read."""
        kinds = list(self.sizes[0].micros)
        yield "µs for each event and station"
        yield " ".join(f"{name:>9}" for name in ("stations", *kinds, "together", "idle tick"))
        for size in self.sizes:
            figures = (*size.micros.values(), size.whole, size.idle_us)
            yield " ".join([f"{size.stations:9d}", *(f"{figure:9.1f}" for figure in figures)])
        if self.exponent is not None:
            yield f"{self.exponent:9.3f}     exponent of the stations in the cost of all"
        yield f"{self.kb_per_station:9.2f} KB  one station with four controls"
        for one in self.planned:
            what = f"{one.stations // 10} overlapping controls over {one.stations} stations"
            yield f"{one.seconds:9.2f} s   to plan {what} of {one.kinds} ratings"


def measure(stations: Sequence[int] = SIZES, rounds: int = 3) -> Scale:
    """Measure fleets of these sizes; `RuntimeError` where one has not done its work."""
    most = min(max(stations), CHUNK)
    shipped_book()
    with settled():
        sizes = tuple(_size(count, rounds) for count in stations)
        planned = tuple(
            Planned(most, kinds, seconds(most, kinds, rounds)) for kinds in (1, PROFILES)
        )
    return Scale(sizes, _kb_per_station(most), planned)


def _size(count: int, rounds: int) -> Size:
    fleet = Fleet(count)
    gc.collect()
    spent: list[Counter[str]] = []
    for number in range(rounds):
        fleet.spent_ns.clear()
        fleet.done.clear()
        _live(fleet, number)
        spent.append(Counter(fleet.spent_ns))
    least = {kind: min(counts[kind] for counts in spent) / 1000 for kind in spent[0]}
    micros = {kind: least[kind] / count for kind in _ONCE}
    return Size(count, micros | {"tick": least["tick"] / count / _TICKS}, least["idle"])


def _live(fleet: Fleet, number: int) -> None:
    """Let every station live through one command of its own, later than those before."""
    arrival = NOON + (number + 1) * _ROUND
    start, end = arrival + _AHEAD, arrival + _AHEAD + _HOUR
    command = replace(
        volt_var(fleet.book), mrid=f"{number:032X}", interval=Interval(start, end), created=arrival
    )
    fleet.tick(arrival, "idle")
    for names in batched(fleet.names, TOGETHER):
        fleet.command(command, names)
    fleet.tick(start)
    for names in batched(fleet.names, CHUNK):
        fleet.start(command.mrid, names)
    fleet.now = start + timedelta(minutes=5)
    for names in batched(fleet.names, CHUNK):
        fleet.measure(names)
    fleet.tick(end)
    fleet.tick(end + timedelta(minutes=2))
    for kind in ("control.accepted", "control.started", "command.active", "command.completed"):
        if fleet.done[kind] != fleet.count:
            raise RuntimeError(f"{fleet.done[kind]} of {fleet.count} stations: {kind}")


def _slope(points: Iterable[tuple[float, float]]) -> float | None:
    """Return the slope of the line through the logarithms of all points, by least squares."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    middle = sum(x for x, _ in logs) / len(logs), sum(y for _, y in logs) / len(logs)
    square = sum((x - middle[0]) ** 2 for x, _ in logs)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in logs) / square if square else None


def _kb_per_station(count: int) -> float:
    """Return what a station takes, by the memory that two processes hold, of few and of many."""
    few = max(1, int(count * _REST))
    return (_resident_kb(count) - _resident_kb(few)) / max(1, count - few)


def _resident_kb(count: int) -> float:
    command = (sys.executable, "-m", "gateway.bench.engine", str(count))
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - this interpreter
    return float(done.stdout)


def main() -> None:
    """Print the kilobytes that a fleet holds of which every station runs four controls."""
    fleet = Fleet(int(sys.argv[1]))
    before = len(fleet.names)
    for index, control in enumerate(four_controls(fleet.book)):
        command = replace(
            volt_var(fleet.book),
            mrid=f"{index:032X}",
            controls=(control,),
            interval=Interval(NOON + _AHEAD, NOON + _AHEAD + _HOUR),
        )
        for names in batched(fleet.names, TOGETHER):
            fleet.command(command, names)
    if fleet.done["control.accepted"] != 4 * before:
        raise RuntimeError(f"{fleet.done['control.accepted']} of {4 * before} controls are held")
    gc.collect()
    sys.stdout.write(f"{resident_kb()}\n")


if __name__ == "__main__":
    main()

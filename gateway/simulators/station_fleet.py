"""Many simulated stations in one process: one clock drives them all, and only sums are kept.

    plan = Plan("ws://127.0.0.1:9000/ocpp", "a-long-password", stations=1000, mix={"v2g": 3, "old": 1})
    async with Fleet(plan) as fleet:
        await fleet.all_online(timeout_s=60)
        print(fleet.tally.asked)

A mix says how many of each kind there are to how many of the others; kinds are interleaved, so that any
stretch of ids is mixed alike.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.simulators.grid import Grid
from gateway.simulators.station import SimulatedStation
from gateway.simulators.station_connection import IN, Recorded
from gateway.simulators.station_options import ANY, Nameplate, Personality, StationOptions
from gateway.simulators.station_wire import Kind

_SLICES = 20
"""Parts of the fleet that take turns within one tick."""
_CHARGER = Nameplate(
    max_w=22_080, max_charge_w=22_080, max_discharge_w=0, max_va=22_080, max_var=0, max_var_neg=0
)


@dataclass(frozen=True, slots=True)
class Sort:
    """What the stations of one kind have in common."""

    options: Mapping[str, Any] = field(default_factory=dict)
    personality: Personality = field(default_factory=Personality)


_CHARGES = {"plate": _CHARGER, "der_modes": (), "current": "AC", "demand_w": 11_000.0}
KINDS: dict[str, Sort] = {
    "v2g": Sort({"discharge_w": 10_000.0}),
    "v2g-ac": Sort({"discharge_w": 7_000.0, "current": "AC"}),
    "twin": Sort({"discharge_w": 10_000.0, "evses": 2}),
    "charger": Sort(_CHARGES | {"v2x_modes": ()}),
    "old": Sort(_CHARGES | {"versions": ("ocpp2.0.1",), "charging_rate_units": ("A",)}),
    "empty": Sort({"plugged_in": False}),
    "liar": Sort({"discharge_w": 10_000.0}, Personality(ignores=frozenset({ANY}))),
    "slow": Sort({"discharge_w": 10_000.0}, Personality(late_s={ANY: 5.0})),
    "silent": Sort({"discharge_w": 10_000.0}, Personality(silent=frozenset({ANY}))),
    "refuser": Sort({"discharge_w": 10_000.0}, Personality(rejects=frozenset({ANY}))),
}
"""Kinds of stations by name: five that behave, one that waits for a car, four with a fault."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A fleet: stations `SIM-00001` and so on at one address, all with one password."""

    url: str
    password: str
    stations: int = 100
    mix: Mapping[str, int] = field(default_factory=lambda: {"v2g": 1})
    prefix: str = "SIM-"
    meter_interval_s: float = 60.0
    session_s: float = 0.0
    """How long cars stay, and places then stay empty; 0: nobody comes or goes."""
    tick_s: float = 1.0
    connects_per_s: float = 200.0
    nominal_frequency_hz: float = 50.0
    trust_anchor: Path | None = None

    def __post_init__(self) -> None:
        """Refuse kinds that there are not; ValueError says which there are."""
        unknown = sorted(self.mix.keys() - KINDS.keys())
        if unknown:
            raise ValueError(f"mix: {unknown[0]!r} is none of {', '.join(KINDS)}")
        if self.stations < 1 or min(self.mix.values(), default=0) < 1:
            raise ValueError("a fleet has a station at least, and a mix counts from 1")

    def members(self) -> Iterator[tuple[str, StationOptions]]:
        """Yield the kind and the options of each station."""
        for number, kind in enumerate(dealt(self.mix, self.stations), start=1):
            yield kind, self._member(number, KINDS[kind].options)

    def _member(self, number: int, options: Mapping[str, Any]) -> StationOptions:
        return StationOptions(
            id=f"{self.prefix}{number:05}",
            password=self.password,
            url=self.url,
            nominal_frequency_hz=self.nominal_frequency_hz,
            meter_interval_s=self.meter_interval_s,
            step_s=self.tick_s,
            session_s=self.session_s,
            pause_s=self.session_s,
            backoff_s=2.0,
            compress=False,
            keepalive_s=None,
            trust_anchor=self.trust_anchor,
            **options,
        )


def dealt(mix: Mapping[str, int], count: int) -> list[str]:
    """Return `count` kinds in the proportions of `mix`: each time the one that lags most."""
    found: list[str] = []
    total, given = sum(mix.values()), Counter[str]()
    for position in range(1, count + 1):
        behind = {kind: share * position / total - given[kind] for kind, share in mix.items()}
        kind = max(behind, key=behind.__getitem__)
        given[kind] += 1
        found.append(kind)
    return found


class Tally:
    """Counts what a fleet is asked and tells, by action, and which answers were errors."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def append(self, frame: Recorded, /) -> None:
        """Count a frame."""
        way, parts = frame
        match parts:
            case [Kind.CALL, _, str(action), _]:
                (self.asked if way == IN else self.told)[action] += 1
            case [Kind.ERROR, _, str(code), *_]:
                self.errors[code] += 1


class Fleet:
    """The stations of a plan, connecting one after the other while the `async with` lasts."""

    def __init__(self, plan: Plan, *, clock: Callable[[], float] = time.time) -> None:
        self.plan = plan
        self.tally = Tally()
        self.grid = Grid(frequency_hz=plan.nominal_frequency_hz)
        self.stations = [
            SimulatedStation(
                options,
                self.grid,
                KINDS[kind].personality,
                clock=clock,
                record=self.tally,
                driven=True,
            )
            for kind, options in plan.members()
        ]
        self._turned = asyncio.Event()
        self._entered: list[SimulatedStation] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start; connecting goes on in the background."""
        self._tasks = [asyncio.create_task(work) for work in (self._enter(), self._drive())]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect all of them; a fault of the fleet itself surfaces here."""
        ended = [task for task in self._tasks if task.done() and not task.cancelled()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(item.__aexit__(kind, exc, trace) for item in self._entered))
        for task in ended:
            task.result()

    @property
    def online(self) -> int:
        """How many are connected and accepted."""
        return sum(station.ready for station in self.stations)

    @property
    def p_w(self) -> float:
        """What all of them export together."""
        return sum(place.inverter.p_w for item in self.stations for place in item.core.evses)

    async def all_online(self, timeout_s: float) -> None:
        """Wait until every station is accepted; TimeoutError says how many are."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.online < len(self.stations):
                    await self._turned.wait()
        except TimeoutError as exc:
            raise TimeoutError(
                f"{self.online} of {len(self.stations)} after {timeout_s} s"
            ) from exc

    async def _enter(self) -> None:
        for station in self.stations:
            self._entered.append(await station.__aenter__())
            await asyncio.sleep(1 / self.plan.connects_per_s)

    async def _drive(self) -> None:
        """Let time pass for a part of the fleet after the other."""
        loop = asyncio.get_running_loop()
        part, due = 0, loop.time()
        while True:
            for station in self.stations[part::_SLICES]:
                station.advance()
            self._turned.set()
            self._turned.clear()
            part = (part + 1) % _SLICES
            due = max(due + self.plan.tick_s / _SLICES, loop.time())
            await asyncio.sleep(due - loop.time())


async def serve(
    plan: Plan, announce: Callable[[str], None], *, report_interval_s: float = 5.0
) -> None:
    """Run a fleet until cancelled; `announce` gets sums."""
    async with Fleet(plan) as fleet:
        while True:
            announce(summary(fleet))
            await asyncio.sleep(report_interval_s)


def summary(fleet: Fleet) -> str:
    """Return one line on a fleet."""
    counts = (
        ("asked", fleet.tally.asked),
        ("told", fleet.tally.told),
        ("errors", fleet.tally.errors),
    )
    words = [
        f"{title} " + ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
        for title, found in counts
        if found
    ]
    state = f"{fleet.online} of {len(fleet.stations)} online, P {fleet.p_w / 1000:+.1f} kW"
    return "; ".join([state, *words])

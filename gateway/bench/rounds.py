"""Rounds of several contenders in turns, and the figures that come of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from gateway.bench.contender import Contender

GATEWAY, ALL_DIFFER = "gateway", "gateway, all ratings differ"
"""The gateway with few ratings profiles among its stations, and with as many as stations."""
ENGINE = "gateway, with its engine"
_OWN = {ALL_DIFFER: "_all_differ", ENGINE: "_with_engine"}
"""What the keys of its ratios end with."""
_KEYS = {
    "raw websockets": "vs_raw_websockets",
    "ocpp": "vs_ocpp",
    "ocpp-rpc": "vs_ocpp_rpc",
    "ocpp-ws-io": "vs_ocpp_ws_io",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One round of one contender: CPU microseconds of its server for each round trip."""

    name: str
    micros: float
    wall_ms: float
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All rounds of one run; `facts` prove that the work was done."""

    subject: str
    stations: int
    lines: tuple[Line, ...]
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def least(self) -> dict[str, float]:
        """Return the minimum of each contender's rounds."""
        return {name: min(line.micros for line in lines) for name, lines in self._by_name()}

    @property
    def ratios(self) -> dict[str, float]:
        """Return how many times the throughput of each rival the gateway reaches, by minima."""
        least = self.least
        rivals = {_KEYS[name]: least[name] for name in least if name in _KEYS}
        found = {key: micros / least[GATEWAY] for key, micros in rivals.items()}
        for name, end in _OWN.items():
            if name in least:
                found |= {f"{key}{end}": micros / least[name] for key, micros in rivals.items()}
        return found

    def plain(self) -> dict[str, object]:
        """Return JSON values."""
        middle = {name: median(line.micros for line in lines) for name, lines in self._by_name()}
        wall = {name: min(line.wall_ms for line in lines) for name, lines in self._by_name()}
        mine = [line for line in self.lines if line.name == GATEWAY]
        extra = {f"{key}_min": min(line.extra[key] for line in mine) for key in mine[0].extra}
        return {
            "subject": self.subject,
            "stations": self.stations,
            "ratios": self.ratios,
            "cpu_us_min": self.least,
            "cpu_us_median": middle,
            "wall_ms_min": wall,
            **extra,
            **self.facts,
        }

    def _by_name(self) -> list[tuple[str, list[Line]]]:
        found: defaultdict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[line.name].append(line)
        return list(found.items())


def in_turns(
    sides: Iterable[Contender], rounds: int, play: Callable[[Contender], Line]
) -> tuple[Line, ...]:
    """Let each side play one round after the other, so that the machine's other load falls on all."""
    sides = tuple(sides)
    return tuple(play(side) for _ in range(rounds) for side in sides)


def checked(side: Contender, what: str, found: object, expected: object) -> None:
    """Raise where a contender has not done its work: its figure would be worth nothing."""
    if found != expected:
        raise RuntimeError(f"{side.name}: {found} {what}, not {expected}")

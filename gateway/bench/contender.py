"""One server with a fleet of its own, each in its own process; the CPU of the server alone is counted."""

from __future__ import annotations

import asyncio
import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import orjson

from gateway.bench.lines import read_line, tell

type Told = dict[str, Any]
_FLEET = (sys.executable, "-c", "from gateway.bench.fleet import main; main()")


class Server(Protocol):
    """What a contender's server process can do."""

    async def open(self) -> int:
        """Listen; return the port."""
        ...

    async def connected(self, count: int) -> None:
        """Wait until so many stations can be called."""
        ...

    async def fan_out(self) -> Told:
        """Send one SetDERControl to every station and take all answers; say how many came."""
        ...

    def counts(self) -> Told:
        """Say what was done since the start."""
        ...

    def audited(self) -> Told:
        """Say how many records are on disk, and whether their chain is whole."""
        ...


async def attend(make: Callable[[], Server]) -> None:
    """Make a server and answer the parent's commands until its end."""
    server = make()
    tell(port=await server.open())
    begin = wall = 0
    while words := await read_line():
        match words:
            case ["wait", count]:
                await server.connected(int(count))
                tell(connected=int(count), cpu_ns=time.process_time_ns())
            case ["fan"]:
                gc.collect()
                begin, wall = time.process_time_ns(), time.perf_counter_ns()
                told = await server.fan_out()
                cpu, wall = time.process_time_ns() - begin, time.perf_counter_ns() - wall
                tell(cpu_ns=cpu, wall_ns=wall, **told)
            case ["begin"]:
                gc.collect()
                begin, wall = time.process_time_ns(), time.perf_counter_ns()
                tell(**server.counts())
            case ["end"]:
                cpu, wall = time.process_time_ns() - begin, time.perf_counter_ns() - wall
                tell(cpu_ns=cpu, wall_ns=wall, **server.counts())
            case ["audit"]:
                tell(**server.audited())
            case ["rest", seconds]:
                await asyncio.sleep(float(seconds))
                gc.collect()
                tell(kb=resident_kb(), **server.counts())
            case _:
                raise ValueError(f"a contender does not know {words}")


def resident_kb() -> float:
    """Return the memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


class Contender:
    """A server process and its fleet, as the parent drives them; use with `with`."""

    def __init__(
        self, name: str, command: Sequence[str], stations: int, *, boots: bool, tls: bool = False
    ) -> None:
        """Start the server; `meet` lets the fleet come, over TLS where the server has it."""
        self.name, self.stations = name, stations
        self._manner = ("boot" if boots else "mute", *(("tls",) if tls else ()))
        self._server = Child(command)
        self.opened = self._server.heard()
        self._fleet: Child | None = None

    def meet(self) -> Told:
        """Let every station connect; return what that cost the server."""
        before = self.ask("begin")
        self._fleet = self.more(str(self.stations))
        open_now = self._fleet.heard()["open"]
        if open_now != self.stations:
            raise RuntimeError(f"{self.name}: {open_now} of {self.stations} stations came")
        self.ask("wait", self.stations)
        return before | self.ask("end")

    def more(self, numbers: str, *words: str) -> Child:
        """Start a fleet of these stations; it says when all of them are in. Whoever starts it ends it."""
        return Child((*_FLEET, str(self.opened["port"]), numbers, *self._manner, *words))

    def ask(self, *words: object) -> Told:
        """Have the server do something."""
        return self._server.ask(*words)

    def fleet(self, *words: object) -> Told:
        """Have the fleet do something."""
        if self._fleet is None:
            raise RuntimeError(f"{self.name} has no fleet yet")
        return self._fleet.ask(*words)

    def __enter__(self) -> Self:
        """Run for the time of a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the fleet first, so that the server sees no end but its own."""
        if self._fleet is not None:
            self._fleet.end()
        self._server.end()


class Child:
    """A process that answers each line with one line."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it."""
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, or a peer's
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, *words: object) -> Told:
        """Say a line, and wait for the answer."""
        if self._process.stdin is not None:
            self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
            self._process.stdin.flush()
        return self.heard()

    def heard(self) -> Told:
        """Wait for a line."""
        line = b"" if self._process.stdout is None else self._process.stdout.readline()
        if not line:
            self.end()
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.returncode}")
        told: Told = orjson.loads(line)
        return told

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.communicate()

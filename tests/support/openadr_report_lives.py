"""Lives of a gateway that reports to a VTN, each in a process of its own that a failpoint may kill.

A day of steps at a clock that stands between them: samples, answers of the engine. What is kept goes to a
file; the next process goes on with the step in which the last one died. `main` imports once and forks each.
"""

import asyncio
import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from gateway.connectors.openadr.channel import Channel
from gateway.core.events import SessionKept
from gateway.errors import PeerError
from gateway.failpoints import Failpoints
from gateway.protocols.openadr_http import Request, Role
from support.openadr_reporting import AClock, Teller, an_access
from support.translation import book

STEPS = (
    (10, "describe", None),
    (30, "answer", "opted_out"),
    (100, "measure", -4000),
    (200, "measure", -4000),  # again: what was not kept in time may be lost
    (1100, "answer", "overruled"),
    (1810, "measure", -1000),
    (2000, "measure", -1000),
    (2710, "describe", None),
    (3010, "describe", None),
    (3100, "late", -8000),
)
_MOMENT_S = 0.002


class Vtn:
    """Where a VTN is reached, for a process that does not hold it."""

    def __init__(self, url):
        self.url = url


class Life:
    """One process: what an earlier one left in `folder`, and what is done from there."""

    def __init__(self, url, folder, failpoint):
        self.folder, self.url = Path(folder), url
        self.failpoints = Failpoints(failpoint)
        self.clock, self.asking = AClock(), 0

    def load(self, name, default):
        path = self.folder / name
        return json.loads(path.read_text()) if path.exists() else default

    def keep(self, name, document):
        """Write a file as a database commits: wholly or not."""
        with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False) as file:
            json.dump(document, file)
        os.replace(file.name, self.folder / name)  # noqa: PTH105 - one system call

    async def live(self):
        async with Channel(an_access(Vtn(self.url))) as channel:
            kept = self.load("kept", None)
            teller = Teller(Vtn(self.url), self.clock, channel, kept, self.failpoints)
            teller.posted = self
            self.ask, teller.channel = channel.exchange, self
            begin = self.load("step", 0)
            self.clock.seconds = self.load("clock", 0.0)
            teller.start()
            await teller.read()
            teller.describe()
            await self.answer(teller)
            for number, (seconds, what, value) in enumerate(STEPS[begin:], start=begin):
                self.clock.seconds = float(max(seconds, self.clock.seconds))
                await self.step(teller, what, value)
                self.keep("step", number + 1)
            await teller.stop()

    async def exchange(self, request):
        self.keep("clock", self.clock.seconds)
        self.asking += 1
        try:
            return await self.ask(request)
        finally:
            self.asking -= 1

    def append(self, event):
        """Take what is posted to the runtime."""
        if isinstance(event, SessionKept):
            self.keep("kept", event.document)

    async def step(self, teller, what, value):
        teller.describe()
        if what == "measure":
            teller.measure(value)
        elif what == "late":
            now, self.clock.seconds = self.clock.seconds, 1000.0
            teller.measure(value)
            self.clock.seconds = now
        elif what == "answer":
            self.keep("owed", [*self.load("owed", []), value])
            await self.answer(teller)
        for _ in range(3):
            await self.idle(teller)
            self.clock.seconds += 6
            teller.describe()
        await self.idle(teller)

    async def idle(self, teller):
        """Wait until all that is due was sent, and answered."""
        reporter, waiting = teller.reporting._reporter, True
        while waiting:
            await asyncio.sleep(_MOMENT_S)
            now = self.clock.now()
            wake = reporter.wake_at(now.monotonic, now.utc)
            waiting = self.asking or (wake is not None and wake <= now.monotonic)

    async def answer(self, teller):
        """Deliver what is owed, each until it was taken, as the outbox does."""
        for outcome in list(dict.fromkeys(self.load("owed", []))):
            while outcome not in self.load("posted", []):
                with suppress(PeerError):
                    await teller.respond(outcome)
                    self.failpoints.reach("responded")
                    self.keep("posted", [*self.load("posted", []), outcome])
                self.clock.seconds += 1


async def warm():
    """Load what a first request loads, once for all lives."""
    async with Channel(an_access(Vtn("http://127.0.0.1:9"))) as channel:
        await channel.exchange(Request(Role.EVENTS, "GET", "/events"))


def main():
    """Fork a process for each line of the input, and say how it ended."""
    book()
    asyncio.run(warm())
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if not pid:
            asyncio.run(Life(told["url"], told["folder"], told["failpoint"]).live())
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()

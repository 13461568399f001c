import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager

import pytest

from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility
from support.places import ROOT
from support.site import enrol, server_files


class Process:
    """A real `dergate` process; its log lines are read as they come."""

    def __init__(self, process):
        self._process = process
        self.events = []
        self.other = []
        self._changed = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        async for raw in self._process.stderr:
            line = raw.decode().rstrip("\n")
            async with self._changed:
                if line.startswith("{"):
                    self.events.append(json.loads(line))
                else:
                    self.other.append(line)
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()

    async def event(self, name, timeout_s=60):
        """Wait for the first log event of that name."""

        def found():
            return next((event for event in self.events if event["event"] == name), None)

        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: found() or self._reader.done())
        event = found()
        assert event is not None, (self.events, self.other)
        return event

    def signal(self, number):
        self._process.send_signal(number)

    async def ended(self, timeout_s=60):
        """Wait for the end; return the exit status."""
        async with asyncio.timeout(timeout_s):
            await self._reader
            return await self._process.wait()

    async def close(self):
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()


@pytest.fixture
def dergate():
    """Start `python -m gateway …`; it is killed where the test leaves it running."""

    @asynccontextmanager
    async def started(*arguments, **environment):
        process = Process(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway",
                *map(str, arguments),
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        )
        try:
            yield process
        finally:
            await process.close()

    return started


@pytest.fixture
def authorities(tmp_path):
    return enrol(tmp_path, "CS1")


@pytest.fixture
async def utility(authorities):
    files = server_files(authorities)
    options = Options(Dialect(), poll_rate_s=1, page_size=10)
    async with SimulatedUtility(files, options) as opened:
        yield opened

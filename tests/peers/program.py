"""Runs the scripts of foreign peers: JSON lines go in, JSON lines come out."""

import asyncio
import json
import os
import subprocess
import tempfile
import threading
from contextlib import asynccontextmanager, contextmanager, suppress

PATIENCE_S = 60


async def told_by(peer, script, *arguments):
    """Run a script to its end and return what it told; a failure carries its last words."""
    process = await _start(peer, script, arguments)
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, errors = await process.communicate()
    finally:
        await _end(process)
    assert process.returncode == 0, errors.decode()[-3000:]
    return [json.loads(line) for line in out.splitlines()]


class Service:
    """A script that answers one question after the other, each with lines up to an `end`."""

    def __init__(self, peer, script):
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._process = subprocess.Popen(
            [peer.program, str(peer.folder / script)],
            cwd=peer.environment,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    async def ask(self, **question):
        """Return what the script tells about a question."""
        return await asyncio.to_thread(self._ask, question)

    def close(self):
        """End the script by ending its input."""
        with self._errors, self._process as process:
            process.stdin.close()
            with self._bounded():
                process.wait()

    def _ask(self, question):
        told = []
        with self._bounded(), suppress(BrokenPipeError):
            self._process.stdin.write(_line(question))
            self._process.stdin.flush()
            while line := self._process.stdout.readline():
                item = json.loads(line)
                if item["kind"] == "end":
                    return told
                told.append(item)
        self._errors.seek(0)
        raise AssertionError(self._errors.read().decode()[-3000:] or f"no end of {told}")

    @contextmanager
    def _bounded(self):
        """Kill the script where it does not come to an end; reading then ends, too."""
        timer = threading.Timer(PATIENCE_S, self._process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class Program:
    """A running script: `tell` it a value, wait until it has told something."""

    def __init__(self, process):
        self.heard = []
        self._process = process
        self._news = asyncio.Condition()

    async def tell(self, **value):
        """Send one command."""
        self._process.stdin.write(_line(value))
        await self._process.stdin.drain()

    async def hears(self, kind, *, times=1, **wanted):
        """Return the n-th thing told of `kind` with these values, waiting for it."""

        def found():
            return [
                item
                for item in self.heard
                if item["kind"] == kind and all(item.get(k) == v for k, v in wanted.items())
            ]

        try:
            async with asyncio.timeout(PATIENCE_S), self._news:
                await self._news.wait_for(lambda: len(found()) >= times or self._over)
        except TimeoutError:
            raise AssertionError(f"no {kind} {wanted} x{times}; told: {self.heard}") from None
        assert len(found()) >= times, f"it ended without {kind} {wanted}; told: {self.heard}"
        return found()[times - 1]

    @property
    def _over(self):
        return self._process.stdout.at_eof()

    async def read(self):
        """Keep what the script tells until its end."""
        while line := await self._process.stdout.readline():
            async with self._news:
                self.heard.append(json.loads(line))
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def running(peer, script, *arguments):
    """Run a script for the time of a block; it ends when its input ends."""
    process = await _start(peer, script, arguments)
    program = Program(process)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(program.read())
        errors = tasks.create_task(process.stderr.read())
        try:
            yield program
        finally:
            process.stdin.close()
            await _end(process)
    assert process.returncode == 0, errors.result().decode()[-3000:]


async def _start(peer, script, arguments):
    """Start a script in a clean environment; a Node peer runs where its packages are."""
    return await asyncio.create_subprocess_exec(
        peer.program,
        str(peer.folder / script),
        *map(str, arguments),
        cwd=peer.environment,
        env=_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _end(process):
    """Wait for the end of a script; kill it where it does not come."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment():
    """Nothing of ours reaches a peer but where programs lie."""
    return {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}


def _line(value):
    return json.dumps(value).encode() + b"\n"

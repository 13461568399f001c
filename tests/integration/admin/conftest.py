"""A gateway in this process with its admin listener, and `dergate` beside it."""

import asyncio
import json
import os
import sys

import httpx
import pytest

from gateway import app
from gateway.settings import load
from gateway.settings.mode import FOR_REAL
from gateway.simulators.station import SimulatedStation, StationOptions
from support.site import PASSWORD, a_site, enrol, write_site

_TOKEN = "s3cret"


class Site:
    """A running gateway and how to ask it."""

    def __init__(self, folder, changes, mode=FOR_REAL):
        self.folder, self.mode, self.changes = folder, mode, changes
        self.stop = asyncio.Event()
        self.running = None

    async def __aenter__(self):
        enrol(self.folder, "CS1")
        settings = load(write_site(self.folder, a_site(**self.changes)), {})
        ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(
            app.serve(settings, ready.set_result, self.stop, self.mode)
        )
        async with asyncio.timeout(30):
            await asyncio.wait([self._task, ready], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            ready.cancel()
            self._task.result()
        self.running = ready.result()
        host, port = self.running.admin.url.removeprefix("http://").split(":")
        told = a_site(**self.changes)
        told["admin"] = {**told["admin"], "host": host, "port": int(port)}
        self.file = self.folder / "asked.yaml"
        self.file.write_text(json.dumps(told))
        return self

    async def __aexit__(self, *_error):
        self.stop.set()
        async with asyncio.timeout(30):
            await self._task

    def station(self, **options):
        """Return CS1, to be connected."""
        url = self.running.endpoint.url
        return SimulatedStation(StationOptions(id="CS1", password=PASSWORD, url=url, **options))

    async def request(self, method, path, **options):
        """Ask the admin listener, with the token of `admin`."""
        told = {"Authorization": f"Bearer {_TOKEN}"}
        async with httpx.AsyncClient(base_url=self.running.admin.url, trust_env=False) as client:
            return await client.request(method, path, headers=told, **options)

    async def ask(self, *words):
        """Run a command of `dergate`; return its exit status and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *words, "-c", str(self.file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"COLUMNS": "300", "NO_COLOR": "1"},
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
def admin(tmp_path):
    """Settings of an admin listener with a token, so that it takes orders."""
    token = tmp_path / "token"
    token.write_text(_TOKEN)
    token.chmod(0o600)
    return {"port": 0, "token_file": "token"}


@pytest.fixture
def site(tmp_path):
    return lambda mode=FOR_REAL, **changes: Site(tmp_path, changes, mode)

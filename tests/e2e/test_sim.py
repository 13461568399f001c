"""`dergate sim` as real processes."""

import asyncio
import signal
import sys
from contextlib import asynccontextmanager

import pytest

from gateway.cli.main import main
from gateway.security import pki
from support.places import ROOT
from support.site import a_site, a_utility, write_site

SCRIPT = """\
programs: [{id: feeder, primacy: 1}]
devices: [{certificate: certs/cs1.pem, programs: [feeder]}]
"""


STATIONS = """\
stations:
  - options: {id: CS1, password: correct-horse-battery, url: "ws://127.0.0.1:9/ocpp"}
"""


@pytest.fixture(autouse=True)
def interruptible():
    """Let children take SIGINT, also where whoever runs the suite told it to ignore that signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@asynccontextmanager
async def simulating(*arguments):
    """Run `dergate sim …`; interrupt it at the end, as one does at a terminal."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "gateway", "sim", *map(str, arguments)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            yield process
            process.send_signal(signal.SIGINT)
            _, errors = await process.communicate()
        assert (process.returncode, errors) == (130, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_a_played_utility_serves_and_says_where(authorities, tmp_path):
    server = pki.issue_server(authorities)
    script = tmp_path / "script.yaml"
    script.write_text(SCRIPT)
    files = ("--certificate", server.certificate_path, "--key", server.key_path)
    anchor = ("--trust-anchor", authorities.trust_anchor)
    async with simulating("utility-2030.5", script, "--port", 0, *files, *anchor) as process:
        first = (await process.stdout.readline()).decode()
        assert first.startswith("serving https://127.0.0.1:")
        site = a_site(utilities=[a_utility(url=first.split()[1])])
        file = write_site(tmp_path, site)
        assert await asyncio.to_thread(main, ["check", "--online", "-c", str(file)]) == 0


async def test_a_played_station_says_what_it_measures(tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text(STATIONS)
    async with simulating("station", script) as process:
        assert await process.stdout.readline() == b"running CS1\n"
        assert (await process.stdout.readline()).startswith(b"CS1 offline P +0 W")


async def test_a_fleet_says_how_it_is():
    where = ("--url", "ws://127.0.0.1:9/ocpp", "--password", "correct-horse-battery")
    async with simulating("fleet", *where, "--stations", 3) as process:
        first = (await process.stdout.readline()).decode()
        assert first == "0 of 3 online, P +0.0 kW\n"

import asyncio

import pytest

from gateway import app
from gateway.security.identities import certificate_lfdi
from gateway.settings import load
from gateway.settings.mode import FOR_REAL
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility
from support.site import a_site, enrol, server_files, write_site


class Service:
    """A gateway in this process."""

    def __init__(self, settings, mode=FOR_REAL):
        self.stop = asyncio.Event()
        self._ready = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(
            app.serve(settings, self._ready.set_result, self.stop, mode)
        )

    async def running(self):
        """Wait until stations may connect; raise what prevented it."""
        async with asyncio.timeout(30):
            await asyncio.wait([self.task, self._ready], return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self._ready.cancel()
            self.task.result()
        return self._ready.result()

    async def end(self):
        self.stop.set()
        async with asyncio.timeout(30):
            await self.task


@pytest.fixture
def service():
    return Service


@pytest.fixture
def settings(tmp_path):
    def loaded(**changes):
        return load(write_site(tmp_path, a_site(**changes)), {})

    return loaded


@pytest.fixture
def enrolled(tmp_path):
    return enrol(tmp_path, "CS1")


@pytest.fixture
def options():
    """How the utility behaves; tests override it."""
    return Options(Dialect(), poll_rate_s=1, page_size=10)


@pytest.fixture
async def utility(enrolled, options):
    async with SimulatedUtility(server_files(enrolled), options) as opened:
        yield opened


@pytest.fixture
def program(tmp_path, utility):
    """A program that the identity of CS1 is assigned to."""
    made = utility.add_program(1)
    utility.add_device(certificate_lfdi(tmp_path / "certs" / "cs1.pem"), made)
    return made

import time
from contextlib import asynccontextmanager

import pytest

from gateway.simulators.station import SimulatedStation
from support.raw_csms import Csms, options_for, running


@pytest.fixture
async def csms():
    async with running(Csms(["ocpp2.1", "ocpp2.0.1"])) as opened:
        yield opened


@pytest.fixture
async def old_csms():
    async with running(Csms(["ocpp2.0.1"])) as opened:
        yield opened


@pytest.fixture
def station_at():
    """Open a station at a CSMS and wait until it is ready."""

    @asynccontextmanager
    async def opened(csms, personality=None, grid=None, clock=time.time, **changes):
        options = options_for(csms, **changes)
        async with SimulatedStation(options, grid, personality, clock=clock) as station:
            await station.wait_for(lambda: station.ready, timeout_s=5)
            yield station

    return opened


@pytest.fixture
async def station(csms, station_at):
    async with station_at(csms) as opened:
        yield opened

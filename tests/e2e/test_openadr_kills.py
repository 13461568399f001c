"""A gateway process is killed on the way of a VTN's limit to a station: nothing is doubled, nothing lost."""

import signal

import pytest

from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.vtn import Options, SimulatedVtn
from support.openadr_site import a_limit
from support.site import PASSWORD, a_free_port, a_site, a_vtn, write_site

PATIENCE_S = 60


@pytest.fixture
async def vtn():
    async with SimulatedVtn(Options(open=True)) as opened:
        opened.add_program("capacity")
        yield opened


def limits(station):
    """Return the limits that a station holds, in W."""
    periods = [
        held.body["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        for held in station.profiles.held
    ]
    return [period["limit"] for period in periods]


async def test_a_limit_is_set_once_and_released_whenever_the_gateway_was_killed(
    dergate, vtn, tmp_path
):
    port = a_free_port()
    entry = a_vtn(url=vtn.url, insecure=True, ven="depot", poll_interval_s=0.3)
    site = write_site(tmp_path, a_site(utilities=[entry], ocpp={"port": port}))
    event = vtn.add_event("capacity", **a_limit(7))
    url = f"ws://127.0.0.1:{port}/ocpp"
    options = StationOptions(id="CS1", password=PASSWORD, url=url, backoff_s=0.01)

    async def killed(failpoint):
        async with dergate("run", "-c", site, DERGATE_FAILPOINT=failpoint) as gateway:
            assert await gateway.ended() == -signal.SIGKILL

    async with SimulatedStation(options) as station:
        await killed("mapped:1")
        assert limits(station) == []
        await killed("sent:1")
        async with dergate("run", "-c", site) as gateway:
            await station.wait_for(lambda: limits(station) == [7000], PATIENCE_S)
            vtn.delete_event(event)
            await station.wait_for(lambda: limits(station) == [], PATIENCE_S)
            gateway.signal(signal.SIGTERM)
            assert await gateway.ended() == 0
        given = [it["chargingProfile"] for it in station.payloads(IN, "SetChargingProfile")]
        assert len({profile["id"] for profile in given}) == 1
    assert len({it.body["venName"] for it in vtn.entries("VEN")}) == len(vtn.entries("VEN")) == 1
    assert vtn.complaints == []

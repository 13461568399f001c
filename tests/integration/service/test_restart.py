"""A gateway that stops and starts again, between a utility and a station that went on."""

import pytest

from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import control
from gateway.simulators.utility_2030_5_controls import fixed_pf
from support.site import PASSWORD, a_utility

PATIENCE_S = 60


@pytest.fixture
def held(utility, program):
    """A power factor that the utility asks of the station for an hour."""
    begin = int(utility.now())
    return utility.add_control(program, control(begin, 3600, fixed_pf("0.95", absorbing_var=True)))


@pytest.fixture
async def between(service, settings, utility, held):
    """Stop a gateway whose station follows the control; start another at the same place."""
    utilities = [a_utility(url=utility.url, poll_interval_s=0.2)]
    first = service(settings(utilities=utilities))
    port = (await first.running()).endpoint.port
    options = StationOptions(id="CS1", password=PASSWORD, url=f"ws://127.0.0.1:{port}/ocpp")
    async with SimulatedStation(options) as station:
        await utility.wait_for(lambda: 2 in utility.statuses(held.mrid), PATIENCE_S)
        await first.end()

        async def again(**ocpp):
            gateway = service(settings(utilities=utilities, ocpp={"port": port, **ocpp}))
            await gateway.running()
            await station.wait_for(lambda: station.ready, PATIENCE_S)
            return gateway

        yield station, again


async def test_what_the_utility_took_back_meanwhile_is_taken_from_the_station(
    between, utility, held
):
    station, again = between
    utility.remove(held.mrid)
    gateway = await again()
    await utility.wait_for(lambda: 6 in utility.statuses(held.mrid), PATIENCE_S)
    assert not station.controls.active
    await gateway.end()


async def test_what_the_station_holds_already_is_read_back_and_not_sent_again(
    between, utility, held
):
    station, again = between
    gateway = await again()
    await station.wait_for(lambda: len(station.payloads(IN, "GetDERControl")) >= 2, PATIENCE_S)
    utility.cancel(held.mrid)
    await utility.wait_for(lambda: 6 in utility.statuses(held.mrid), PATIENCE_S)
    await gateway.end()
    assert len(station.payloads(IN, "SetDERControl")) == 1
    assert utility.statuses(held.mrid) == [1, 2, 6]


async def test_a_station_that_is_known_from_before_need_not_say_again_what_it_is(
    between, utility, held
):
    station, again = between
    gateway = await again(report_after_reconnect="never")
    await station.wait_for(lambda: len(station.payloads(IN, "GetDERControl")) >= 2, PATIENCE_S)
    utility.cancel(held.mrid)
    await utility.wait_for(lambda: 6 in utility.statuses(held.mrid), PATIENCE_S)
    await gateway.end()
    assert len(station.payloads(IN, "GetBaseReport")) == 1
    assert station.payloads(IN, "GetReport") == []

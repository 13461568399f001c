"""A real gateway process between a utility and a station: start, work, stop."""

import signal
import socket

import pytest

from gateway.cli.main import main
from gateway.security.identities import certificate_lfdi
from gateway.simulators.station import SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import control
from gateway.simulators.utility_2030_5_controls import fixed_pf
from support.runtime_bench import until
from support.site import PASSWORD, a_site, a_utility, write_site


@pytest.fixture
def site(tmp_path, utility):
    """Settings of one station that follows the simulated utility."""

    def written(**changes):
        utilities = [a_utility(url=utility.url, poll_interval_s=0.5)]
        return write_site(tmp_path, a_site(utilities=utilities, **changes))

    return written


@pytest.fixture
def program(tmp_path, utility):
    """A program that the station's identity is assigned to."""
    made = utility.add_program(1)
    utility.add_device(certificate_lfdi(tmp_path / "certs" / "cs1.pem"), made)
    return made


@pytest.fixture
def held(program, utility):
    """A power factor that the utility asks of the station for an hour."""
    begin = int(utility.now())
    return utility.add_control(program, control(begin, 3600, fixed_pf("0.95", absorbing_var=True)))


def a_simulated_station(port):
    url = f"ws://127.0.0.1:{port}/ocpp"
    return SimulatedStation(StationOptions(id="CS1", password=PASSWORD, url=url))


async def test_a_gateway_works_and_ends_on_sigterm_with_its_controls_in_force(
    dergate, site, held, utility, tmp_path
):
    async with dergate("run", "-c", site()) as gateway:
        started = await gateway.event("gateway.started")
        assert (await gateway.event("memory.settled"))["objects"] > 100_000
        async with a_simulated_station(started["port"]) as station:
            await utility.wait_for(lambda: 2 in utility.statuses(held.mrid), 60)
            gateway.signal(signal.SIGTERM)
            assert await gateway.ended() == 0
            assert "FixedPFInject" in station.controls.active
    assert utility.statuses(held.mrid) == [1, 2]
    assert gateway.other == []
    audit, database = tmp_path / "state" / "audit", tmp_path / "state" / "dergate.db"
    assert main(["audit", "verify", str(audit), "--database", str(database)]) == 0


async def test_on_stop_clear_takes_the_controls_back(dergate, site, held, utility):
    async with dergate("run", "-c", site(on_stop="clear")) as gateway:
        started = await gateway.event("gateway.started")
        async with a_simulated_station(started["port"]) as station:
            await utility.wait_for(lambda: 2 in utility.statuses(held.mrid), 60)
            gateway.signal(signal.SIGINT)
            assert await gateway.ended() == 0
            assert not station.controls.active


async def test_on_stop_default_takes_back_events_and_leaves_defaults(
    dergate, site, held, program, utility
):
    utility.set_default(program, settings={"setGradW": 27})
    async with dergate("run", "-c", site(on_stop="default")) as gateway:
        started = await gateway.event("gateway.started")
        async with a_simulated_station(started["port"]) as station:
            await utility.wait_for(lambda: 2 in utility.statuses(held.mrid), 60)
            await until(lambda: set(station.controls.active) == {"FixedPFInject", "Gradients"})
            gateway.signal(signal.SIGTERM)
            assert await gateway.ended() == 0
            assert set(station.controls.active) == {"Gradients"}


async def test_a_second_gateway_on_the_same_state_ends_with_5(dergate, site):
    file = site()
    async with dergate("run", "-c", file) as first:
        await first.event("gateway.started")
        async with dergate("run", "-c", file) as second:
            assert await second.ended() == 5
            assert "another gateway works on this state" in second.other[0]
        first.signal(signal.SIGTERM)
        assert await first.ended() == 0


async def test_wrong_settings_end_with_2_and_a_suggestion(dergate, site):
    file = site()
    file.write_text(file.read_text().replace("poll_interval_s", "polrate"))
    async with dergate("run", "-c", file) as gateway:
        assert await gateway.ended() == 2
    assert len(gateway.other) == 1
    assert gateway.other[0].endswith(
        'DG-1032 unknown key "polrate": did you mean "poll_interval_s"?'
    )


async def test_a_port_that_is_taken_is_one_line(dergate, site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with dergate("run", "-c", site(ocpp={"port": port})) as gateway:
            assert await gateway.ended() == 2
    assert len(gateway.other) == 1
    assert f"127.0.0.1:{port} DG-1056 cannot listen" in gateway.other[0]

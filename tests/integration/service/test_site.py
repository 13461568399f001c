"""Three stations behind one connection point, one EndDevice of a utility: real sockets at both ends."""

import json
from contextlib import AsyncExitStack

import pytest

from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import Dialect, Options, control
from gateway.simulators.utility_2030_5_controls import fixed_pf, import_limit
from gateway.simulators.utility_2030_5_xml import CSIP_AUS
from support.site import PASSWORD, a_station, a_utility, an_evse

PATIENCE_S = 60
NAMES = ("CS1", "CS2", "CS3")
SITE = {"id": "depot", "stations": [{"id": name} for name in NAMES]}
RATED = [an_evse(ratings={"MaxChargeRateW": 22000})]


@pytest.fixture
def options():
    return Options(Dialect("2018", CSIP_AUS), poll_rate_s=1, page_size=10)


@pytest.fixture
async def gateway(service, settings, utility):
    identity = {"site": "depot", "certificate": "certs/cs1.pem", "key": "certs/cs1.key"}
    there = a_utility("dso", identity, url=utility.url, poll_interval_s=0.2, post_interval_s=1)
    stations = [a_station(name, evses=RATED) for name in NAMES]
    return service(settings(utilities=[there], stations=stations, sites=[SITE]))


def limit_of(station):
    """Return the newest limit that a station was told, None without."""
    told = station.payloads(IN, "SetChargingProfile")
    schedules = [payload["chargingProfile"]["chargingSchedule"][0] for payload in told]
    return schedules[-1]["chargingSchedulePeriod"][0]["limit"] if schedules else None


async def all_told(stations, watts):
    for station in stations:
        await station.wait_for(lambda one=station: limit_of(one) == watts, PATIENCE_S)


async def test_shares_follow_the_limit_of_the_site_and_who_is_away(
    gateway, utility, program, tmp_path
):
    port = (await gateway.running()).endpoint.port
    url = f"ws://127.0.0.1:{port}/ocpp"
    async with AsyncExitStack() as stack:
        stations = [
            await stack.enter_async_context(
                SimulatedStation(StationOptions(id=name, password=PASSWORD, url=url, tick_s=0.2))
            )
            for name in NAMES
        ]
        for station in stations:
            await station.wait_for(lambda one=station: one.ready, PATIENCE_S)
        begin = int(utility.now())
        wide = utility.add_control(program, control(begin, 600, import_limit(30000)))
        await all_told(stations, 10000)
        await utility.wait_for(lambda: utility.statuses(wide.mrid) == [1, 2], PATIENCE_S)
        await stations.pop().__aexit__(None, None, None)
        narrow = utility.add_control(program, control(begin + 1, 600, import_limit(18000)))
        await all_told(stations, 4000)
        await utility.wait_for(lambda: utility.statuses(narrow.mrid) == [1, 2], PATIENCE_S)
        await utility.wait_for(lambda: 7 in utility.statuses(wide.mrid), PATIENCE_S)
        mode = utility.add_control(
            program, control(begin, 600, fixed_pf("0.95", absorbing_var=True))
        )
        for station in stations:
            await station.wait_for(
                lambda one=station: "FixedPFInject" in one.controls.active, PATIENCE_S
            )
        await utility.wait_for(lambda: utility.statuses(mode.mrid) == [1, 2], PATIENCE_S)
        utility.cancel(narrow.mrid)
        await utility.wait_for(lambda: 6 in utility.statuses(narrow.mrid), PATIENCE_S)
        await utility.wait_for(
            lambda: {"DERCapability", "DERStatus"} <= {d.kind for d in utility.documents},
            PATIENCE_S,
        )
        await utility.wait_for(lambda: utility.readings, PATIENCE_S)
        assert utility.refusals == []
        assert not [problem for station in stations for problem in station.problems]
    await gateway.end()
    files = sorted((tmp_path / "state" / "audit").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    records = [json.loads(line)["record"] for line in lines]
    (shared,) = [
        r for r in records if r["kind"] == "command.shared" and narrow.mrid in r["subject"]
    ]
    assert (shared["details"]["extent"], shared["details"]["share"]) == ("some", "2/3")
    assert shared["details"]["without"] == {"CS3": "away or on hold"}

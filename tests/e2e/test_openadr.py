"""A real gateway process between an OpenADR 3 VTN and a reference station, in both editions."""

import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.vtn import Options, SimulatedVtn
from gateway.simulators.vtn_times import moment
from support.site import PASSWORD, a_client_of, a_site, write_site

PATIENCE_S = 60
DRAWS_W = -9000
"""What the car does where nobody says otherwise: it draws 9 kW."""
VOLT_VAR = {
    "program": "inverters",
    "payload": "CURVE",
    "curve": "volt_var",
    "x": "pu_of_VNom",
    "y": "pu_of_setMaxVA",
    "y_sign": "inject_positive",
}
POINTS = [{"x": 0.92, "y": 0.44}, {"x": 0.98, "y": 0}, {"x": 1.06, "y": -0.44}]
DISCHARGE = {"program": "v2g", "payload": "DISPATCH_SETPOINT", "negative": "discharge"}


@dataclass(frozen=True, slots=True)
class Day:
    """The VTN, and the station that the gateway follows it with."""

    vtn: SimulatedVtn
    station: SimulatedStation

    def event(self, kind, *values, program="capacity", units="KW"):
        """Serve an event of an hour from now on; return its id."""
        return self.vtn.add_event(
            program,
            priority=1,
            payloadDescriptors=[{"payloadType": kind, "units": units}],
            intervalPeriod={"start": moment(self.vtn.now()), "duration": "PT1H"},
            intervals=[{"id": 0, "payloads": [{"type": kind, "values": list(values)}]}],
        )

    async def flows(self, watts):
        """Wait until so much flows; positive to the grid."""
        await self.station.wait_for(lambda: self.station.inverter.p_w == watts, PATIENCE_S)

    async def polled(self, times=2):
        """Wait until events were asked for so often."""
        before = len(self.polls)
        await self.vtn.wait_for(lambda: len(self.polls) >= before + times, PATIENCE_S)

    @property
    def polls(self):
        return [it for it in self.vtn.exchanges if (it.method, it.path) == ("GET", "/events")]

    @property
    def told(self):
        """Return the charging profiles that the station was told."""
        sent = self.station.payloads(IN, "SetChargingProfile")
        return [payload["chargingProfile"] for payload in sent]


@pytest.fixture(params=["3.0", "3.1"])
async def vtn(request):
    async with SimulatedVtn(Options(revision=request.param, strict=True)) as opened:
        for program in ("capacity", "v2g", "inverters", "tariff"):
            opened.add_program(program)
        yield opened
        assert opened.complaints == [], "what the VEN did amiss"


@pytest.fixture
def site(tmp_path, vtn):
    entry = a_client_of(
        vtn,
        tmp_path,
        ven="depot",
        bindings=[VOLT_VAR, DISCHARGE],
        policy={"alert_grid_emergency": "zero_envelope"},
        poll_interval_s=0.5,
    )
    return write_site(tmp_path, a_site(utilities=[entry]))


@pytest.fixture
def a_day(dergate, site, vtn):
    """Run the gateway with its station connected; it ends with 0, and nothing it sent was amiss."""

    @asynccontextmanager
    async def running():
        async with dergate("run", "-c", site) as gateway:
            port = (await gateway.event("gateway.started"))["port"]
            options = StationOptions(
                id="CS1",
                password=PASSWORD,
                url=f"ws://127.0.0.1:{port}/ocpp",
                demand_w=-DRAWS_W,
                capacity_wh=1e6,
                tick_s=0.2,
            )
            async with SimulatedStation(options) as station:
                await station.wait_for(lambda: station.ready, PATIENCE_S)
                day = Day(vtn, station)
                await day.flows(DRAWS_W)
                yield day
                assert not station.problems
                gateway.signal(signal.SIGTERM)
                assert await gateway.ended() == 0
        assert gateway.other == []
        assert vtn.complaints == []

    return running


async def test_a_day_of_events_moves_a_station_and_each_deletion_releases_it(a_day):
    async with a_day() as day:
        await a_limit_is_a_station_profile_until_it_is_deleted(day)
        await a_dispatch_draws_and_a_negative_one_feeds_in(day)
        await a_curve_is_what_its_binding_says(day)
        await an_emergency_is_what_the_policy_says(day)
        await prices_and_levels_without_a_policy_move_nothing(day)


async def a_limit_is_a_station_profile_until_it_is_deleted(day):
    event = day.event("IMPORT_CAPACITY_LIMIT", 7)
    await day.flows(-7000)
    profile = day.told[-1]
    assert profile["chargingProfilePurpose"] == "ChargingStationMaxProfile"
    (period,) = profile["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert period["limit"] == 7000
    polls = len(day.polls)
    day.vtn.delete_event(event)
    await day.flows(DRAWS_W)
    assert len(day.polls) == polls + 1


async def a_dispatch_draws_and_a_negative_one_feeds_in(day):
    for kilowatts, watts in ((4, -4000), (-5, 5000)):
        event = day.event("DISPATCH_SETPOINT", kilowatts, program="v2g")
        await day.flows(watts)
        (period,) = day.told[-1]["chargingSchedule"][0]["chargingSchedulePeriod"]
        assert period["setpoint"] == kilowatts * 1000  # OCPP: positive is drawn, as OpenADR has it
        day.vtn.delete_event(event)
        await day.flows(DRAWS_W)


async def a_curve_is_what_its_binding_says(day):
    event = day.event("CURVE", *POINTS, program="inverters")
    await day.station.wait_for(lambda: "VoltVar" in day.station.controls.active, PATIENCE_S)
    (told,) = day.station.payloads(IN, "SetDERControl")
    points = [(it["x"], it["y"]) for it in told["curve"]["curveData"]]
    assert [points[0][0], points[-1][0]] == [92, 106]
    assert points[0][1] > 0 > points[-1][1]
    day.vtn.delete_event(event)
    await day.station.wait_for(lambda: not day.station.controls.active, PATIENCE_S)


async def an_emergency_is_what_the_policy_says(day):
    event = day.event("ALERT_GRID_EMERGENCY", "the feeder is down")
    await day.flows(0)
    day.vtn.delete_event(event)
    await day.flows(DRAWS_W)


async def prices_and_levels_without_a_policy_move_nothing(day):
    before = len(day.told)
    day.event("PRICE", 9.99, program="tariff", units="KWH")
    day.event("SIMPLE", 3, program="tariff")
    day.event("ALERT_FLEX_ALERT", "please", program="tariff")
    await day.polled(3)
    assert len(day.told) == before
    assert day.station.inverter.p_w == DRAWS_W

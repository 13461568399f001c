"""A fleet at a CSMS: all connect, are told apart, and live on one clock."""

import asyncio

import pytest

from gateway.simulators.station_fleet import Fleet, Plan, serve, summary
from support.station_messages import set_control

MIX = {"v2g": 6, "twin": 1, "charger": 2, "old": 1}


def a_plan(csms, **changes):
    values = {"stations": 20, "mix": MIX, "meter_interval_s": 0.2, "tick_s": 0.1}
    return Plan(csms.url, "correct-horse-battery", **values | changes)


async def test_twenty_stations_connect_and_boot_under_their_own_ids(csms):
    async with Fleet(a_plan(csms)) as fleet:
        await fleet.all_online(timeout_s=10)
        paths = {request.path for request in csms.requests}
        assert len(paths) == 20
        assert fleet.tally.told["BootNotification"] == 20
        await csms.until(lambda: len(csms.payloads("MeterValues")) > 100)
        versions = {station.core.version for station in fleet.stations}
        assert versions == {"2.1", "2.0.1"}
        assert "20 of 20 online" in summary(fleet)
    assert fleet.online == 0


async def test_what_is_asked_is_done_and_counted(csms):
    async with Fleet(a_plan(csms, stations=1, mix={"v2g": 1})) as fleet:
        await fleet.all_online(timeout_s=10)
        limit = set_control("LimitMaxDischarge", default=True, pctMaxDischargePower=10)
        assert (await csms.ask("SetDERControl", limit))["status"] == "Accepted"
        async with asyncio.timeout(5):
            while fleet.p_w != 2000:  # noqa: ASYNC110 - the physics tell nobody
                await asyncio.sleep(0.05)
        assert fleet.tally.asked == {"SetDERControl": 1}


async def test_a_liar_of_a_fleet_accepts_and_goes_on(csms):
    async with Fleet(a_plan(csms, stations=1, mix={"liar": 1})) as fleet:
        await fleet.all_online(timeout_s=10)
        limit = set_control("LimitMaxDischarge", default=True, pctMaxDischargePower=10)
        assert (await csms.ask("SetDERControl", limit))["status"] == "Accepted"
        await csms.until(lambda: len(csms.payloads("MeterValues")) > 5)
        assert fleet.p_w == 10_000


async def test_who_never_comes_is_counted(csms):
    plan = Plan("ws://127.0.0.1:9/ocpp", "x", stations=2, tick_s=0.1)
    async with Fleet(plan) as fleet:
        with pytest.raises(TimeoutError, match=r"0 of 2 after 0\.3 s"):
            await fleet.all_online(timeout_s=0.3)


async def test_a_fault_of_the_fleet_itself_surfaces(csms):
    with pytest.raises(ZeroDivisionError):
        async with Fleet(a_plan(csms, connects_per_s=0)):
            await asyncio.sleep(0.2)


async def test_a_fleet_says_in_one_line_how_it_is(csms):
    lines = asyncio.Queue()
    plan = a_plan(csms, stations=3)
    running = asyncio.create_task(serve(plan, lines.put_nowait, report_interval_s=0.1))
    try:
        async with asyncio.timeout(10):
            while "3 of 3 online" not in (line := await lines.get()):
                pass
        assert "BootNotification 3" in line
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_frames_of_a_fleet_are_not_kept(csms):
    async with Fleet(a_plan(csms, stations=2)) as fleet:
        await fleet.all_online(timeout_s=10)
        await csms.until(lambda: len(csms.payloads("MeterValues")) > 5)
        assert [len(station.frames) for station in fleet.stations] == [0, 0]

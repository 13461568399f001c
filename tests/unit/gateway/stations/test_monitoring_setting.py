"""Monitors that are set after a boot: what lacks is set, what is too much cleared, each judged by itself."""

from dataclasses import replace

import pytest

from gateway.core.events import StationConnected
from gateway.stations.device_model import Variable
from support.stations import PATIENT, UNBOOTED, a_session
from support.watched import (
    AT,
    MAX_W,
    MODES,
    POWER,
    WATCHABLE,
    an_item,
    announced,
    judged,
    reported,
    settled,
)


async def test_monitors_are_set_after_a_boot_and_each_is_judged_by_itself():
    async with a_session() as (station, session, posted):
        await announced(station, posted, *WATCHABLE)
        await reported(station)
        asked = await judged(station, "Accepted", "Rejected")
        assert asked == [("MaxW", "Delta", None), ("ModesSupported", "Delta", None)]
        await settled(session)
        assert session.plate.watch.numbers == {10: Variable(*MAX_W)}
        assert station.closed is None


async def test_monitors_that_are_there_are_left_and_others_of_ours_cleared():
    async with a_session() as (station, session, posted):
        await announced(station, posted, *WATCHABLE)
        there = [(1, MODES, "Delta", 1), (2, MAX_W, "Delta", 5), (3, POWER, "Periodic", 2)]
        await reported(station, *there)
        number, request = await station.called("ClearVariableMonitoring")
        assert request == {"id": [3]}
        station.say(3, number, {"clearMonitoringResult": [{"id": 3, "status": "Accepted"}]})
        assert await judged(station, "Accepted") == [("MaxW", "Delta", 2)]
        await settled(session)
        assert session.plate.watch.numbers == {1: Variable(*MODES), 2: Variable(*MAX_W)}


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(an_item(MODES, "VoltVar"), id="nothing can be watched"),
        pytest.param(an_item(POWER, "0", True), id="nothing has to be watched"),
    ],
)
async def test_a_station_with_nothing_to_watch_is_not_asked(item):
    async with a_session() as (station, session, posted):
        await announced(station, posted, item)
        await settled(session)
        assert [frame[2] for frame in station.sent if frame[0] == 2] == ["GetBaseReport"]


async def test_without_a_boot_a_station_still_watches_what_it_watched():
    async with a_session() as (station, session, posted):
        await announced(station, posted, *WATCHABLE)
        await reported(station)
        await judged(station, "Accepted", "Accepted")
        await settled(session)
        plate = session.plate
    async with a_session(rhythm=UNBOOTED, plate=plate) as (station, session, posted):
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        report = {"requestId": request["requestId"], "generatedAt": AT, "seqNo": 0}
        station.say(2, "report", "NotifyReport", report | {"reportData": list(WATCHABLE)})
        await posted.next(StationConnected)
        await settled(session)
        assert station.calls("GetMonitoringReport") == []


async def test_of_many_monitors_no_request_is_too_large():
    limit = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "SetVariableMonitoring"},
        "variableAttribute": [{"value": "1000"}],
    }
    items = [an_item(("DCDERCtrlr", "MaxW", evse), "1", True) for evse in range(1, 31)]
    async with a_session() as (station, session, posted):
        await announced(station, posted, *items, limit)
        await reported(station)
        assert len(await judged(station, *["Accepted"] * 20)) == 20
        assert len(await judged(station, *["Accepted"] * 10, nth=2)) == 10
        await settled(session)


async def test_monitors_are_set_in_parts_as_large_as_the_station_takes():
    limit = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "SetVariableMonitoring"},
        "variableAttribute": [{"value": "1"}],
    }
    async with a_session() as (station, session, posted):
        await announced(station, posted, *WATCHABLE, limit)
        await reported(station)
        assert await judged(station, "Accepted") == [("MaxW", "Delta", None)]
        assert await judged(station, "Duplicate", nth=2) == [("ModesSupported", "Delta", None)]
        await settled(session)


async def test_a_station_that_does_not_say_what_it_watches_is_left_alone():
    hasty = replace(PATIENT, call_timeout_s=0.2)
    async with a_session(rhythm=hasty) as (station, session, posted):
        await announced(station, posted, *WATCHABLE)
        await station.called("GetMonitoringReport")
        await settled(session)
        assert station.calls("SetVariableMonitoring") == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"setMonitoringResult": "all of them"}, id="words"),
        pytest.param({"setMonitoringResult": [{"status": "Accepted"}]}, id="no variable"),
    ],
)
async def test_an_answer_that_breaks_its_schema_sets_nothing_and_ends_nothing(answer):
    async with a_session() as (station, session, posted):
        await announced(station, posted, *WATCHABLE)
        await reported(station)
        number, _ = await station.called("SetVariableMonitoring")
        station.say(3, number, answer)
        await settled(session)
        assert session.plate.watch.numbers == {}
        station.say(2, "h", "Heartbeat", {})
        assert (await station.answered("h"))[0] == 3


async def test_after_a_refusal_no_further_part_is_sent():
    items = [an_item(("DCDERCtrlr", "MaxW", evse), "1", True) for evse in range(1, 13)]
    async with a_session() as (station, session, posted):
        await announced(station, posted, *items)
        await reported(station)
        number, request = await station.called("SetVariableMonitoring")
        assert len(request["setMonitoringData"]) == 10
        station.say(4, number, "NotSupported", "", {})
        await settled(session)
        assert len(station.calls("SetVariableMonitoring")) == 1

"""What a simulated station answers on the wire: refusals, broken frames, faults on purpose."""

import asyncio

import pytest

from gateway.simulators.station import Personality, SimulatedStation
from support.raw_csms import options_for
from support.station_messages import set_control, set_profile


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Nonsense", {}, "NotImplemented"),
        ("ClearCache", {}, "NotSupported"),
        ("SetDERControl", {"isDefault": True}, "OccurrenceConstraintViolation"),
        ("SetDERControl", set_control(startTime="noon"), "FormatViolation"),
        ("SetDERControl", set_control(duration="1"), "TypeConstraintViolation"),
    ],
)
async def test_a_bad_request_gets_an_error(csms, station, action, payload, code):
    frame = await csms.call(action, payload)
    assert (frame[0], frame[2]) == (4, code)


async def test_an_old_station_does_not_implement_der(old_csms, station_at):
    async with station_at(old_csms):
        for action, payload in (
            ("SetDERControl", set_control()),
            ("GetDERControl", {"requestId": 1}),
            ("ClearDERControl", {"isDefault": True}),
        ):
            frame = await old_csms.call(action, payload)
            assert (frame[0], frame[2]) == (4, "NotImplemented")
        limit = set_profile("ChargingStationMaxProfile")
        assert (await old_csms.ask("SetChargingProfile", limit))["status"] == "Accepted"


@pytest.mark.parametrize(
    ("text", "message_id", "code"),
    [
        ("nonsense", "-1", "RpcFrameworkError"),
        ('[2,"m","Heartbeat"]', "m", "RpcFrameworkError"),
        ('[9,"m","Heartbeat",{}]', "m", "MessageTypeNotSupported"),
        ('[2,"m","SetDERControl",{"x":NaN}]', "-1", "RpcFrameworkError"),
    ],
)
async def test_a_broken_frame_gets_an_error_and_the_line_stays(
    csms, station, text, message_id, code
):
    await csms.send(text)
    await csms.until(lambda: csms.replies)
    assert csms.replies[0][:3] == [4, message_id, code]
    assert (await csms.ask("ClearDERControl", {"isDefault": True}))["status"] == "Accepted"


@pytest.mark.parametrize(
    "frame",
    [
        [3, "never-asked", {}],
        [4, "never-asked", "GenericError", "", {}],
        [5, "never-asked", "GenericError", "", {}],
        [6, "m", "NotifyPeriodicEventStream", {}],
    ],
)
async def test_what_needs_no_answer_gets_none(csms, station, frame):
    await csms.send(frame)
    await csms.ask("ClearDERControl", {"isDefault": True})
    assert len(csms.replies) == 1


async def test_an_answer_that_breaks_its_schema_is_refused(csms, station):
    csms.answers["Heartbeat"] = {"currentTime": "late"}
    await csms.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
    await csms.until(lambda: any(frame[0] == 5 for frame in csms.replies))
    refused = next(frame for frame in csms.replies if frame[0] == 5)
    assert refused[2] == "FormatViolation"


async def test_an_old_station_cannot_refuse_an_answer(old_csms, station_at):
    old_csms.answers["Heartbeat"] = {"currentTime": "late"}
    async with station_at(old_csms):
        await old_csms.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await old_csms.until(lambda: len(old_csms.payloads("MeterValues")) > 2)
        assert all(frame[0] == 3 for frame in old_csms.replies)


async def test_one_call_at_a_time(csms, station_at):
    async with station_at(csms, call_timeout_s=30):
        csms.answers["NotifyReport"] = None
        await csms.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
        await csms.until(lambda: csms.payloads("NotifyReport"))
        await asyncio.sleep(0.1)
        assert len(csms.payloads("NotifyReport")) == 1  # the next part waits for an answer


async def test_after_no_answer_it_goes_on(csms, station_at):
    async with station_at(csms, call_timeout_s=0.05):
        csms.answers["NotifyReport"] = None
        await csms.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
        await csms.until(lambda: len(csms.payloads("NotifyReport")) > 1)


CLEAR = ("ClearDERControl", {"isDefault": True})


def acting(**faults):
    return Personality(**faults)


async def test_a_silent_station_acts_and_says_nothing(csms, station_at):
    faults = acting(silent=frozenset({"SetDERControl"}))
    async with station_at(csms, faults) as station:
        await csms.send([2, "m", "SetDERControl", set_control(default=True)])
        await csms.ask(*CLEAR)
        assert [frame[1] for frame in csms.replies] == ["csms-1"]
        assert len(station.payloads("in", "SetDERControl")) == 1


async def test_a_late_station_answers_after_others(csms, station_at):
    async with station_at(csms, acting(late_s={"ClearDERControl": 0.2})):
        await csms.send([2, "late", *CLEAR])
        await csms.ask("GetDERControl", {"requestId": 1})
        await csms.until(lambda: len(csms.replies) == 2)
        assert [frame[1] for frame in csms.replies] == ["csms-1", "late"]


async def test_a_station_can_be_late_with_everything(csms, station_at):
    async with station_at(csms, acting(late_s={"*": 0.05})):
        begin = asyncio.get_running_loop().time()
        await csms.ask(*CLEAR)
        assert asyncio.get_running_loop().time() - begin >= 0.05


async def test_a_late_answer_dies_with_its_connection(csms, station_at):
    async with station_at(csms, acting(late_s={"*": 60.0})) as station:
        await csms.send([2, "m", *CLEAR])
        await station.wait_for(lambda: station.payloads("in", "ClearDERControl"), timeout_s=5)
        await station.disconnect()
        await csms.until(lambda: csms.connections == 2)
        assert csms.replies == []


async def test_a_stammering_station_answers_twice(csms, station_at):
    async with station_at(csms, acting(twice=frozenset({"ClearDERControl"}))):
        await csms.send([2, "m", *CLEAR])
        await csms.until(lambda: len(csms.replies) == 2)
        assert csms.replies[0] == csms.replies[1]


@pytest.mark.parametrize("name", ["ClearDERControl", "*"])
async def test_a_faulty_station_answers_with_an_error(csms, station_at, name):
    async with station_at(csms, acting(errors={name: "InternalError"})):
        frame = await csms.call(*CLEAR)
        assert (frame[0], frame[2]) == (4, "InternalError")


async def test_a_refusing_station_rejects(csms, station_at):
    async with station_at(csms, acting(rejects=frozenset({"*"}))) as station:
        assert (await csms.ask("SetDERControl", set_control()))["status"] == "Rejected"
        assert station.controls.held == ()


async def test_a_dropping_station_leaves_and_returns(csms, station_at):
    async with station_at(csms, acting(disconnects=frozenset({"SetDERControl"}))) as station:
        await csms.send([2, "m", "SetDERControl", set_control()])
        await csms.until(lambda: csms.connections == 2)
        assert csms.replies == []
        assert "LostError: SetDERControl" in station.problems
        assert station.controls.held == ()
        await csms.ask(*CLEAR)


async def test_two_stations_live_side_by_side(csms, station_at):
    async with station_at(csms), SimulatedStation(options_for(csms, id="cs/2")) as other:
        await other.wait_for(lambda: other.ready, timeout_s=5)
        assert sorted(request.path for request in csms.requests) == ["/ocpp/cs%2F2", "/ocpp/cs-1"]

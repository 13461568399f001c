"""Everything a bad station does to the endpoint: a clear answer, and its neighbours live on."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    ReplyStatus,
    SamplesTaken,
    StationDisconnected,
    StationReplied,
)
from gateway.protocols.ocpp_frames import MAX_FRAME
from support.stations import PATIENT, Wire, a_site, an_entry, dial

AT = "2026-12-01T12:00:00Z"
CLEAR = SendToStation("CS1", "r1", "ClearChargingProfile", {"chargingProfileId": 5})
HASTY = replace(PATIENT, call_timeout_s=0.05)


def a_measurement(value="5000", evse="1"):
    """Return the text of a MeterValues with parts as they are written."""
    sampled = f'{{"value":{value},"measurand":"Power.Active.Import"}}'
    entry = f'{{"timestamp":"{AT}","sampledValue":[{sampled}]}}'
    return f'[2,"bad","MeterValues",{{"evseId":{evse},"meterValue":[{entry}]}}]'


@asynccontextmanager
async def two_stations(rhythm=PATIENT):
    """Yield a site, its bad station CS1 and the neighbour CS2, which is served to the end."""
    async with (
        a_site(an_entry("CS1"), an_entry("CS2"), rhythm=rhythm) as site,
        dial(site, "CS1") as first,
        dial(site, "CS2") as second,
    ):
        bad, neighbour = Wire(first), Wire(second)
        await bad.boot()
        await neighbour.boot()
        yield site, bad, neighbour
        before = len(site.posted.of(SamplesTaken))
        await neighbour.say(a_measurement().replace('"bad"', '"good"'))
        assert await neighbour.answer_to("good") == [3, "good", {}]
        taken = site.posted.of(SamplesTaken)[before:]
        assert [event.station for event in taken] == ["CS2"]
        assert site.stations.current("CS2") is not None


async def closed(station, *messages, **how):
    """Say messages until the gateway closes; return the status of the close."""
    try:
        for message in messages:
            await station.socket.send(message, **how)
        async with asyncio.timeout(5):
            while True:
                await station.socket.recv()
    except ConnectionClosed:
        return station.socket.close_code


REFUSED = [
    ("no JSON", "this is no JSON", "-1", "RpcFrameworkError"),
    ("a truncated frame", '[2,"bad","Heartbeat",{', "-1", "RpcFrameworkError"),
    ("NaN", a_measurement("NaN"), "-1", "RpcFrameworkError"),
    ("infinity", a_measurement("-Infinity"), "-1", "RpcFrameworkError"),
    ("a number beyond every double", a_measurement("1e400"), "-1", "RpcFrameworkError"),
    (
        "a key twice",
        '[2,"bad","Heartbeat",{"customData":1,"customData":2}]',
        "-1",
        "RpcFrameworkError",
    ),
    (
        "nested too deep",
        '[2,"bad","Heartbeat",' + "[" * 40 + "]" * 40 + "]",
        "-1",
        "RpcFrameworkError",
    ),
    ("a hundred thousand brackets", "[" * 100_000, "-1", "RpcFrameworkError"),
    ("no message id", '[2,7,"Heartbeat",{}]', "-1", "RpcFrameworkError"),
    (
        "a digit string where a number is due",
        a_measurement('"5000"'),
        "bad",
        "TypeConstraintViolation",
    ),
    ("a digit string for an EVSE", a_measurement(evse='"1"'), "bad", "TypeConstraintViolation"),
    (
        "a missing member",
        '[2,"bad","MeterValues",{"evseId":1}]',
        "bad",
        "OccurrenceConstraintViolation",
    ),
    ("an unknown member", '[2,"bad","Heartbeat",{"beat":1}]', "bad", "FormatViolation"),
    ("an unknown action", '[2,"bad","Teleport",{}]', "bad", "NotImplemented"),
    ("an action for stations", '[2,"bad","SetDERControl",{}]', "bad", "NotSupported"),
    ("an unknown message type", '[9,"bad","Heartbeat",{}]', "bad", "MessageTypeNotSupported"),
    ("a call without payload", '[2,"bad","Heartbeat"]', "bad", "FormatViolation"),
]


@pytest.mark.parametrize(
    ("text", "message_id", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_a_bad_frame_gets_an_error_and_the_connection_stays(text, message_id, code):
    async with two_stations() as (site, bad, _):
        await bad.say(text)
        answer = await bad.answer_to(message_id)
        assert (answer[0], answer[2]) == (4, code)
        assert answer[3]
        assert (await bad.ask("Heartbeat", {}))[0] == 3
        assert site.posted.of(SamplesTaken) == []


IGNORED = [
    ("an answer to a call never made", [3, "nobody", {"status": "Accepted"}]),
    ("an error to a call never made", [4, "nobody", "InternalError", "", {}]),
    ("a complaint about our answer", [5, "boot", "FormatViolation", "", {}]),
    ("a message that wants no answer", [6, "s", "NotifyPeriodicEventStream", {"id": 1}]),
]


@pytest.mark.parametrize("message", [row[1] for row in IGNORED], ids=[row[0] for row in IGNORED])
async def test_what_wants_no_answer_gets_none(message):
    async with two_stations() as (_, bad, _neighbour):
        await bad.say(message)
        await bad.say([2, "next", "Heartbeat", {}])
        answer = await bad.hear(lambda _frame: True)
        assert answer[:2] == [3, "next"]


async def test_in_2_0_1_there_are_no_such_messages():
    async with a_site() as site, dial(site, versions=("ocpp2.0.1",)) as socket:
        station = Wire(socket)
        await station.boot()
        for kind in (5, 6):
            await station.say([kind, f"t{kind}", "NotifyPeriodicEventStream", {}])
            assert (await station.answer_to(f"t{kind}"))[2] == "MessageTypeNotSupported"


async def test_a_frame_of_the_greatest_size_is_read():
    async with two_stations() as (_, bad, _neighbour):
        text = '[2,"bad","DataTransfer",{"vendorId":"v","data":"%s"}]'
        await bad.say(text % ("x" * (MAX_FRAME - len(text) + 2)))
        assert (await bad.answer_to("bad"))[2] == {"status": "UnknownVendorId"}


@pytest.mark.parametrize("shape", ["one piece", "many pieces"])
async def test_a_frame_that_is_too_big_closes_the_connection(shape):
    async with two_stations() as (site, bad, _neighbour):
        text = '[2,"bad","DataTransfer",{"vendorId":"v","data":"' + "x" * MAX_FRAME + '"}]'
        pieces = [text[at : at + 5000] for at in range(0, len(text), 5000)]
        assert await closed(bad, text if shape == "one piece" else pieces) == 1009
        await site.posted.next(StationDisconnected)


@pytest.mark.parametrize("transport", ["websockets"], indirect=True)  # picows never packs
async def test_a_frame_that_unpacks_too_big_closes_the_connection():
    async with two_stations() as (_, bad, _neighbour):
        assert bad.socket.protocol.extensions
        assert await closed(bad, "[" + " " * 20_000_000) == 1009


CLOSING = [("a binary frame", b"[2]", 1003), ("a text that is no UTF-8", b"\xff\xfe", 1007)]


@pytest.mark.parametrize(
    ("data", "code"), [row[1:] for row in CLOSING], ids=[row[0] for row in CLOSING]
)
async def test_what_is_no_text_closes_the_connection(data, code):
    async with two_stations() as (_, bad, _neighbour):
        assert await closed(bad, data, text=code == 1007) == code


async def test_a_station_that_talks_nonsense_without_end_is_closed():
    async with two_stations() as (site, bad, _neighbour):
        assert await closed(bad, *["nonsense"] * 22) == 1002
        assert (await site.posted.next(StationDisconnected)).station == "CS1"


async def test_a_silent_station_is_told_as_such_and_its_late_answer_changes_nothing():
    async with two_stations(HASTY) as (site, bad, _neighbour):
        site.stations.send(CLEAR)
        call = await bad.call_of("ClearChargingProfile")
        reply = await site.posted.next(StationReplied)
        assert (reply.request_id, reply.status) == ("r1", ReplyStatus.NO_ANSWER)
        await bad.say([3, call[1], {"status": "Accepted"}])
        assert (await bad.ask("Heartbeat", {}))[0] == 3
        assert len(site.posted.of(StationReplied)) == 1
        assert site.stations.current("CS1") is not None


async def test_a_silent_station_reads_back_as_incomplete():
    async with two_stations(HASTY) as (site, _bad, _neighbour):
        site.stations.read_back(ReadBack("CS1", "b1"))
        assert await site.posted.next(ControlsReported) == ControlsReported("CS1", "b1", (), False)


async def test_a_second_answer_changes_nothing():
    async with two_stations() as (site, bad, _neighbour):
        site.stations.send(CLEAR)
        call = await bad.call_of("ClearChargingProfile")
        await bad.say([3, call[1], {"status": "Accepted"}])
        await bad.say([3, call[1], {"status": "Unknown"}])
        assert (await bad.ask("Heartbeat", {}))[0] == 3
        (reply,) = site.posted.of(StationReplied)
        assert reply.status is ReplyStatus.ACCEPTED


async def test_an_answer_that_breaks_its_schema_is_no_success_and_is_sent_back():
    async with two_stations() as (site, bad, _neighbour):
        site.stations.send(CLEAR)
        call = await bad.call_of("ClearChargingProfile")
        await bad.say([3, call[1], {"status": 1}])
        error = await bad.hear(lambda frame: frame[0] == 5)
        assert error[1:3] == [call[1], "TypeConstraintViolation"]
        assert (await site.posted.next(StationReplied)).status is ReplyStatus.CALL_ERROR


async def test_a_station_that_breaks_off_in_the_middle_of_a_call_leaves_it_unanswered():
    async with two_stations() as (site, bad, _neighbour):
        site.stations.send(CLEAR)
        await bad.call_of("ClearChargingProfile")
        bad.socket.transport.abort()
        assert (await site.posted.next(StationReplied)).status is ReplyStatus.NO_ANSWER
        assert (await site.posted.next(StationDisconnected)).station == "CS1"


async def test_a_station_that_says_good_bye_is_told_once():
    async with two_stations() as (site, bad, _neighbour):
        await bad.socket.close()
        await site.posted.next(StationDisconnected)
        site.stations.send(CLEAR)
        assert (await site.posted.next(StationReplied)).status is ReplyStatus.NOT_SENT
        assert len(site.posted.of(StationDisconnected)) == 1

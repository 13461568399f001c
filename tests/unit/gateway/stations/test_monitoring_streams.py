"""Periodic event streams: opened for what was asked, heard, closed; anything else is odd."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.events import SamplesTaken
from gateway.stations.session import MAX_ODD
from support.stations import BOOT, NOON, PATIENT, a_session
from support.watched import AT, POWER, WATCHABLE, an_item, announced, judged, reported, settled

STREAMS = ("MonitoringCtrlr", "MaxPeriodicEventStreams")
STREAMING = replace(PATIENT, power_s=2)
STREAMED = (an_item(POWER, "0", True), an_item(STREAMS, "4"))
OPEN = {"id": 3, "variableMonitoringId": 10, "params": {"interval": 2, "values": 1}}


async def streaming(station, posted, *there, streams=()):
    """Boot a station that streams its power; answer which monitors and streams there are."""
    await announced(station, posted, *STREAMED)
    await reported(station, *there)
    number, _ = await station.called("GetPeriodicEventStream")
    station.say(3, number, {"constantStreamData": list(streams)} if streams else {})


async def opened(station, number=3, monitor=10):
    """Ask for a stream; return the status of the answer."""
    constant = OPEN | {"id": number, "variableMonitoringId": monitor}
    name = f"open{number}"
    station.say(2, name, "OpenPeriodicEventStream", {"constantStreamData": constant})
    return (await station.answered(name))[2]["status"]


def a_part(stream=3, value="7000", **changes):
    return {"id": stream, "pending": 0, "basetime": AT, "data": [{"t": 1.5, "v": value}]} | changes


async def test_power_is_streamed_where_settings_ask():
    async with a_session(rhythm=STREAMING) as (station, _, posted):
        await streaming(station, posted)
        number, request = await station.called("SetVariableMonitoring")
        (item,) = request["setMonitoringData"]
        assert (item["type"], item["value"]) == ("Periodic", 2)
        assert item["periodicEventStream"] == {"interval": 2, "values": 1}
        told = {key: item[key] for key in ("type", "severity", "component", "variable")}
        # the station may ask for its stream before anybody has read the answer
        station.say(3, number, {"setMonitoringResult": [told | {"status": "Accepted", "id": 10}]})
        assert await opened(station) == "Accepted"
        station.say(6, "s", "NotifyPeriodicEventStream", a_part())
        event = await posted.next(SamplesTaken)
        (sample,) = event.samples
        assert (sample.value, sample.evse) == (Fraction(-7000), 1)
        assert sample.at == NOON + timedelta(seconds=1.5)


async def test_a_stream_of_nothing_that_we_watch_is_rejected():
    async with a_session(rhythm=STREAMING) as (station, session, posted):
        await streaming(station, posted)
        await judged(station, "Accepted")
        await settled(session)
        assert await opened(station, 4, monitor=99) == "Rejected"
        assert await opened(station, 3) == "Accepted"


async def test_a_stream_of_a_mere_change_is_rejected():
    async with a_session() as (station, session, posted):
        await announced(station, posted, *WATCHABLE)
        await reported(station)
        await judged(station, "Accepted", "Accepted")
        await settled(session)
        assert await opened(station, 3, monitor=10) == "Rejected"


async def test_streams_that_were_open_before_us_are_known_and_brought_into_rhythm():
    slow = OPEN | {"params": {"interval": 60, "values": 1}}
    async with a_session(rhythm=STREAMING) as (station, session, posted):
        await streaming(station, posted, (10, POWER, "Periodic", 2), streams=[slow])
        number, request = await station.called("AdjustPeriodicEventStream")
        assert request == {"id": 3, "params": {"interval": 2, "values": 1}}
        station.say(3, number, {"status": "Accepted"})
        await settled(session)
        assert station.calls("SetVariableMonitoring") == []
        station.say(6, "s", "NotifyPeriodicEventStream", a_part())
        await posted.next(SamplesTaken)


async def test_a_stream_that_is_closed_is_heard_no_more():
    async with a_session(rhythm=STREAMING) as (station, session, posted):
        await streaming(station, posted, (10, POWER, "Periodic", 2), streams=[OPEN])
        await settled(session)
        station.say(2, "c", "ClosePeriodicEventStream", {"id": 3})
        assert (await station.answered("c"))[2] == {}
        station.say(6, "s", "NotifyPeriodicEventStream", a_part())
        station.say(2, "h", "Heartbeat", {})
        await station.answered("h")
        assert posted.of(SamplesTaken) == []


async def test_after_a_boot_no_stream_is_open():
    async with a_session(rhythm=STREAMING) as (station, session, posted):
        await streaming(station, posted, (10, POWER, "Periodic", 2), streams=[OPEN])
        await settled(session)
        station.say(2, "again", "BootNotification", BOOT)
        await station.answered("again")
        assert session.plate.watch.streams == {}


async def test_a_stream_that_nobody_opened_is_odd_once():
    async with a_session() as (station, session, _):
        for number in range(3 * MAX_ODD):
            station.say(6, f"s{number}", "NotifyPeriodicEventStream", a_part())
        station.say(2, "h", "Heartbeat", {})
        await station.answered("h")
        assert (session._rpc.odd, station.closed) == (1, None)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        pytest.param("NotifyPeriodicEventStream", {"id": 1}, id="a stream that breaks its schema"),
        pytest.param("NotifyPeriodicEventStream", a_part(value=7), id="a value that is no text"),
        pytest.param("NotifyReport", {}, id="what has to be called"),
        pytest.param("Nonsense", {}, id="what is unknown"),
    ],
)
async def test_what_is_sent_without_sense_is_odd(action, payload):
    async with a_session() as (station, session, _):
        station.say(6, "s", action, payload)
        station.say(2, "h", "Heartbeat", {})
        await station.answered("h")
        assert session._rpc.odd == 1


async def test_an_offset_beyond_all_time_is_odd():
    async with a_session(rhythm=STREAMING) as (station, session, posted):
        await streaming(station, posted, (10, POWER, "Periodic", 2), streams=[OPEN])
        await settled(session)
        far = a_part(data=[{"t": 1e300, "v": "1"}])
        station.say(6, "s", "NotifyPeriodicEventStream", far)
        station.say(2, "h", "Heartbeat", {})
        await station.answered("h")
        assert session._rpc.odd == 1

"""What stations notice: monitors that are set after a boot, events, alarms, event streams."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from gateway.core.events import AlarmReceived, SamplesTaken, StationConnected, StationDescribed
from gateway.stations.blocks import monitoring
from gateway.stations.context import Context
from gateway.stations.device_model import Variable
from gateway.stations.monitors import SEVERITY
from gateway.stations.nameplate import Nameplate
from gateway.stations.session import MAX_ODD
from support.stations import BOOT, NOON, PATIENT, UNBOOTED, Posted, a_session, an_entry, an_evse

AT = "2026-12-01T12:00:00Z"
MODES = ("DCDERCtrlr", "ModesSupported", 1)
MAX_W = ("DCDERCtrlr", "MaxW", 1)
ENABLED = ("DCDERCtrlr", "Enabled", 1)
POWER = ("EVSE", "Power", 1)
STREAMS = ("MonitoringCtrlr", "MaxPeriodicEventStreams")
STREAMING = replace(PATIENT, power_s=2)


def an_item(place, value, watchable=False):
    return {
        **Variable(*place).where(),
        "variableAttribute": [{"value": value}],
        "variableCharacteristics": {"dataType": "string", "supportsMonitoring": watchable},
    }


def an_event(place=MODES, value="FixedVar", number=1, **changes):
    return {
        "eventId": number,
        "timestamp": "2026-12-01T12:01:00Z",
        "trigger": "Delta",
        "actualValue": value,
        "eventNotificationType": "CustomMonitor",
        **Variable(*place).where(),
    } | changes


def notified(*events, number=0, more=False):
    return {"generatedAt": AT, "seqNo": number, "tbc": more, "eventData": list(events)}


class Heard:
    """The block with a station that reported, and what it posted."""

    def __init__(self, items=(), version="2.1", reported=True):
        async def nobody_calls(action, payload, priority):
            raise AssertionError(action)

        self.asked = 0
        self.post = Posted()
        self.context = Context(
            an_entry(evses=(an_evse(), an_evse(2))),
            version,
            self.post,
            nobody_calls,
            lambda: NOON,
            plate=Nameplate(),
            ask_again=self.ask,
        )
        if reported:
            self.context.plate.reported(self.context.entry, version, items, NOON)

    def ask(self):
        self.asked += 1

    def hear(self, *events, **changes):
        assert monitoring.notify_event(self.context, notified(*events, **changes)) == {}
        return self

    @property
    def modes(self):
        """The modes of EVSE 1 in each description that was posted."""
        told = [event.profile.evses[0].der_modes for event in self.post.of(StationDescribed)]
        return [set(modes) for modes in told]


REPORT = (an_item(MODES, "VoltVar,FixedVar"), an_item(MAX_W, "22000"), an_item(ENABLED, "true"))


def test_a_change_describes_the_station_anew():
    heard = Heard(REPORT).hear(an_event())
    assert heard.modes == [{"FixedVar"}]
    assert heard.asked == 0


def test_of_a_rating_the_newest_counts():
    heard = Heard(REPORT).hear(an_event(MAX_W, "9000"), an_event(MAX_W, "8000", 2))
    ratings = [event.profile.evses[0].ratings.max_w for event in heard.post.of(StationDescribed)]
    assert ratings == [9000, 8000]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(an_event(value="VoltVar,FixedVar"), id="what is known"),
        pytest.param(an_event(timestamp="2026-12-01T11:59:00Z"), id="older than the report"),
        pytest.param(an_event(("Fridge", "Light"), "on"), id="what nobody reads"),
        pytest.param(an_event(("OCPPCommCtrlr", "HeartbeatInterval"), "5"), id="of no rule"),
        pytest.param(an_event(STREAMS, "5"), id="kept for ourselves"),
    ],
)
def test_what_changes_nothing_is_not_told(event):
    assert Heard(REPORT).hear(event).post.events == []


def test_an_event_before_the_report_is_in_no_description():
    heard = Heard(reported=False).hear(an_event())
    assert heard.post.events == []
    heard.context.plate.reported(heard.context.entry, "2.1", REPORT, NOON)
    assert heard.hear(an_event(number=2)).modes == [{"FixedVar"}]


def test_an_event_that_comes_twice_counts_once():
    heard = Heard(REPORT)
    heard.hear(an_event(MAX_W, "9000")).hear(an_event(MAX_W, "22000", 2))
    heard.hear(an_event(MAX_W, "9000"))
    assert len(heard.post.of(StationDescribed)) == 2


def test_a_part_that_is_missing_has_the_station_asked():
    heard = Heard(REPORT).hear(an_event(), more=True)
    assert heard.asked == 0
    heard.hear(an_event(MAX_W, "1", 3), number=2)
    assert heard.asked == 1


@pytest.mark.parametrize(
    ("place", "value", "asked"),
    [
        pytest.param(ENABLED, "false", 1, id="a controller that was switched off"),
        pytest.param(ENABLED, "true", 0, id="one that is on as before"),
        pytest.param(("EVSE", "Available", 1), "false", 0, id="no controller"),
    ],
)
def test_a_controller_that_is_switched_has_more_to_say(place, value, asked):
    assert Heard(REPORT).hear(an_event(place, value)).asked == asked


def test_a_controller_that_is_switched_off_has_no_modes_until_it_is_on_again():
    heard = Heard(REPORT).hear(an_event(ENABLED, "false"), an_event(MODES, "FixedVar", 2))
    heard.hear(an_event(ENABLED, "true", 3, timestamp="2026-12-01T12:02:00Z"))
    assert heard.modes == [set(), set(), {"FixedVar"}]


def test_an_alert_is_an_alarm_until_it_is_cleared():
    heard = Heard(REPORT)
    alert = {"trigger": "Alerting", "techCode": "E7", "techInfo": "too hot"}
    heard.hear(an_event(("EVSE", "Problem", 2), "true", **alert))
    heard.hear(an_event(("EVSE", "Problem", 2), "false", 2, cleared=True, trigger="Alerting"))
    first, second = (event.alarm for event in heard.post.of(AlarmReceived))
    assert (first.station, first.control_type, first.fault) == (
        "CS1",
        "EVSE.Problem of EVSE 2",
        None,
    )
    assert (first.ended, first.text) == (False, "true E7 too hot")
    assert first.at == datetime(2026, 12, 1, 12, 1, tzinfo=UTC)
    assert (second.ended, second.text) == (True, "false")


@pytest.mark.parametrize(("severity", "alarms"), [(0, 1), (5, 1), (6, 0), (9, 0)])
def test_a_mere_warning_is_no_alarm(severity, alarms):
    event = an_event(("X", "Y"), "1", trigger="Alerting", severity=severity)
    assert len(Heard().hear(event).post.of(AlarmReceived)) == alarms


def test_an_instant_that_is_none_is_ours():
    event = an_event(("X", "Y"), "1", trigger="Alerting", timestamp="0001-01-01T00:00:00+23:00")
    (alarm,) = Heard().hear(event).post.of(AlarmReceived)
    assert alarm.alarm.at == NOON


def test_power_that_comes_in_events_is_measured():
    heard = Heard().hear(an_event(POWER, "7000", trigger="Periodic"), an_event(POWER, "much", 2))
    (event,) = heard.post.of(SamplesTaken)
    assert [(s.evse, s.value) for s in event.samples] == [(1, -7000)]


def test_a_connector_that_is_faulted_is_an_alarm():
    place = ("Connector", "AvailabilityState", 1, "", 2)
    heard = Heard().hear(an_event(place, "Faulted"))
    heard.hear(an_event(place, "Available", 2))
    told = [(e.alarm.text, e.alarm.ended) for e in heard.post.of(AlarmReceived)]
    assert told == [("EVSE 1 connector 2 is faulted", ended) for ended in (False, True)]


# With a session


async def announced(station, posted, *items):
    """Boot with a report; return the description that was announced."""
    station.say(2, "boot", "BootNotification", BOOT)
    number, request = await station.called("GetBaseReport")
    station.say(3, number, {"status": "Accepted"})
    report = {"requestId": request["requestId"], "generatedAt": AT, "seqNo": 0}
    station.say(2, "report", "NotifyReport", report | {"reportData": list(items)})
    return await posted.next(StationConnected)


def monitors_of(*monitors):
    """Return what `reported` says of monitors, given as (number, place, kind, value)."""
    return [
        {
            **Variable(*place).where(),
            "variableMonitoring": [
                {
                    "id": number,
                    "transaction": False,
                    "value": value,
                    "type": kind,
                    "severity": SEVERITY,
                    "eventNotificationType": "CustomMonitor",
                }
            ],
        }
        for number, place, kind, value in monitors
    ]


async def reported(station, *monitors):
    """Answer the question which monitors there are."""
    number, request = await station.called("GetMonitoringReport")
    assert request["monitoringCriteria"] == ["DeltaMonitoring", "PeriodicMonitoring"]
    if not monitors:
        station.say(3, number, {"status": "EmptyResultSet"})
        return
    station.say(3, number, {"status": "Accepted"})
    part = {"requestId": request["requestId"], "seqNo": 0, "generatedAt": AT}
    station.say(2, "m", "NotifyMonitoringReport", part | {"monitor": monitors_of(*monitors)})


async def judged(station, *statuses, nth=1):
    """Answer a SetVariableMonitoring, each of its monitors by itself; return what was asked."""
    number, request = await station.called("SetVariableMonitoring", nth)
    asked = request["setMonitoringData"]
    results = []
    for index, (item, status) in enumerate(zip(asked, statuses, strict=True)):
        told = {key: item[key] for key in ("type", "severity", "component", "variable")}
        accepted = {"id": item.get("id", 10 + index)} if status == "Accepted" else {}
        results.append(told | {"status": status} | accepted)
    station.say(3, number, {"setMonitoringResult": results})
    return [(item["variable"]["name"], item["type"], item.get("id")) for item in asked]


WATCHABLE = tuple(
    an_item(place, value, True) for place, value in ((MODES, "VoltVar"), (MAX_W, "1"))
)


async def settled(session):
    """Wait until the session has nothing more to ask."""
    task = session._introduction._following
    if task is not None:
        await asyncio.wait_for(asyncio.wait({task}), 5)


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


# Event streams

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

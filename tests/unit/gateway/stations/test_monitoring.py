"""What stations notice by themselves: changes, alarms, measurements in events."""

from datetime import UTC, datetime

import pytest

from gateway.core.events import AlarmReceived, DeviceReported, SamplesTaken, StationDescribed
from gateway.stations.blocks import monitoring
from gateway.stations.context import Context
from gateway.stations.device_model import Variable
from gateway.stations.nameplate import Nameplate
from support.stations import NOON, Posted, an_entry, an_evse
from support.watched import AT, MAX_W, MODES, POWER, an_item

ENABLED = ("DCDERCtrlr", "Enabled", 1)
STREAMS = ("MonitoringCtrlr", "MaxPeriodicEventStreams")


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
    ],
)
def test_what_changes_nothing_is_not_told(event):
    assert Heard(REPORT).hear(event).post.events == []


def test_what_no_rule_reads_is_only_kept():
    (event,) = Heard(REPORT).hear(an_event(STREAMS, "5")).post.events
    assert isinstance(event, DeviceReported)


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

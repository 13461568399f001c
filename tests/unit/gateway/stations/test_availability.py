"""Connectors: faults are alarms, and with a freed connector its car is gone."""

import pytest

from gateway.core.events import AlarmReceived, StationDescribed
from gateway.stations.blocks import availability
from gateway.stations.connectors import MOST_CONNECTORS
from support import metering
from support.stations import NOON
from translators.canonical.capability import Evse

AT = "2026-12-01T11:00:00Z"
NEEDS = {
    "requestedEnergyTransfer": "AC_BPT",
    "v2xChargingParameters": {"maxDischargePower": 7400},
}


def a_context(version="2.1"):
    context = metering.a_context(version)
    context.plate.reported(context.entry, version, [])
    return context


def tell(context, status, connector=1, at=AT):
    payload = {
        "timestamp": at,
        "connectorStatus": status,
        "evseId": 1,
        "connectorId": connector,
    }
    assert availability.status_notification(context, payload) == {}


def rated(evse: Evse):
    return evse.ratings.max_w


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
def test_a_fault_is_an_alarm_and_its_end_ends_it(version):
    context = a_context(version)
    for status in ("Available", "Faulted", "Faulted", "Unavailable"):
        tell(context, status)
    alarms = [event.alarm for event in context.post.of(AlarmReceived)]
    assert [(a.station, a.control_type, a.ended) for a in alarms] == [
        ("CS1", "Connector", False),
        ("CS1", "Connector", True),
    ]
    assert alarms[0].at.hour == 11


def test_each_connector_has_a_fault_of_its_own():
    context = a_context()
    tell(context, "Faulted", 1)
    tell(context, "Available", 2)
    assert [event.alarm.ended for event in context.post.of(AlarmReceived)] == [False]


def test_an_instant_that_is_none_is_ours():
    context = a_context()
    tell(context, "Faulted", at="0001-01-01T00:00:00+23:00")
    assert context.post.of(AlarmReceived)[0].alarm.at == NOON


def test_connectors_without_end_are_followed_up_to_a_bound():
    context = a_context()
    for connector in range(MOST_CONNECTORS + 5):
        tell(context, "Faulted", connector)
    assert len(context.plate.connectors) == MOST_CONNECTORS
    tell(context, "Available", 0)
    assert len(context.post.of(AlarmReceived)) == MOST_CONNECTORS + 1


@pytest.mark.parametrize(
    ("told", "gone"),
    [
        pytest.param([("Occupied", 1), ("Available", 1)], True, id="it was unplugged"),
        pytest.param([("Available", 1)], False, id="it is not said that it was there"),
        pytest.param([("Occupied", 1), ("Available", 2)], False, id="another connector is free"),
        pytest.param([("Occupied", 1), ("Unavailable", 1)], False, id="it may stand there still"),
    ],
)
def test_with_a_freed_connector_its_car_is_gone(told, gone):
    context = a_context()
    context.plate.plugged(context.entry, "2.1", 1, NEEDS)
    for status, connector in told:
        tell(context, status, connector)
    ratings = [rated(event.profile.evses[0]) for event in context.post.of(StationDescribed)]
    assert ratings == ([22000] if gone else [])

"""Stations that measure rarely are asked for their meter soon after a command."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.core.effects import SendToStation
from gateway.core.events import NoticeReceived, StationReplied
from gateway.stations import probing
from support.stations import PATIENT, a_session, announce

AT = datetime(2026, 12, 1, 12, tzinfo=UTC).isoformat()
LIMIT = {
    "evseId": 0,
    "chargingProfile": {
        "id": 7,
        "stackLevel": 1,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 7,
                "startSchedule": AT,
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000}],
            }
        ],
    },
}


@pytest.fixture(autouse=True)
def haste(monkeypatch):
    monkeypatch.setattr(probing, "LOOKS_S", (0.01, 0.03))


def measures(interval):
    return [("SampledDataCtrlr", "TxUpdatedInterval", interval)]


async def commanded(station, session, posted, status="Accepted"):
    """Have the station take a profile."""
    nth = len(posted.of(StationReplied)) + 1
    session.submit(SendToStation("CS1", f"r{nth}", "SetChargingProfile", LIMIT))
    number, _ = await station.called("SetChargingProfile", nth)
    station.say(3, number, {"status": status})
    await posted.next(StationReplied, nth)


async def triggered(station, nth, status="Accepted"):
    number, request = await station.called("TriggerMessage", nth)
    assert request == {"requestedMessage": "MeterValues"}
    station.say(3, number, {"status": status})


async def looks(station):
    """Return how often the meter was asked for, after all looks."""
    await asyncio.sleep(0.08)
    return len(station.calls("TriggerMessage"))


async def test_after_a_command_the_meter_is_asked_for_twice():
    async with a_session() as (station, session, posted):
        await announce(station, posted, measures("60"))
        await commanded(station, session, posted)
        await commanded(station, session, posted)
        await triggered(station, 1)
        await triggered(station, 2)
        assert await looks(station) == 2
        await commanded(station, session, posted)
        await triggered(station, 3)


@pytest.mark.parametrize(
    ("report", "status"),
    [
        pytest.param(measures("5"), "Accepted", id="measures often"),
        pytest.param(measures("10"), "Accepted", id="often enough"),
        pytest.param([("EVSE", "Power", "1")], "Accepted", id="does not say"),
        pytest.param(measures("soon"), "Accepted", id="says nonsense"),
        pytest.param(measures("60"), "Rejected", id="was told nothing new"),
    ],
)
async def test_the_meter_is_not_asked_for_without_need(report, status):
    async with a_session() as (station, session, posted):
        await announce(station, posted, report)
        await commanded(station, session, posted, status)
        assert await looks(station) == 0


async def test_a_station_that_never_measures_is_asked():
    async with a_session() as (station, session, posted):
        await announce(station, posted, measures("0"))
        await commanded(station, session, posted)
        await triggered(station, 1)


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented"])
async def test_a_station_that_refuses_is_not_asked_again(status):
    async with a_session() as (station, session, posted):
        await announce(station, posted, measures("60"))
        await commanded(station, session, posted)
        await triggered(station, 1, status)
        assert await looks(station) == 1
        await commanded(station, session, posted)
        assert await looks(station) == 1


@pytest.mark.parametrize(("started", "asked"), [(True, True), (False, False)])
async def test_a_control_that_starts_is_looked_at(started, asked):
    async with a_session() as (station, _, posted):
        await announce(station, posted, measures("60"))
        notice = {"controlId": "c1", "started": started, "timestamp": "2026-12-01T12:00:00Z"}
        station.say(2, "n", "NotifyDERStartStop", notice)
        await posted.next(NoticeReceived)
        assert (await looks(station) > 0) is asked


async def test_a_look_after_the_end_asks_nobody():
    async with a_session() as (station, session, posted):
        await announce(station, posted, measures("60"))
        await commanded(station, session, posted)
    assert await looks(station) == 0


async def test_a_station_that_was_silent_once_is_asked_again():
    impatient = replace(PATIENT, call_timeout_s=0.05)
    async with a_session(rhythm=impatient) as (station, session, posted):
        await announce(station, posted, measures("60"))
        await commanded(station, session, posted)
        await station.called("TriggerMessage", 1)
        await asyncio.sleep(0.1)
        await commanded(station, session, posted)
        await triggered(station, 2)

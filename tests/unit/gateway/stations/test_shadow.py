"""Stations of a shadow: what would be told counts as done, what is asked is asked."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.connectors.shadow import ShadowLink
from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    HeldControl,
    NoticeReceived,
    ReplyStatus,
    StationDisconnected,
    StationReplied,
)
from gateway.stations.shadow import ShadowStations
from support.runtime_bench import UtilityInMemory
from support.stations import a_session


class Asked:
    """The link beneath: keeps what it is asked."""

    def __init__(self):
        self.effects = []

    def send(self, effect):
        self.effects.append(effect)

    def read_back(self, effect):
        self.effects.append(effect)


class Shadow:
    """A shadow of CS1, which is here, and CS2, which is not."""

    def __init__(self):
        self.asked, self.posted = Asked(), []
        here = {"CS1": object()}
        self.stations = ShadowStations(
            self.asked, here.get, self.posted.append, lambda: datetime.now(UTC)
        )

    def send(self, action, payload, station="CS1"):
        self.stations.send(SendToStation(station, f"{action}#1", action, payload))

    def held(self, *reported):
        self.stations.hears(ControlsReported("CS1", "r", reported))
        return {control.id: control.payload for control in self.posted[-1].held}

    @property
    def notices(self):
        return [e.notice.started for e in self.posted if isinstance(e, NoticeReceived)]


@pytest.fixture
def shadow():
    return Shadow()


def a_control(in_s=0.0, **body):
    start = datetime.now(UTC) + timedelta(seconds=in_s)
    return {
        "controlId": "a",
        "isDefault": False,
        "fixedVar": {"priority": 1, "startTime": start.isoformat(), **body},
    }


PROFILE = {"evseId": 1, "chargingProfile": {"id": 7}}


def test_what_would_be_told_counts_as_accepted_and_held(shadow):
    shadow.send("SetChargingProfile", PROFILE)
    (reply,) = shadow.posted
    expected = StationReplied("CS1", "SetChargingProfile#1", ReplyStatus.ACCEPTED, "shadow")
    assert reply == expected
    assert shadow.asked.effects == []
    assert shadow.held() == {"7": PROFILE}


def test_what_would_be_taken_back_is_not_held_any_more(shadow):
    shadow.send("SetChargingProfile", PROFILE)
    shadow.send("UpdateDynamicSchedule", {"chargingProfileId": 7})
    assert set(shadow.held()) == {"7"}
    shadow.send("ClearChargingProfile", {"chargingProfileId": 7})
    assert shadow.held() == {}


def test_what_a_station_really_holds_stands_beside(shadow):
    shadow.send("SetChargingProfile", PROFILE)
    foreign = HeldControl("9", "SetChargingProfile", {"chargingProfile": {"id": 9}})
    older = HeldControl("7", "SetChargingProfile", {"older": True})
    assert shadow.held(foreign, older) == {"9": foreign.payload, "7": PROFILE}


def test_everything_else_that_comes_is_passed_on(shadow):
    shadow.stations.hears(StationDisconnected("CS1"))
    assert shadow.posted == [StationDisconnected("CS1")]


@pytest.mark.parametrize(
    ("action", "station"), [("GetTransactionStatus", "CS1"), ("SetDERControl", "CS2")]
)
def test_questions_and_calls_to_who_is_away_go_the_real_way(shadow, action, station):
    shadow.send(action, {}, station)
    assert shadow.posted == []
    assert [effect.action for effect in shadow.asked.effects] == [action]


def test_a_read_back_asks_the_station(shadow):
    shadow.stations.read_back(ReadBack("CS1", "r"))
    assert shadow.asked.effects == [ReadBack("CS1", "r")]


def test_a_schedule_is_not_asked_for_it_would_show_what_nobody_was_told(shadow):
    shadow.send("GetCompositeSchedule", {"evseId": 1})
    assert shadow.posted[0].status is ReplyStatus.NOT_SUPPORTED
    assert shadow.asked.effects == []


async def test_a_control_starts_and_ends_when_its_time_comes(shadow):
    shadow.send("SetDERControl", a_control(0.01, duration=0.02))
    assert shadow.notices == []
    await asyncio.sleep(0.1)
    assert shadow.notices == [True, False]


async def test_one_without_an_end_only_starts(shadow):
    shadow.send("SetDERControl", a_control())
    await asyncio.sleep(0.02)
    assert shadow.notices == [True]


async def test_one_that_is_set_anew_or_taken_back_keeps_no_times_of_before(shadow):
    shadow.send("SetDERControl", a_control(0.01, duration=5))
    shadow.send("SetDERControl", a_control(0.02, duration=5))
    await asyncio.sleep(0.05)
    assert shadow.notices == [True]
    shadow.send("SetDERControl", a_control(0.01, duration=5))
    shadow.send("ClearDERControl", {"controlId": "a", "isDefault": False})
    await asyncio.sleep(0.03)
    assert shadow.notices == [True]


async def test_a_default_has_no_time(shadow):
    shadow.send("SetDERControl", {"controlId": "d", "isDefault": True, "fixedVar": {"priority": 1}})
    await asyncio.sleep(0.01)
    assert shadow.notices == []


async def test_a_session_that_only_asks_sends_nothing_that_changes_a_station():
    async with a_session(only_asks=True) as (station, session, posted):
        reply = await session.call("ClearChargingProfile", {"chargingProfileId": 1})
        assert (reply.status, reply.reason) == (
            ReplyStatus.NOT_SENT,
            "shadow: stations are only asked",
        )
        session.submit(SendToStation("CS1", "r", "ClearChargingProfile", {"chargingProfileId": 1}))
        assert posted.of(StationReplied)[-1].status is ReplyStatus.NOT_SENT
        session.submit(SendToStation("CS1", "s", "GetTransactionStatus", {"transactionId": "t"}))
        assert await station.called("GetTransactionStatus")
        assert not station.calls("ClearChargingProfile")


async def test_a_link_of_a_shadow_reads_and_tells_nothing():
    beneath, posted = UtilityInMemory(["heard"]), []
    beneath.ends = True
    link = ShadowLink(beneath)
    await link.run(posted.append)
    for deliver in (link.respond, link.post_samples, link.report_station):
        await deliver(None)
    assert posted == ["heard"]
    assert beneath.responses == beneath.samples == beneath.reports == []

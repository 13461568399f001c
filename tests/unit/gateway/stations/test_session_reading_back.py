"""How a session reads back what its station holds."""

from dataclasses import replace

from gateway.core.effects import ReadBack
from gateway.core.events import ControlsReported
from support.stations import PATIENT, a_session, announce

HELD_DER = {
    "curve": [
        {
            "id": "c1",
            "curveType": "VoltVar",
            "isDefault": False,
            "isSuperseded": True,
            "curve": {"priority": 1, "yUnit": "PctMaxVar", "curveData": [{"x": 90, "y": 10}]},
        }
    ]
}
HELD_PROFILE = {
    "id": 5,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "W",
            "startSchedule": "2026-12-01T12:00:00Z",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000}],
        }
    ],
}


async def test_a_read_back_collects_profiles_and_controls_of_both_flags():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, request = await station.called("GetChargingProfiles")
        assert request["chargingProfile"] == {"chargingLimitSource": ["CSO"]}
        station.say(3, number, {"status": "Accepted"})
        report = {"chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [HELD_PROFILE]}
        station.say(2, "p", "ReportChargingProfiles", report | {"requestId": request["requestId"]})
        number, request = await station.called("GetDERControl")
        assert request["isDefault"] is True
        station.say(3, number, {"status": "NotFound"})
        number, request = await station.called("GetDERControl", 2)
        assert request["isDefault"] is False
        # the report may come before the answer that promises it
        station.say(2, "d", "ReportDERControl", HELD_DER | {"requestId": request["requestId"]})
        station.say(3, number, {"status": "Accepted"})
        found = await posted.next(ControlsReported)
        assert (found.request_id, found.complete) == ("b1", True)
        assert [(held.id, held.action, held.superseded) for held in found.held] == [
            ("5", "SetChargingProfile", False),
            ("c1", "SetDERControl", True),
        ]


async def test_in_2_0_1_only_profiles_are_read_back():
    async with a_session("2.0.1") as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(3, number, {"status": "NoProfiles"})
        assert await posted.next(ControlsReported) == ControlsReported("CS1", "b1", (), True)
        assert not station.calls("GetDERControl")


async def test_a_station_that_knows_no_such_controls_holds_none():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(4, number, "NotImplemented", "", {})
        for nth in (1, 2):
            number, _ = await station.called("GetDERControl", nth)
            station.say(3, number, {"status": "NotSupported"})
        assert (await posted.next(ControlsReported)).complete


async def test_a_report_that_was_promised_and_does_not_come_is_incomplete():
    async with a_session("2.0.1", rhythm=replace(PATIENT, report_timeout_s=0.1)) as (
        station,
        session,
        posted,
    ):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(3, number, {"status": "Accepted"})
        assert not (await posted.next(ControlsReported)).complete


async def test_a_reboot_cuts_a_read_back_short_and_the_next_one_is_whole():
    async with a_session("2.0.1") as (station, session, posted):
        await announce(station, posted)
        session.read_back(ReadBack("CS1", "b1"))
        number, _ = await station.called("GetChargingProfiles")
        station.say(3, number, {"status": "Accepted"})
        await announce(station, posted)
        assert not (await posted.next(ControlsReported)).complete
        session.read_back(ReadBack("CS1", "b2"))
        number, _ = await station.called("GetChargingProfiles", 2)
        station.say(3, number, {"status": "NoProfiles"})
        assert await posted.next(ControlsReported, 2) == ControlsReported("CS1", "b2", (), True)


async def test_a_reading_back_begins_anew_when_one_is_done():
    async with a_session("2.0.1") as (station, session, posted):
        await announce(station, posted)
        for nth in (1, 2):
            session.read_back(ReadBack("CS1", f"b{nth}"))
            number, _ = await station.called("GetChargingProfiles", nth)
            station.say(3, number, {"status": "NoProfiles"})
            assert (await posted.next(ControlsReported, nth)).request_id == f"b{nth}"

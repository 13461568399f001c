"""How a session finds out what its station is: boot, base report, announcement."""

import asyncio
from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.events import StationConnected
from support.stations import BOOT, UNBOOTED, a_report, a_session, an_entry, an_evse, announce


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
async def test_a_station_boots_and_is_announced_once(version):
    async with a_session(version) as (station, session, posted):
        found = await announce(station, posted)
        assert found.profile.ocpp_version == version
        assert (found.profile.vendor, found.profile.model) == ("ACME", "M1")
        assert session.announced
        answer = await station.answered("boot")
        assert answer[2] == {
            "currentTime": "2026-12-01T12:00:00.000Z",
            "interval": 60,
            "status": "Accepted",
        }
        assert posted.of(StationConnected) == [found]


async def test_a_station_that_does_not_boot_is_announced_all_the_same():
    async with a_session(rhythm=UNBOOTED) as (station, _, posted):
        number, _ = await station.called("GetBaseReport")
        station.say(3, number, {"status": "NotSupported"})
        await posted.next(StationConnected)


async def test_a_reboot_announces_again():
    async with a_session() as (station, _, posted):
        await announce(station, posted)
        await announce(station, posted)
        assert len(posted.of(StationConnected)) == 2


async def test_a_boot_during_discovery_asks_again_and_announces_once():
    async with a_session(rhythm=UNBOOTED) as (station, _, posted):
        first, _ = await station.called("GetBaseReport")
        station.say(3, first, {"status": "Accepted"})
        station.say(2, "boot", "BootNotification", BOOT)
        second, request = await station.called("GetBaseReport", 2)
        station.say(3, second, {"status": "Accepted"})
        modes = [(1, "DCDERCtrlr", "ModesSupported", "FixedVar")]
        station.say(2, "n", "NotifyReport", a_report(request["requestId"], modes))
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"FixedVar"}
        assert len(posted.of(StationConnected)) == 1


MODES = [
    (1, "DCDERCtrlr", "ModesSupported", "FixedPFInject,VoltVar"),
    (1, "DCDERCtrlr", "MaxVar", "11000"),
    (1, "V2XChargingCtrlr", "SupportedOperationModes", "ChargingOnly,CentralSetpoint"),
    ("SmartChargingCtrlr", "RateUnit", "A,W"),
]


async def test_the_base_report_tells_the_der_capability():
    async with a_session() as (station, _, posted):
        found = await announce(station, posted, MODES)
        (evse,) = found.profile.evses
        assert evse.der_modes == {"FixedPFInject", "VoltVar"}
        assert evse.v2x_operation_modes == {"ChargingOnly", "CentralSetpoint"}
        assert evse.ratings.max_var == 11000
        assert evse.charging_rate_units == ("W", "A")


async def test_in_2_0_1_there_is_no_der_whatever_is_reported_or_set():
    entry = an_entry(evses=(an_evse(der_modes=frozenset({"VoltVar"})),))
    async with a_session("2.0.1", entry=entry) as (station, _, posted):
        found = await announce(station, posted, MODES)
        assert found.profile.evses[0].der_modes == frozenset()
        assert found.profile.evses[0].v2x_operation_modes == frozenset()


async def test_settings_win_over_what_a_station_reports():
    third = Fraction(22000, 3)
    entry = an_entry(overrides={1: {"MaxVar": third}}, vendor="Ours", model="Ours too")
    async with a_session(entry=entry) as (station, _, posted):
        found = await announce(station, posted, MODES)
        assert found.profile.evses[0].ratings.max_var == third
        assert found.profile.vendor == "Ours"


async def test_a_report_in_parts_is_one_report():
    async with a_session(rhythm=UNBOOTED) as (station, _, posted):
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        for part, row in enumerate(MODES):
            more = part < len(MODES) - 1
            report = a_report(request["requestId"], [row], number=part, more=more)
            station.say(2, f"part{part}", "NotifyReport", report)
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].ratings.max_var == 11000
        assert "VoltVar" in found.profile.evses[0].der_modes


async def test_parts_of_a_report_that_nobody_asked_for_are_answered_and_dropped():
    async with a_session() as (station, _, posted):
        station.say(2, "stray", "NotifyReport", a_report(1, MODES))
        assert await station.answered("stray") == [3, "stray", {}]
        found = await announce(station, posted)
        assert found.profile.evses[0].der_modes == frozenset()


async def test_a_report_with_a_part_that_cannot_be_used_is_not_waited_for():
    async with a_session() as (station, _, posted):
        station.say(2, "boot", "BootNotification", BOOT)
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        report = a_report(request["requestId"], MODES[:1], more=True)
        station.say(2, "part", "NotifyReport", report)
        station.say(2, "other", "NotifyReport", {"requestId": -1})
        empty = a_report(request["requestId"], (), number=1) | {"reportData": []}
        station.say(2, "empty", "NotifyReport", empty)
        assert (await station.answered("empty"))[2] == "OccurrenceConstraintViolation"
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"FixedPFInject", "VoltVar"}


async def test_a_part_of_another_kind_of_report_is_no_part_of_this_one():
    async with a_session() as (station, _, posted):
        station.say(2, "boot", "BootNotification", BOOT)
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        station.say(2, "other", "ReportDERControl", {"requestId": request["requestId"]})
        assert await station.answered("other") == [3, "other", {}]
        assert posted.of(StationConnected) == []
        report = a_report(request["requestId"], [(1, "DCDERCtrlr", "ModesSupported", "VoltVar")])
        station.say(2, "report", "NotifyReport", report)
        (evse,) = (await posted.next(StationConnected)).profile.evses
        assert evse.der_modes == {"VoltVar"}


async def test_a_report_that_stops_midway_counts_as_far_as_it_came():
    async with a_session(rhythm=replace(UNBOOTED, report_timeout_s=0.1)) as (station, _, posted):
        number, request = await station.called("GetBaseReport")
        station.say(3, number, {"status": "Accepted"})
        report = a_report(request["requestId"], MODES[:1], more=True)
        station.say(2, "part", "NotifyReport", report)
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"FixedPFInject", "VoltVar"}


async def test_an_end_during_discovery_announces_nothing():
    async with a_session(rhythm=UNBOOTED) as (station, session, posted):
        await station.called("GetBaseReport")
        session.end()
        await asyncio.sleep(0)
        assert not posted.of(StationConnected)
        assert not session.announced

"""Who a station is: let in as far as it may, told once, asked again where it is not all or changed."""

import asyncio
from dataclasses import replace

import pytest

from gateway.core.effects import ReadBack
from gateway.core.events import (
    SecurityNoticed,
    StationConnected,
    StationDescribed,
    StationDisconnected,
)
from gateway.stations.nameplate import Nameplate
from gateway.stations.registration import Registration
from support.stations import (
    BOOT,
    PATIENT,
    SILENT,
    UNBOOTED,
    a_report,
    a_session,
    an_entry,
    an_evse,
    announce,
)

AT = "2026-12-01T12:00:00Z"
HASTY = replace(PATIENT, report_timeout_s=0.05)
MODES = (1, "DCDERCtrlr", "ModesSupported", "VoltVar")
MAX_W = (1, "DCDERCtrlr", "MaxW", "9000")
FOREIGN = BOOT | {"chargingStation": {"model": "M1", "vendorName": "ACME", "serialNumber": "S2"}}
METER = {
    "evseId": 1,
    "meterValue": [
        {
            "timestamp": AT,
            "sampledValue": [{"value": 5000, "measurand": "Power.Active.Import"}],
        }
    ],
}


async def boots(station, payload=BOOT, name="boot"):
    """Boot; return the status of the answer."""
    station.say(2, name, "BootNotification", payload)
    answer = await station.answered(name)
    assert answer[2]["interval"] > 0
    return answer[2]["status"]


async def told(station, action="GetBaseReport", nth=1):
    """Accept a request for a report; return its number."""
    number, request = await station.called(action, nth)
    station.say(3, number, {"status": "Accepted"})
    return request["requestId"]


def part(station, request, *values, number=0, more=False):
    station.say(
        2,
        f"p{request}-{number}",
        "NotifyReport",
        a_report(request, values, number=number, more=more),
    )


# Boots (B01 to B03)


async def test_another_device_under_an_enrolled_id_is_rejected_and_left_alone():
    async with a_session(entry=an_entry(serial_number="S1")) as (station, session, posted):
        assert await boots(station, FOREIGN) == "Rejected"
        (event,) = posted.of(SecurityNoticed)
        assert (event.kind, event.station) == ("station.foreign", "CS1")
        station.say(2, "m", "MeterValues", METER)
        assert (await station.answered("m"))[2] == "SecurityError"
        session._introduction.boot_missed()
        await asyncio.sleep(0.02)
        assert [frame for frame in station.sent if frame[0] == 2] == []
        assert posted.of(StationConnected) == []


async def test_who_was_rejected_does_not_come_in_by_booting_no_more():
    entry, plate = an_entry(serial_number="S1"), Nameplate()
    async with a_session(entry=entry, plate=plate) as (station, _, _):
        assert await boots(station, FOREIGN) == "Rejected"
    async with a_session(entry=entry, plate=plate, rhythm=UNBOOTED) as (station, session, posted):
        station.say(2, "m", "MeterValues", METER)
        assert (await station.answered("m"))[2] == "SecurityError"
        await asyncio.sleep(5 * UNBOOTED.boot_grace_s)
        assert (posted.events, session.announced) == ([], False)
        assert await boots(station) == "Accepted"
    async with a_session(entry=entry, plate=plate, rhythm=SILENT) as (_, _, posted):
        await posted.next(StationConnected)


@pytest.mark.parametrize(
    ("enrolled", "payload"),
    [("S2", FOREIGN), ("", FOREIGN), ("S1", BOOT)],
)
async def test_a_device_that_does_not_contradict_is_accepted(enrolled, payload):
    async with a_session(entry=an_entry(serial_number=enrolled)) as (station, _, _):
        assert await boots(station, payload) == "Accepted"


async def test_a_station_that_turns_out_to_be_another_one_is_away():
    async with a_session(entry=an_entry(serial_number="S1")) as (station, session, posted):
        await announce(station, posted)
        assert await boots(station, FOREIGN, "again") == "Rejected"
        await posted.next(StationDisconnected)
        assert not session.announced


async def test_a_station_in_commissioning_is_asked_and_is_not_here_until_it_boots_again():
    async with a_session(entry=an_entry(commissioning=True)) as (station, session, posted):
        assert await boots(station) == "Pending"
        request = await told(station)
        station.say(2, "m", "MeterValues", METER)
        assert (await station.answered("m"))[2] == "SecurityError"
        part(station, request, MODES)
        await station.answered(f"p{request}-0")
        assert (posted.of(StationConnected), posted.of(StationDescribed)) == ([], [])
        session._context.entry = an_entry()
        assert await boots(station, name="again") == "Accepted"
        part(station, await told(station, nth=2), MODES)
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"VoltVar"}
        station.say(2, "m2", "MeterValues", METER)
        assert (await station.answered("m2"))[0] == 3


async def test_a_station_in_commissioning_that_comes_back_without_a_boot_is_not_here():
    entry = an_entry(commissioning=True)
    async with a_session(entry=entry, rhythm=UNBOOTED) as (station, session, posted):
        station.say(2, "h", "Heartbeat", {})
        assert (await station.answered("h"))[2] == "SecurityError"
        await asyncio.sleep(5 * UNBOOTED.boot_grace_s)
        assert (posted.events, session.announced) == ([], False)


@pytest.mark.parametrize(
    ("registration", "action", "barred"),
    [
        (Registration.ACCEPTED, "MeterValues", False),
        (Registration.PENDING, "MeterValues", True),
        (Registration.PENDING, "Heartbeat", True),
        (Registration.PENDING, "SecurityEventNotification", True),
        (Registration.PENDING, "BootNotification", False),
        (Registration.PENDING, "NotifyReport", False),
        (Registration.PENDING, "SignCertificate", False),
        (Registration.REJECTED, "NotifyReport", True),
        (Registration.REJECTED, "BootNotification", False),
    ],
)
def test_a_station_that_waits_says_only_what_it_is_asked(registration, action, barred):
    assert registration.bars(action) is barred


async def test_who_comes_back_without_a_boot_was_accepted_before():
    async with a_session(rhythm=UNBOOTED) as (station, _, posted):
        station.say(2, "m", "MeterValues", METER)
        assert (await station.answered("m"))[0] == 3
        part(station, await told(station), MODES)
        await posted.next(StationConnected)


async def test_each_evse_is_what_its_own_controllers_say():
    entry = an_entry(evses=(an_evse(1), an_evse(2)))
    report = [
        (1, "DCDERCtrlr", "ModesSupported", "VoltVar"),
        (1, "DCDERCtrlr", "MaxVar", "4000"),
        (2, "ACDERCtrlr", "ModesSupported", "FixedVar"),
        (2, "ACDERCtrlr", "MaxVar", "3000"),
        (1, "V2XChargingCtrlr", "SupportedOperationModes", "CentralSetpoint"),
        (2, "V2XChargingCtrlr", "SupportedOperationModes", "ChargingOnly"),
        (2, "V2XChargingCtrlr", "Enabled", "false"),
        ("SmartChargingCtrlr", "RateUnit", "A"),
        ("SmartChargingCtrlr", "SupportsDynamicProfiles", "true"),
    ]
    async with a_session(entry=entry) as (station, _, posted):
        first, second = (await announce(station, posted, report)).profile.evses
        assert (first.der_modes, second.der_modes) == ({"VoltVar"}, {"FixedVar"})
        assert (first.ratings.max_var, second.ratings.max_var) == (4000, 3000)
        assert (first.v2x_operation_modes, second.v2x_operation_modes) == (
            {"CentralSetpoint"},
            frozenset(),
        )
        assert first.charging_rate_units == second.charging_rate_units == ("A",)
        assert first.dynamic_profiles
        assert second.dynamic_profiles


async def test_a_rating_that_is_none_leaves_the_others():
    report = [(1, "DCDERCtrlr", "MaxW", "much"), (1, "DCDERCtrlr", "MaxVar", "4000")]
    async with a_session() as (station, _, posted):
        (evse,) = (await announce(station, posted, report)).profile.evses
        assert (evse.ratings.max_w, evse.ratings.max_var) == (22000, 4000)


async def test_a_boot_while_the_station_is_heard_out_begins_anew():
    async with a_session(rhythm=replace(PATIENT, report_timeout_s=0.3)) as (station, _, posted):
        await boots(station)
        part(station, await told(station), MODES, number=1)  # its first part is missing
        await posted.next(StationConnected)
        await boots(station, name="again")
        part(station, await told(station, nth=2), MODES, MAX_W)
        await posted.next(StationConnected, 2)
        await asyncio.sleep(0.5)
        assert len(station.calls("GetBaseReport")) == 2


# Reports that are cut short (B07)


async def test_a_report_with_a_gap_is_announced_as_far_as_it_came_and_asked_for_again():
    async with a_session(rhythm=HASTY) as (station, _, posted):
        await boots(station)
        request = await told(station)
        part(station, request, MODES, number=1)
        found = await posted.next(StationConnected)
        assert found.profile.evses[0].der_modes == {"VoltVar"}
        again = await told(station, nth=2)
        part(station, again, MAX_W, more=True)
        part(station, again, MODES, number=1)
        described = await posted.next(StationDescribed)
        assert described.profile.evses[0].ratings.max_w == 9000
        await asyncio.sleep(3 * HASTY.report_timeout_s)
        assert len(station.calls("GetBaseReport")) == 2


async def test_a_report_that_never_comes_is_asked_for_three_times_in_all():
    async with a_session(rhythm=HASTY) as (station, session, posted):
        await boots(station)
        await told(station)
        await posted.next(StationConnected)
        for nth in (2, 3):
            await told(station, nth=nth)
        await posted.next(StationDescribed, 2)
        await asyncio.sleep(3 * HASTY.report_timeout_s)
        assert len(station.calls("GetBaseReport")) == 3
        assert session._introduction._following is None


async def test_a_station_that_does_not_answer_is_not_asked_again():
    hasty = replace(HASTY, call_timeout_s=0.02)
    async with a_session(rhythm=hasty) as (station, session, posted):
        await boots(station)
        await posted.next(StationConnected)
        await asyncio.sleep(3 * HASTY.report_timeout_s)
        assert len(station.calls("GetBaseReport")) == 1
        assert session._introduction._following is None


async def test_a_part_that_comes_twice_breaks_no_report():
    async with a_session(rhythm=HASTY) as (station, _, posted):
        await boots(station)
        request = await told(station)
        part(station, request, MODES, more=True)
        part(station, request, MODES, more=True)
        part(station, request, MAX_W, number=1)
        await posted.next(StationConnected)
        await asyncio.sleep(3 * HASTY.report_timeout_s)
        assert len(station.calls("GetBaseReport")) == 1


async def test_what_was_known_survives_a_connection_whose_report_does_not_come():
    async with a_session() as (station, first, posted):
        await announce(station, posted, [MODES, MAX_W])
        plate = first.plate
    async with a_session(rhythm=replace(UNBOOTED, report_timeout_s=0.02), plate=plate) as (
        station,
        _,
        posted,
    ):
        await told(station)
        found = await posted.next(StationConnected)
        (evse,) = found.profile.evses
        assert (evse.der_modes, evse.ratings.max_w) == ({"VoltVar"}, 9000)


# News


async def refreshed(station, posted, *values):
    """Switch a controller; answer what is asked for then."""
    event = {
        "eventId": 1,
        "timestamp": "2026-12-01T12:01:00Z",
        "trigger": "Delta",
        "actualValue": "false",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "DCDERCtrlr", "evse": {"id": 1}},
        "variable": {"name": "Enabled"},
    }
    station.say(2, "e", "NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [event]})
    number, request = await station.called("GetReport")
    names = {entry["component"]["name"] for entry in request["componentVariable"]}
    assert {"DCDERCtrlr", "ACDERCtrlr", "V2XChargingCtrlr", "SmartChargingCtrlr"} <= names
    if values:
        station.say(3, number, {"status": "Accepted"})
        part(station, request["requestId"], *values)
    else:
        station.say(4, number, "NotSupported", "", {})


async def test_a_station_that_changed_is_asked_for_what_matters():
    async with a_session() as (station, _, posted):
        await announce(station, posted, [MODES])
        await refreshed(station, posted, (1, "DCDERCtrlr", "ModesSupported", ""), MAX_W)
        event = await posted.next(StationDescribed, 2)  # the first is the switch itself
        assert (event.profile.evses[0].der_modes, event.profile.evses[0].ratings.max_w) == (
            frozenset(),
            9000,
        )


async def test_a_station_without_such_reports_is_asked_for_all():
    async with a_session() as (station, _, posted):
        await announce(station, posted, [MODES])
        await refreshed(station, posted)
        part(station, await told(station, nth=2), MAX_W)
        event = await posted.next(StationDescribed, 2)
        assert event.profile.evses[0].ratings.max_w == 9000


async def test_news_while_the_station_is_asked_are_asked_for_once_more():
    async with a_session() as (station, session, posted):
        await announce(station, posted, [MODES])
        session._introduction.ask_again()
        await station.called("GetReport")
        session._introduction.ask_again()
        session._introduction.ask_again()
        for nth in (1, 2):
            part(station, await told(station, "GetReport", nth), MODES)
        await posted.next(StationDescribed, 2)
        await asyncio.sleep(0.02)
        assert len(station.calls("GetReport")) == 2


async def test_nothing_is_asked_before_the_announcement_or_after_the_end():
    async with a_session() as (station, session, posted):
        session._introduction.ask_again()
        await asyncio.sleep(0.01)
        assert station.calls("GetReport") == []
        await announce(station, posted, [MODES])
    session._introduction.ask_again()
    session.read_back(ReadBack("CS1", "r"))
    assert station.calls("GetReport") == []

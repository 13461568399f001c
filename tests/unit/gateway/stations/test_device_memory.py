"""What a station said of itself outlives its connection and the process."""

import asyncio
from dataclasses import replace

import pytest

from gateway.core.events import DeviceReported, StationConnected, StationDescribed
from gateway.stations.device_model import DeviceModel, Make, Variable, from_document, to_document
from gateway.stations.nameplate import Nameplate
from support.stations import (
    BOOT,
    NOON,
    SILENT,
    UNBOOTED,
    a_report,
    a_session,
    an_entry,
    announce,
)

MODES = (1, "DCDERCtrlr", "ModesSupported", "VoltVar")
MAX_W = Variable("DCDERCtrlr", "MaxW", 1)
INVERTED = BOOT | {"chargingStation": {"model": "M1", "vendorName": "EVerest"}}
FOREIGN = BOOT | {"chargingStation": {"model": "M1", "vendorName": "ACME", "serialNumber": "S2"}}


async def a_kept_document(boot=BOOT, entry=None):
    """Let a station boot and report; return what is kept of it."""
    async with a_session(entry=entry) as (station, _, posted):
        await reports(station, posted, boot)
        return posted.of(DeviceReported)[-1].document


async def reports(station, posted, boot=BOOT):
    station.say(2, "boot", "BootNotification", boot)
    number, request = await station.called("GetBaseReport")
    station.say(3, number, {"status": "Accepted"})
    station.say(2, "r", "NotifyReport", a_report(request["requestId"], [MODES]))
    return await posted.next(StationConnected)


def remembered(document, entry=None):
    return Nameplate.remembered(entry or an_entry(), document)


def modes_of(event):
    return event.profile.evses[0].der_modes


async def test_a_station_that_comes_back_without_a_boot_is_read_as_before():
    plate = Nameplate()
    async with a_session(plate=plate) as (station, _, posted):
        before = await reports(station, posted, INVERTED)
    async with a_session(plate=plate, rhythm=SILENT) as (_, _, posted):
        after = await posted.next(StationConnected)
    assert before.profile.dialect.excitation == "inverted"
    assert after.profile == before.profile


async def test_a_station_that_says_nothing_after_a_restart_is_what_it_was():
    plate = remembered(await a_kept_document(INVERTED))
    async with a_session(plate=plate, rhythm=SILENT) as (_, _, posted):
        found = await posted.next(StationConnected)
    assert (found.profile.dialect.excitation, modes_of(found)) == ("inverted", {"VoltVar"})
    assert posted.of(DeviceReported) == [], "that is kept already"


async def test_a_station_says_the_same_again_and_it_is_kept_once():
    plate = Nameplate()
    for count in (1, 0):
        async with a_session(plate=plate) as (station, _, posted):
            await reports(station, posted)
        assert len(posted.of(DeviceReported)) == count


async def test_another_model_in_its_place_is_nothing_that_the_first_one_said():
    plate = remembered(await a_kept_document())
    async with a_session(plate=plate) as (station, _, posted):
        station.say(2, "boot", "BootNotification", INVERTED)
        number, _ = await station.called("GetBaseReport")
        station.say(3, number, {"status": "NotSupported"})
        assert modes_of(await posted.next(StationConnected)) == frozenset()


async def test_new_firmware_is_still_the_same_station():
    plate = remembered(await a_kept_document())
    plate.booted(Make("ACME", "M1", "2.0"))
    assert plate.known(an_entry(), "2.1").evses[0].der_modes == {"VoltVar"}


async def test_who_was_rejected_does_not_come_in_after_a_restart():
    entry = an_entry(serial_number="S1")
    async with a_session(entry=entry) as (station, _, posted):
        station.say(2, "boot", "BootNotification", FOREIGN)
        assert (await station.answered("boot"))[2]["status"] == "Rejected"
        (kept,) = posted.of(DeviceReported)
    plate = remembered(kept.document, entry)
    async with a_session(entry=entry, plate=plate, rhythm=UNBOOTED) as (station, _, _):
        station.say(2, "h", "Heartbeat", {})
        assert (await station.answered("h"))[2] == "SecurityError"
    async with a_session(entry=entry, plate=plate) as (station, _, posted):
        await announce(station, posted)
        assert posted.of(DeviceReported)[0].document["foreign"] is False


ASKED = [
    pytest.param("first", ["GetBaseReport"], id="first"),
    pytest.param("later", ["GetReport"], id="later"),
    pytest.param("never", [], id="never"),
]


@pytest.mark.parametrize(("ask_known", "asked"), ASKED)
async def test_a_known_station_is_asked_again_as_the_settings_say(ask_known, asked):
    plate, rhythm = remembered(await a_kept_document()), replace(UNBOOTED, ask_known=ask_known)
    async with a_session(plate=plate, rhythm=rhythm) as (station, _, posted):
        if ask_known == "first":
            await _says_as_before(station, "GetBaseReport")
        found = await posted.next(StationConnected)
        if ask_known == "later":
            await _says_as_before(station, "GetReport")
            assert (await posted.next(StationDescribed)).profile == found.profile
        await asyncio.sleep(5 * UNBOOTED.boot_grace_s)
        told = [frame[2] for frame in station.sent if frame[0] == 2]
    assert (modes_of(found), told) == ({"VoltVar"}, asked)


async def _says_as_before(station, action):
    number, request = await station.called(action)
    station.say(3, number, {"status": "Accepted"})
    station.say(2, "again", "NotifyReport", a_report(request["requestId"], [MODES]))


async def test_in_another_version_of_ocpp_it_is_asked_first():
    plate, rhythm = remembered(await a_kept_document()), replace(SILENT, ask_known="never")
    async with a_session("2.0.1", plate=plate, rhythm=rhythm) as (station, _, posted):
        await station.called("GetBaseReport")
        await posted.next(StationConnected)


def test_a_device_model_is_kept_whole():
    model = DeviceModel().reported(
        a_report(1, [MODES, ("SmartChargingCtrlr", "Enabled", "true")])["reportData"],
        {"DCDERCtrlr": {"ModesSupported", "MaxW"}, "SmartChargingCtrlr": {"Enabled"}},
        NOON,
        whole=True,
    )
    model = replace(model.changed(MAX_W, "9000", NOON), watchable=frozenset({MAX_W}))
    assert from_document(to_document(model)) == model
    assert from_document(to_document(DeviceModel())) == DeviceModel()


def test_stations_of_one_model_share_what_was_kept():
    model = DeviceModel({MAX_W: "9000"})
    first, second = (from_document(to_document(model)) for _ in range(2))
    assert first.values is second.values

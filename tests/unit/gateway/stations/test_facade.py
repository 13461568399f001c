"""One link over all stations: who counts, who is away, and what of an old connection still counts."""

import asyncio

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    ControlsReported,
    DeviceReported,
    ReplyStatus,
    SamplesTaken,
    StationConnected,
    StationDisconnected,
    StationReplied,
)
from gateway.settings.mappings import mapping_files, mappings_folder
from gateway.stations.facade import Stations
from gateway.stations.session import Session
from support.stations import (
    BOOT,
    PATIENT,
    MemoryTransport,
    Posted,
    an_entry,
    announce,
    fixed_clocks,
)
from translators.chain import load_book

CLEAR = SendToStation("CS1", "r1", "ClearChargingProfile", {"chargingProfileId": 5})


class Yard:
    """A facade with sessions over memory."""

    def __init__(self):
        self.posted = Posted()
        self.stations = Stations(self.posted)
        self.generation = 0

    def arrive(self, name="CS1", version="2.1"):
        self.generation += 1
        station = MemoryTransport(name, version)
        session = Session(
            station,
            an_entry(name),
            self.posted,
            fixed_clocks(),
            PATIENT,
            generation=self.generation,
        )
        return station, session, asyncio.create_task(self.stations.serve(session))


async def leave(station, serving):
    station.hang_up()
    await asyncio.wait_for(serving, 5)


async def test_a_call_to_a_station_that_is_away_was_not_sent():
    yard = Yard()
    yard.stations.send(CLEAR)
    (reply,) = yard.posted.events
    assert reply == StationReplied("CS1", "r1", ReplyStatus.NOT_SENT, "the station is away")


async def test_a_read_back_of_a_station_that_is_away_is_incomplete():
    yard = Yard()
    yard.stations.read_back(ReadBack("CS1", "b1"))
    assert yard.posted.events == [ControlsReported("CS1", "b1", (), complete=False)]


async def test_calls_reach_the_station_that_they_name_whatever_it_speaks():
    yard = Yard()
    arrived = {"CS1": yard.arrive("CS1", "2.1"), "CS2": yard.arrive("CS2", "2.0.1")}
    for number, (name, (station, _, _)) in enumerate(arrived.items(), 1):
        await announce(station, yard.posted)
        clear = SendToStation(name, f"r{number}", CLEAR.action, {"chargingProfileId": number})
        yard.stations.send(clear)
        call, payload = await station.called("ClearChargingProfile")
        assert payload == {"chargingProfileId": number}
        station.say(3, call, {"status": "Unknown"})
        reply = await yard.posted.next(StationReplied, number)
        assert (reply.station, reply.status) == (name, ReplyStatus.NOT_FOUND)
    for station, _, serving in arrived.values():
        await leave(station, serving)


async def test_a_read_back_goes_to_the_station_that_is_there():
    yard = Yard()
    station, _, serving = yard.arrive(version="2.0.1")
    await announce(station, yard.posted)
    yard.stations.read_back(ReadBack("CS1", "b1"))
    call, _ = await station.called("GetChargingProfiles")
    station.say(3, call, {"status": "NoProfiles"})
    assert (await yard.posted.next(ControlsReported)).complete
    await leave(station, serving)


def a_book_without(name):
    """Return the shipped rules but for the file of this name."""
    files = mapping_files(mappings_folder())
    left = {path: text for path, text in files.items() if not path.endswith(name)}
    assert len(left) == len(files) - 1
    return load_book(left)


async def test_other_rules_read_what_a_station_that_is_here_says_next():
    yard = Yard()
    station, _, serving = yard.arrive()
    boot = {**BOOT, "chargingStation": {"vendorName": "EVerest", "model": "M"}}
    read = []
    for nth, book in enumerate((None, a_book_without("everest.yaml")), 1):
        if book is not None:
            yard.stations.use(book)
        station.say(2, f"boot{nth}", "BootNotification", boot)
        number, _ = await station.called("GetBaseReport", nth)
        station.say(3, number, {"status": "NotSupported"})
        read.append((await yard.posted.next(StationConnected, nth)).profile)
    assert [profile.dialect.excitation for profile in read] == ["inverted", "as_spec"]
    assert read[1].vendor == "EVerest"
    await leave(station, serving)


async def test_an_end_is_told_once_and_before_what_had_no_answer():
    yard = Yard()
    station, session, serving = yard.arrive()
    await announce(station, yard.posted)
    yard.stations.send(CLEAR)
    await station.called("ClearChargingProfile")
    await leave(station, serving)
    yard.stations.detach(session)
    told = [e for e in yard.posted.events if isinstance(e, StationDisconnected | StationReplied)]
    assert told == [
        StationDisconnected("CS1"),
        StationReplied("CS1", "r1", ReplyStatus.NO_ANSWER, "connection lost"),
    ]
    assert yard.stations.current("CS1") is None


async def test_a_station_that_was_never_announced_leaves_in_silence():
    yard = Yard()
    station, _, serving = yard.arrive()
    station.say(2, "boot", "BootNotification", BOOT)
    await station.called("GetBaseReport")
    await leave(station, serving)
    assert not yard.posted.of(StationDisconnected)


async def test_a_new_connection_replaces_the_old_one_whose_words_count_no_more():
    yard = Yard()
    old, old_session, old_serving = yard.arrive()
    await announce(old, yard.posted)
    yard.stations.send(CLEAR)
    await old.called("ClearChargingProfile")
    new, new_session, new_serving = yard.arrive()
    await announce(new, yard.posted)
    assert old.aborted
    assert yard.stations.current("CS1") is new_session
    await asyncio.wait_for(old_serving, 5)
    old_session.take(b'[2,"m","MeterValues",{"evseId":1,"meterValue":[]}]')
    assert not yard.posted.of(SamplesTaken)
    beside = StationReplied | DeviceReported
    kinds = [type(e) for e in yard.posted.events if not isinstance(e, beside)]
    assert kinds == [StationConnected, StationDisconnected, StationConnected]
    assert [r.status for r in yard.posted.of(StationReplied)] == [ReplyStatus.NO_ANSWER]
    yard.stations.detach(old_session)
    assert yard.stations.current("CS1") is new_session
    await leave(new, new_serving)
    assert len(yard.posted.of(StationDisconnected)) == 2

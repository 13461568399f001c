"""A transport by itself, over a real socket."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode

from gateway.core.effects import SendToStation
from gateway.core.events import ReplyStatus, StationDisconnected, StationReplied
from gateway.errors import PeerError
from gateway.stations.listening import MAX_FRAGMENTS
from support.runtime_bench import until
from support.stations import PATIENT, Wire, a_mute_station, a_site, an_entry, dial, masked

CLEAR = {"chargingProfileId": 5}


async def test_it_knows_its_station_and_version():
    async with a_site() as site, dial(site) as socket:
        await Wire(socket).boot()
        transport = site.stations.current("CS1").transport
        assert (transport.station, transport.subprotocol) == ("CS1", "ocpp2.1")


async def test_a_station_that_answers_pings_lives():
    async with a_site() as site, dial(site) as socket:
        await Wire(socket).boot()
        assert await site.stations.current("CS1").transport.alive(5)


async def test_a_station_that_does_not_is_dead():
    async with a_site() as site, a_mute_station(site):
        transport = site.stations.current("CS1").transport
        assert not await transport.alive(0.02)


async def test_after_the_end_nothing_can_be_written_and_nothing_lives():
    async with a_site() as site:
        async with dial(site) as socket:
            await Wire(socket).boot()
            transport = site.stations.current("CS1").transport
        await site.posted.next(StationDisconnected)
        with pytest.raises(PeerError, match="CS1"):
            transport.send(b"[]")
        assert not await transport.alive(5)


async def test_an_aborted_connection_is_gone_at_once():
    async with a_site() as site, dial(site) as socket:
        await Wire(socket).boot()
        site.stations.current("CS1").transport.abort()
        await socket.wait_closed()
        assert socket.close_code == 1006


OFFERS = [
    ("none", None, False),
    ("plain", [ClientPerMessageDeflateFactory()], True),
    ("small windows", [ClientPerMessageDeflateFactory(client_max_window_bits=9)], True),
    (
        "the server's window alone",
        [ClientPerMessageDeflateFactory(server_max_window_bits=12)],
        True,
    ),
]


@pytest.mark.parametrize(
    ("extensions", "packed"), [row[1:] for row in OFFERS], ids=[row[0] for row in OFFERS]
)
async def test_compression_is_taken_where_it_is_offered_and_the_library_has_it(
    extensions, packed, transport
):
    async with (
        a_site() as site,
        dial(site, compression=None, extensions=extensions) as socket,
    ):
        assert bool(socket.protocol.extensions) is (packed and transport == "websockets")
        for extension in socket.protocol.extensions:
            assert extension.remote_no_context_takeover
            assert extension.remote_max_window_bits <= 10
        station = Wire(socket)
        await station.boot()
        data = {"vendorId": "v", "data": "x" * 5000}
        assert (await station.ask("DataTransfer", data))[2] == {"status": "UnknownVendorId"}


async def test_texts_in_pieces_are_one_frame():
    async with a_site() as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        await socket.send(['[2,"a",', '"Heart', "beat", '",{}]'])
        assert (await station.answer_to("a"))[0] == 3


async def test_too_many_pieces_close_the_connection():
    async with a_site() as site, dial(site) as socket:
        await Wire(socket).boot()
        with suppress(ConnectionClosed):
            await socket.send(["x"] * (MAX_FRAGMENTS + 2))
        await socket.wait_closed()
        assert socket.close_code == 1009


async def test_a_letter_cut_in_two_by_a_fragment_is_whole_again():
    async with a_site() as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        text = '[2,"a","DataTransfer",{"vendorId":"Ladesäule"}]'.encode()
        cut = text.index("ä".encode()) + 1
        await socket.send([text[:cut], text[cut:]], text=True)
        assert (await station.answer_to("a"))[2] == {"status": "UnknownVendorId"}


async def test_what_a_station_says_before_it_is_served_is_taken_in_order():
    async with a_site() as site:
        looked, occupied = 0, site.endpoint._occupied

        async def slowly(station):
            nonlocal looked
            looked += 1
            if looked == 2:  # it has shaken hands, and is looked at once more before it is served
                await asyncio.sleep(0.1)
            return await occupied(station)

        site.endpoint._occupied = slowly
        async with dial(site) as socket:
            station = Wire(socket)
            for number in range(20):
                await station.say([2, f"early{number}", "Heartbeat", {}])
            assert site.stations.current("CS1") is None
            for number in range(20):
                answer = await station.hear(lambda frame: frame[0] == 3)
                assert answer[1] == f"early{number}"


def flood(transport):
    for _ in range(1_000):
        transport.send(b'["' + b"x" * 60_000 + b'"]')


async def test_a_station_that_reads_nothing_is_failed_and_its_neighbour_is_not():
    async with a_site(an_entry("CS1"), an_entry("CS2")) as site, dial(site, "CS2") as socket:
        neighbour = Wire(socket)
        await neighbour.boot()
        async with a_mute_station(site) as (_reader, writer):
            transport = site.stations.current("CS1").transport
            with pytest.raises(PeerError, match="reads nothing"):
                flood(transport)
            site.stations.send(SendToStation("CS1", "r", "ClearChargingProfile", CLEAR))
            reply = await site.posted.next(StationReplied)
            assert (reply.station, reply.status) == ("CS1", ReplyStatus.NO_ANSWER)
            assert writer is not None
        assert (await neighbour.ask("Heartbeat", {}))[0] == 3


async def test_a_text_that_trickles_in_octet_by_octet_is_one_frame():
    async with a_site() as site, a_mute_station(site) as (reader, writer):
        frame = Frame(Opcode.TEXT, b'[2,"a","Heartbeat",{}]').serialize(mask=True)
        for octet in frame:
            writer.write(bytes((octet,)))
            await asyncio.sleep(0.001)
        answer = await asyncio.wait_for(reader.readuntil(b"}]"), 5)
        assert b'[3,"a",' in answer


async def test_pings_between_texts_in_one_write_are_answered():
    async with a_site() as site, a_mute_station(site) as (reader, writer):
        text = Frame(Opcode.TEXT, b'[2,"%s","Heartbeat",{}]')
        first, second = (Frame(Opcode.TEXT, text.data % name) for name in (b"a", b"b"))
        frames = (first, Frame(Opcode.PING, b"alive?"), second)
        writer.write(b"".join(frame.serialize(mask=True) for frame in frames))
        told = b""
        while not (b'"a"' in told and b'"b"' in told and b"alive?" in told):
            told += await asyncio.wait_for(reader.read(1000), 5)


async def test_fragments_after_texts_give_the_stream_to_the_library_in_order():
    async with a_site() as site, dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        await station.say([2, "one", "Heartbeat", {}])
        await socket.send(['[2,"two",', '"Heartbeat",{}]'])
        await station.say([2, "three", "Heartbeat", {}])
        for name in ("one", "two", "three"):
            assert (await station.hear(lambda frame: frame[0] == 3))[1] == name


async def test_a_station_that_says_anything_lives_though_it_answers_no_ping():
    brisk = replace(PATIENT, ping_interval_s=0.1)
    async with a_site(rhythm=brisk) as site, a_mute_station(site) as (_, writer):
        transport = site.stations.current("CS1").transport
        for number in range(12):
            writer.write(masked(b'[2,"h%d","Heartbeat",{}]' % number))
            await asyncio.sleep(0.05)
        assert transport.close_code is None
        await until(lambda: transport.close_code is not None, within_s=5)

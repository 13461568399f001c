"""What is done with frames and requests that no well-behaved library sends."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from websockets.frames import Close, Frame, Opcode

from gateway.protocols.ocpp_frames import MAX_FRAME
from support.security_campaign import request
from support.stations import PATIENT, a_mute_station, a_site, basic

BEAT = b'[2,"a","Heartbeat",{}]'


def text(data=BEAT, **bits):
    return Frame(Opcode.TEXT, data, **bits).serialize(mask=True)


def more(data=BEAT, **bits):
    return Frame(Opcode.CONT, data, **bits).serialize(mask=True)


def in_pieces(size, pieces):
    part = size // pieces
    rest = b"".join(more(b" " * part, fin=False) for _ in range(pieces - 1))
    return text(b" " * part, fin=False) + rest


FAULTY = [
    ("a fragment that continues nothing", more(), 1002),
    ("a text within another", text(fin=False) + text(), 1002),
    ("a text begun within another", text(fin=False) + text(fin=False), 1002),
    ("a reserved bit", b"\xc1\x82\0\0\0\0[]", 1002),
    ("another reserved bit", b"\x91\x82\0\0\0\0[]", 1002),
    ("an unknown opcode", b"\x83\x80\0\0\0\0", 1002),
    ("no mask", Frame(Opcode.TEXT, BEAT).serialize(mask=False), 1002),
    ("a ping in pieces", b"\x09\x80\0\0\0\0", 1002),
    ("a ping of 126 octets", b"\x89\xfe\x00\x7e\0\0\0\0" + b"x" * 126, 1002),
    ("a binary frame", Frame(Opcode.BINARY, BEAT).serialize(mask=True), 1003),
    ("half a letter", text(b'["\xc3"]'), 1007),
    ("half a letter at the end of the pieces", text(b'["', fin=False) + more(b"\xc3"), 1007),
    ("more than 256 KiB", text(b" " * (MAX_FRAME + 1)), 1009),
    ("a length beyond all measure", b"\x81\xff\x7f" + b"\xff" * 7, 1009),
    ("more than 256 KiB in pieces", in_pieces(MAX_FRAME + 8, 4) + more(b" " * 8), 1009),
    ("a close of one octet", b"\x88\x81\0\0\0\0x", 1002),
    ("a close with a status that is none", b"\x88\x82\0\0\0\0\x03\xed", 1002),
]


async def ending(reader):
    """Return the status that a connection is closed with; what is said before is short."""
    async with asyncio.timeout(5):
        while True:
            first, size = await reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await reader.readexactly(2), "big")
            payload = await reader.readexactly(size)
            if first == 0x88:
                return Close.parse(payload).code


@pytest.mark.parametrize(
    ("octets", "code"), [row[1:] for row in FAULTY], ids=[row[0] for row in FAULTY]
)
async def test_what_breaks_the_protocol_closes_the_connection_and_says_why(octets, code):
    async with a_site() as site, a_mute_station(site) as (reader, writer):
        writer.write(octets)
        assert await ending(reader) == code
        writer.write(Frame(Opcode.CLOSE, b"").serialize(mask=True))
        assert await asyncio.wait_for(reader.read(), 1) == b""


async def test_the_largest_message_is_taken():
    async with a_site() as site, a_mute_station(site) as (reader, writer):
        writer.write(text(BEAT.replace(b"{}", b"{" + b" " * (MAX_FRAME - len(BEAT)) + b"}")))
        assert b'[3,"a",' in await asyncio.wait_for(reader.readuntil(b"}]"), 5)


async def test_control_frames_may_come_between_fragments():
    async with a_site() as site, a_mute_station(site) as (reader, writer):
        ping = Frame(Opcode.PING, b"still there?").serialize(mask=True)
        writer.write(text(BEAT[:9], fin=False) + ping + more(BEAT[9:]))
        told = await asyncio.wait_for(reader.readuntil(b"}]"), 5)
        assert b"\x8a\x0cstill there?" in told
        assert b'[3,"a",' in told


CLOSES = [
    ("none", b"", b"\x88\x00"),
    ("normal", b"\x03\xe8", b"\x88\x02\x03\xe8"),
    ("one of its own", b"\x0f\xa1bye", b"\x0f\xa1"),
]


@pytest.mark.parametrize(
    ("said", "answered"), [row[1:] for row in CLOSES], ids=[row[0] for row in CLOSES]
)
async def test_a_close_is_answered_with_its_own_status(said, answered):
    async with a_site() as site, a_mute_station(site) as (reader, writer):
        writer.write(Frame(Opcode.CLOSE, said).serialize(mask=True))
        assert answered in await asyncio.wait_for(reader.read(), 5)


async def test_after_its_close_nothing_that_a_station_says_counts():
    async with a_site() as site, a_mute_station(site) as (reader, writer):
        writer.write(Frame(Opcode.CLOSE, b"").serialize(mask=True) + text())
        assert b'[3,"a",' not in await asyncio.wait_for(reader.read(), 5)


async def test_a_station_that_answers_no_ping_is_closed():
    async with (
        a_site(rhythm=replace(PATIENT, ping_interval_s=0.1)) as site,
        a_mute_station(site) as (reader, _),
    ):
        assert await ending(reader) == 1011


async def test_a_station_that_answers_pings_stays_however_little_it_says():
    async with (
        a_site(rhythm=replace(PATIENT, ping_interval_s=0.05)) as site,
        a_mute_station(site) as (reader, writer),
    ):
        for _ in range(6):
            head = await asyncio.wait_for(reader.readexactly(2), 5)
            assert head[0] & 0xF == Opcode.PING
            payload = await reader.readexactly(head[1])
            writer.write(Frame(Opcode.PONG, payload).serialize(mask=True))
        assert site.stations.current("CS1") is not None


async def test_a_station_whose_life_is_asked_for_all_the_time_stays():
    async with (
        a_site(rhythm=replace(PATIENT, ping_interval_s=0.3)) as site,
        a_mute_station(site) as (reader, writer),
    ):

        async def answer_late():
            while True:
                _, size = await reader.readexactly(2)
                payload = await reader.readexactly(size)
                await asyncio.sleep(0.05)
                writer.write(Frame(Opcode.PONG, payload).serialize(mask=True))

        answering = asyncio.create_task(answer_late())
        for _ in range(14):
            assert await site.stations.current("CS1").transport.alive(5)
        answering.cancel()


async def test_a_station_that_is_told_to_go_has_its_time_whenever_its_next_ping_is_due():
    async with (
        a_site(rhythm=replace(PATIENT, ping_interval_s=0.1)) as site,
        a_mute_station(site) as (reader, _),
    ):
        site.stations.current("CS1").transport.close(1008, "enough")
        assert await ending(reader) == 1008
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.4)


async def test_of_one_that_says_too_much_before_it_is_served_the_rest_stays_in_its_socket():
    async with a_site() as site:
        served, occupied, looks = asyncio.Event(), site.endpoint._occupied, 0

        async def slowly(station):
            nonlocal looks
            looks += 1
            if looks == 2:  # it has shaken hands, and is looked at once more before it is served
                await served.wait()
            return await occupied(station)

        site.endpoint._occupied = slowly
        hello = request("/ocpp/CS1", basic("CS1"), port=site.endpoint.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", site.endpoint.port)
        try:
            writer.write(hello + text() * 4)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            writer.write(text(b'["' + b"x" * 200_000 + b'"]') * 200)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(writer.drain(), 0.5)
        finally:
            writer.transport.abort()
            served.set()


async def test_a_pong_that_nobody_asked_for_means_nothing():
    async with a_site() as site, a_mute_station(site) as (_, writer):
        for payload in (b"", b"1", b"77", b"x", b"9" * 100):
            writer.write(Frame(Opcode.PONG, payload).serialize(mask=True))
        await asyncio.sleep(0.05)
        assert not await site.stations.current("CS1").transport.alive(0.05)


async def test_pings_of_one_that_does_not_read_the_answers_end_its_connection():
    ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 500
    async with a_site() as site, a_mute_station(site) as (_, writer):
        async with asyncio.timeout(20):
            while site.stations.current("CS1") is not None:
                writer.write(ping)
                with suppress(ConnectionError):
                    await writer.drain()
                await asyncio.sleep(0)


async def answer_to(site, octets):
    reader, writer = await asyncio.open_connection("127.0.0.1", site.endpoint.port)
    try:
        writer.write(octets)
        async with asyncio.timeout(5):
            return await reader.read(4096)
    finally:
        writer.transport.abort()


def asked(site, **changes):
    """Return the request of a sound handshake with changed headers; None leaves one out."""
    given = request("/ocpp/CS1", basic("CS1"), port=site.endpoint.port).split(b"\r\n")
    kept = [line for line in given[1:-2] if line.split(b":")[0].decode() not in changes]
    added = [f"{name}: {value}".encode() for name, value in changes.items() if value is not None]
    return b"\r\n".join([given[0], *kept, *added, b"", b""])


REQUESTS = [
    ("as it is", {}, b"101"),
    ("a list of connection options", {"Connection": "keep-alive, Upgrade"}, b"101"),
    ("other letters", {"Upgrade": "WebSocket", "Connection": "UPGRADE"}, b"101"),
    ("no upgrade", {"Upgrade": None}, b"426"),
    ("no key", {"Sec-WebSocket-Key": None}, b"400"),
    ("a key of another length", {"Sec-WebSocket-Key": "YWJj"}, b"400"),
    ("an older version", {"Sec-WebSocket-Version": "8"}, b"400"),
    ("two protocols in one header", {"Sec-WebSocket-Protocol": "ocpp1.6, ocpp2.1"}, b"101"),
    ("a packed connection", {"Sec-WebSocket-Extensions": "permessage-deflate"}, b"101"),
]


@pytest.mark.parametrize(
    ("changes", "status"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS]
)
async def test_a_request_is_answered_alike(changes, status):
    async with a_site() as site:
        told = await answer_to(site, asked(site, **changes))
        assert told.split(b" ", 2)[:2] == [b"HTTP/1.1", status]


NO_REQUESTS = [
    ("no HTTP", b"hello\r\n\r\n"),
    ("no GET", b"POST /ocpp/CS1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("an old HTTP", b"GET /ocpp/CS1 HTTP/1.0\r\nHost: x\r\n\r\n"),
    ("a header that is none", b"GET /ocpp/CS1 HTTP/1.1\r\nHost x\r\n\r\n"),
    ("a head without end", b"GET /ocpp/CS1 HTTP/1.1\r\nX: " + b"y" * 20_000),
]


@pytest.mark.parametrize(
    "octets", [row[1] for row in NO_REQUESTS], ids=[row[0] for row in NO_REQUESTS]
)
async def test_what_is_no_request_is_not_let_in(octets):
    async with a_site() as site:
        told = await answer_to(site, octets)
        assert not told.startswith(b"HTTP/1.1 101")
        assert not told or told.startswith(b"HTTP/1.1 4")


async def test_a_request_may_come_octet_by_octet():
    async with a_site() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.endpoint.port)
        for octet in asked(site):
            writer.write(bytes((octet,)))
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 101")
        writer.transport.abort()

"""Attacks on an open endpoint, in any number: what got in, what it cost the stations that are served."""

import asyncio
import itertools
import resource
import secrets
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.core.effects import SendToStation
from gateway.core.events import StationConnected, StationReplied
from support.stations import Wire, a_weak_verifier, an_entry, basic, dial

_AT_ONCE = 50
_HEAD = b"GET /ocpp/CS1 HTTP/1.1\r\nHost: x\r\nX-Slow: "
_HELLO = b"\x16\x03\x01\x02"
_HEAD_END = b"\r\n\r\n"


def request(path, headers, *, port):
    """Return an opening handshake as octets."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp2.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def knocking(site, path, headers, *, address="127.0.0.1", tls=None):
    """Shake hands from an address of this machine; yield the status and the streams."""
    port = site.endpoint.port
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, local_addr=(address, 0), ssl=tls
    )
    try:
        writer.write(request(path, headers, port=port))
        head = await asyncio.wait_for(reader.readuntil(_HEAD_END), 30)
        yield int(head.split(b" ", 2)[1]), reader, writer
    finally:
        writer.transport.abort()


async def status(site, path, headers, **options):
    async with knocking(site, path, headers, **options) as (found, _, _):
        return found


def refilled(site):
    """Let the next one be judged by its credentials, not by what was tried before it."""
    admission = site.endpoint._admission
    admission._addresses._kept.clear()
    admission._enrolled.clear()
    admission._strangers._kept.clear()


FOREIGN = [
    ("no credentials", lambda _: ("/ocpp/CS1", {})),
    ("a wrong password", lambda n: ("/ocpp/CS1", basic("CS1", f"guess {n}"))),
    ("an unknown id", lambda n: (f"/ocpp/X{n}", basic(f"X{n}"))),
    ("the password of a neighbour", lambda _: ("/ocpp/CS2", basic("CS1"))),
    ("a neighbour's id with one's own password", lambda _: ("/ocpp/CS2", basic("CS2"))),
    ("an empty password", lambda _: ("/ocpp/CS1", basic("CS1", ""))),
    ("a token", lambda _: ("/ocpp/CS1", {"Authorization": "Bearer abc"})),
    ("octets that are no base64", lambda _: ("/ocpp/CS1", {"Authorization": "Basic %%%"})),
    ("a path that is none", lambda n: (f"/ocpp/CS1/{n}", basic("CS1"))),
    ("random octets as credentials", lambda _: ("/ocpp/CS1", basic("CS1", secrets.token_hex(9)))),
]


def campaign_entries():
    """Return CS1 with the usual password, CS2 with another one."""
    return an_entry("CS1"), an_entry("CS2", password_verifier=a_weak_verifier("of CS2"))


async def foreign(site, times):
    """Connect as a stranger in ten ways from fifty addresses; return what the answers were."""
    answers, gate = Counter(), asyncio.Semaphore(_AT_ONCE)

    async def one(number):
        path, headers = FOREIGN[number % len(FOREIGN)][1](number)
        async with gate:
            address = f"127.0.1.{1 + number % 50}"
            answers[await status(site, path, headers, address=address)] += 1

    await asyncio.gather(*(one(number) for number in range(times)))
    return {
        "tried": times,
        "accepted": answers[101],
        "announced": len(site.posted.of(StationConnected)),
        "answers": dict(sorted(answers.items())),
    }


async def pairs(site, names):
    """Try each password at each door; return which pairs opened it and how often each answer came."""
    opened, answers = [], Counter()
    for name, owner in itertools.product(names, names):
        refilled(site)
        found = await status(site, f"/ocpp/{name}", basic(name, f"of {owner}"))
        answers[found] += 1
        if found == 101:
            opened.append((name, owner))
            await away(site, name)
    return opened, dict(answers)


async def away(site, name):
    """Wait until a station that left is forgotten."""
    async with asyncio.timeout(10):
        while site.stations.current(name) is not None:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.001)


def clear(number):
    return SendToStation("CS1", f"race-{number}", "ClearChargingProfile", {"chargingProfileId": 1})


async def races(site, times, at_once=20):
    """Let others come in with the id and password of a station that is served.

    Return how they were answered, how many frames any of them was sent, and how many commands the
    station itself got and answered meanwhile.
    """
    answers, strayed, number = Counter(), 0, 0

    async def newcomer():
        nonlocal strayed
        async with knocking(site, "/ocpp/CS1", basic("CS1")) as (found, reader, _):
            answers[found] += 1
            if found == 101:
                strayed += len(await reader.read(65536)) > 0

    async with dial(site) as socket:
        station = Wire(socket)
        await station.boot()
        for first in range(0, times, at_once):
            batch = [newcomer() for _ in range(min(at_once, times - first))]
            running = asyncio.gather(*batch)
            number += 1
            site.stations.send(clear(number))
            call = await station.call_of("ClearChargingProfile")
            await station.say([3, call[1], {"status": "Accepted"}])
            await running
        served = [event for event in site.posted.of(StationReplied) if event.status == "Accepted"]
        assert (await station.ask("Heartbeat", {}))[0] == 3
    return {
        "races": times,
        "answers": dict(answers),
        "frames to another": strayed,
        "commands": number,
        "answered by the station": len(served),
    }


async def slow(site, count, names, *, seconds, tls=None):
    """Open connections that never finish their handshake while good stations talk.

    Half of them say nothing, half send a head without end, or the begin of one of TLS. Return round
    trips of the good ones before and meanwhile, how many of them fell, how many newcomers came in
    beside the attack, and when the last slow connection was closed.
    """
    async with AsyncExitStack() as stack:
        wires = []
        for name in names:
            wires.append(Wire(await stack.enter_async_context(dial(site, name, ssl=tls))))
            await wires[-1].boot()
        before = await beats(wires, seconds)
        resident = rss()
        begun = time.perf_counter()
        crowd = await crowded(site, count, _HELLO if tls else _HEAD)
        grown = rss() - resident
        meanwhile = await beats(wires, seconds)
        late = await newcomers(site, tls)
        closed = await emptied(crowd)
        lasted = time.perf_counter() - begun
        after = await beats(wires, 0)
        return {
            "slow": count,
            "good": len(wires),
            "lost": len(wires) - len(after),
            "p99 before, ms": percentile(before),
            "p99 meanwhile, ms": percentile(meanwhile),
            "newcomers in": late,
            "closed by us": closed,
            "last closed, s": round(lasted, 1),
            "memory, MiB": round(grown / 2**20, 1),
        }


async def beats(wires, seconds):
    """Let all stations send heartbeats one after another; return every round trip in seconds."""
    taken, end = [], time.perf_counter() + seconds
    while True:
        for wire in wires:
            began = time.perf_counter()
            assert (await wire.ask("Heartbeat", {}))[0] == 3
            taken.append(time.perf_counter() - began)
        if time.perf_counter() >= end:
            return taken


async def newcomers(site, tls):
    """Return how many of three enrolled stations come in from an address of their own."""
    found = 0
    for number in range(3):
        name = f"N{number}"
        headers = basic(name)
        answer = await status(site, f"/ocpp/{name}", headers, address="127.0.2.1", tls=tls)
        found += answer == 101
    return found


async def crowded(site, count, begin):
    """Open connections from one address that begin a handshake, or not even that."""
    crowd = []
    for number in range(count):
        streams = await asyncio.open_connection(
            "127.0.0.1", site.endpoint.port, local_addr=("127.0.6.6", 0)
        )
        if number % 2:
            streams[1].write(begin)
        crowd.append(streams)
    return crowd


async def emptied(crowd):
    """Wait until the gateway has closed every one; return how many it closed."""

    async def one(reader, writer):
        try:
            async with asyncio.timeout(30):
                while await reader.read(4096):
                    pass
        except ConnectionError:
            pass
        except TimeoutError:
            return False
        finally:
            writer.transport.abort()
        return True

    return sum(await asyncio.gather(*(one(*streams) for streams in crowd)))


def percentile(taken, part=0.99):
    return round(1000 * sorted(taken)[int(part * (len(taken) - 1))], 2)


def rss():
    """Return the largest resident memory so far, octets."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

"""Connections before their request: what they may cost, and that nobody waits for strangers."""

import asyncio
import errno
import socket
from functools import partial

import pytest

from gateway.core.events import SecurityNoticed
from gateway.stations import acceptor
from gateway.stations.acceptor import Acceptor
from gateway.stations.admission_lobby import Lobby
from gateway.stations.listening import Listening
from support.station_tls import Makers
from support.stations import Wire, a_site, an_entry, dial

HELLO = b"\x16\x03\x01\x02"


@pytest.fixture(scope="module")
def makers(tmp_path_factory):
    return Makers.of(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def narrow(monkeypatch):
    """Let two of one address shake hands at one time, and three wait; four and six in all."""
    lobby = partial(Lobby, inside_most=4, inside_each=2, outside_most=6, outside_each=3)
    monkeypatch.setattr(acceptor, "Lobby", lobby)


@pytest.fixture
async def knock():
    """Connect and say no more than the begin of something; all leave at the end."""
    crowd = []

    async def one(site, begin=b"", address="127.0.6.6"):
        port = site.endpoint.port
        streams = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        streams[1].write(begin)
        crowd.append(streams)
        return streams

    yield one
    leave(crowd)
    await asyncio.sleep(0.01)


async def closed(streams):
    """Say whether the gateway closes a connection."""
    try:
        async with asyncio.timeout(0.3):
            return await streams[0].read(100) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def closings(crowd):
    return sum(await asyncio.gather(*(closed(streams) for streams in crowd)))


def leave(crowd):
    for _, writer in crowd:
        writer.transport.abort()


@pytest.mark.usefixtures("narrow")
async def test_an_address_that_fills_its_places_takes_none_of_others(makers, knock):
    async with a_site(**makers.config()) as site:
        crowd = [await knock(site, HELLO) for _ in range(9)]
        assert await closings(crowd) == 4  # two shake hands, three wait
        site.endpoint.tell_counted()
        noticed = site.posted.of(SecurityNoticed)
        assert {(event.kind, event.address) for event in noticed} == {
            ("access.crowded", "127.0.6.6")
        }
        assert sum(event.count for event in noticed) == 4
        async with dial(site, ssl=makers.client()) as socket_:
            assert (await Wire(socket_).boot())["status"] == "Accepted"


@pytest.mark.usefixtures("narrow")
async def test_one_that_waits_goes_on_when_another_is_gone(makers, knock):
    async with a_site(**makers.config()) as site:
        crowd = [await knock(site, HELLO, "127.0.0.1") for _ in range(2)]
        waiting = asyncio.create_task(attempt(site, makers.client()))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        leave(crowd[:1])
        assert await asyncio.wait_for(waiting, 5) == "Accepted"


async def attempt(site, context=None):
    async with dial(site, ssl=context) as socket_:
        return (await Wire(socket_).boot())["status"]


@pytest.mark.usefixtures("narrow")
async def test_a_request_that_was_read_holds_no_place():
    names = [f"S{number}" for number in range(8)]
    async with a_site(*(an_entry(name) for name in names)) as site:
        sockets = [await dial(site, name) for name in names]
        for socket_ in sockets:
            assert (await Wire(socket_).boot())["status"] == "Accepted"
            await socket_.close()


@pytest.mark.usefixtures("narrow")
async def test_who_says_nothing_is_closed_in_time(monkeypatch, knock):
    monkeypatch.setattr("gateway.stations.endpoint._HANDSHAKE_S", 0.1)
    async with a_site() as site:
        silent = await knock(site)
        speaking = await knock(site, b"GET /ocpp/CS1 HTTP/1.1\r\n")
        assert await closings([silent, speaking]) == 2
        assert await attempt(site) == "Accepted"


@pytest.mark.usefixtures("narrow")
async def test_where_all_places_are_taken_the_rest_waits_in_the_backlog(knock):
    async with a_site() as site:
        crowd = [await knock(site, address=f"127.0.6.{1 + number}") for number in range(6)]
        late = asyncio.create_task(attempt(site))
        await asyncio.sleep(0.1)
        assert not late.done()
        leave(crowd[:1])
        assert await asyncio.wait_for(late, 5) == "Accepted"


async def test_one_that_leaves_before_it_spoke_is_forgotten(knock):
    async with a_site() as site:
        leave([await knock(site) for _ in range(20)])
        assert await attempt(site) == "Accepted"


class Short(socket.socket):
    """A listening socket of a machine that has no descriptors left, once."""

    missing = 1

    def accept(self):
        if Short.missing:
            Short.missing -= 1
            raise OSError(errno.EMFILE, "too many open files")
        return super().accept()


async def test_a_machine_without_descriptors_accepts_again_after_a_while(monkeypatch):
    monkeypatch.setattr(acceptor, "_SHORT_S", 0.05)
    monkeypatch.setattr(acceptor.socket, "socket", Short)
    async with a_site() as site:
        assert await attempt(site) == "Accepted"
    assert Short.missing == 0


async def test_at_its_end_nobody_is_left_waiting(makers, knock):
    async with a_site(**makers.config()) as site:
        crowd = [await knock(site), await knock(site, HELLO)]
        await asyncio.sleep(0.05)
    assert await closings(crowd) == 2


async def test_its_end_does_not_wait_for_a_request_without_end(knock):
    async with a_site() as site:
        slow = await knock(site, b"GET /ocpp/CS1 HTTP/1.1\r\nHost: x\r\n")
        await asyncio.sleep(0.05)
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < 5
    assert await closed(slow)


async def test_a_port_that_is_taken_is_said_and_nothing_stays_open():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        listening = Listening("127.0.0.1", port, None, 20, 10, 2)
        opened = Acceptor(listening, lambda _left: asyncio.Protocol(), print)
        with pytest.raises(OSError, match="in use"):
            await opened.open()
        assert [listener.fileno() for listener in opened.sockets] == [-1]
        assert not opened.is_serving()

"""What the gateway says of TLS without uvloop, and whose places are given back."""

import asyncio
import gc
from contextlib import suppress

import pytest
import uvloop
from structlog.testing import capture_logs

from gateway.security import pki
from gateway.security.tls import StationTls
from gateway.stations.acceptor import Acceptor
from gateway.stations.listening import Listening

LOOPS = [
    ("plain on asyncio", asyncio.new_event_loop, False, []),
    ("plain on uvloop", uvloop.new_event_loop, False, []),
    ("TLS on asyncio", asyncio.new_event_loop, True, ["endpoint.heavy_tls"]),
    ("TLS on uvloop", uvloop.new_event_loop, True, []),
]


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    identity = pki.issue_endpoint(pki.create_endpoint_authority(tmp_path_factory.mktemp("csms")))
    return StationTls(identity.certificate_path, identity.key_path).context


async def opened(tls):
    acceptor = Acceptor(
        Listening("127.0.0.1", 0, tls, 20, 10, 2), lambda _: asyncio.Protocol(), print
    )
    await acceptor.open()
    acceptor.close()
    await acceptor.wait_closed()


@pytest.mark.parametrize(
    ("loop", "encrypted", "told"), [row[1:] for row in LOOPS], ids=[row[0] for row in LOOPS]
)
def test_tls_on_the_loop_of_the_standard_library_is_warned_of(tls, loop, encrypted, told):
    with capture_logs() as logs, asyncio.Runner(loop_factory=loop) as runner:
        runner.run(opened(tls if encrypted else None))
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == told


def refusing(_left):
    raise RuntimeError("no protocol")


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_fault_of_our_own_gives_the_place_in_the_lobby_back(tls, loop, encrypted):
    told = []

    async def knocked():
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        listening = Listening("127.0.0.1", 0, tls if encrypted else None, 20, 10, 2)
        acceptor = await Acceptor(listening, refusing, print).open()
        reader, writer = await asyncio.open_connection("127.0.0.1", acceptor.port)
        writer.write(b"?")
        with suppress(ConnectionResetError, TimeoutError):  # its octet was never read
            await asyncio.wait_for(reader.read(), 2)
        writer.close()
        inside = acceptor.lobby.inside
        acceptor.close()
        await acceptor.wait_closed()
        return inside

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(knocked()) == 0
    gc.collect()
    assert [str(what["exception"]) for what in told] == ["no protocol"]

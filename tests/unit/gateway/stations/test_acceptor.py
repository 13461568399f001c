"""TLS without uvloop is heavy, and the gateway says so where nobody can miss it."""

import asyncio

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

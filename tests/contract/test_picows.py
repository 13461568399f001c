"""What the fast transport relies on beyond the documented interface of `picows`.

A version that breaks one of these breaks the transport: the pin moves only with this file green. What
a connection does once it is handed over is tested over a socket (tests/integration/stations).
"""

import asyncio
from importlib.metadata import version

import pytest
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport
from websockets.http11 import Headers, Request

from gateway.stations.picows_io import PicowsTransport
from gateway.stations.picows_server import _driver, _feed, _own_request

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = Request("/ocpp/CS1", Headers([("Sec-WebSocket-Key", KEY)]))
HELLO = b"\x81\x85\0\0\0\0hello"


class Pipe(asyncio.Transport):
    """A transport that keeps what is written; its socket is closed already, so all goes through it."""

    def __init__(self, pair):
        super().__init__({"socket": pair})
        self.written = b""
        self.over = ""

    def write(self, data):
        self.written += bytes(data)

    def get_write_buffer_size(self):
        return 1

    def is_closing(self):
        return bool(self.over)

    def close(self):
        self.over = "closed"

    def abort(self):
        self.over = "aborted"


@pytest.fixture
def pipe():
    import socket  # noqa: PLC0415 - beside its only use

    with socket.socket() as made:
        yield Pipe(made)


@pytest.fixture
async def opened(pipe):
    """A connection that was handed over with a request of our own."""
    made = PicowsTransport("CS1", "ocpp2.1", "127.0.0.1", 3600)
    driver = _driver(made)
    driver.connection_made(pipe)
    _feed(driver, _own_request(REQUEST))
    yield made, driver
    driver.connection_lost(None)


def test_the_version_is_the_one_that_was_read():
    assert version("picows").startswith("2.3.")


async def test_a_request_of_our_own_is_answered_with_the_key_and_the_agreed_version(opened, pipe):
    head, _, rest = pipe.written.partition(b"\r\n\r\n")
    lines = [line.lower() for line in head.split(b"\r\n")]
    assert lines[0] == b"http/1.1 101 switching protocols"
    assert b"sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in lines
    assert b"sec-websocket-protocol: ocpp2.1" in lines
    assert not [line for line in lines if b"extensions" in line]
    assert rest == b""


async def test_without_a_common_version_no_header_is_written(pipe):
    driver = _driver(PicowsTransport("CS1", "", "127.0.0.1", 3600))
    driver.connection_made(pipe)
    _feed(driver, _own_request(REQUEST))
    assert b"protocol" not in pipe.written.lower().partition(b"\r\n")[2]
    driver.connection_lost(None)


async def test_texts_come_whole_unmasked_and_in_order_however_they_are_cut(opened):
    made, driver = opened
    heard = []
    receiving = asyncio.create_task(made.receive(heard.append))
    await asyncio.sleep(0)
    for octet in HELLO * 3:
        _feed(driver, bytes((octet,)))
    _feed(driver, HELLO * 400)
    assert heard == [b"hello"] * 403
    driver.connection_lost(None)
    await receiving


async def test_a_text_larger_than_the_first_buffer_is_taken(opened):
    made, driver = opened
    heard = []
    receiving = asyncio.create_task(made.receive(heard.append))
    await asyncio.sleep(0)
    _feed(driver, b"\x81\xff" + (200_000).to_bytes(8, "big") + bytes(4) + b"x" * 200_000)
    assert [len(text) for text in heard] == [200_000]
    driver.connection_lost(None)
    await receiving


async def test_a_text_is_written_as_one_unmasked_frame(opened, pipe):
    made, _ = opened
    pipe.written = b""
    made.send(b"hi")
    assert pipe.written == b"\x81\x02hi"


async def test_a_frame_that_breaks_the_protocol_is_closed_by_the_library(opened, pipe):
    _, driver = opened
    pipe.written = b""
    _feed(driver, b"\x81\x02hi")
    assert pipe.written[:4] == b"\x88" + pipe.written[1:2] + (1002).to_bytes(2, "big")


async def test_an_end_is_told_once_and_its_status_is_known(opened, pipe):
    made, driver = opened
    assert made.close_code is None
    _feed(driver, b"\x88\x82\0\0\0\0" + (1000).to_bytes(2, "big"))
    assert pipe.over == "closed"
    driver.connection_lost(None)
    assert made.close_code == 1000


async def test_what_is_asked_of_a_connection_exists(opened):
    made, _ = opened
    wire = made._wire
    assert isinstance(wire, WSTransport)
    assert wire.is_close_frame_sent is False or wire.is_close_frame_sent == 0
    assert wire.close_handshake is None
    assert issubclass(PicowsTransport, WSListener)


@pytest.mark.parametrize("name", ["rsv1", "rsv2", "rsv3", "fin", "msg_type", "payload_size"])
def test_a_frame_says_what_it_is(name):
    assert hasattr(WSFrame, name)


def test_kinds_and_statuses_are_the_numbers_of_the_standard():
    assert [int(WSMsgType.TEXT), int(WSMsgType.CONTINUATION), int(WSMsgType.PONG)] == [1, 0, 10]
    assert [int(WSCloseCode(code)) for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011)]

"""What the station transport relies on beyond the documented interface of `websockets`.

A version that breaks one of these breaks the transport: the pin moves only with this file green.
"""

import asyncio
import inspect
import logging
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol


class Watched(ServerConnection):
    """Keeps each event that the library hands down."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.events = []
        self.lost = 0
        self.news = asyncio.Event()

    def process_event(self, event):
        self.events.append(event)
        self.news.set()
        super().process_event(event)

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.lost += 1


@asynccontextmanager
async def a_connection(**options):
    """Yield both ends of a connection that says nothing by itself."""
    opened = asyncio.get_running_loop().create_future()

    async def handler(connection):
        opened.set_result(connection)
        await connection.wait_closed()

    async with (
        serve(handler, "127.0.0.1", 0, create_connection=Watched, **options) as server,
        connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", **options) as client,
    ):
        yield await opened, client


async def heard(connection, predicate):
    """Wait for the first event that satisfies a predicate."""
    async with asyncio.timeout(5):
        while True:
            for event in connection.events:
                if predicate(event):
                    return event
            connection.news.clear()
            await connection.news.wait()


def is_data(event):
    return isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.CONT, Opcode.BINARY}


def test_the_version_is_the_one_that_was_read():
    assert version("websockets").startswith("17.4")


def test_a_connection_is_made_of_protocol_and_server():
    assert list(inspect.signature(ServerConnection.__init__).parameters)[:3] == [
        "self",
        "protocol",
        "server",
    ]


@pytest.mark.parametrize("name", ["process_event", "connection_lost", "send_data"])
def test_what_is_overridden_or_called_is_no_coroutine(name):
    assert not inspect.iscoroutinefunction(getattr(ServerConnection, name))


async def test_the_first_event_is_the_request_and_then_come_frames_one_by_one():
    async with a_connection() as (connection, client):
        await client.send("one")
        await client.send("zwei ⚡")
        await heard(
            connection, lambda event: is_data(event) and bytes(event.data) == b"zwei \xe2\x9a\xa1"
        )
        assert isinstance(connection.events[0], Request)
        frames = [event for event in connection.events if is_data(event)]
        assert [(frame.opcode, frame.fin) for frame in frames] == [(Opcode.TEXT, True)] * 2
        assert bytes(frames[0].data) == b"one"


async def test_fragments_come_as_such_and_only_the_last_is_final():
    async with a_connection() as (connection, client):
        await client.send(["a", "b", "c"])
        await heard(connection, lambda event: is_data(event) and event.fin)
        frames = [event for event in connection.events if is_data(event)]
        assert [frame.opcode for frame in frames][:2] == [Opcode.TEXT, Opcode.CONT]
        assert [frame.fin for frame in frames] == [False] * (len(frames) - 1) + [True]
        assert b"".join(bytes(frame.data) for frame in frames) == b"abc"


async def test_packed_frames_come_unpacked():
    async with a_connection(compression="deflate") as (connection, client):
        await client.send("x" * 5000)
        frame = await heard(connection, is_data)
        assert connection.protocol.extensions
        assert bytes(frame.data) == b"x" * 5000


async def test_the_sum_of_fragments_is_bounded_by_the_protocol():
    async with a_connection(max_size=100) as (connection, client):
        with suppress(ConnectionClosed):
            await client.send(["x" * 40] * 4)
        await client.wait_closed()
        assert client.close_code == 1009
        assert sum(len(event.data) for event in connection.events if is_data(event)) <= 100


async def test_pings_are_answered_and_pongs_taken_below_what_is_overridden():
    async with a_connection() as (connection, client):
        await (await client.ping())
        await (await connection.ping())
        assert any(
            isinstance(event, Frame) and event.opcode is Opcode.PONG for event in connection.events
        )


async def test_a_text_is_written_by_the_protocol_and_sent_by_send_data():
    async with a_connection() as (connection, client):
        connection.protocol.send_text(b"hello")
        connection.send_data()
        assert await client.recv() == "hello"


async def test_what_waits_to_be_read_by_the_peer_can_be_asked_for():
    async with a_connection() as (connection, _client):
        assert connection.transport.get_write_buffer_size() == 0
        connection.transport.pause_reading()
        connection.transport.resume_reading()
        assert not connection.transport.is_closing()


async def test_a_connection_that_is_over_says_so_once_and_takes_no_text():
    async with a_connection() as (connection, client):
        await client.close()
        await connection.wait_closed()
        assert connection.lost == 1
        assert connection.protocol.state is State.CLOSED
        with pytest.raises(InvalidState):
            connection.protocol.send_text(b"late")


def test_the_server_side_is_driven_without_io():
    assert callable(ServerProtocol.send_text)
    assert callable(ServerProtocol.data_to_send)


async def test_what_is_made_for_each_connection_and_not_used_may_be_let_go_of():
    """A queue of messages is closed and no more, waiters are a list, and only the request is looked for."""
    async with a_connection() as (connection, client):
        assert connection.recv_messages.close is not None
        connection.drain_waiters = []
        connection.logger = connection.protocol.logger = logging.getLogger("websockets.server")
        connection.request, connection.response = Request("/", Headers()), None
        await client.send("after")
        await heard(connection, is_data)
        await (await connection.ping())
        await client.close()
        await connection.wait_closed()
        assert connection.close_code == 1000


def test_the_keepalive_is_started_by_one_method_and_cancelled_with_the_connection():
    assert not inspect.iscoroutinefunction(ServerConnection.start_keepalive)
    source = inspect.getsource(ServerConnection.connection_lost)
    assert "keepalive_task.cancel()" in inspect.getsource(Connection.connection_lost) + source


@pytest.mark.parametrize("name", ["fail", "send_ping"])
def test_the_protocol_can_ping_and_fail_without_io(name):
    assert callable(getattr(ServerProtocol, name))

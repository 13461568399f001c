"""What listening to a broker relies on beyond the documented interface of `aiomqtt` and `paho`.

A version that breaks one of these breaks the listener: the pin moves only with this file green. That a long
message is refused and a connection dropped is tested over sockets (tests/integration/openadr_ven).
"""

import inspect
import socket

import pytest

from gateway.connectors.openadr.mqtt import LARGEST_MESSAGE, Shown, _Client
from gateway.protocols.openadr_notifiers import Place


@pytest.fixture
async def client():
    return _Client(Place("127.0.0.1", 1, tls=False), Shown())


async def test_a_packet_is_asked_for_by_its_whole_length(client):
    source = inspect.getsource(type(client._client)._packet_read)
    assert "self._sock_recv(self._in_packet['to_process'])" in source
    with pytest.raises(ConnectionAbortedError, match="a message of"):
        client._client._sock_recv(LARGEST_MESSAGE + 1)


async def test_what_ends_a_connection_is_known_by_two_futures(client):
    assert not client._connected.done()
    assert not client._disconnected.done()
    await client._drop()


async def test_the_library_asks_us_when_it_wants_to_write(client):
    assert client._client.on_socket_register_write == client._on_socket_register_write
    pair = socket.socketpair()
    for end in pair:
        end.close()
    client._on_socket_register_write(client._client, None, pair[0])
    await client._drop()


async def test_a_write_that_fails_ends_the_connection(client, monkeypatch):
    def fails():
        raise OSError("broken")

    monkeypatch.setattr(client._client, "loop_write", fails)
    client._write()
    client._write()
    assert "broken" in str(client._disconnected.exception())

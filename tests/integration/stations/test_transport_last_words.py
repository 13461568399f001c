"""What a station says right before it closes counts, also where both come in one piece."""

import json

import pytest
from websockets.frames import Frame, Opcode

from gateway.core.events import SecurityNoticed, StationDisconnected
from support.station_tls import Makers
from support.stations import Wire, a_site, dial

NOTICE = {"type": "StartupOfTheDevice", "timestamp": "2026-12-01T12:00:00Z"}


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_the_last_words_before_a_close_are_heard(tmp_path, tls, compression):
    makers = Makers.of(tmp_path)
    config = makers.config(client_ca=None) if tls else {}
    client = makers.client() if tls else None
    async with (
        a_site(**config) as site,
        dial(site, ssl=client, compression=compression) as socket,
    ):
        await Wire(socket).boot()
        words = json.dumps([2, "last", "SecurityEventNotification", NOTICE])
        socket.protocol.send_text(words.encode())
        socket.protocol.send_close(1001)
        socket.transport.write(b"".join(socket.protocol.data_to_send()))
        heard = await site.posted.next(SecurityNoticed)
        assert heard.kind == "StartupOfTheDevice"


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_what_comes_after_a_close_means_nothing(compression):  # RFC 6455, 5.5.1
    async with a_site() as site, dial(site, compression=compression) as socket:
        await Wire(socket).boot()
        words = json.dumps([2, "last", "SecurityEventNotification", NOTICE]).encode()
        socket.protocol.send_close(1001)
        after = Frame(Opcode.TEXT, words).serialize(mask=True)
        socket.transport.write(b"".join([*socket.protocol.data_to_send(), after]))
        await site.posted.next(StationDisconnected)
        assert site.posted.of(SecurityNoticed) == []

"""The default transport by itself, over a real socket."""

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from gateway.errors import PeerError
from support.stations import Wire, a_mute_station, a_site, dial


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
        await transport.connection.wait_closed()
        with pytest.raises(PeerError, match="CS1"):
            await transport.send(b"[]")
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
async def test_compression_is_taken_where_it_is_offered(extensions, packed):
    async with (
        a_site() as site,
        dial(site, compression=None, extensions=extensions) as socket,
    ):
        assert bool(socket.protocol.extensions) is packed
        for extension in socket.protocol.extensions:
            assert extension.remote_no_context_takeover
            assert extension.remote_max_window_bits <= 10
        station = Wire(socket)
        await station.boot()
        data = {"vendorId": "v", "data": "x" * 5000}
        assert (await station.ask("DataTransfer", data))[2] == {"status": "UnknownVendorId"}

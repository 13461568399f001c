"""Which version of OCPP a connection speaks: the station's order of preference decides (Part 4, 3.1.2)."""

import pytest
from websockets.exceptions import ConnectionClosed

from support.stations import Wire, a_site, dial

CHOICES = [
    ("only 2.1", ("ocpp2.1",), "ocpp2.1"),
    ("only 2.0.1", ("ocpp2.0.1",), "ocpp2.0.1"),
    ("2.1 before 2.0.1", ("ocpp2.1", "ocpp2.0.1"), "ocpp2.1"),
    ("2.0.1 before 2.1", ("ocpp2.0.1", "ocpp2.1"), "ocpp2.0.1"),
    ("an old one before 2.0.1", ("ocpp1.6", "ocpp2.0.1"), "ocpp2.0.1"),
]
NONE = [("only an old one", ("ocpp1.6",)), ("none", ()), ("other letters", ("OCPP2.1",))]


@pytest.mark.parametrize(
    ("offered", "chosen"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES]
)
async def test_the_first_version_that_both_know_is_spoken(offered, chosen):
    async with a_site() as site, dial(site, versions=offered) as socket:
        assert socket.subprotocol == chosen
        assert (await Wire(socket).boot())["status"] == "Accepted"


@pytest.mark.parametrize("offered", [row[1] for row in NONE], ids=[row[0] for row in NONE])
async def test_without_a_common_version_the_handshake_is_finished_and_the_connection_closed(
    offered,
):
    async with a_site() as site, dial(site, versions=offered) as socket:
        assert socket.response.status_code == 101
        assert "Sec-WebSocket-Protocol" not in socket.response.headers
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1002
        assert site.stations.current("CS1") is None


async def test_the_version_belongs_to_the_connection_and_not_to_the_station():
    async with a_site() as site:
        async with dial(site, versions=("ocpp2.1",)) as socket:
            await Wire(socket).boot()
        async with dial(site, versions=("ocpp2.0.1",)) as socket:
            notice = {"controlId": "c", "started": True, "timestamp": "2026-12-01T12:00:00Z"}
            answer = await Wire(socket).ask("NotifyDERStartStop", notice)
            assert answer[2] == "NotImplemented"

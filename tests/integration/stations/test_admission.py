"""Who gets past the handshake, over real sockets."""

import asyncio
from ipaddress import ip_network

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from gateway.errors import SettingsError
from gateway.security.credentials import make_verifier
from gateway.stations.admission import Doors
from gateway.stations.endpoint import Endpoint, EndpointConfig
from gateway.stations.facade import Stations
from support.stations import (
    Posted,
    Wire,
    a_mute_station,
    a_site,
    an_entry,
    basic,
    dial,
    masked,
    real_clocks,
)


async def refused(site, name="CS1", **options):
    """Try to connect; return the answer of the handshake."""
    with pytest.raises(InvalidStatus) as caught:
        async with dial(site, name, **options):
            pass
    return caught.value.response


async def test_an_enrolled_station_with_its_password_comes_in():
    async with a_site() as site, dial(site) as socket:
        assert (await Wire(socket).boot())["status"] == "Accepted"


async def test_a_verifier_of_full_strength_is_checked_while_the_neighbours_are_served():
    entries = (an_entry("CS1"), an_entry("CS2", password_verifier=make_verifier("strong")))
    async with a_site(*entries) as site, dial(site) as first:
        async with dial(site, "CS2", headers=basic("CS2", "strong")) as second:
            assert (await Wire(second).boot())["status"] == "Accepted"
        assert (await Wire(first).boot())["status"] == "Accepted"


REFUSED = [
    ("a wrong password", "CS1", basic("CS1", "wrong"), 401),
    ("no password", "CS1", {}, 401),
    ("the password of a neighbour", "CS2", basic("CS1"), 401),
    ("an unknown id", "CS9", basic("CS9"), 401),
    ("no id", "", basic("CS1"), 404),
    ("a path below the id", "CS1/x", basic("CS1"), 404),
]


@pytest.mark.parametrize(
    ("name", "headers", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_others_stay_outside(name, headers, status):
    async with a_site(an_entry("CS1"), an_entry("CS2")) as site, dial(site) as neighbour:
        response = await refused(site, name, headers=headers)
        assert response.status_code == status
        assert site.stations.current(name) is None or name == "CS1"
        assert ("WWW-Authenticate" in response.headers) is (status == 401)
        assert (await Wire(neighbour).boot())["status"] == "Accepted"


async def test_a_guesser_is_slowed_down_and_told_when_to_come_back():
    async with a_site(an_entry("CS1"), an_entry("CS2")) as site, dial(site, "CS2") as neighbour:
        statuses = []
        for _ in range(8):
            response = await refused(site, headers=basic("CS1", "wrong"))
            statuses.append(response.status_code)
        assert statuses[:5] == [401] * 5
        assert statuses[-1] == 429
        assert response.headers["Retry-After"] == "1"
        assert (await Wire(neighbour).boot())["status"] == "Accepted"


async def test_two_authorization_headers_are_none():
    headers = [*basic("CS1").items(), *basic("CS1").items()]
    async with a_site() as site:
        assert (await refused(site, headers=headers)).status_code == 401


async def test_what_is_no_websocket_is_told_so():
    async with a_site() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.endpoint.port)
        writer.write(b"GET /ocpp/CS1 HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await asyncio.wait_for(reader.read(64), 5)
        writer.close()
        await writer.wait_closed()
    assert head.startswith((b"HTTP/1.1 401", b"HTTP/1.1 426"))


def an_endpoint(**config):
    settings = EndpointConfig(**{"port": 0, **config})
    return Endpoint(settings, [an_entry()], Stations(Posted()), Posted(), real_clocks())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "gateway.example", "::"])  # noqa: S104
def test_passwords_do_not_travel_in_the_clear_beyond_this_machine(host):
    with pytest.raises(SettingsError, match="has no certificate and key"):
        an_endpoint(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_this_machine_they_may(host):
    an_endpoint(host=host)


def test_beyond_it_they_may_where_that_is_said_aloud():
    an_endpoint(host="192.0.2.1", doors=Doors(plain_from=(ip_network("192.0.2.0/24"),)))


async def test_an_endpoint_that_is_not_open_has_no_port():
    endpoint = an_endpoint(host="127.0.0.1")
    with pytest.raises(RuntimeError, match="is not open"):
        _ = endpoint.port
    async with endpoint:
        assert endpoint.port > 0
    with pytest.raises(RuntimeError, match="is not open"):
        _ = endpoint.port


@pytest.mark.parametrize("half", ["certificate", "key"])
def test_half_an_identity_is_a_mistake_and_never_plain(half, tmp_path):
    with pytest.raises(SettingsError, match="needs both"):
        an_endpoint(host="127.0.0.1", **{half: tmp_path / "file.pem"})


async def test_who_leaves_while_its_admission_waits_does_not_come_in(monkeypatch):
    asked, go_on = asyncio.Event(), asyncio.Event()
    async with a_site() as site:
        admit = site.endpoint.admit

        async def later(knock):
            asked.set()
            await go_on.wait()
            return await admit(knock)

        monkeypatch.setattr(site.endpoint, "admit", later)
        with capture_logs() as logs:
            leaving = asyncio.create_task(attempt_to_come(site))
            await asyncio.wait_for(asked.wait(), 5)
            leaving.cancel()
            await asyncio.wait([leaving])
            await asyncio.sleep(0.1)
            go_on.set()
            await asyncio.sleep(0.1)
            async with dial(site) as socket:
                await Wire(socket).boot()
    assert [log["event"] for log in logs].count("station.came") == 1


async def attempt_to_come(site):
    async with dial(site):
        pass


async def test_what_is_said_while_admission_waits_is_heard(monkeypatch):
    async with a_site() as site:
        admit = site.endpoint.admit

        async def later(knock):
            await asyncio.sleep(0.1)
            return await admit(knock)

        monkeypatch.setattr(site.endpoint, "admit", later)
        async with a_mute_station(site, says=masked(b'[2,"h","Heartbeat",{}]') * 5) as (reader, _):
            heard = b""
            async with asyncio.timeout(5):
                while heard.count(b"currentTime") < 5:
                    heard += await reader.read(4096)

"""The endpoint behind TLS: security profile 2 (A00)."""

import asyncio
import ssl

import pytest

from gateway.errors import IdentityError, PeerError
from gateway.security import pki
from support.security_campaign import knocking
from support.stations import Wire, a_site, basic, dial


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("csms"))


@pytest.fixture(scope="module")
def identity(authority):
    return pki.issue_endpoint(authority)


def a_client(trust_anchor):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(trust_anchor)
    context.check_hostname = False
    return context


async def test_a_station_comes_in_over_tls(authority, identity):
    files = {"certificate": identity.certificate_path, "key": identity.key_path}
    async with a_site(**files) as site:
        assert site.endpoint.url.startswith("wss://127.0.0.1:")
        async with dial(site, ssl=a_client(authority.certificate_path)) as socket:
            assert (await Wire(socket).boot())["status"] == "Accepted"


async def test_a_plain_knock_on_the_tls_door_is_no_handshake(authority, identity):
    files = {"certificate": identity.certificate_path, "key": identity.key_path}
    async with a_site(**files) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.endpoint.port)
        writer.write(b"GET /ocpp/CS1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
        async with dial(site, ssl=a_client(authority.certificate_path)) as socket:
            assert (await Wire(socket).boot())["status"] == "Accepted"


async def test_a_station_that_reads_nothing_over_tls_is_failed(authority, identity):
    files = {"certificate": identity.certificate_path, "key": identity.key_path}
    tls = a_client(authority.certificate_path)
    async with (
        a_site(**files) as site,
        knocking(site, "/ocpp/CS1", basic("CS1"), tls=tls) as (status, _reader, writer),
    ):
        assert status == 101
        writer.transport.pause_reading()
        async with asyncio.timeout(5):
            while (current := site.stations.current("CS1")) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        with pytest.raises(PeerError, match="reads nothing"):
            await flood(current.transport)


async def flood(transport):
    for _ in range(1_000):
        transport.send(b'["' + b"x" * 60_000 + b'"]')
        await asyncio.sleep(0)


async def test_a_missing_certificate_is_named(tmp_path):
    files = {"certificate": tmp_path / "no.pem", "key": tmp_path / "no.key"}
    with pytest.raises(IdentityError, match=r"no\.pem"):
        async with a_site(**files):
            pass

"""The door of the simulated utility: mutual TLS, and clients without the right papers."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway.security import pki
from gateway.security.certificates import Validity
from gateway.simulators.utility_2030_5 import Files, SimulatedUtility

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def raw_context(trust_anchor, identity=None, ciphers="ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"):
    """A context that checks nothing of its own papers, unlike the product's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    context.load_verify_locations(trust_anchor)
    if identity is not None:
        context.load_cert_chain(identity.certificate_path, identity.key_path)
    return context


@asynccontextmanager
async def conversation(utility, context):
    port = httpx.URL(utility.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def refused(utility, context):
    """Say whether the utility breaks the connection before it answers a request."""
    try:
        async with conversation(utility, context) as (reader, writer):
            writer.write(b"GET /dcap HTTP/1.1\r\nHost: x\r\n\r\n")
            await writer.drain()
            return await reader.read(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


async def test_ccm_8_is_chosen_although_the_client_prefers_gcm(utility, authorities, mine):
    ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0"
    context = raw_context(authorities.trust_anchor, mine, ciphers)
    async with conversation(utility, context) as (_, writer):
        session = writer.get_extra_info("ssl_object")
        assert session.cipher()[0] == "ECDHE-ECDSA-AES128-CCM8"
        assert session.version() == "TLSv1.2"


async def test_a_client_of_the_authority_is_heard(utility, authorities, mine):
    assert not await refused(utility, raw_context(authorities.trust_anchor, mine))


async def test_a_client_without_certificate_is_refused(utility, authorities):
    assert await refused(utility, raw_context(authorities.trust_anchor))
    assert utility.exchanges == []


async def test_a_client_of_a_foreign_authority_is_refused(utility, authorities, foreign, tmp_path):
    identity = pki.issue_device(foreign, "cs1", folder=tmp_path)
    assert await refused(utility, raw_context(authorities.trust_anchor, identity))
    assert utility.exchanges == []


@pytest.mark.parametrize(
    "validity",
    [
        pytest.param(Validity(NOW - 9 * DAY, NOW - DAY), id="expired"),
        pytest.param(Validity(NOW + DAY, NOW + 9 * DAY), id="not yet valid"),
    ],
)
async def test_a_client_outside_its_time_is_refused(utility, authorities, tmp_path, validity):
    identity = pki.issue_device(authorities, "late", folder=tmp_path, validity=validity)
    assert await refused(utility, raw_context(authorities.trust_anchor, identity))
    assert utility.exchanges == []


async def test_a_client_refuses_a_utility_of_a_foreign_authority(foreign, tmp_path, mine, connect):
    server = pki.issue_server(foreign, folder=tmp_path)
    files = Files(server.certificate_path, server.key_path, foreign.trust_anchor)
    async with SimulatedUtility(files) as utility, connect(utility, mine) as client:
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await client.get("/dcap")


@pytest.mark.parametrize(
    ("ciphers", "heard"),
    [
        pytest.param("ECDHE-ECDSA-AES128-GCM-SHA256", True, id="GCM"),
        pytest.param("ECDHE-ECDSA-AES256-SHA384", False, id="a suite of no 2030.5 peer"),
    ],
)
async def test_suites_are_those_of_the_standard(utility, authorities, mine, ciphers, heard):
    context = raw_context(authorities.trust_anchor, mine, f"{ciphers}:@SECLEVEL=0")
    assert await refused(utility, context) is not heard


async def test_every_exchange_is_recorded_under_the_lfdi_of_the_certificate(utility, client, mine):
    await client.get("/dcap")
    (exchange,) = utility.exchanges
    assert (exchange.lfdi, exchange.method, exchange.path) == (mine.lfdi, "GET", "/dcap")
    assert exchange.status == 200


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        pytest.param("GET /dcap\r\n\r\n", 400, id="no version"),
        pytest.param("GET /dcap HTTP/2.0\r\n\r\n", 400, id="another version"),
        pytest.param("GET /dcap HTTP/1.1\r\nnonsense\r\n\r\n", 400, id="a header without colon"),
        pytest.param(
            "POST /rsp HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, id="a length below zero"
        ),
        pytest.param(
            "POST /rsp HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", 413, id="a body too big"
        ),
        pytest.param(
            "POST /rsp HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411, id="no length"
        ),
        pytest.param(f"GET /{'x' * 70000} HTTP/1.1\r\n\r\n", 431, id="endless headers"),
    ],
)
async def test_what_is_no_request_ends_the_connection(
    utility, authorities, mine, request_text, status
):
    context = raw_context(authorities.trust_anchor, mine)
    async with conversation(utility, context) as (reader, writer):
        writer.write(request_text.encode())
        head = await reader.readuntil(b"\r\n")
        assert head.split()[1] == str(status).encode()
        await reader.read()
        assert reader.at_eof()


async def test_a_connection_serves_many_requests(utility, authorities, mine):
    context = raw_context(authorities.trust_anchor, mine)
    async with conversation(utility, context) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET /tm HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            assert b"</Time>" in await reader.readexactly(length)


async def test_a_client_that_wants_to_close_is_let_go(utility, authorities, mine):
    context = raw_context(authorities.trust_anchor, mine)
    async with conversation(utility, context) as (reader, writer):
        writer.write(b"GET /tm HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_closing_the_utility_breaks_open_connections(files, mine, authorities):
    context = raw_context(authorities.trust_anchor, mine)
    async with SimulatedUtility(files) as utility:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", httpx.URL(utility.url).port, ssl=context
        )
        writer.write(b"GET /tm HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(5):
        await reader.read()
    writer.transport.abort()
    with pytest.raises(RuntimeError, match="not open"):
        _ = utility.url


async def test_closing_twice_is_no_harm(files):
    utility = SimulatedUtility(files)
    await utility.__aexit__(None, None, None)
    async with utility:
        assert utility.url.startswith("https://127.0.0.1:")

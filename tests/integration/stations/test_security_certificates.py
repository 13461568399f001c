"""Security profile 3 over real sockets: whose certificate opens which door, and how it is replaced."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from gateway.core.events import SecurityNoticed
from gateway.errors import IdentityError
from gateway.security import pki
from gateway.security.certificates import Validity
from support.security_campaign import refilled
from support.station_tls import Makers
from support.stations import Wire, a_site, an_entry, basic, dial

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def makers(tmp_path_factory):
    return Makers.of(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def identities(makers):
    return {
        "its own": makers.station("CS1"),
        "its serial number": makers.station("SN-001"),
        "a neighbour's": makers.station("CS2"),
        "another operator's": makers.station("CS1", operator="Somebody", file="operator"),
        "a foreign authority's": makers.station("CS1", authority=makers.foreign),
        "an expired one": makers.station("CS1", file="late", validity=ended()),
    }


def ended():
    now = datetime.now(UTC)
    return Validity(now - timedelta(days=9), now - timedelta(days=1))


def certified(name="CS1", **changes):
    return an_entry(name, password_verifier="", **changes)


async def outcome(site, context, name="CS1", headers=None):
    """Dial; say `in`, the status of the refusal, or `tls` where there was no handshake."""
    try:
        async with dial(site, name, headers=headers or {}, ssl=context) as socket:
            return (await Wire(socket).boot())["status"]
    except InvalidStatus as refused:
        return refused.response.status_code
    except (ssl.SSLError, ConnectionError, InvalidMessage):
        return "tls"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("its own", {"Accepted"}),
        ("its serial number", {"Accepted"}),
        ("a neighbour's", {401}),
        ("another operator's", {401}),
        ("a foreign authority's", {"tls"}),
        ("an expired one", {"tls"}),
    ],
)
async def test_only_a_certificate_of_this_station_opens(
    makers, identities, shown, expected, version
):
    entries = (certified(serial_number="SN-001"), certified("CS2"))
    async with a_site(*entries, **makers.config()) as site:
        context = makers.client(identities[shown], maximum_version=version)
        assert {await outcome(site, context)} == expected


@pytest.mark.parametrize("headers", [{}, basic("CS1")], ids=["nothing", "a password"])
async def test_without_a_certificate_nothing_opens_a_station_of_profile_3(makers, headers):
    async with a_site(certified(), **makers.config()) as site:
        assert await outcome(site, makers.client(), headers=headers) == 401
        noticed = await site.posted.next(SecurityNoticed)
        assert noticed.kind == "InvalidChargingStationCertificate"
        assert (noticed.station, noticed.address) == ("CS1", "127.0.0.1")


async def test_a_station_of_profile_2_beside_it_needs_its_password_only(makers):
    async with a_site(an_entry("CS2"), certified(), **makers.config()) as site:
        assert await outcome(site, makers.client(), "CS2", basic("CS2")) == "Accepted"
        assert await outcome(site, makers.client(), "CS2") == 401


async def test_a_certificate_is_no_password(makers, identities):
    async with a_site(an_entry(), **makers.config()) as site:
        context = makers.client(identities["its own"])
        assert await outcome(site, context) == 401
        assert await outcome(site, context, headers=basic("CS1")) == "Accepted"


async def test_a_password_with_the_certificate_of_another_is_refused(makers, identities):
    async with a_site(an_entry(), **makers.config()) as site:
        context = makers.client(identities["a neighbour's"])
        assert await outcome(site, context, headers=basic("CS1")) == 401


async def test_of_ten_certificates_each_opens_its_own_door_only(makers, transport):
    names = [f"S{number}" for number in range(10)]
    contexts = {
        name: makers.client(makers.station(name, file=f"{name}-{transport}")) for name in names
    }
    opened = []
    async with a_site(*(certified(name) for name in names), **makers.config()) as site:
        for name in names:
            refilled(site)
            tried = [await outcome(site, contexts[other], name) for other in names]
            opened += [(name, names[n]) for n, one in enumerate(tried) if one == "Accepted"]
    assert opened == [(name, name) for name in names]


async def test_a_new_certificate_serves_new_connections_and_disturbs_no_old_one(
    makers, identities, transport
):
    served = pki.issue_endpoint(makers.endpoint, name=f"reload-{transport}")
    other = pki.issue_endpoint(makers.endpoint, name=f"successor-{transport}", key_kind="rsa2048")
    files = {"certificate": served.certificate_path, "key": served.key_path}
    context = makers.client(identities["its own"])
    entries = (certified(), an_entry("CS2"))
    async with (
        a_site(*entries, **makers.config(**files)) as site,
        dial(site, headers={}, ssl=context) as first,
    ):
        station = Wire(first)
        await station.boot()
        before = serial(first)
        served.certificate_path.write_bytes(other.certificate_path.read_bytes())
        served.key_path.write_bytes(other.key_path.read_bytes())
        site.endpoint.reload_certificates()
        async with dial(site, "CS2", headers=basic("CS2"), ssl=makers.client()) as second:
            assert serial(second) != before
            await Wire(second).boot()
        assert (await station.ask("Heartbeat", {}))[0] == 3


async def test_a_new_authority_of_stations_is_taken_and_the_old_one_forgotten(
    makers, identities, tmp_path
):
    trusted = tmp_path / "anchors.pem"
    trusted.write_bytes(makers.stations.certificate_path.read_bytes())
    async with a_site(certified(), **makers.config(client_ca=trusted)) as site:
        assert await outcome(site, makers.client(identities["its own"])) == "Accepted"
        trusted.write_bytes(makers.foreign.certificate_path.read_bytes())
        site.endpoint.reload_certificates()
        assert await outcome(site, makers.client(identities["its own"])) == "tls"


@pytest.mark.parametrize("content", [b"", b"no certificate"], ids=["empty", "garbage"])
async def test_a_certificate_that_is_no_good_changes_nothing(
    makers, identities, content, transport
):
    name = f"spoilt{len(content)}-{transport}"
    served = pki.issue_endpoint(makers.endpoint, name=name)
    files = {"certificate": served.certificate_path, "key": served.key_path}
    async with a_site(certified(), **makers.config(**files)) as site:
        served.certificate_path.write_bytes(content)
        with pytest.raises(IdentityError, match=name):
            site.endpoint.reload_certificates()
        assert await outcome(site, makers.client(identities["its own"])) == "Accepted"


async def test_without_tls_there_is_nothing_to_reload():
    async with a_site() as site:
        site.endpoint.reload_certificates()
        async with dial(site) as socket:
            assert (await Wire(socket).boot())["status"] == "Accepted"


async def test_a_tls_handshake_that_never_ends_is_ended_after_its_time(makers, monkeypatch):
    monkeypatch.setattr("gateway.stations.endpoint._HANDSHAKE_S", 0.2)
    async with a_site(certified(), **makers.config()) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.endpoint.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        await writer.wait_closed()


def serial(socket):
    return socket.transport.get_extra_info("peercert")["serialNumber"]

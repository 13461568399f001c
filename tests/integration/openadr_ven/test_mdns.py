"""A VTN that is known by its name in the local network: found, verified, found again where it moved."""

import itertools
import socket
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from gateway.connectors.openadr import channel, mdns
from gateway.connectors.openadr.access import VtnAccess
from gateway.connectors.openadr.channel import Channel
from gateway.connectors.openadr.mdns import Found, find
from gateway.errors import PeerError, SettingsError
from gateway.protocols.openadr_access import VenAccess
from gateway.protocols.openadr_http import Request, Role
from gateway.security import pki
from gateway.security.tls import web_server_context
from gateway.simulators.vtn import Options, SimulatedVtn

LOOPBACK = ["127.0.0.1"]
_numbers = itertools.count()
SERVICE = "_openadr3._tcp.local."
HOST = "myvtn.local"
EVENTS = Request(Role.EVENTS, "GET", "/events")


@asynccontextmanager
async def announced(name="My_VTN", port=8443, **told):
    """A service of this name on loopback; `told` is what its TXT record says."""
    zeroconf = AsyncZeroconf(interfaces=LOOPBACK)
    info = AsyncServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        addresses=[socket.inet_aton("127.0.0.1")],
        port=port,
        server=f"{HOST}.",
        properties=told,
    )
    await zeroconf.async_register_service(info, cooperating_responders=True)
    try:
        yield
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("pki"))


@asynccontextmanager
async def a_vtn(authority, host=HOST, **options):
    name = f"vtn{next(_numbers)}"
    made = pki.issue_endpoint(authority, name=name, hosts=(host,))
    tls = web_server_context(made.certificate_path, made.key_path)
    async with SimulatedVtn(Options(**options), tls=tls) as vtn:
        yield vtn


def an_access(authority, name="My_VTN"):
    ven = VenAccess("vtn", f"mdns://{name}", "depot")
    return VtnAccess(ven, authority.certificate_path)


def port_of(vtn):
    return int(vtn.url.split(":")[2].split("/")[0])


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"base_path": "openadr3/3.1.0"}, "/openadr3/3.1.0"),
        ({"base_path": "/openadr3/"}, "/openadr3"),
        ({"local_url": "https://myvtn.local:883/openadr3/3.1.0"}, "/openadr3/3.1.0"),
        ({"base_path": ""}, ""),
        ({}, ""),
    ],
)
async def test_a_vtn_says_where_it_is(told, path):
    async with announced(**told):
        there = await find("My_VTN", 3, LOOPBACK)
    assert there == Found(HOST, "127.0.0.1", 8443, path)
    assert there.url == f"https://127.0.0.1:8443{path}"


def test_an_address_of_ipv6_is_written_as_one():
    assert Found(HOST, "fe80::1", 8443).url == "https://[fe80::1]:8443"


@pytest.mark.parametrize("path", ["a b", "a?b=c", b"\xff"])
async def test_an_odd_path_is_refused(path):
    async with announced(base_path=path):
        with pytest.raises(PeerError, match="announces the odd path"):
            await find("My_VTN", 3, LOOPBACK)


async def test_who_is_not_there_is_told():
    with pytest.raises(PeerError, match="nobody in this network announces it"):
        await find("Nobody", 0.2, LOOPBACK)


async def test_a_network_that_cannot_be_asked_is_told(monkeypatch):
    def fails(**_):
        raise OSError("no such interface")

    monkeypatch.setattr(mdns, "AsyncZeroconf", fails)
    with pytest.raises(PeerError, match="cannot be looked for: no such interface"):
        await find("My_VTN", 0.2)


async def test_a_vtn_is_asked_by_its_number_and_verified_by_its_name(authority):
    async with (
        a_vtn(authority, open=True) as vtn,
        announced(port=port_of(vtn), base_path="openadr3/3.1.0"),
        Channel(an_access(authority)) as opened,
    ):
        assert (await opened.exchange(EVENTS)).status == 200
        (asked,) = vtn.exchanges
        assert asked.path == "/events"


async def test_its_own_name_for_the_token_endpoint_leads_to_it(authority):
    async with (
        a_vtn(authority) as vtn,
        announced(port=port_of(vtn), base_path="openadr3/3.1.0"),
        Channel(an_access(authority)) as opened,
    ):
        token = f"https://{HOST}:{port_of(vtn)}/openadr3/3.1.0/auth/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": "ven_client",
            "client_secret": "secret",
        }
        answer = await opened.exchange(Request(Role.TOKEN, "POST", token, form=form))
        assert answer.status == 200


async def test_who_announces_the_name_without_its_certificate_is_not_asked(authority, tmp_path):
    other = pki.create_endpoint_authority(tmp_path)
    for signer, host in ((authority, "other.local"), (other, HOST)):
        async with (
            a_vtn(signer, host, open=True) as vtn,
            announced(port=port_of(vtn), base_path="openadr3/3.1.0"),
            Channel(an_access(authority)) as opened,
        ):
            answer = await opened.exchange(EVENTS, "t0ken")
            assert answer.status == 0
            assert "certificate verify failed" in answer.problem
            assert vtn.exchanges == []


async def test_a_vtn_that_moved_is_found_again(authority, monkeypatch):
    monkeypatch.setattr(channel, "_FIND_S", 0.3)
    access = an_access(authority)
    async with Channel(access) as opened:
        for _ in range(2):
            async with (
                a_vtn(authority, open=True) as vtn,
                announced(port=port_of(vtn), base_path="openadr3/3.1.0"),
            ):
                answers = [await opened.exchange(EVENTS) for _ in (1, 2)]
                assert answers[-1].status == 200
        await opened.exchange(EVENTS)
        gone = await opened.exchange(EVENTS)
        assert "nobody in this network announces it" in gone.problem


def test_the_extra_is_asked_for_where_it_is_missing(authority, monkeypatch):
    monkeypatch.setattr(channel, "find_spec", lambda _: None)
    access = an_access(authority)
    with pytest.raises(SettingsError, match="install the extra `mdns`"):
        Channel(access)
    Channel(replace(access, ven=replace(access.ven, url="https://vtn.example")))

"""The certificate for stations is replaced in a running gateway; nobody is dropped."""

import signal
import ssl
from types import SimpleNamespace

import pytest

from gateway.security import pki
from support.site import PASSWORD, a_site, a_utility, write_site
from support.stations import Wire, basic, dial


@pytest.fixture
def endpoint(tmp_path):
    """The authority of the endpoint and the identity that it serves with."""
    root = pki.create_endpoint_authority(tmp_path / "csms")
    return root, pki.issue_endpoint(root)


@pytest.fixture
def site(tmp_path, utility, endpoint):
    identity = endpoint[1]
    ocpp = {
        "port": 0,
        "certificate": str(identity.certificate_path),
        "key": str(identity.key_path),
    }
    return write_site(tmp_path, a_site(utilities=[a_utility(url=utility.url)], ocpp=ocpp))


def serial(socket):
    return socket.transport.get_extra_info("peercert")["serialNumber"]


async def test_a_certificate_is_swapped_on_sighup_while_a_station_talks(dergate, site, endpoint):
    root, identity = endpoint
    context = ssl.create_default_context(cafile=str(root.certificate_path))
    headers = basic("CS1", PASSWORD)
    async with dergate("run", "-c", site) as gateway:
        port = (await gateway.event("gateway.started"))["port"]
        there = SimpleNamespace(endpoint=SimpleNamespace(url=f"wss://127.0.0.1:{port}/ocpp"))
        async with dial(there, headers=headers, ssl=context) as socket:
            station = Wire(socket)
            await station.boot()
            first = serial(socket)
            replace(identity, pki.issue_endpoint(root, name="next"))
            gateway.signal(signal.SIGHUP)
            await gateway.event("certificate.replaced")
            assert (await station.ask("Heartbeat", {}))[0] == 3
        async with dial(there, headers=headers, ssl=context) as socket:
            assert serial(socket) != first
            assert (await Wire(socket).boot())["status"] == "Accepted"
            identity.key_path.write_text("no key")
            gateway.signal(signal.SIGHUP)
            refused = await gateway.event("certificate.refused")
            assert "csms.key" in refused["problem"]
            assert (await Wire(socket).ask("Heartbeat", {}))[0] == 3
        gateway.signal(signal.SIGTERM)
        assert await gateway.ended() == 0


def replace(identity, successor):
    """Put the files of a successor in place."""
    identity.certificate_path.write_bytes(successor.certificate_path.read_bytes())
    identity.key_path.write_bytes(successor.key_path.read_bytes())

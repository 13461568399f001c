"""The life of one gateway in this process: ready, locked, told to stop."""

import asyncio

import pytest

from gateway.errors import IdentityError, LockedError, SettingsError
from gateway.security import pki
from gateway.store.sqlite import SqliteStore


async def test_a_gateway_says_when_stations_may_connect_and_ends_when_told(
    service, settings, enrolled
):
    gateway = service(settings())
    port = (await gateway.running()).endpoint.port
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()
    await gateway.end()
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_the_state_is_locked_meanwhile_and_free_afterwards(
    service, settings, enrolled, tmp_path
):
    gateway = service(settings())
    await gateway.running()
    with pytest.raises(LockedError):
        SqliteStore(tmp_path / "state" / "dergate.db")
    await gateway.end()
    SqliteStore(tmp_path / "state" / "dergate.db").close()


async def test_a_second_gateway_is_refused_before_it_opens_a_socket(service, settings, enrolled):
    gateway = service(settings())
    await gateway.running()
    with pytest.raises(LockedError):
        await service(settings()).running()
    await gateway.end()


async def test_an_address_that_is_taken_is_named_and_the_state_is_free_again(
    service, settings, enrolled, tmp_path
):
    gateway = service(settings())
    port = (await gateway.running()).endpoint.port
    with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port} DG-1056 cannot listen"):
        await service(settings(ocpp={"port": port}, state_dir="other")).running()
    SqliteStore(tmp_path / "other" / "dergate.db").close()
    await gateway.end()


async def test_nothing_is_opened_where_an_identity_cannot_be_used(service, settings, tmp_path):
    with pytest.raises(IdentityError, match="cannot read the certificate"):
        await service(settings()).running()
    assert not (tmp_path / "state").exists()


async def test_stations_are_served_over_tls_where_there_is_a_certificate(
    service, settings, enrolled, tmp_path
):
    root = pki.create_endpoint_authority(tmp_path / "certs")
    identity = pki.issue_endpoint(root)
    ocpp = {
        "port": 0,
        "certificate": str(identity.certificate_path),
        "key": str(identity.key_path),
    }
    gateway = service(settings(ocpp=ocpp))
    running = await gateway.running()
    assert running.endpoint.url.startswith("wss://127.0.0.1:")
    await gateway.end()

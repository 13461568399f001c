"""The life of one gateway in this process: ready, locked, told to stop."""

import asyncio

import pytest

from gateway import app
from gateway.errors import IdentityError, LockedError, SettingsError
from gateway.security import pki
from gateway.settings import load
from gateway.store.sqlite import SqliteStore
from support.site import a_site, enrol, write_site


@pytest.fixture
def settings(tmp_path):
    def loaded(**changes):
        return load(write_site(tmp_path, a_site(**changes)), {})

    return loaded


@pytest.fixture
def enrolled(tmp_path):
    return enrol(tmp_path, "CS1")


class Service:
    """A gateway in this process."""

    def __init__(self, settings):
        self.stop = asyncio.Event()
        self._ready = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(app.serve(settings, self._ready.set_result, self.stop))

    async def running(self):
        async with asyncio.timeout(10):
            await asyncio.wait([self.task, self._ready], return_when=asyncio.FIRST_COMPLETED)
        if self.task.done():
            self._ready.cancel()
            self.task.result()
        return self._ready.result()

    async def end(self):
        self.stop.set()
        async with asyncio.timeout(10):
            await self.task


async def test_a_gateway_says_when_stations_may_connect_and_ends_when_told(settings, enrolled):
    service = Service(settings())
    port = (await service.running()).endpoint.port
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()
    await service.end()
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_the_state_is_locked_meanwhile_and_free_afterwards(settings, enrolled, tmp_path):
    service = Service(settings())
    await service.running()
    with pytest.raises(LockedError):
        SqliteStore(tmp_path / "state" / "dergate.db")
    await service.end()
    SqliteStore(tmp_path / "state" / "dergate.db").close()


async def test_a_second_gateway_is_refused_before_it_opens_a_socket(settings, enrolled):
    service = Service(settings())
    await service.running()
    with pytest.raises(LockedError):
        await Service(settings()).running()
    await service.end()


async def test_an_address_that_is_taken_is_named_and_the_state_is_free_again(
    settings, enrolled, tmp_path
):
    service = Service(settings())
    port = (await service.running()).endpoint.port
    with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port} DG-1056 cannot listen"):
        await Service(settings(ocpp={"port": port}, state_dir="other")).running()
    SqliteStore(tmp_path / "other" / "dergate.db").close()
    await service.end()


async def test_nothing_is_opened_where_an_identity_cannot_be_used(settings, tmp_path):
    with pytest.raises(IdentityError, match="cannot read the certificate"):
        await Service(settings()).running()
    assert not (tmp_path / "state").exists()


async def test_stations_are_served_over_tls_where_there_is_a_certificate(
    settings, enrolled, tmp_path
):
    root = pki.create_endpoint_authority(tmp_path / "certs")
    identity = pki.issue_endpoint(root)
    ocpp = {
        "port": 0,
        "certificate": str(identity.certificate_path),
        "key": str(identity.key_path),
    }
    service = Service(settings(ocpp=ocpp))
    running = await service.running()
    assert running.endpoint.url.startswith("wss://127.0.0.1:")
    await service.end()

"""Two gateways in this process on one PostgreSQL: one serves, the other one waits and says so."""

import asyncio
import json
from contextlib import closing

import aiohttp
import pytest

from gateway.errors import LockedError
from gateway.store import extra
from gateway.store.postgres import PostgresStore
from support.runtime_bench import until
from support.site import a_free_port


class Pair:
    """Settings of two gateways that share a database; the second one shows its state on `port`."""

    def __init__(self, settings, url):
        self._settings, self._url, self.port = settings, url, a_free_port()

    def of(self, name, **changes):
        port = self.port if name == "two" else 0
        changes = {"state_dir": name, "admin": {"port": port}, "lease_s": 2} | changes
        return self._settings(database=self._url, **changes)

    async def asked(self, path, method="GET", body=None, **headers):
        """Return status and text of an answer of the second gateway, (0, "") where none comes."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.request(method, url, data=body, headers=headers) as answer,
            ):
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def says(self, status):
        async with asyncio.timeout(20):
            while (await self.asked("/readyz"))[0] != status:  # noqa: ASYNC110 - it tells no event
                await asyncio.sleep(0.05)


@pytest.fixture
def pair(settings, postgres_url, enrolled):
    return Pair(settings, postgres_url)


async def test_the_standby_waits_and_leads_once_the_leader_ended(service, pair):
    first = service(pair.of("one"))
    await first.running()
    second = service(pair.of("two"))
    await pair.says(503)
    await until(lambda: not second.task.done())
    assert (await pair.asked("/readyz"))[1] == "standby: another gateway leads\n"
    assert await pair.asked("/healthz") == (200, "ok\n")
    assert (await pair.asked("/stations"))[0] == 200
    await first.end()
    await second.running()
    await pair.says(200)
    await second.end()


async def test_a_standby_takes_no_orders(service, pair, tmp_path):
    token = tmp_path / "token"
    token.write_text("sesame\n")
    token.chmod(0o600)
    first = service(pair.of("one"))
    await first.running()
    admin = {"port": pair.port, "token_file": "token"}
    second = service(pair.of("two", admin=admin))
    await pair.says(503)
    order = json.dumps({"on": True, "reason": "test", "actor": "me"})
    status, text = await pair.asked("/hold", "POST", order, Authorization="Bearer sesame")
    assert (status, "order it of the one that leads" in text) == (503, True)
    await second.end()
    await first.end()


async def test_a_standby_that_is_told_to_end_never_leads(service, pair, postgres_url):
    first = service(pair.of("one"))
    await first.running()
    second = service(pair.of("two"))
    await pair.says(503)
    await second.end()
    await first.end()
    with closing(await asyncio.to_thread(PostgresStore, postgres_url)) as store:
        assert await asyncio.to_thread(store.take, 60)  # nobody holds it


async def test_two_gateways_never_share_a_folder(service, pair):
    first = service(pair.of("one"))
    await first.running()
    with pytest.raises(LockedError, match="another gateway works on this state"):
        await service(pair.of("one")).running()
    await first.end()


async def test_a_refused_start_leaves_the_folder_free(service, pair, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(extra, "find_spec", lambda _name: None)
        with pytest.raises(Exception, match="DG-1047 asyncpg is not installed"):
            await service(pair.of("one")).running()
    first = service(pair.of("one"))
    await first.running()
    await first.end()

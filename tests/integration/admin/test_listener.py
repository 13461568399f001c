"""The admin listener of a real gateway: health, metrics, views, streams, tokens."""

import asyncio
import json
import sqlite3
from contextlib import closing

import httpx
import pytest

from gateway.core.events import UtilityChanged
from gateway.errors import SettingsError


async def got(site, path, **options):
    async with httpx.AsyncClient(base_url=site.running.admin.url, trust_env=False) as client:
        return await client.get(path, **options)


async def test_a_gateway_says_that_it_lives_and_is_ready(site):
    async with site() as here:
        assert (await got(here, "/healthz")).text == "ok\n"
        ready = await got(here, "/readyz")
        assert (ready.status_code, ready.text) == (200, "ok\n")
        assert ready.headers["Connection"] == "close"


async def ready_says(here, status):
    """Wait until /readyz answers so; return its words."""
    for _ in range(400):
        answer = await got(here, "/readyz")
        if answer.status_code == status:
            return answer.text
        await asyncio.sleep(0.02)
    raise TimeoutError(answer.text)


async def test_a_store_that_refuses_shows_in_readyz_until_it_takes_again(site):
    async with site() as here:
        await ready_says(here, 200)
        other = sqlite3.connect(here.folder / "state" / "dergate.db", isolation_level=None)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
            here.running.runtime.post(UtilityChanged("grid", "CS1", up=False))
            assert "DG-1302 is locked" in await ready_says(here, 503)
            other.execute("ROLLBACK")
        await ready_says(here, 200)


async def test_why_it_is_not_ready_is_told_with_the_token_only(site, admin):
    async with site(admin=admin) as here:
        await ready_says(here, 200)
        other = sqlite3.connect(here.folder / "state" / "dergate.db", isolation_level=None)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
            here.running.runtime.post(UtilityChanged("grid", "CS1", up=False))
            assert await ready_says(here, 503) == "not ready\n"
            told = await here.request("GET", "/readyz")
            assert "DG-1302 is locked" in told.text
            other.execute("ROLLBACK")


async def test_metrics_are_prometheus_text(site):
    async with site() as here, here.station() as station:
        await station.wait_for(lambda: station.controls is not None, 60)
        answer = await got(here, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "dergate_stations{" in answer.text
    assert "# TYPE dergate_commands_total counter" in answer.text


async def test_views_are_json_and_what_is_not_there_is_a_problem(site):
    async with site() as here:
        assert (await got(here, "/events")).json() == []
        (row,) = (await got(here, "/stations")).json()
        assert (row["station"], row["connected"]) == ("CS1", False)
        for path, words in (
            ("/stations/CS9", "no station CS9"),
            ("/events/M9", "no command M9"),
            ("/tap/all", "no stream all: there are utility, canonical, ocpp"),
        ):
            answer = await got(here, path)
            assert answer.status_code == 404
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json() == {"title": "Not Found", "status": 404, "detail": words}
        assert (await got(here, "/")).status_code == 404


async def test_nothing_is_changed_by_asking(site):
    async with (
        site() as here,
        httpx.AsyncClient(base_url=here.running.admin.url, trust_env=False) as client,
    ):
        answers = [await client.request(method, "/stations") for method in ("POST", "DELETE")]
    assert {answer.status_code for answer in answers} == {405}
    assert {answer.headers["Allow"] for answer in answers} == {"GET,HEAD"}


async def test_a_name_that_was_made_to_point_here_is_answered_nothing(site):
    async with site() as here:
        for path in ("/stations", "/tap/canonical", "/hold"):
            answer = await got(here, path, headers={"Host": "evil.example:8631"})
            assert answer.status_code == 421
            assert answer.json()["title"] == "Misdirected Request"
        assert (await got(here, "/healthz", headers={"Host": "evil.example"})).status_code == 200
        for ours in ("localhost:1", "127.0.0.1", "[::1]:8631", "LOCALHOST"):
            assert (await got(here, "/stations", headers={"Host": ours})).status_code == 200


async def test_with_a_token_the_listener_has_any_name(site, tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "token").chmod(0o600)
    async with site(admin={"port": 0, "token_file": "token"}) as here:
        told = {"Host": "gateway.example", "Authorization": "Bearer s3cret"}
        assert (await got(here, "/stations", headers=told)).status_code == 200


async def test_a_token_guards_all_but_the_supervisors_questions(site, tmp_path):
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    token.chmod(0o600)
    async with site(admin={"port": 0, "token_file": "token"}) as here:
        assert (await got(here, "/healthz")).status_code == 200
        assert (await got(here, "/readyz")).status_code == 200
        for words in (None, "Bearer s3cret2", "s3cret", b"Bearer \xff", "Bearer ü".encode()):
            headers = {} if words is None else {"Authorization": words}
            answer = await got(here, "/stations", headers=headers)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        shown = await got(here, "/stations", headers={"Authorization": "Bearer s3cret"})
        assert shown.status_code == 200


@pytest.mark.parametrize(
    ("mode", "text", "problem"),
    [
        (0o644, "s3cret", "DG-1083 others may read this secret"),
        (0o600, "\n", "DG-1063 holds no token"),
        (None, "", "DG-1063 cannot be read"),
    ],
)
async def test_a_token_that_is_none_stops_the_gateway(site, tmp_path, mode, text, problem):
    if mode is not None:
        (tmp_path / "token").write_text(text)
        (tmp_path / "token").chmod(mode)
    with pytest.raises(SettingsError, match=problem):
        async with site(admin={"port": 0, "token_file": "token"}):
            pass


async def test_an_address_that_is_taken_is_named(site):
    async with site() as here:
        port = int(here.running.admin.url.rpartition(":")[2])
        second = type(here)(here.folder / "other", {"admin": {"port": port}})
        second.folder.mkdir()
        with pytest.raises(SettingsError, match=r"DG-1056 .*choose another admin\.host") as error:
            async with second:
                pass
        assert error.value.where == f"127.0.0.1:{port}"


async def test_a_stream_shows_a_station_that_comes(site):
    async with site() as here:
        url = f"{here.running.admin.url}/tap/ocpp?station=CS1"
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("GET", url) as answer,
            here.station(),
        ):
            async for line in answer.aiter_lines():
                told = json.loads(line)
                if told["kind"] == "connected":
                    break
    assert (told["station"], told["version"]) == ("CS1", "2.1")


async def test_a_stream_ends_with_its_gateway(site):
    async with (
        site() as here,
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", f"{here.running.admin.url}/tap/utility") as answer,
    ):
        here.stop.set()
        async with asyncio.timeout(10):
            lines = [line async for line in answer.aiter_lines()]
    assert all(json.loads(line)["kind"] == "utility.down" for line in lines if line)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"on": True}, "reason: Field required; actor: Field required"),
        ({"on": 1, "reason": "x", "actor": "a"}, "on: Input should be a valid boolean"),
        ({"on": True, "reason": "", "actor": "a"}, "reason: String should have at least 1"),
        ({"on": True, "reason": "x", "actor": "a", "of": 1}, "of: Extra inputs"),
    ],
)
async def test_an_order_that_is_none_is_refused(site, admin, body, words):
    async with site(admin=admin) as here:
        answer = await here.request("POST", "/hold", json=body)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
        assert here.running.runtime.parts.engine.world.hold is None

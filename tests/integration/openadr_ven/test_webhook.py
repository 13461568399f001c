"""The webhook over real sockets: its challenge, its token, and what strangers send."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from gateway.connectors.openadr import webhook
from gateway.connectors.openadr.access import WebhookAccess
from gateway.connectors.openadr.webhook import Webhook
from gateway.errors import IdentityError
from gateway.protocols.openadr_notice import LARGEST_BODY
from gateway.protocols.openadr_subscriptions import Callback
from gateway.security import pki
from gateway.security.tls import web_client_context

TOKEN = "t0ken"
OURS = {"Authorization": f"Bearer {TOKEN}"}


class Heard:
    """What the webhook handed on."""

    def __init__(self):
        self.bodies, self.refused = [], 0

    def refuse(self):
        self.refused += 1


@asynccontextmanager
async def listening(identity=None, path="/hooks/vtn"):
    """An open webhook with its address, and what it heard."""
    heard = Heard()
    url = f"https://depot.example{path}"
    access = WebhookAccess("127.0.0.1", 0, url, identity)
    async with Webhook(access, Callback(url, TOKEN), heard.bodies.append, heard.refuse) as hook:
        scheme = "http" if identity is None else "https"
        yield f"{scheme}://127.0.0.1:{hook.port}{path}", heard


@asynccontextmanager
async def asking(identity=None, verify=True, **changes):
    async with (
        listening(identity, **changes) as (url, heard),
        httpx.AsyncClient(verify=verify, trust_env=False) as client,
    ):
        yield client, url, heard


@pytest.mark.parametrize("place", ["", "/", "/echo"])
@pytest.mark.parametrize("headers", [{}, OURS, {"Authorization": "Bearer other"}])
async def test_a_challenge_is_answered_with_its_word(place, headers):
    async with asking() as (client, url, heard):
        answer = await client.get(url + place, params={"echo": "a b<c>"}, headers=headers)
        assert (answer.status_code, answer.text) == (200, "a b<c>")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert heard.bodies == []


@pytest.mark.parametrize("echo", ["", "x" * 2000])
async def test_a_challenge_without_a_word_or_with_very_many_is_none(echo):
    async with asking() as (client, url, _):
        assert (await client.get(url, params={"echo": echo})).status_code == 400


@pytest.mark.parametrize("path", ["", "/"])
async def test_a_callback_may_be_the_root(path):
    async with asking(path=path) as (client, url, heard):
        assert (await client.get(url, params={"echo": "x"})).text == "x"
        assert (await client.post(url, content=b"{}", headers=OURS)).status_code == 200
        assert heard.bodies == [b"{}"]


async def test_a_notification_with_our_token_is_taken_as_it_is():
    async with asking() as (client, url, heard):
        answer = await client.post(url, content=b'"\\u00e4"', headers=OURS)
        assert (answer.status_code, answer.content) == (200, b"")
        assert (heard.bodies, heard.refused) == ([b'"\\u00e4"'], 0)


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        TOKEN,
        "Bearer",
        "Bearer t0ke",
        "Bearer t0kenn",
        "bearer t0ken",
        "Basic t0ken",
    ],
)
async def test_a_notification_without_our_token_is_refused_unread(shown):
    async with asking() as (client, url, heard):
        headers = {} if shown is None else {"Authorization": shown}
        answer = await client.post(url, content=b"{}", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert (heard.bodies, heard.refused) == ([], 1)


async def test_a_token_of_odd_bytes_is_refused():
    async with asking() as (client, url, heard):
        await client.post(url, content=b"{}", headers={"Authorization": b"Bearer \xff\xfe"})
        assert heard.refused == 1


async def test_a_body_that_is_too_long_is_a_hint_all_the_same():
    async with asking() as (client, url, heard):
        body = b" " * (LARGEST_BODY + 1)
        assert (await client.post(url, content=body, headers=OURS)).status_code == 413
        assert heard.bodies == [None]


async def test_a_body_that_never_ends_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(webhook, "_BODY_S", 0.05)

    async def endless():
        yield b"{"
        await asyncio.sleep(0.3)

    async with asking() as (client, url, heard):
        answer = await client.post(url, content=endless(), headers=OURS)
        assert answer.status_code == 413
        assert heard.bodies == [None]


async def test_a_compressed_body_is_not_unpacked():
    async with asking() as (client, url, heard):
        headers = OURS | {"Content-Encoding": "gzip"}
        await client.post(url, content=b"\x1f\x8b rest", headers=headers)
        assert heard.bodies == [b"\x1f\x8b rest"]


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "", 405), ("POST", "/other", 404)])
async def test_nothing_else_is_served(method, path, status):
    async with asking() as (client, url, heard):
        answer = await client.request(method, url + path, content=b"{}", headers=OURS)
        assert (answer.status_code, answer.headers["connection"]) == (status, "close")
        assert heard.bodies == []


async def test_many_at_once_are_served_and_each_connection_is_closed():
    async with asking() as (client, url, heard):
        sent = [client.post(url, content=b"{}", headers=OURS) for _ in range(40)]
        answers = await asyncio.gather(*sent)
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.headers["connection"] for answer in answers} == {"close"}
        assert len(heard.bodies) == 40


async def test_with_a_certificate_tls_is_spoken(tmp_path):
    authority = pki.create_endpoint_authority(tmp_path)
    made = pki.issue_endpoint(authority)
    trust = web_client_context(authority.certificate_path)
    async with asking((made.certificate_path, made.key_path), trust) as (client, url, heard):
        assert (await client.post(url, content=b"{}", headers=OURS)).status_code == 200
        assert heard.bodies == [b"{}"]


async def test_a_certificate_that_is_no_good_is_told(tmp_path):
    with pytest.raises(IdentityError):
        async with listening((tmp_path / "none.pem", tmp_path / "none.key")):
            pass


async def test_an_address_that_cannot_be_had_is_told():
    async with listening() as (url, _):
        port = int(url.split(":")[2].split("/")[0])
        access = WebhookAccess("127.0.0.1", port, url)
        heard = Heard()
        with pytest.raises(OSError, match="address already in use"):
            async with Webhook(access, Callback(url, TOKEN), heard.bodies.append, heard.refuse):
                pass

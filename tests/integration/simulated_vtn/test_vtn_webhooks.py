"""Webhooks of the simulated VTN: the echo challenge, notifications, what is replayed and forged."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gateway.security import pki
from gateway.security.tls import web_client_context, web_server_context
from gateway.simulators.vtn import Options, Quirk, SimulatedVtn
from support.vtn import EVENT, REVISIONS, a_ven, options

both = pytest.mark.parametrize("revision", REVISIONS)
CREATED = {"3.0": "POST", "3.1": "CREATE"}


@asynccontextmanager
async def a_callback(*, echoes=True, tls=None, status=200):
    heard = asyncio.Queue()

    async def take(request):
        if request.method == "POST":
            await heard.put((await request.json(), request.headers.get("Authorization")))
            return web.Response(status=status)
        return web.Response(text=request.query.get("echo", "") if echoes else "no")

    app = web.Application()
    app.router.add_route("*", "/callback{rest:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/callback", heard
    finally:
        await runner.cleanup()


async def subscribed(vtn, ven, url, *operations, token="t", **members):  # noqa: S107 - a test's
    """Subscribe to events of a new program; return its id and the answer."""
    program = vtn.add_program("flex")
    wanted = {"objects": ["EVENT"], "callbackUrl": url, "bearerToken": token}
    wanted["operations"] = list(operations or [CREATED[vtn.options.revision]])
    body = {"clientName": "gateway", "programID": program, "objectOperations": [wanted], **members}
    return program, await ven.post("subscriptions", json=body)


def following(heard):
    return asyncio.wait_for(heard.get(), 5)


@pytest.mark.parametrize(
    ("revision", "verb"),
    [("3.0", "POST"), ("3.0", "PUT"), ("3.0", "DELETE"), ("3.1", "CREATE"), ("3.1", "UPDATE")],
)
async def test_a_callback_hears_of_the_changes_that_it_asked_for(revision, verb):
    how = Options(revision=revision)
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        program, answer = await subscribed(vtn, ven, url, verb)
        assert answer.status_code == 201
        event = vtn.add_event(program, **EVENT)
        vtn.change_event(event, priority=1)
        vtn.delete_event(event)
        vtn.add_event(vtn.add_program("other"), **EVENT)
        told, token = await following(heard)
        assert (told["operation"], told["objectType"], token) == (verb, "EVENT", "Bearer t")
        assert told["object"]["id"] == event
        assert heard.empty()


async def test_words_instead_of_http_verbs_may_be_meant_on_3_0():
    how = options(Quirk.CRUD_VERBS, revision="3.0")
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        program, _ = await subscribed(vtn, ven, url, "CREATE")
        vtn.add_event(program, **EVENT)
        assert (await following(heard))[0]["operation"] == "CREATE"


@both
@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/callback", "nonsense:"])
async def test_a_callback_that_does_not_echo_gets_no_subscription(revision, url):
    how = Options(revision=revision)
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven, a_callback(echoes=False) as (own, _):
        _, answer = await subscribed(vtn, ven, url or own)
        assert answer.status_code == 400
        assert (await ven.get("subscriptions")).json() == []


@both
@pytest.mark.parametrize(
    ("quirk", "key"),
    [(Quirk.WEBHOOK_SNAKE_STRING, "program_id"), (Quirk.WEBHOOK_CAMEL_STRING, "programID")],
)
async def test_a_webhook_body_may_be_a_string_that_holds_json(revision, quirk, key):
    how = options(quirk, Quirk.ECHO_PATH, revision=revision)
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        program, answer = await subscribed(vtn, ven, url)
        assert answer.status_code == 201
        vtn.add_event(program, **EVENT)
        body, _ = await following(heard)
        assert json.loads(body)["object"][key] == program


async def test_what_others_may_not_read_they_are_not_told_of():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        program, _ = await subscribed(vtn, ven, url)
        vtn.add_event(program, targets=["feeder7"], **EVENT)
        seen = vtn.add_event(program, **EVENT)
        told, _ = await following(heard)
        assert told["object"]["id"] == seen


async def test_a_subscription_may_ask_for_its_targets_only():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        vtn.add_ven("gateway", targets=["feeder7", "feeder8"])
        program, _ = await subscribed(vtn, ven, url, targets=["feeder7"])
        vtn.add_event(program, **EVENT)
        vtn.add_event(program, targets=["feeder8"], **EVENT)
        wanted = vtn.add_event(program, targets=["feeder7"], **EVENT)
        assert (await following(heard))[0]["object"]["id"] == wanted


@both
async def test_notifications_are_replayed_and_forged(revision):
    how = Options(revision=revision)
    async with SimulatedVtn(how) as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        program, _ = await subscribed(vtn, ven, url)
        event = vtn.add_event(program, **EVENT)
        first = await following(heard)
        await asyncio.sleep(0.02)
        vtn.replay_webhooks(2)
        assert [await following(heard) for _ in "ab"] == [first, first]
        vtn.forge_webhooks("guessed")
        told, token = await following(heard)
        assert (told["object"]["id"], token) == ("forged", "Bearer guessed")
        assert first[0]["object"]["id"] == event


async def test_what_no_callback_takes_is_lost_and_no_token_is_sent_where_none_was_given():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven, a_callback(status=500) as (url, heard):
        program, _ = await subscribed(vtn, ven, url, token=None)
        vtn.add_event(program, **EVENT)
        told, token = await following(heard)
        assert token is None
        await asyncio.sleep(0.05)
        assert vtn.lost == [told]


async def test_callbacks_are_spoken_to_over_tls_where_their_anchor_is_trusted(tmp_path):
    authority = pki.create_endpoint_authority(tmp_path)
    made = pki.issue_endpoint(authority)
    tls = web_server_context(made.certificate_path, made.key_path)
    for trust, status in ((web_client_context(authority.certificate_path), 201), (None, 400)):
        async with (
            SimulatedVtn(trust=trust) as vtn,
            a_ven(vtn) as ven,
            a_callback(tls=tls) as (url, _),
        ):
            _, answer = await subscribed(vtn, ven, url)
            assert answer.status_code == status

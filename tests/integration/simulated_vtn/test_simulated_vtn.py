"""The simulated VTN over real HTTP: tokens, lists, privacy, registration, reports."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web

from gateway.simulators.vtn import Options, Quirk, SimulatedVtn

FORM = {"grant_type": "client_credentials", "client_id": "ven_client", "client_secret": "secret"}
EVENT = {
    "intervalPeriod": {"start": "2026-11-22T12:00:00Z", "duration": "PT15M"},
    "intervals": [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [22.5]}]}],
}


@asynccontextmanager
async def a_ven(vtn):
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{vtn.url}/auth/token", data=FORM)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


@pytest.mark.parametrize("revision", ["3.0", "3.1"])
async def test_an_event_is_listed_until_it_is_deleted(revision):
    async with SimulatedVtn(Options(revision=revision)) as vtn, a_ven(vtn) as ven:
        event = vtn.add_event(vtn.add_program("flex"), **EVENT)
        [served] = (await ven.get(f"{vtn.url}/events")).json()
        assert (served["id"], served["intervals"]) == (event, EVENT["intervals"])
        vtn.delete_event(event)
        assert (await ven.get(f"{vtn.url}/events")).json() == []


async def test_a_revoked_token_is_refused():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        vtn.revoke_tokens()
        assert (await ven.get(f"{vtn.url}/programs")).status_code == 401


async def test_targets_have_to_be_granted_and_asked_for():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        vtn.add_event(vtn.add_program("flex"), targets=["feeder7"], **EVENT)
        vtn.add_ven("gateway")
        asked = f"{vtn.url}/events?targets=feeder7"
        assert (await ven.get(asked)).json() == []
        vtn.grant("gateway", "feeder7")
        assert len((await ven.get(asked)).json()) == 1
        assert (await ven.get(f"{vtn.url}/events")).json() == []


async def test_a_second_registration_is_a_conflict():
    options = Options(quirks=frozenset({Quirk.EMPTY_CONFLICT}))
    async with SimulatedVtn(options) as vtn, a_ven(vtn) as ven:
        body = {"objectType": "VEN_VEN_REQUEST", "venName": "gateway"}
        first = await ven.post(f"{vtn.url}/vens", json=body)
        second = await ven.post(f"{vtn.url}/vens", json=body)
        assert (first.status_code, second.status_code, second.json()) == (201, 409, [])


async def test_a_report_is_kept_with_its_client():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        event = vtn.add_event(vtn.add_program("flex"), **EVENT)
        body = {"eventID": event, "clientName": "gateway", "reportName": "r", "resources": []}
        assert (await ven.post(f"{vtn.url}/reports", json=body)).status_code == 201
        assert [(item.client, item.body) for item in vtn.reports] == [("ven_client", body)]


async def test_pages_follow_skip_and_limit_and_no_page_is_longer_than_fifty():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        program = vtn.add_program("flex")
        ids = [vtn.add_event(program, **EVENT) for _ in range(7)]
        page = (await ven.get(f"{vtn.url}/events?skip=5&limit=5")).json()
        assert [item["id"] for item in page] == ids[5:]
        assert (await ven.get(f"{vtn.url}/events?limit=51")).status_code == 400


async def test_it_comes_back_on_its_port_and_fails_on_order():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        await vtn.down()
        with pytest.raises(httpx.ConnectError):
            await ven.get(f"{vtn.url}/events")
        await vtn.up()
        vtn.fail("/events*", 500)
        assert [(await ven.get(f"{vtn.url}/events")).status_code for _ in "ab"] == [500, 200]


async def test_an_unchanged_list_is_not_served_twice_where_there_are_etags():
    async with SimulatedVtn(Options(etags=True)) as vtn, a_ven(vtn) as ven:
        first = await ven.get(f"{vtn.url}/events")
        known = {"If-None-Match": first.headers["etag"]}
        assert (await ven.get(f"{vtn.url}/events", headers=known)).status_code == 304
        vtn.add_event(vtn.add_program("flex"), **EVENT)
        assert (await ven.get(f"{vtn.url}/events", headers=known)).status_code == 200


@asynccontextmanager
async def a_callback(*, echoes=True):
    heard = asyncio.Queue()

    async def take(request):
        if request.method == "POST":
            await heard.put((await request.json(), request.headers["Authorization"]))
        return web.Response(text=request.query.get("echo", "") if echoes else "no")

    app = web.Application()
    app.router.add_route("*", "/callback{rest:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/callback", heard
    await runner.cleanup()


def a_subscription(url, *operations, **members):
    wanted = {"objects": ["EVENT"], "callbackUrl": url, "bearerToken": "t"}
    wanted["operations"] = list(operations)
    return {"clientName": "gateway", "objectOperations": [wanted], **members}


@pytest.mark.parametrize(
    ("revision", "verb"), [("3.0", "DELETE"), ("3.0", "POST"), ("3.1", "CREATE")]
)
async def test_a_callback_hears_of_a_change(revision, verb):
    options = Options(revision=revision)
    async with SimulatedVtn(options) as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        program = vtn.add_program("flex")
        body = a_subscription(url, verb, programID=program)
        assert (await ven.post(f"{vtn.url}/subscriptions", json=body)).status_code == 201
        vtn.delete_event(vtn.add_event(program, **EVENT))
        notification, token = await asyncio.wait_for(heard.get(), 5)
        assert (notification["operation"], notification["objectType"]) == (verb, "EVENT")
        assert token == "Bearer t"


async def test_a_callback_that_does_not_echo_gets_no_subscription():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven, a_callback(echoes=False) as (url, _):
        body = a_subscription(url, "CREATE")
        assert (await ven.post(f"{vtn.url}/subscriptions", json=body)).status_code == 400
        assert (await ven.get(f"{vtn.url}/subscriptions")).json() == []


@pytest.mark.parametrize(
    ("quirk", "key"),
    [(Quirk.WEBHOOK_SNAKE_STRING, "program_id"), (Quirk.WEBHOOK_CAMEL_STRING, "programID")],
)
async def test_a_webhook_body_may_be_a_string_that_holds_json(quirk, key):
    options = Options(quirks=frozenset({quirk, Quirk.ECHO_PATH}))
    async with SimulatedVtn(options) as vtn, a_ven(vtn) as ven, a_callback() as (url, heard):
        answer = await ven.post(f"{vtn.url}/subscriptions", json=a_subscription(url, "CREATE"))
        assert answer.status_code == 201
        program = vtn.add_program("flex")
        vtn.add_event(program, **EVENT)
        body, _ = await asyncio.wait_for(heard.get(), 5)
        assert json.loads(body)["object"][key] == program


async def test_a_report_whose_answer_is_lost_is_stored():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        event = vtn.add_event(vtn.add_program("flex"), **EVENT)
        vtn.lose_answers("/reports")
        body = {"eventID": event, "clientName": "gateway", "reportName": "r", "resources": []}
        with pytest.raises(httpx.TransportError):
            await ven.post(f"{vtn.url}/reports", json=body)
        assert len(vtn.reports) == 1
        assert (await ven.post(f"{vtn.url}/reports", json=body)).status_code == 201


async def test_what_a_ven_sends_amiss_is_listed():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        event = vtn.add_event(vtn.add_program("flex"), **EVENT)
        report = {"eventID": event, "clientName": "gateway", "reportName": "r", "resources": []}
        for body in (report, report, {"eventID": event}):
            await ven.post(f"{vtn.url}/reports", json=body)
        await ven.post(f"{vtn.url}/vens", json={"venName": "gateway", "targets": ["feeder7"]})
        assert [line.partition(": ")[2] for line in vtn.complaints] == [
            "the same report is filed twice",
            "'clientName' is a required property",
            "objectType is not VEN_VEN_REQUEST",
            "only the business logic writes targets",
        ]


async def test_a_ven_grants_itself_no_targets():
    async with SimulatedVtn() as vtn, a_ven(vtn) as ven:
        vtn.add_event(vtn.add_program("flex"), targets=["feeder7"], **EVENT)
        body = {"objectType": "VEN_VEN_REQUEST", "venName": "gateway", "targets": ["feeder7"]}
        answer = await ven.post(f"{vtn.url}/vens", json={**body, "clientID": "ven_client2"})
        assert answer.json()["clientID"] == "ven_client"
        await ven.put(f"{vtn.url}/vens/{answer.json()['id']}", json=body)
        assert (await ven.get(f"{vtn.url}/events?targets=feeder7")).json() == []

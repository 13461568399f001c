"""Pushes of a simulated VTN to a VEN: what is subscribed to, and what strangers, replays and floods cost."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from gateway.clock import SystemClock
from gateway.connectors.openadr import Before, inbox, pushing
from gateway.connectors.openadr.access import MqttAccess, WebhookAccess
from gateway.connectors.openadr.pushing import Pushing
from gateway.core.events import CommandReceived, CommandWithdrawn, SessionKept, UtilityHeard
from gateway.errors import SettingsError
from gateway.protocols import openadr_notice, openadr_ven
from gateway.protocols.openadr_access import Auth, Client
from gateway.protocols.rates import Rate
from gateway.security import pki
from gateway.security.tls import web_client_context
from gateway.simulators.vtn import Options, Quirk, SimulatedVtn
from gateway.simulators.vtn_world import Kind
from support.mosquitto import a_broker, over_tls
from support.openadr_site import a_limit
from support.openadr_work import PATIENCE_S, an_access, at_work
from support.site import a_free_port

ENCODINGS = (None, Quirk.WEBHOOK_CAMEL_STRING, Quirk.WEBHOOK_SNAKE_STRING, Quirk.ECHO_PATH)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with a_broker(tmp_path_factory.mktemp("mqtt")) as port:
        yield port


def a_hook(port=None):
    port = port or a_free_port()
    return WebhookAccess("127.0.0.1", port, f"http://127.0.0.1:{port}/hooks/vtn")


def a_vtn(*quirks, port=None, revision="3.1"):
    told = Options(revision=revision, open=True, quirks=frozenset(quirks))
    return SimulatedVtn(told, broker=f"mqtt://127.0.0.1:{port}" if port else "")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(openadr_ven, "_HINT_S", 0.02)
    monkeypatch.setattr(openadr_notice, "_PACE", Rate(per_s=4, burst=5))


@asynccontextmanager
async def pushed(vtn, before=None, **access):
    """A VEN at work that polls every ten minutes, its program known."""
    if not vtn.entries(Kind.PROGRAM):
        vtn.add_program("flex")
    walks = 1 if vtn.entries(Kind.VEN) else 2  # another one once it is registered
    async with at_work(an_access(vtn, poll_s=600.0, **access), before=before) as working:
        await working.until(lambda: len(working.of(UtilityHeard)) >= 2 * walks)
        yield working


async def subscribed(vtn, count=1):
    await vtn.wait_for(lambda: len(vtn.entries(Kind.SUBSCRIPTION)) == count, PATIENCE_S)


async def until(predicate):
    async with asyncio.timeout(PATIENCE_S):
        while not predicate():  # noqa: ASYNC110 - counters that nobody tells of
            await asyncio.sleep(0.01)


def walks(vtn):
    return sum(it.path == "/events" for it in vtn.exchanges)


async def an_event_comes_and_goes(vtn, working):
    received, withdrawn = len(working.of(CommandReceived)), len(working.of(CommandWithdrawn))
    event = vtn.add_event(vtn.entries(Kind.PROGRAM)[0].id, **a_limit(7))
    await working.until(lambda: len(working.of(CommandReceived)) > received)
    vtn.delete_event(event)
    await working.until(lambda: len(working.of(CommandWithdrawn)) > withdrawn)


@pytest.mark.parametrize("revision", ["3.0", "3.1"])
@pytest.mark.parametrize("quirk", ENCODINGS)
async def test_every_encoding_of_a_webhook_is_a_hint(revision, quirk):
    quirks = [quirk] if quirk else []
    async with a_vtn(*quirks, revision=revision) as vtn, pushed(vtn, webhook=a_hook()) as working:
        await subscribed(vtn)
        await an_event_comes_and_goes(vtn, working)
        counts = working.ven.pushing.inbox.counts
        assert (counts.unread, counts.refused, vtn.lost) == (0, 0, [])


async def test_a_forged_notification_changes_nothing_and_is_counted():
    async with a_vtn() as vtn, pushed(vtn, webhook=a_hook()) as working:
        await subscribed(vtn)
        before = walks(vtn)
        vtn.forge_webhooks("guessed")
        await until(lambda: working.ven.pushing.inbox.counts.refused == 1)
        await asyncio.sleep(0.1)  # longer than a hint waits
        assert walks(vtn) == before
        assert working.ven.pushing.inbox.counts.came == 0


async def test_replayed_notifications_are_counted_and_cost_a_few_looks():
    async with a_vtn() as vtn, pushed(vtn, webhook=a_hook()) as working:
        await subscribed(vtn)
        await an_event_comes_and_goes(vtn, working)
        posted = len(working.of(CommandReceived))
        vtn.replay_webhooks(100)
        counts = working.ven.pushing.inbox.counts
        await until(lambda: counts.came >= 202)
        assert counts.repeated > 0
        assert counts.hints <= 20
        await an_event_comes_and_goes(vtn, working)
        assert len(working.of(CommandReceived)) == posted + 2


async def test_what_a_vtn_forgot_is_subscribed_to_anew_once_it_is_back():
    async with a_vtn() as vtn, pushed(vtn, webhook=a_hook()) as working:
        await subscribed(vtn)
        vtn.remove(vtn.entries(Kind.SUBSCRIPTION)[0])
        await vtn.down()
        working.ven.hint()
        await working.until(lambda: any(not it.up for it in states(working)))
        await vtn.up()
        await subscribed(vtn)


def states(working):
    return [event for event in working.posted if hasattr(event, "up")]


async def test_a_webhook_that_cannot_be_opened_is_told_and_nothing_leads_there(monkeypatch):
    monkeypatch.setattr(pushing, "_LISTEN_AGAIN_S", 0.1)
    hook = a_hook()
    taken = await asyncio.start_server(lambda _, writer: writer.close(), hook.host, hook.port)
    with capture_logs() as logs:
        async with a_vtn() as vtn, pushed(vtn, webhook=hook) as working:
            await until(lambda: troubles(logs))
            assert vtn.entries(Kind.SUBSCRIPTION) == []
            taken.close()
            await subscribed(vtn)
            await an_event_comes_and_goes(vtn, working)


async def test_a_restart_leaves_one_subscription_also_at_another_address():
    async with a_vtn() as vtn:
        before = Before()
        for _ in range(2):
            hook = a_hook()
            async with pushed(vtn, before, webhook=hook) as working:
                await until(lambda url=hook.url: callbacks(vtn) == {url} and kept(working))
                await subscribed(vtn)
            before = Before({"push": kept(working)[-1]})
    assert before.kept["push"] == {"callback": hook.url}


def kept(working):
    return [it.document for it in working.of(SessionKept) if it.part == "push"]


def callbacks(vtn):
    parts = [it.body["objectOperations"] for it in vtn.entries(Kind.SUBSCRIPTION)]
    return {part["callbackUrl"] for listed in parts for part in listed}


async def test_messages_of_the_broker_are_hints(port):
    async with a_vtn(Quirk.MQTT_TWICE, port=port) as vtn, pushed(vtn, mqtt=MqttAccess()) as working:
        await until(lambda: working.ven.pushing.inbox.counts.hints >= 1)
        await an_event_comes_and_goes(vtn, working)
        assert working.ven.pushing.inbox.counts.unread == 0


async def test_old_messages_of_the_broker_are_no_hints(port):
    async with a_vtn(Quirk.MQTT_RETAINED, port=port) as vtn:
        program = vtn.add_program("kept")
        vtn.add_event(program, **a_limit(7))
        async with pushed(vtn, mqtt=MqttAccess()) as working:
            counts = working.ven.pushing.inbox.counts
            await until(lambda: counts.retained >= 1)
            assert counts.came == 0


async def test_a_broker_that_babbles_costs_a_few_looks_and_hides_nothing(port):
    async with a_vtn(port=port) as vtn, pushed(vtn, mqtt=MqttAccess()) as working:
        counts = working.ven.pushing.inbox.counts
        await until(lambda: counts.hints >= 1)
        vtn.babble(300)
        await until(lambda: counts.came >= 50)  # what comes while topics change is not heard
        assert counts.unread > 0
        assert counts.hints <= 40
        await an_event_comes_and_goes(vtn, working)


async def test_a_broker_is_heard_over_tls(tmp_path):
    authority = pki.create_endpoint_authority(tmp_path)
    anchor = authority.certificate_path
    lines = over_tls(authority, pki.issue_endpoint(authority))
    with a_broker(tmp_path, settings=lines) as port:
        vtn = SimulatedVtn(
            Options(open=True), broker=f"mqtts://127.0.0.1:{port}", trust=web_client_context(anchor)
        )
        async with vtn, pushed(vtn, mqtt=MqttAccess(anchor)) as working:
            await until(lambda: working.ven.pushing.inbox.counts.hints >= 1)
            await an_event_comes_and_goes(vtn, working)


@asynccontextmanager
async def a_doorman(answer):
    """A broker that answers every CONNECT with these bytes; yields its port, and what was shown."""
    shown, serving = [], []

    async def serve(reader, writer):
        if said := await reader.read(1000):
            shown.append(said)
            writer.write(answer)
        writer.close()

    def accept(reader, writer):
        serving.append(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], shown
    finally:
        server.close()
        await asyncio.gather(*serving)


BEARER = {"method": "OAUTH2_BEARER_TOKEN", "username": "{clientID}"}
CLIENT = Client(Auth.POST, "ven_client", "secret")


@pytest.mark.parametrize("client", [CLIENT, Client()])
async def test_a_broker_that_wants_a_token_gets_the_vens_or_nothing(client, monkeypatch):
    monkeypatch.setattr(pushing, "backoff", lambda *_: 0.1)
    async with a_doorman(b"\x20\x02\x00\x05") as (port, shown):  # not authorized
        told = Options(
            open=client == Client(), broker=f"mqtt://127.0.0.1:{port}", broker_auth=BEARER
        )
        with capture_logs() as logs:
            vtn = SimulatedVtn(told)
            async with vtn, pushed(vtn, mqtt=MqttAccess(), client=client) as working:
                await until(lambda: troubles(logs))
                seen = len(working.of(UtilityHeard))
                working.ven.hint()
                await working.until(lambda: len(working.of(UtilityHeard)) > seen)
        if client == CLIENT:
            assert "ends it" in troubles(logs)[0]
            assert b"ven_client" in shown[0]
        else:
            assert "asks for a token, and there is none" in troubles(logs)[0]
            assert shown == []


def troubles(logs):
    return [line["problem"] for line in logs if line["event"] == "push.troubled"]


async def test_of_very_many_pushes_a_few_are_read_and_all_are_hints(monkeypatch):
    monkeypatch.setattr(inbox, "_READ", Rate(per_s=0.001, burst=2))
    monkeypatch.setattr(inbox, "_MOST_REMEMBERED", 1)
    monkeypatch.setattr(pushing, "_COUNTED_S", 0.05)
    with capture_logs() as logs:
        async with a_vtn() as vtn, pushed(vtn, webhook=a_hook()) as working:
            await subscribed(vtn)
            for _ in range(3):
                await an_event_comes_and_goes(vtn, working)
            assert working.ven.pushing.inbox.counts.unread == 4
            await until(lambda: any(line["event"] == "push.odd" for line in logs))


async def test_without_its_broker_polling_goes_on(port):
    with capture_logs() as logs:
        async with a_vtn(port=a_free_port()) as vtn:
            vtn.add_program("flex")
            async with at_work(an_access(vtn, mqtt=MqttAccess())) as working:
                await until(lambda: any(line["event"] == "push.troubled" for line in logs))
                await an_event_comes_and_goes(vtn, working)


async def test_a_broker_that_comes_back_is_heard_again(tmp_path, monkeypatch):
    monkeypatch.setattr(pushing, "backoff", lambda *_: 0.1)
    port = a_free_port()
    with capture_logs() as logs:

        def heard():
            return sum(line["event"] == "broker.heard" for line in logs)

        with a_broker(tmp_path, port):
            async with a_vtn(port=port) as vtn, pushed(vtn, mqtt=MqttAccess()) as working:
                await until(heard)
                await an_event_comes_and_goes(vtn, working)
    assert heard()


async def test_a_ven_that_only_looks_on_is_subscribed_to_nothing():
    async with a_vtn() as vtn:
        vtn.add_program("flex")
        async with at_work(an_access(vtn, webhook=a_hook()), silent=True) as working:
            await working.until(lambda: len(working.of(UtilityHeard)) >= 6)
            assert vtn.entries(Kind.SUBSCRIPTION) == []


def test_the_extra_is_asked_for_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(pushing, "find_spec", lambda _: None)

    class Somewhere:
        url = "http://127.0.0.1:1"

    access = an_access(Somewhere, mqtt=MqttAccess())
    with pytest.raises(SettingsError, match="install the extra `mqtt`"):
        Pushing(access, SystemClock())
    Pushing(an_access(Somewhere), SystemClock())

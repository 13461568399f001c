"""The VTN's broker: a real mosquitto over TLS, with names, certificates and old messages; and liars."""

import asyncio
import ssl
from base64 import b64encode
from contextlib import asynccontextmanager, suppress
from hashlib import pbkdf2_hmac

import aiomqtt
import pytest

from gateway.connectors.openadr import mqtt
from gateway.connectors.openadr.access import MqttAccess
from gateway.connectors.openadr.mqtt import BrokerRefusedError, Shown, broker_context, listen
from gateway.errors import IdentityError, PeerError
from gateway.protocols.openadr_notifiers import Broker, BrokerAuth, Place
from gateway.security import pki
from support.mosquitto import a_broker, over_tls

PATIENCE_S = 10
CONNACK = b"\x20\x02\x00\x00"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return pki.create_endpoint_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def identity(authority):
    return pki.issue_endpoint(authority)


@pytest.fixture(scope="module")
def plain_port(tmp_path_factory):
    with a_broker(tmp_path_factory.mktemp("plain")) as port:
        yield port


@pytest.fixture(scope="module")
def tls_port(tmp_path_factory, authority, identity):
    with a_broker(tmp_path_factory.mktemp("tls"), settings=over_tls(authority, identity)) as port:
        yield port


def place(port, tls=False):
    return Place("127.0.0.1", port, tls=tls)


class Ear:
    """What was heard, and whether listening has begun."""

    def __init__(self):
        self.messages, self.begun, self.more = [], asyncio.Event(), asyncio.Event()

    def heard(self, payload, retained):
        self.messages.append((payload, retained))
        self.more.set()

    async def hears(self, *messages):
        async with asyncio.timeout(PATIENCE_S):
            while self.messages != list(messages):
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def an_ear(where, shown=None, topics=("events/+",)):
    ear = Ear()
    task = asyncio.create_task(listen(where, shown or Shown(), topics, ear.begun.set, ear.heard))
    try:
        waiting = asyncio.create_task(ear.begun.wait())
        await asyncio.wait({task, waiting}, timeout=PATIENCE_S, return_when="FIRST_COMPLETED")
        waiting.cancel()
        if task.done():
            await task
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, PeerError):
            await task


async def say(port, topic, payload, *, retain=False, context=None, times=1):
    async with aiomqtt.Client("127.0.0.1", port, tls_context=context) as client:
        for _ in range(times):
            await client.publish(topic, payload, qos=1, retain=retain)


async def test_messages_of_its_topics_are_heard(plain_port):
    async with an_ear(place(plain_port)) as ear:
        await say(plain_port, "programs/create", b"other")
        await say(plain_port, "events/create", b"one")
        await say(plain_port, "events/delete", b"")
        await ear.hears((b"one", False), (b"", False))


async def test_an_old_message_says_that_it_is_old(plain_port):
    await say(plain_port, "kept/create", b"old", retain=True)
    async with an_ear(place(plain_port), topics=("kept/+",)) as ear:
        await ear.hears((b"old", True))
        await say(plain_port, "kept/create", b"new", retain=True)
        await ear.hears((b"old", True), (b"new", False))


@pytest.mark.parametrize("source", ["settings", "vtn", "own"])
async def test_a_broker_is_verified_by_the_first_that_names_an_anchor(
    tls_port, authority, tmp_path, source
):
    other = pki.create_endpoint_authority(tmp_path).certificate_path
    right = authority.certificate_path
    anchors = {
        "settings": (right, other.read_text(), other),
        "vtn": (None, right.read_text(), other),
        "own": (None, "", right),
    }[source]
    given = Broker((), ca=anchors[1])
    context = broker_context(given, MqttAccess(anchors[0]), anchors[2])
    async with an_ear(place(tls_port, tls=True), Shown(context)) as ear:
        await say(tls_port, "events/x", b"1", context=context)
        await ear.hears((b"1", False))


async def test_a_broker_of_another_authority_is_not_spoken_to(tls_port, tmp_path):
    other = pki.create_endpoint_authority(tmp_path).certificate_path
    for anchor in (other, None):
        context = broker_context(Broker(()), MqttAccess(anchor), None)
        with pytest.raises(PeerError, match="certificate verify failed"):
            async with an_ear(place(tls_port, tls=True), Shown(context)):
                pass


async def test_a_broker_under_another_name_is_not_spoken_to(tmp_path, authority):
    stranger = pki.issue_endpoint(authority, name="stranger", hosts=("broker.example",))
    with a_broker(tmp_path, settings=over_tls(authority, stranger)) as port:
        context = broker_context(Broker(()), MqttAccess(authority.certificate_path), None)
        with pytest.raises(PeerError, match="certificate verify failed"):
            async with an_ear(place(port, tls=True), Shown(context)):
                pass


async def test_a_token_is_shown_as_the_password(tmp_path):
    lines = f"allow_anonymous false\npassword_file {passwords(tmp_path)}"
    with a_broker(tmp_path, settings=lines) as port:
        async with an_ear(place(port), Shown(None, "ven_client", "t0ken")) as ear:
            assert ear.messages == []
        for shown in (Shown(None, "ven_client", "old"), Shown()):
            with pytest.raises(BrokerRefusedError, match="ends it"):
                async with an_ear(place(port), shown):
                    pass


def passwords(folder):
    """Return a file in which ven_client has the password t0ken (PBKDF2, as mosquitto_passwd writes it)."""
    salt = b"0123456789ab"
    made = pbkdf2_hmac("sha512", b"t0ken", salt, 101)
    parts = ["$7", "101", b64encode(salt).decode(), b64encode(made).decode()]
    file = folder / "passwords"
    file.write_text(f"ven_client:{'$'.join(parts)}\n")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("source", ["settings", "vtn"])
async def test_a_certificate_is_shown_from_settings_or_as_the_vtn_gave_it(
    tmp_path, authority, identity, source, monkeypatch
):
    monkeypatch.setattr(mqtt, "_TIMEOUT_S", 1.0)
    mine = pki.issue_station(authority, f"ven-{source}")
    lines = over_tls(authority, identity, "require_certificate true\nallow_anonymous true")
    given, own = Broker((), BrokerAuth.CERTIFICATE), None
    if source == "vtn":
        text = [it.read_text() for it in (mine.certificate_path, mine.key_path)]
        given = Broker((), BrokerAuth.CERTIFICATE, "", "", *text)
    else:
        own = mine.certificate_path, mine.key_path
    with a_broker(tmp_path, settings=lines) as port:
        context = broker_context(given, MqttAccess(authority.certificate_path, own), None)
        async with an_ear(place(port, tls=True), Shown(context)) as ear:
            await say(port, "events/x", b"1", context=context)
            await ear.hears((b"1", False))
        bare = broker_context(Broker(()), MqttAccess(authority.certificate_path), None)
        with pytest.raises(PeerError):
            async with an_ear(place(port, tls=True), Shown(bare)):
                pass


@pytest.mark.parametrize(
    ("certificate", "key"), [("", ""), ("x", ""), ("no certificate", "no key")]
)
def test_a_certificate_that_cannot_be_shown_is_told(certificate, key):
    given = Broker((), BrokerAuth.CERTIFICATE, "", "", certificate, key)
    with pytest.raises(IdentityError):
        broker_context(given, MqttAccess(), None)


async def test_topics_that_are_all_refused_are_told():
    async with a_liar(b"\x90\x03\x00\x01\x80") as port:
        with pytest.raises(PeerError, match="grants none of its topics"):
            async with an_ear(place(port)):
                pass


@asynccontextmanager
async def a_liar(*answers):
    """A server that answers CONNECT well, and each packet after it with the next of these bytes."""
    left, serving = list(answers), set()

    async def serve(reader, writer):
        with suppress(ConnectionError):
            if await reader.read(1000):
                writer.write(CONNACK)
                while left and await reader.read(1000):
                    writer.write(left.pop(0))
                    await writer.drain()
                await reader.read()
        writer.close()

    def accept(reader, writer):
        task = asyncio.create_task(serve(reader, writer))
        serving.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*serving), PATIENCE_S)


SUBACK = b"\x90\x03\x00\x01\x00"


@pytest.mark.parametrize(
    "lie",
    [
        b"\x30\xff\xff\xff\x7f" + b"x" * 100,  # a message of 256 MiB begins
        b"\x30\xff\xff\xff\xff\xff",  # a length that never ends
        b"\x00" * 10,
        b"\xff" * 64,
        b"\x30\x02\xff\xff",  # a topic longer than its message
    ],
)
async def test_a_broker_that_lies_is_left(lie):
    async with a_liar(SUBACK + lie) as port:
        ear = Ear()
        with pytest.raises(PeerError):
            async with asyncio.timeout(PATIENCE_S):
                await listen(place(port), Shown(), ["a"], ear.begun.set, ear.heard)
        assert ear.begun.is_set()


async def test_a_broker_that_floods_is_left(plain_port):
    one = b"\x30\x04\x00\x01ax"
    async with a_liar(SUBACK + one * 5000) as port:
        ear = Ear()
        with pytest.raises(PeerError, match="more than 200 messages a second"):
            async with asyncio.timeout(PATIENCE_S):
                await listen(place(port), Shown(), ["a"], ear.begun.set, ear.heard)
        assert 2000 <= len(ear.messages) < 4000


async def test_a_broker_that_is_mute_is_given_up(monkeypatch):
    monkeypatch.setattr(mqtt, "_TIMEOUT_S", 0.2)

    async def mute(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for context in (None, ssl.create_default_context()):
        with pytest.raises(PeerError):
            async with an_ear(place(port, tls=context is not None), Shown(context)):
                pass
    server.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "\udcff.example", "x" * 300])
async def test_a_broker_that_cannot_be_reached_is_told(host):
    with pytest.raises(PeerError, match="cannot be heard"):
        async with an_ear(Place(host, 1, tls=False)):
            pass


async def test_a_broker_that_goes_is_told(tmp_path):
    with a_broker(tmp_path) as port:
        ear = Ear()
        task = asyncio.create_task(listen(place(port), Shown(), ["a"], ear.begun.set, ear.heard))
        await asyncio.wait_for(ear.begun.wait(), PATIENCE_S)
    with pytest.raises(PeerError):
        await asyncio.wait_for(task, PATIENCE_S)


async def test_a_listener_that_is_stopped_while_it_connects_leaves_nothing_open(plain_port):
    before = set(asyncio.all_tasks())
    for turns in (0, 1, 3, 5, 8, 13):
        ear = Ear()
        task = asyncio.create_task(
            listen(place(plain_port), Shown(), ["a"], ear.begun.set, ear.heard)
        )
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    assert set(asyncio.all_tasks()) == before

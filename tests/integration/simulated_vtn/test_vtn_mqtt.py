"""MQTT of the simulated VTN, through a real broker."""

import asyncio
import json
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from gateway.errors import SettingsError
from gateway.security import pki
from gateway.security.tls import web_client_context
from gateway.simulators import vtn_broker
from gateway.simulators.vtn import Quirk, SimulatedVtn
from support.mosquitto import a_broker
from support.vtn import EVENT, a_ven, options


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with a_broker(tmp_path_factory.mktemp("mqtt")) as port:
        yield port


@asynccontextmanager
async def listening(port, topic, **more):
    """Yield a function that returns the next message on a topic: name, body, whether it is old."""
    async with aiomqtt.Client("127.0.0.1", port, **more) as client:
        await client.subscribe(topic)
        messages = aiter(client.messages)

        async def following():
            message = await asyncio.wait_for(anext(messages), 5)
            return str(message.topic), message.payload, message.retain

        yield following


async def test_a_change_is_published_where_the_vtn_says(port):
    url = f"mqtt://127.0.0.1:{port}"
    async with SimulatedVtn(options(), broker=url) as vtn, a_ven(vtn) as ven:
        program = vtn.add_program("flex")
        assert (await ven.get("notifiers")).json()["MQTT"]["URIS"] == [url]
        named = await ven.get(f"notifiers/mqtt/topics/programs/{program}/events")
        async with listening(port, named.json()["topics"]["ALL"]) as following:
            event = vtn.add_event(program, **EVENT)
            vtn.delete_event(event)
            for verb in ("CREATE", "DELETE"):
                topic, payload, _ = await following()
                told = json.loads(payload)
                assert topic == named.json()["topics"][verb]
                assert (told["operation"], told["objectType"], told["targets"]) == (
                    verb,
                    "EVENT",
                    None,
                )
                assert told["object"]["id"] == event


async def test_messages_come_again_and_twice_where_that_is_wanted(port):
    how = options(Quirk.MQTT_RETAINED, Quirk.MQTT_TWICE)
    async with SimulatedVtn(how, broker=f"mqtt://127.0.0.1:{port}") as vtn:
        async with listening(port, "vens/create") as following:
            vtn.add_ven("gateway")
            assert [(await following())[2] for _ in "ab"] == [False, False]
        async with listening(port, "vens/create") as following:
            assert (await following())[2] is True


async def test_a_broker_may_carry_what_means_nothing(port):
    async with (
        SimulatedVtn(options(), broker=f"mqtt://127.0.0.1:{port}") as vtn,
        listening(port, "events/programs/program-0/update") as following,
    ):
        vtn.add_program("flex")
        vtn.babble(3)
        assert [(await following())[1] for _ in range(3)] == [b"", b"{", b'"\\u0000"']


async def test_what_happened_while_the_broker_was_away_is_published_when_it_is_back(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(vtn_broker, "_AGAIN_S", 0.02)
    with a_broker(tmp_path) as port:
        pass
    how = options(Quirk.MQTT_RETAINED)
    async with SimulatedVtn(how, broker=f"mqtt://127.0.0.1:{port}") as vtn:
        program = vtn.add_program("flex")
        vtn.change_program(program, programDescriptions=[])
        await asyncio.sleep(0.05)
        with a_broker(tmp_path, port):
            async with listening(port, "programs/#") as following:
                found = {(await following())[0] for _ in range(3)}
    assert found == {"programs/create", "programs/update", f"programs/{program}/update"}


async def test_a_broker_is_spoken_to_over_tls(tmp_path):
    authority = pki.create_endpoint_authority(tmp_path)
    made = pki.issue_endpoint(authority)
    files = f"certfile {made.certificate_path}\nkeyfile {made.key_path}"
    trust = web_client_context(authority.certificate_path)
    with a_broker(tmp_path, settings=f"allow_anonymous true\n{files}") as port:
        how, url = options(Quirk.MQTT_RETAINED), f"mqtts://vtn:secret@127.0.0.1:{port}"
        async with SimulatedVtn(how, trust=trust, broker=url) as vtn, a_ven(vtn) as ven:
            told = (await ven.get("notifiers")).json()["MQTT"]["URIS"]
            assert told == [f"mqtts://127.0.0.1:{port}"]
            program = vtn.add_program("flex")
            async with listening(port, "programs/create", tls_context=trust) as following:
                assert json.loads((await following())[1])["object"]["id"] == program


def test_without_the_extra_nothing_begins(monkeypatch):
    monkeypatch.setattr(vtn_broker, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"aiomqtt is not installed.*`mqtt`"):
        SimulatedVtn(options(), broker="mqtt://127.0.0.1")

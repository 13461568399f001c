"""What a VTN says of itself reaches the stations long before the next poll; none of it is believed."""

import time
from contextlib import asynccontextmanager

import pytest

from gateway.simulators.vtn import Kind, Quirk, SimulatedVtn
from support.mosquitto import a_broker
from support.openadr_site import Depot, a_limit
from support.site import a_free_port
from support.vtn import options

SLOW = {"poll_interval_s": 600}
PUSHED_S = 2.0
REVISIONS = ["3.0", "3.1"]


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with a_broker(tmp_path_factory.mktemp("mqtt")) as port:
        yield f"mqtt://127.0.0.1:{port}"


def a_webhook():
    port = a_free_port()
    return {"webhook": {"port": port, "url": f"http://127.0.0.1:{port}/hooks/vtn"}}


@asynccontextmanager
async def following(folder, vtn, **changes):
    """A gateway that polls every ten minutes, and what else it is told by."""
    depot = Depot(vtn, folder)
    try:
        await depot.begin(**(SLOW | changes))
        yield depot
    finally:
        await depot.close()


def subscribed(vtn):
    return len(vtn.entries(Kind.SUBSCRIPTION))


async def listened(vtn, depot):
    """Wait until the broker is listened to: each connection is followed by a look at all events."""
    own = "/notifiers/mqtt/topics/vens/"

    def named():
        return next((n for n, it in enumerate(vtn.exchanges) if it.path.startswith(own)), None)

    await vtn.wait_for(lambda: named() is not None and depot.polls(named()), 10)


async def holds_within(depot, *watts, seconds=PUSHED_S):
    """Wait until the station holds these limits; fail where it took longer."""
    begun = time.monotonic()
    await depot.station_holds(*watts)
    assert time.monotonic() - begun < seconds


async def a_limit_comes_and_goes(depot):
    event = depot.vtn.add_event(depot.program, **a_limit(7))
    await holds_within(depot, 7000)
    depot.vtn.delete_event(event)
    await holds_within(depot)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_webhook_brings_a_limit_and_its_end_within_two_seconds(tmp_path, revision):
    told = options(revision=revision)
    async with SimulatedVtn(told) as vtn, following(tmp_path, vtn, **a_webhook()) as depot:
        await vtn.wait_for(lambda: subscribed(vtn) == 1, 10)
        await a_limit_comes_and_goes(depot)
        assert (vtn.complaints, vtn.lost) == ([], [])


async def test_a_broker_brings_a_limit_and_its_end_within_two_seconds(tmp_path, broker):
    told = options(Quirk.MQTT_TWICE)
    async with SimulatedVtn(told, broker=broker) as vtn, following(tmp_path, vtn, mqtt={}) as depot:
        await listened(vtn, depot)
        await a_limit_comes_and_goes(depot)
        assert vtn.complaints == []

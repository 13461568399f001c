"""Simulated stations as a service: a script is played while a CSMS talks to them."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.security import pki
from gateway.security.tls import station_server_context
from gateway.simulators.station import SimulatedStation
from gateway.simulators.station_script import load_script, serve
from support.raw_csms import Csms, options_for, running

SCRIPT = """
url: {url}
grid: {{frequency_hz: 60, voltage_pu: 0.99}}
stations:
  - options: {{id: a, password: x, tick_s: 0.01, demand_w: 4000}}
  - options: {{id: b, password: y, tick_s: 0.01, plugged_in: false, backoff_s: 0.01}}
steps:
  - {{at_s: 0.0, grid: {{voltage_pu: 1.05}}}}
  - {{at_s: 0.0, grid: {{frequency_hz: 59.5, over_s: 0.01}}}}
  - {{at_s: 0.1, station: a, unplug: true}}
  - {{at_s: 0.1, station: b, plug_in: {{demand_w: 3000}}}}
  - {{at_s: 0.2, station: b, personality: {{silent: [Reset]}}, reboot: true}}
  - {{at_s: 0.3, station: a, disconnect: true}}
"""


class Lines:
    """What was announced; `with_words` waits for a line."""

    def __init__(self):
        self.all = []
        self._more = asyncio.Event()

    def __call__(self, line):
        self.all.append(line)
        self._more.set()

    async def with_words(self, words):
        async with asyncio.timeout(5):
            while not any(words in line for line in self.all):
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def playing(csms):
    lines = Lines()
    service = asyncio.create_task(
        serve(load_script(SCRIPT.format(url=csms.url)), lines, report_interval_s=0.02)
    )
    try:
        yield lines
    finally:
        service.cancel()
        await asyncio.gather(service, return_exceptions=True)


async def test_a_script_is_played(csms):
    async with playing(csms) as lines:
        await lines.with_words("running a, b")
        await lines.with_words("step at 0.3 s: {'station': 'a', 'disconnect': True}")
        await csms.until(lambda: len(csms.payloads("BootNotification")) == 3)
        await csms.until(
            lambda: any(
                event["transactionInfo"]["transactionId"].startswith("b-")
                for event in csms.payloads("TransactionEvent")
            )
        )
        ended = [e for e in csms.payloads("TransactionEvent") if e["eventType"] == "Ended"]
        assert any(e["transactionInfo"]["transactionId"].startswith("a-") for e in ended)
        values = csms.payloads("MeterValues")[-1]["meterValue"][0]["sampledValue"]
        assert {"measurand", "value"} <= values[0].keys()
    assert any("personality': 'changed'" in line for line in lines.all)


async def test_requests_troubles_and_measurements_are_announced(csms):
    async with playing(csms) as lines:
        await lines.with_words("step at 0.3 s")
        await csms.send("")
        await csms.send([2, "m", "ClearDERControl", {"isDefault": True}])
        await lines.with_words("was asked ClearDERControl")
        await lines.with_words("Q +0 var at 227.7 V, 60.00 Hz; controls: none")
        await lines.with_words("b online P -3000 W, Q +0 var at 241.5 V, 59.50 Hz; controls: none")


async def test_troubles_are_announced():
    async with running(Csms([])) as csms, playing(csms) as lines:
        await lines.with_words("a no common subprotocol")


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    return pki.create_authorities(tmp_path_factory.mktemp("pki"))


async def test_it_speaks_over_tls_and_trusts_its_anchor_alone(authorities, tmp_path):
    identity = pki.issue_server(authorities)
    context = station_server_context(identity.certificate_path, identity.key_path)
    other = pki.create_authorities(tmp_path)
    async with running(Csms(["ocpp2.1"]), ssl=context) as csms:
        url = csms.url.replace("ws://", "wss://")
        trusting = options_for(csms, url=url, trust_anchor=authorities.trust_anchor)
        async with SimulatedStation(trusting) as station:
            await station.wait_for(lambda: station.ready, timeout_s=5)
        doubting = options_for(csms, url=url, trust_anchor=other.trust_anchor)
        async with SimulatedStation(doubting) as station:
            await station.wait_for(lambda: station.problems, timeout_s=5)
            assert "CERTIFICATE_VERIFY_FAILED" in station.problems[0]
            assert not station.ready

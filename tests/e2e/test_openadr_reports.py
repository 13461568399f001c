"""A real gateway process tells a VTN what it measured and did, and is killed while it does."""

import signal
from contextlib import asynccontextmanager

import pytest

from gateway.simulators.station import SimulatedStation, StationOptions
from gateway.simulators.vtn import Options, SimulatedVtn
from gateway.simulators.vtn_times import moment
from support.openadr_reports import told
from support.site import PASSWORD, a_client_of, a_free_port, a_site, write_site

PATIENCE_S = 60
EACH = {"startInterval": 0, "numIntervals": 1, "frequency": 1, "repeat": -1}
ASKED = [
    {"payloadType": "READING", "units": "KW", **EACH},
    {"payloadType": "OPERATING_STATE", **EACH},
]


@pytest.fixture
async def vtn():
    async with SimulatedVtn(Options()) as opened:
        opened.add_program("capacity")
        yield opened


@pytest.fixture
def site(tmp_path, vtn):
    entry = a_client_of(vtn, tmp_path, ven="depot", poll_interval_s=0.5)
    return write_site(tmp_path, a_site(utilities=[entry], ocpp={"port": a_free_port()}))


@asynccontextmanager
async def a_station(site_port):
    options = StationOptions(
        id="CS1",
        password=PASSWORD,
        url=f"ws://127.0.0.1:{site_port}/ocpp",
        demand_w=9000,
        capacity_wh=1e6,
        tick_s=0.2,
    )
    async with SimulatedStation(options) as station:
        yield station


def a_limit(vtn, count):
    """An import limit of 7 kW in intervals of two seconds, with a report on each of them."""
    return vtn.add_event(
        "capacity",
        priority=1,
        payloadDescriptors=[{"payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW"}],
        reportDescriptors=ASKED,
        intervalPeriod={"start": moment(vtn.now() + 1), "duration": "PT2S"},
        intervals=[
            {"id": n, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [7]}]}
            for n in range(count)
        ],
    )


def a_curve(vtn):
    """An event that nobody can follow: no contract says what its curve is."""
    return vtn.add_event(
        "capacity",
        intervalPeriod={"start": moment(vtn.now()), "duration": "PT1H"},
        intervals=[{"id": 0, "payloads": [{"type": "CURVE", "values": [{"x": 1, "y": 1}]}]}],
    )


def filed(vtn, event, kind):
    """Return what each report on an event says, by name, of one payload type."""
    bodies = [it.body for it in vtn.reports if it.body["eventID"] == event]
    found = {body["reportName"]: told(body)[1][0].get(kind) for body in bodies}
    return {name: value for name, value in found.items() if value is not None}


async def test_a_killed_gateway_tells_each_thing_once(dergate, site, vtn):
    refused = a_curve(vtn)
    async with dergate("run", "-c", site, DERGATE_FAILPOINT="reported:5") as gateway:
        port = (await gateway.event("gateway.started"))["port"]
        async with a_station(port) as station:
            await station.wait_for(lambda: station.ready, PATIENCE_S)
            event = a_limit(vtn, 6)
            assert await gateway.ended() == -signal.SIGKILL
            before = len(vtn.reports)
            async with dergate("run", "-c", site) as again:
                await again.event("gateway.started")
                await vtn.wait_for(
                    lambda: (
                        7 in filed(vtn, event, "READING").values() and len(vtn.reports) > before
                    ),
                    PATIENCE_S,
                )
                again.signal(signal.SIGTERM)
                assert await again.ended() == 0
    names = [it.body["reportName"] for it in vtn.reports]
    assert len(names) == len(set(names))
    assert vtn.complaints == []
    (state,) = filed(vtn, refused, "OPERATING_STATE").values()
    assert state in {"IDLE_OPTED_OUT", "RUNNING_OPTED_OUT"}
    assert set(filed(vtn, event, "OPERATING_STATE").values()) & {
        "RUNNING_CURTAILED",
        "RUNNING_NORMAL",
    }

"""A gateway that is killed once while it reports to a VTN, for the comparison with one that is not."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager

from gateway.simulators.vtn import Options, SimulatedVtn
from support.openadr_reporting import AClock
from support.openadr_reports import told
from support.places import ROOT

KILLS = (
    *(f"{name}:{nth}" for nth in range(1, 10) for name in ("reporting", "reported")),
    "responded:1",
    "responded:2",
)
REVISIONS = ("3.0", "3.1")
EVENT = {
    "intervalPeriod": {"start": "2027-03-09T12:00:00Z", "duration": "PT15M"},
    "intervals": [{"id": n, "payloads": [{"type": "PRICE", "values": [0.2]}]} for n in range(3)],
    "reportDescriptors": [
        {
            "payloadType": "USAGE",
            "startInterval": 0,
            "numIntervals": 1,
            "frequency": 1,
            "repeat": -1,
        },
        {"payloadType": "USAGE"},
        {"payloadType": "OPERATING_STATE", "frequency": 0},
    ],
}


@asynccontextmanager
async def lives():
    """A process that forks one for each life."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.openadr_report_lives"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    )
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def live(process, **life):
    process.stdin.write(json.dumps(life).encode() + b"\n")
    async with asyncio.timeout(30):
        return int(await process.stdout.readline())


async def reports_of(process, folder, revision, failpoint=""):
    """Let a gateway live to its end, killed once; return its reports, and what was amiss."""
    folder.mkdir()
    options = Options(revision=revision, open=True, strict=True)
    async with SimulatedVtn(options, clock=AClock().timestamp) as vtn:
        vtn.add_event(vtn.add_program("flex"), **EVENT)
        known = {"url": vtn.url, "folder": str(folder)}
        ends = [await live(process, **known, failpoint=failpoint)]
        if failpoint:
            ends.append(await live(process, **known, failpoint=""))
        due = [-signal.SIGKILL, 0] if failpoint else [0]
        amiss = [*vtn.complaints, *(["ended by itself"] if ends != due else [])]
        return sorted((it.body["reportName"], told(it.body)[1]) for it in vtn.reports), amiss

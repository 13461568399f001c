"""One life of one command, with or without a kill: a utility and a station here, the gateway apart.

The utility states a default ramp rate and an event, waits for its Responses 1 and 2, cancels it and
waits for 6. The gateway is a process of its own; where a failpoint kills it, it is started again.
"""

import asyncio
import os
import re
import sqlite3
import sys
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field

from gateway.core.effects import Table
from gateway.security.identities import certificate_lfdi
from gateway.simulators.station import IN, SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import Dialect, Options, SimulatedUtility, control
from gateway.simulators.utility_2030_5_controls import fixed_pf
from gateway.store.sqlite import SqliteStore
from gateway.store.verification import verify
from support.places import ROOT
from support.recorded import replayed
from support.site import PASSWORD, a_free_port, a_site, a_utility, enrol, server_files, write_site

EVENT = f"{0xE:024X}00007ED9"
PROGRAM = f"{0xF:024X}00007ED9"
DEFAULT = f"{0xD:024X}00007ED9"
PATIENCE_S = 180
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT[0-9:.]+(Z|\+00:00)")


@dataclass
class Outcome:
    """What is in force, told and kept after one life; two lives compare by `state`."""

    kills: int
    statuses: list[int]
    state: dict
    payloads: dict[str, set[str]] = field(default_factory=dict)

    def faults(self, twin):
        """Return in words what a kill lost, doubled or changed against the twin."""
        found = []
        for part, due in twin.state.items():
            if self.state[part] != due:
                found.append(f"{part}: {self.state[part]} where the twin has {due}")
        once = list(dict.fromkeys(self.statuses))
        if sorted(once) != sorted(twin.statuses):
            found.append(f"Responses {self.statuses} where the twin sent {twin.statuses}")
        # A POST that arrived while its confirmation was lost may be repeated, once for each kill.
        if len(self.statuses) - len(once) > self.kills:
            found.append(f"Responses {self.statuses} repeat more than {self.kills} kills explain")
        for control_id, bodies in self.payloads.items():
            if len(bodies) > 1:
                found.append(f"{control_id} was sent with {len(bodies)} different bodies")
        if set(self.payloads) != set(twin.payloads):
            found.append(f"controls {set(self.payloads)} where the twin sent {set(twin.payloads)}")
        return found


class Gateway:
    """The process under test, started again after each death until told to stop."""

    def __init__(self, site, failpoint):
        self._site, self._failpoint = site, failpoint
        self._process = None
        self.kills = 0

    async def live(self):
        """Run for good; only the first life carries the failpoint."""
        while True:
            # a killed process writes no coverage, and measuring slows each start down
            kept = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
            environment = kept | {"DERGATE_FAILPOINT": self._failpoint}
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway", "run", "-c", str(self._site)),
                cwd=ROOT,
                env=environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            _, errors = await self._process.communicate()
            if self._process.returncode >= 0:
                raise RuntimeError(f"the gateway ended by itself: {errors.decode()[-2000:]}")
            self.kills += 1
            self._failpoint = ""

    async def stop(self):
        """End the process as an operator would."""
        self._process.terminate()
        await self._process.wait()


@asynccontextmanager
async def running(gateway):
    life = asyncio.create_task(gateway.live())
    try:
        yield life
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        if gateway._process is not None and gateway._process.returncode is None:
            gateway._process.kill()
            await gateway._process.wait()


async def live_through(folder, failpoint=""):
    """Play one life in `folder` and return its outcome."""
    authorities = enrol(folder, "CS1")
    files = server_files(authorities)
    port = a_free_port()
    async with SimulatedUtility(files, Options(Dialect(), page_size=10)) as utility:
        grid = a_utility(url=utility.url, poll_interval_s=0.3, post_interval_s=60)
        values = a_site(
            utilities=[grid], ocpp={"port": port}, log_level="error", keep_inputs_days=1
        )
        site = write_site(folder, values)
        program = utility.add_program(1, mrid=PROGRAM)
        utility.add_device(certificate_lfdi(folder / "certs" / "cs1.pem"), program)
        utility.set_default(program, mrid=DEFAULT, settings={"setGradW": 500, "setSoftGradW": 500})
        gateway = Gateway(site, failpoint)
        url = f"ws://127.0.0.1:{port}/ocpp"
        options = StationOptions("CS1", PASSWORD, url, backoff_s=0.05, discharge_w=5_000)
        async with SimulatedStation(options) as station, running(gateway) as life:
            story = asyncio.create_task(_story(utility, station, program))
            await asyncio.wait({story, life}, return_when=asyncio.FIRST_COMPLETED)
            if not story.done():
                story.cancel()
                await life
            await story
            await _nothing_owed(folder / "state" / "dergate.db")
            await gateway.stop()
            life.cancel()
            return _outcome(folder, gateway, utility, station)


async def _story(utility, station, program):
    """Ask for a power factor, see it started, take it back, see it gone."""
    await station.wait_for(lambda: "Gradients" in station.controls.active, PATIENCE_S)
    part = fixed_pf("0.95", absorbing_var=True)
    event = control(int(utility.now()) + 1, 3600, part, mrid=EVENT)
    utility.add_control(program, event)
    await utility.wait_for(lambda: {1, 2} <= set(utility.statuses(EVENT)), PATIENCE_S)
    utility.cancel(EVENT)
    await utility.wait_for(lambda: 6 in utility.statuses(EVENT), PATIENCE_S)
    await station.wait_for(lambda: "FixedPFInject" not in station.controls.active, PATIENCE_S)
    await asyncio.sleep(0.4)  # one more poll: nothing may follow


async def _nothing_owed(database):
    """Wait until every answer is confirmed; one that a kill left in the outbox is repeated first."""
    query = "SELECT count(*) FROM documents WHERE kind = ?"
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reading:
                if reading.execute(query, (Table.RESPONSES.value,)).fetchone() == (0,):
                    return
            await asyncio.sleep(0.1)


def _outcome(folder, gateway, utility, station):
    sent = {}
    for payload in station.payloads(IN, "SetDERControl"):
        sent.setdefault(payload["controlId"], set()).add(_timeless(payload))
    held = sorted((c.type, c.is_default, _timeless(c.body)) for c in station.controls.held)
    with closing(SqliteStore(folder / "state" / "dergate.db")) as store:
        commands = {key: kept["state"] for key, kept in store.load(Table.COMMANDS).items()}
        ledger = {key: kept["state"] for key, kept in store.load(Table.LEDGER).items()}
        owed = sorted(store.load(Table.RESPONSES))
    verdict = verify(folder / "state" / "audit")
    unlike, recorded = replayed(folder / "state" / "inputs")
    state = {
        "station": held,
        "commands": commands,
        "ledger": ledger,
        "owed": owed,
        "audit fault": verdict.fault,
        "decided otherwise in a replay": unlike,
        "sent and not in the input log": sorted(sent.keys() - recorded),
    }
    return Outcome(gateway.kills, utility.statuses(EVENT), state, sent)


def _timeless(value):
    """Return a value as text without its instants, which differ from life to life."""
    return _INSTANT.sub("T", repr(value))

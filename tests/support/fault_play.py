"""One gateway, one utility and a station for each fault: all played at once, and what came of it."""

import asyncio
import fcntl
import json
import os
import pickle
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from gateway import app
from gateway.core.effects import Table
from gateway.security.identities import certificate_lfdi
from gateway.settings import load
from gateway.simulators.grid import Grid
from gateway.simulators.station import IN, Personality, SimulatedStation, StationOptions
from gateway.simulators.utility_2030_5 import (
    Curve,
    Dialect,
    Options,
    SimulatedUtility,
    control,
)
from gateway.simulators.utility_2030_5_controls import (
    curve_link,
    fixed_pf,
    freq_droop,
    load_limit,
    target_w,
)
from gateway.store.sqlite import SqliteStore
from support.site import (
    PASSWORD,
    a_site,
    a_station,
    a_utility,
    an_identity,
    enrol,
    server_files,
    write_site,
)

PATIENCE_S = 120
"""Half a hundred stations at once on a busy machine."""
DROOP = {"dead_band_mhz": (36, 36), "slope": (50, 50), "open_loop_tms": 100}


def power_factor(_utility, _program):
    return [fixed_pf("0.95", absorbing_var=True)]


def import_limit(_utility, _program):
    return [load_limit(4000)]


def droop_beside_a_setpoint(_utility, _program):
    return [freq_droop(**DROOP), target_w(8000)]


def setpoint(_utility, _program):
    return [target_w(15000)]


def high_voltage_trip(utility, program):
    """Trip above 115 % within a second, above 110 % within an hour."""
    mode = "opModHVRTMustTrip"
    points = [(1, 120), (1, 115), (3600, 110)]
    return [curve_link(mode, utility.add_curve(program, Curve(mode, points)))]


@dataclass(frozen=True)
class Fault:
    """How a station misbehaves while its utility asks for something, and what its settings say of it."""

    personality: Personality = field(default_factory=Personality)
    asks: object = power_factor
    options: dict = field(default_factory=dict)
    dialect: dict = field(default_factory=dict)
    grid: dict = field(default_factory=dict)
    settings: dict | None = None
    """Of the utility's DefaultDERControl."""
    reboots: bool = False


@dataclass
class Told:
    """What came of one fault: what the utility heard, what the gateway keeps, what flowed."""

    responses: list
    faults: list
    """Whether DERStatus told a fault, in the order in which that changed."""
    alarms: list
    state: str
    ledger: list
    audit: list
    asked: list
    """Calls to the station, in order."""
    watts: float
    var: float
    tripped: str | None
    problems: list

    def audited(self, kind):
        return [record for record in self.audit if record["kind"] == kind]


def play_once(factory, faults):
    """Play all faults for all workers of one test run: the first one does it, the others wait for it."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    result = shared / "faults.pickle"
    with (shared / "faults.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            result.write_bytes(pickle.dumps(play(factory.mktemp("faults"), faults)))
        return pickle.loads(result.read_bytes())  # noqa: S301 - our own, of this run


def play(folder, faults, *, lead_s=8, lasts_s=24):
    """Play all faults at one time; return what was told, by name."""
    return asyncio.run(_Play(folder, faults).run(lead_s, lasts_s))


class _Play:
    def __init__(self, folder, faults):
        self.folder, self.faults = folder, faults
        self.ids = {name: f"CS{number:02}" for number, name in enumerate(faults, 1)}

    def _settings(self, url):
        stations = [
            a_station(self.ids[name], dialect=fault.dialect) for name, fault in self.faults.items()
        ]
        identities = [an_identity(name) for name in self.ids.values()]
        site = a_site(
            ocpp={"port": 0, "call_timeout_s": 2},
            utilities=[a_utility("grid", *identities, url=url, poll_interval_s=5)],
            stations=stations,
            on_stop="keep",
        )
        return load(write_site(self.folder, site), {})

    async def run(self, lead_s, lasts_s):
        authorities = enrol(self.folder, *self.ids.values())
        files = server_files(authorities)
        options = Options(Dialect(), poll_rate_s=5, post_rate_s=30, page_size=10)
        async with SimulatedUtility(files, options) as utility, AsyncExitStack() as stack:
            programs = {name: self._program(utility, name) for name in self.faults}
            stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
            serving = asyncio.create_task(
                app.serve(self._settings(utility.url), ready.set_result, stop)
            )
            running = await asyncio.wait_for(ready, PATIENCE_S)
            url = f"ws://127.0.0.1:{running.endpoint.port}/ocpp"
            stations = {
                name: await stack.enter_async_context(self._station(name, url))
                for name in self.faults
            }
            for station in stations.values():
                await station.wait_for(
                    lambda one=station: one.ready and one.payloads(IN, "GetChargingProfiles"),
                    PATIENCE_S,
                )
            held = self._command(utility, programs, lead_s, lasts_s)
            begin = next(iter(held.values())).control.start

            async def until(seconds):
                await asyncio.sleep(begin + seconds - utility.now())

            await until(4)
            for name, fault in self.faults.items():
                if fault.reboots:
                    await stations[name].reboot()
            await until(lasts_s - 2)
            flows = {name: (s.inverter.p_w, s.inverter.q_var) for name, s in stations.items()}
            await until(lasts_s)
            await self._all_told(utility, held)
            stop.set()
            await serving
            return self._collected(utility, stations, held, flows)

    def _program(self, utility, name):
        program, settings = utility.add_program(1), self.faults[name].settings
        if settings is not None:
            utility.set_default(program, settings=settings)
        file = self.folder / "certs" / f"{self.ids[name].lower()}.pem"
        utility.add_device(certificate_lfdi(file), program)
        return program

    def _station(self, name, url):
        fault = self.faults[name]
        values = {
            "discharge_w": 10_000,
            "meter_interval_s": 2.0,
            "tick_s": 0.25,
            "versions": ("ocpp2.1",),
        }
        options = StationOptions(
            id=self.ids[name],
            password=PASSWORD,
            url=url,
            **{**values, **fault.options},
        )
        grid = Grid(**{"frequency_hz": 50.0, "nominal_v": 400.0, **fault.grid})
        return SimulatedStation(options, grid, fault.personality)

    def _command(self, utility, programs, lead_s, lasts_s):
        begin = int(utility.now()) + lead_s
        held = {}
        for name, program in programs.items():
            fault = self.faults[name]
            base = fault.asks(utility, program)
            held[name] = utility.add_control(program, control(begin, lasts_s, *base))
        return held

    async def _all_told(self, utility, held):
        """Wait until every event had its last answer, and DERStatus a moment to follow."""
        ends = {3, 10, 252}
        await utility.wait_for(
            lambda: all(ends & set(utility.statuses(event.mrid)) for event in held.values()),
            PATIENCE_S,
        )
        await asyncio.sleep(2)

    def _collected(self, utility, stations, held, flows):
        store = SqliteStore(self.folder / "state" / "dergate.db")
        commands, ledger = store.load(Table.COMMANDS), store.load(Table.LEDGER)
        store.close()
        audit = self._audit()
        documents = defaultdict(list)
        for document in utility.documents:
            if document.kind == "DERStatus":
                documents[document.lfdi].append(document.values)
        told = {}
        for name, number in self.ids.items():
            station, event = stations[name], held[name]
            file = self.folder / "certs" / f"{number.lower()}.pem"
            status = documents[certificate_lfdi(file).upper()]
            mine = [r for r in audit if _about(r, number, ledger, event.mrid)]
            told[name] = Told(
                responses=utility.statuses(event.mrid),
                faults=_changes(
                    int(s["genConnectStatus/value"], 16) & 16 != 0
                    for s in status
                    if "genConnectStatus/value" in s
                ),
                alarms=_changes(int(s.get("alarmStatus", "0"), 16) for s in status),
                state=next(d["state"] for k, d in commands.items() if event.mrid in k),
                ledger=[d for d in ledger.values() if d["station"] == number],
                audit=mine,
                asked=[f[2] for way, f in station.frames if way == IN and f[0] == 2],
                watts=flows[name][0],
                var=flows[name][1],
                tripped=station.inverter.protection.tripped,
                problems=list(station.problems),
            )
        return told

    def _audit(self):
        records = []
        for file in sorted((self.folder / "state" / "audit").glob("*.jsonl")):
            records += [json.loads(line)["record"] for line in file.read_text("utf-8").splitlines()]
        return records


def _about(record, station, ledger, mrid):
    text = json.dumps(record)
    return f'"{station}"' in text or mrid in text or f"{station}/" in text


def _changes(values):
    """Return the values without repetitions in a row."""
    found = []
    for value in values:
        if not found or found[-1] != value:
            found.append(value)
    return found

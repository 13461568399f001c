"""A YAML script that sets up simulated stations behind one grid, and the service that plays it.

url: ws://127.0.0.1:9000/ocpp
grid: {frequency_hz: 60, voltage_pu: 1.0}
stations:
  - options: {id: cs1, password: secret, discharge_w: 5000, nominal_frequency_hz: 60}
  - options: {id: cs2, password: secret, demand_w: 7000, der_modes: [], versions: [ocpp2.0.1]}
    personality: {silent: [SetChargingProfile]}
steps:
  - {at_s: 5, grid: {voltage_pu: 1.06, over_s: 2}}
  - {at_s: 9, grid: {frequency_hz: 59.6}}
  - {at_s: 12, station: cs1, reboot: true}
  - {at_s: 20, station: cs1, personality: {ignores: [VoltVar]}}
  - {at_s: 30, station: cs2, plug_in: {demand_w: 3000}}
  - {at_s: 40, station: cs1, variable: {component: DCDERCtrlr, name: MaxW, value: "9000", evse: 1}}
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from gateway.errors import SettingsError
from gateway.simulators.grid import Grid
from gateway.simulators.scripts import read_script
from gateway.simulators.station import Personality, SimulatedStation, StationOptions
from gateway.simulators.station_connection import IN, Recorded
from gateway.simulators.station_wire import Kind


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GridEntry(_Model):
    """A state of the grid, reached after `over_s`."""

    voltage_pu: float | None = None
    frequency_hz: float | None = None
    over_s: float = 0.0


class CarEntry(_Model):
    """What is said of a car: fields of Car."""

    demand_w: float = 0.0
    discharge_w: float = 0.0
    soc_pct: float = 50.0
    capacity_wh: float = 60_000.0
    most_charge_w: float | None = None
    most_discharge_w: float | None = None
    most_var: float | None = None
    modes: tuple[str, ...] = ()
    transfer: str = ""


class VariableEntry(_Model):
    """Another value for a variable of the device model."""

    component: str
    name: str
    value: str
    evse: int | None = None


class LimitEntry(_Model):
    """A limit of charge from somebody else than the CSMS; without watts it ends. EVSE 0 is the station."""

    source: str = "EMS"
    watts: float | None = None
    evse: int = 0


class StationEntry(_Model):
    """One station; the script's `url` stands in where its options have none."""

    options: StationOptions
    personality: Personality = Personality()


_OF_ONE_STATION = frozenset(
    {"personality", "plug_in", "unplug", "variable", "reboot", "disconnect"} | {"priority", "limit"}
)


class StepEntry(_Model):
    """One move, `at_s` seconds after the start; all but `grid` are about one station."""

    at_s: float = 0
    grid: GridEntry | None = None
    station: str | None = None
    personality: Personality | None = None
    evse: int = 1
    plug_in: CarEntry | None = None
    unplug: bool = False
    variable: VariableEntry | None = None
    priority: bool | None = None
    limit: LimitEntry | None = None
    reboot: bool = False
    disconnect: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        alone = self.model_fields_set & _OF_ONE_STATION
        if bool(alone) is not (self.station is not None):
            raise ValueError("a station needs a move, and a move needs its station")
        return self


class Script(_Model):
    """A whole script; see the module for an example."""

    url: str = ""
    grid: GridEntry = GridEntry()
    stations: list[StationEntry]
    steps: list[StepEntry] = []

    @model_validator(mode="before")
    @classmethod
    def _share_url(cls, value: Any) -> Any:
        """Give the common address to the stations that have none."""
        if isinstance(value, dict) and isinstance(value.get("stations"), list):
            for entry in value["stations"]:
                if isinstance(entry, dict) and isinstance(entry.get("options"), dict):
                    entry["options"].setdefault("url", value.get("url", ""))
        return value

    @model_validator(mode="after")
    def _known(self) -> Self:
        names = [entry.options.id for entry in self.stations]
        if len(set(names)) != len(names):
            raise ValueError("two stations have one id")
        for number, step in enumerate(self.steps):
            if step.station is not None and step.station not in names:
                raise ValueError(f"steps[{number}]: no station {step.station!r}")
        return self


def load_script(text: str) -> Script:
    """Read a script; SettingsError says which entry is wrong."""
    return read_script(Script, text)


async def serve(
    script: Script, announce: Callable[[str], None], *, report_interval_s: float = 1.0
) -> None:
    """Run the stations of `script` until cancelled; `announce` gets what they do and measure."""
    nominal = 50.0 if script.grid.frequency_hz is None else script.grid.frequency_hz
    voltage = 1.0 if script.grid.voltage_pu is None else script.grid.voltage_pu
    grid = Grid(voltage_pu=voltage, frequency_hz=nominal)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        stations: dict[str, SimulatedStation] = {}
        for entry in script.stations:
            station = SimulatedStation(entry.options, grid, entry.personality)
            stations[entry.options.id] = await stack.enter_async_context(station)
            tasks.create_task(_report(station, announce, report_interval_s))
        announce(f"running {', '.join(stations)}")
        await _play(script, grid, stations, announce)


async def _play(
    script: Script,
    grid: Grid,
    stations: dict[str, SimulatedStation],
    announce: Callable[[str], None],
) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for step in sorted(script.steps, key=lambda item: item.at_s):
        await asyncio.sleep(begin + step.at_s - loop.time())
        if step.grid is not None:
            _move(grid, step.grid)
        if step.station is not None:
            await act(stations[step.station], step)
        announce(f"step at {step.at_s:g} s: {_described(step)}")


def _described(step: StepEntry) -> dict[str, Any]:
    moved = step.model_dump(exclude_unset=True, exclude={"at_s"})
    return moved if step.personality is None else moved | {"personality": "changed"}


def _move(grid: Grid, entry: GridEntry) -> None:
    if entry.voltage_pu is not None:
        grid.set_voltage(entry.voltage_pu, entry.over_s)
    if entry.frequency_hz is not None:
        grid.set_frequency(entry.frequency_hz, entry.over_s)


async def act(station: SimulatedStation, step: StepEntry) -> None:
    """Make one move; SettingsError where the station has no such variable."""
    if step.personality is not None:
        station.personality = step.personality
    if step.plug_in is not None:
        station.plug_in(step.evse, **step.plug_in.model_dump(exclude_unset=True))
    if step.unplug:
        station.unplug(step.evse)
    if step.variable is not None:
        varied = step.variable
        try:
            station.core.vary(varied.component, varied.name, varied.value, varied.evse)
        except KeyError as exc:
            where = f"{varied.component}.{varied.name}"
            raise SettingsError("the station has no such variable", where=where) from exc
    if step.priority is not None:
        station.prioritise(step.evse, activated=step.priority)
    if step.limit is not None:
        station.limit_from(step.limit.source, step.limit.watts, step.limit.evse)
    if step.reboot:
        await station.reboot()
    if step.disconnect:
        await station.disconnect()


async def _report(
    station: SimulatedStation, announce: Callable[[str], None], interval_s: float
) -> None:
    """Announce what was asked since the last time, and what flows."""
    name = station.options.id
    last: Recorded | None = None
    while True:
        news = _since(station.frames, last)
        for way, frame in news:
            if way == IN and isinstance(frame, list) and frame[0] == Kind.CALL:
                announce(f"{name} was asked {frame[2]}")
        last = news[-1] if news else last
        while station.problems:
            announce(f"{name} {station.problems.popleft()}")
        inverter, active = station.inverter, ", ".join(sorted(station.controls.active)) or "none"
        announce(
            f"{name} {'online' if station.ready else 'offline'}"
            f" P {inverter.p_w:+.0f} W, Q {inverter.q_var:+.0f} var at {inverter.voltage_v:.1f} V,"
            f" {inverter.frequency_hz:.2f} Hz; controls: {active}"
        )
        await asyncio.sleep(interval_s)


def _since(frames: deque[Recorded], last: Recorded | None) -> list[Recorded]:
    """Return the frames after `last`, which may have been dropped already."""
    found: list[Recorded] = []
    for item in reversed(frames):
        if item is last:
            break
        found.append(item)
    return found[::-1]

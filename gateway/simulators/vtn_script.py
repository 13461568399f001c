"""A YAML script for a day of events at a simulated VTN, and the service that plays it.

revision: "3.1"
quirks: [no_expires_in]
programs: [{name: ev-flex, with: {payloadDescriptors: [...]}}]
steps:
  - {at_s: 5, add: {id: limit, program: ev-flex, type: IMPORT_CAPACITY_LIMIT, values: [22.5, 11],
                    start_in_s: 10, duration: PT15M, with: {priority: 1}}}
  - {at_s: 20, change: {id: limit, with: {priority: 0}}}
  - {at_s: 30, fail: {path: /events*, status: 500, times: 3}}
  - {at_s: 40, delete: limit}
  - {at_s: 50, clock_s: 60}
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import SettingsError
from gateway.simulators.scripts import read_script
from gateway.simulators.vtn import SimulatedVtn
from gateway.simulators.vtn_options import Options, Revision
from gateway.simulators.vtn_quirks import Quirk
from gateway.simulators.vtn_times import moment

type Members = dict[str, Any]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ProgramEntry(_Model):
    """A program; `with` holds members as on the wire."""

    name: str
    members: Annotated[Members, Field(alias="with")] = {}


class AddEntry(_Model):
    """An event with one interval per value."""

    id: str
    program: str
    type: str
    values: list[Any]
    start_in_s: float = 0
    duration: str
    members: Annotated[Members, Field(alias="with")] = {}


class ChangeEntry(_Model):
    """Members of an event to replace; null takes one away."""

    id: str
    members: Annotated[Members, Field(alias="with")]


class FailEntry(_Model):
    """Bare answers at a path pattern."""

    path: str
    status: int
    times: int = 1


class StepEntry(_Model):
    """A move, `at_s` seconds after the start."""

    at_s: float = 0
    add: AddEntry | None = None
    change: ChangeEntry | None = None
    delete: str | None = None
    fail: FailEntry | None = None
    revoke: bool = False
    clock_s: float | None = None


class Script(_Model):
    """A whole script; see the module for an example."""

    revision: Revision = "3.1"
    quirks: list[Quirk] = []
    etags: bool = False
    open: bool = False
    programs: list[ProgramEntry] = []
    steps: list[StepEntry] = []

    @property
    def options(self) -> Options:
        """How the VTN behaves."""
        quirks = frozenset(self.quirks)
        return Options(self.revision, etags=self.etags, open=self.open, quirks=quirks)


def load_script(text: str) -> Script:
    """Read a script; SettingsError says which entry is wrong."""
    script = read_script(Script, text)
    programs, events = {item.name for item in script.programs}, set[str]()
    for number, step in enumerate(script.steps):
        where = f"script steps[{number}]"
        if step.add is not None and step.add.program not in programs:
            raise SettingsError(f"{step.add.program} is no program", where=where)
        for name in (step.change.id if step.change else None, step.delete):
            if name is not None and name not in events:
                raise SettingsError(f"{name} is no event added before", where=where)
        if step.add is not None:
            events.add(step.add.id)
        if step.delete is not None:
            events.discard(step.delete)
    return script


def play(vtn: SimulatedVtn, step: StepEntry, events: dict[str, str]) -> None:
    """Carry out one step; `events` maps the names of the script to ids."""
    if step.add is not None:
        events[step.add.id] = _added(vtn, step.add)
    if step.change is not None:
        vtn.change_event(events[step.change.id], **step.change.members)
    if step.delete is not None:
        vtn.delete_event(events.pop(step.delete))
    if step.fail is not None:
        vtn.fail(step.fail.path, step.fail.status, step.fail.times)
    if step.revoke:
        vtn.revoke_tokens()
    if step.clock_s is not None:
        vtn.time_offset_s = step.clock_s


async def serve(script: Script, announce: Callable[[str], None], address: tuple[str, int]) -> None:
    """Serve `script` until cancelled; `announce` gets a line per step, write and refusal."""
    async with (
        SimulatedVtn(script.options, address=address) as vtn,
        asyncio.TaskGroup() as tasks,
    ):
        for program in script.programs:
            vtn.add_program(program.name, **program.members)
        announce(f"serving {vtn.url}")
        tasks.create_task(_report(vtn, announce))
        loop, events = asyncio.get_running_loop(), dict[str, str]()
        begin = loop.time()
        for step in sorted(script.steps, key=lambda item: item.at_s):
            await asyncio.sleep(begin + step.at_s - loop.time())
            play(vtn, step, events)
            announce(f"step at {step.at_s} s: {step.model_dump(exclude_defaults=True)}")


def _added(vtn: SimulatedVtn, entry: AddEntry) -> str:
    intervals = [
        {"id": number, "payloads": [{"type": entry.type, "values": [value]}]}
        for number, value in enumerate(entry.values)
    ]
    period = {"start": moment(vtn.now() + entry.start_in_s), "duration": entry.duration}
    members = {"intervalPeriod": period, "intervals": intervals, **entry.members}
    return vtn.add_event(entry.program, eventName=entry.id, **members)


async def _report(vtn: SimulatedVtn, announce: Callable[[str], None]) -> None:
    told = 0
    while True:
        await vtn.wait_for(lambda: vtn.exchanges, None)
        for item in vtn.exchanges:
            if item.method != "GET" or item.status >= 400:
                line = f"{item.client} {item.method} {item.path} {item.status} {item.reason}"
                announce(line.strip())
        for complaint in vtn.complaints[told:]:
            announce(f"complaint: {complaint}")
        told = len(vtn.complaints)
        vtn.exchanges.clear()

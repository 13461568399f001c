"""A YAML script that sets up and moves the simulated utility, and the service that plays it.

revision: "2018"
poll_rate_s: 2
programs:
  - id: feeder
    primacy: 1
    curves: {vv: {mode: opModVoltVar, points: [[92, 44], [98, 0]], y_ref_type: 2}}
    default: {parts: {max_lim_w: 80}, settings: {setGradW: 100}}
devices:
  - {certificate: certs/cs1.pem, programs: [feeder]}      # or lfdi: 40 digits
steps:
  - {at_s: 5, add: {id: pf, program: feeder, start_in_s: 2, duration_s: 60,
                    parts: {fixed_pf: {displacement: 0.95, absorbing_var: true}}}}
  - {at_s: 9, add: {id: vv, program: feeder, duration_s: 60, parts: {curves: [vv]}}}
  - {at_s: 20, cancel: {id: pf}}
  - {at_s: 30, fault: {kind: status, path: /derp/*, times: 2, with: {code: 503}}}
  - {at_s: 40, heal: true}
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.errors import SettingsError
from gateway.simulators import utility_2030_5_controls as controls
from gateway.simulators import utility_2030_5_faults as faults
from gateway.simulators.scripts import read_script
from gateway.simulators.utility_2030_5_schema import Dialect, Revision
from gateway.simulators.utility_2030_5_server import Files, SimulatedUtility
from gateway.simulators.utility_2030_5_world import PIN, Options, Program, World
from gateway.simulators.utility_2030_5_xml import Node

type Values = dict[str, Any]

PARTS: Mapping[str, Callable[..., Node]] = {
    "connect": controls.connect,
    "energize": controls.energize,
    "export_limit": controls.export_limit,
    "fixed_pf": controls.fixed_pf,
    "fixed_var": controls.fixed_var,
    "fixed_w": controls.fixed_w,
    "freq_droop": controls.freq_droop,
    "generation_limit": controls.generation_limit,
    "import_limit": controls.import_limit,
    "load_limit": controls.load_limit,
    "max_lim_pct_w_absorb": controls.max_lim_pct_w_absorb,
    "max_lim_w": controls.max_lim_w,
    "max_lim_watts": controls.max_lim_watts,
    "ramp": controls.ramp,
    "target_var": controls.target_var,
    "target_w": controls.target_w,
}
FAULTS: Mapping[str, Callable[..., faults.Fault]] = {
    "cut_xml": faults.cut_xml,
    "doctype_bomb": faults.doctype_bomb,
    "html": faults.html,
    "huge_body": faults.huge_body,
    "lost_answer": faults.lost_answer,
    "omit": faults.omit,
    "reset": faults.reset,
    "say": faults.say,
    "short_body": faults.short_body,
    "slow_body": faults.slow_body,
    "status": faults.status,
}
CURVES = "curves"  # the part that lists curves of the program by their ids


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class CurveEntry(_Model):
    """A curve of a program."""

    mode: str
    points: list[list[int | bool]]
    x_multiplier: int = 0
    y_multiplier: int = 0
    y_ref_type: int = 0
    open_loop_tms: int | None = None
    v_ref: int | None = None


class DefaultEntry(_Model):
    """The DefaultDERControl of a program."""

    parts: Values = {}
    settings: dict[str, int] = {}


class ProgramEntry(_Model):
    """A DERProgram."""

    id: str
    primacy: int
    curves: dict[str, CurveEntry] = {}
    default: DefaultEntry | None = None


class DeviceEntry(_Model):
    """An EndDevice, named by its LFDI or by its certificate."""

    lfdi: str | None = None
    certificate: str | None = None
    pin: int | None = PIN
    programs: list[str] = []

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if (self.lfdi is None) == (self.certificate is None):
            raise ValueError("give either lfdi or certificate")
        return self


class AddEntry(_Model):
    """A control to add."""

    id: str
    program: str
    start_in_s: int = 0
    duration_s: int
    parts: Values
    randomize_start_s: int | None = None
    randomize_duration_s: int | None = None


class CancelEntry(_Model):
    """A control to cancel."""

    id: str
    randomized: bool = False


class FaultEntry(_Model):
    """A fault to set."""

    kind: str
    path: str
    method: str | None = None
    times: int | None = None
    arguments: Annotated[Values, Field(alias="with")] = {}


class StepEntry(_Model):
    """One move, `at_s` seconds after the start; exactly one of the others is given."""

    at_s: float = 0
    add: AddEntry | None = None
    cancel: CancelEntry | None = None
    remove: str | None = None
    fault: FaultEntry | None = None
    heal: bool | None = None


class Script(_Model):
    """A whole script; see the module for an example."""

    revision: Revision = "2018"
    csip_aus: str | None = None
    poll_rate_s: int = 1
    post_rate_s: int = 1
    page_size: int = 1
    programs: list[ProgramEntry]
    devices: list[DeviceEntry]
    steps: list[StepEntry] = []

    @property
    def options(self) -> Options:
        """How the utility behaves."""
        return Options(
            Dialect(self.revision, self.csip_aus),
            poll_rate_s=self.poll_rate_s,
            post_rate_s=self.post_rate_s,
            page_size=self.page_size,
        )


class Stage:
    """A world on which a script is played; it knows the script's names."""

    def __init__(self, script: Script, world: World, folder: Path) -> None:
        self._world = world
        self._programs: dict[str, Program] = {}
        self._curves: dict[tuple[str, str], Node] = {}
        self._controls: dict[str, str] = {}
        for entry in script.programs:
            self._add_program(entry)
        for device in script.devices:
            assigned = [self._programs[name] for name in device.programs]
            world.add_device(_lfdi(device, folder), *assigned, pin=device.pin)

    def play(self, step: StepEntry) -> None:
        """Carry out one step."""
        if step.add is not None:
            self._add_control(step.add)
        if step.cancel is not None:
            name = self._controls[step.cancel.id]
            self._world.cancel(name, randomized=step.cancel.randomized)
        if step.remove is not None:
            self._world.remove(self._controls[step.remove])
        if step.fault is not None:
            entry = step.fault
            fault = FAULTS[entry.kind](**entry.arguments)
            self._world.fail(entry.path, fault, method=entry.method, times=entry.times)
        if step.heal:
            self._world.heal()

    def _add_program(self, entry: ProgramEntry) -> None:
        program = self._world.add_program(entry.primacy, description=entry.id)
        self._programs[entry.id] = program
        for name, curve in entry.curves.items():
            points: Any = [tuple(point) for point in curve.points]
            fields = curve.model_dump(exclude={"points"})
            href = self._world.add_curve(program, controls.Curve(points=points, **fields))
            self._curves[entry.id, name] = controls.curve_link(curve.mode, href)
        if entry.default is not None:
            parts = self._parts(entry.id, entry.default.parts)
            self._world.set_default(program, *parts, settings=entry.default.settings)

    def _add_control(self, entry: AddEntry) -> None:
        control = controls.control(
            int(self._world.now()) + entry.start_in_s,
            entry.duration_s,
            *self._parts(entry.program, entry.parts),
            randomize=(entry.randomize_start_s, entry.randomize_duration_s),
        )
        held = self._world.add_control(self._programs[entry.program], control)
        self._controls[entry.id] = held.mrid

    def _parts(self, program: str, parts: Values) -> list[Node]:
        found = []
        for name, value in parts.items():
            if name == CURVES:
                found += [self._curves[program, curve] for curve in value]
            elif isinstance(value, dict):
                found.append(PARTS[name](**{key: _exact(item) for key, item in value.items()}))
            else:
                found.append(PARTS[name](_exact(value)))
        return found


def load_script(text: str, folder: Path = Path()) -> Script:
    """Read a script and play it dry, so that a mistake shows before anything is served.

    Certificates of devices are looked for relative to `folder`. SettingsError says which entry.
    """
    script = read_script(Script, text)
    with _blaming("programs and devices"):
        stage = Stage(script, World(script.options), folder)
    for number, step in enumerate(script.steps):
        with _blaming(f"steps[{number}]"):
            stage.play(step)
    return script


async def serve(
    script: Script,
    files: Files,
    announce: Callable[[str], None],
    *,
    address: tuple[str, int] = ("127.0.0.1", 8443),
    folder: Path = Path(),
) -> None:
    """Serve `script` until cancelled; `announce` gets a line per step, post and refusal."""
    async with (
        SimulatedUtility(files, script.options, address=address) as utility,
        asyncio.TaskGroup() as tasks,
    ):
        stage = Stage(script, utility, folder)
        announce(f"serving {utility.url}")
        tasks.create_task(_report(utility, announce))
        await _play(script, stage, announce)


async def _play(script: Script, stage: Stage, announce: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for step in sorted(script.steps, key=lambda item: item.at_s):
        await asyncio.sleep(begin + step.at_s - loop.time())
        stage.play(step)
        moved = step.model_dump(exclude_none=True, exclude={"at_s"}, by_alias=True)
        announce(f"step at {step.at_s} s: {moved}")


async def _report(utility: SimulatedUtility, announce: Callable[[str], None]) -> None:
    while True:
        await utility.wait_for(lambda: utility.exchanges, None)
        for item in utility.exchanges:
            if item.method != "GET" or item.reason:
                line = f"{item.method} {item.path} {item.status} {item.reason}".rstrip()
                announce(f"{item.lfdi[:8]} {line}")
        utility.exchanges.clear()


@contextmanager
def _blaming(where: str) -> Iterator[None]:
    """Turn what a wrong entry provokes into a SettingsError that names the entry."""
    try:
        yield
    except KeyError as exc:
        raise SettingsError(f"{exc} is not known", where=f"script {where}") from exc
    except (TypeError, ValueError, OSError) as exc:
        raise SettingsError(str(exc), where=f"script {where}") from exc


def _exact(value: object) -> object:
    """Return a YAML number as the decimal that was written."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _lfdi(entry: DeviceEntry, folder: Path) -> str:
    if entry.certificate is None:
        return entry.lfdi or ""
    text = (folder / entry.certificate).read_text(encoding="ascii")
    end = "-----END CERTIFICATE-----"
    first, found, _ = text.partition(end)
    if not found:
        raise ValueError(f"{entry.certificate} holds no certificate")
    der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :] + end)
    return hashlib.sha256(der).hexdigest()[:40].upper()

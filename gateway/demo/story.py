"""The story that the demo tells, one function a step: send, let the station act, judge both ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from gateway.demo import openadr_scenes
from gateway.demo.judge import (
    Droop,
    at_least,
    at_most,
    near,
    on_curve,
    reactive_of_power_factor,
    same,
    steepest,
)
from gateway.demo.report import Step
from gateway.demo.stage import Actor, Stage, reach
from gateway.simulators import utility_2030_5_controls as parts
from gateway.simulators.station import IN
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.utility_2030_5 import Curve, HeldControl
from gateway.store.verification import verify

_VAR, _W = 60.0, 100.0
"""How far a measured value may lie from what is due: well under one per cent of the ratings."""
_CURVE = ((92, 44), (98, 0), (102, 0), (108, -44))
_VOLTAGES = (0.94, 1.0, 1.05, 1.09)
_DROOP = Droop(nominal_hz=60, dead_band_hz=0.036, slope=0.05)
_UOM = {"W": 38, "var": 63, "V": 29, "Hz": 33}


@dataclass(slots=True)
class Memory:
    """What later steps need of earlier ones."""

    power_factor: HeldControl | None = None
    better: HeldControl | None = None
    steps: list[Step] = field(default_factory=list)


type Scene = Callable[[Stage, Step, Memory], Awaitable[None]]


async def arrive(stage: Stage, step: Step, _memory: Memory) -> None:
    """All five connect; the utility learns what each of its four can do."""
    step.sent = "four EndDevices with Registration, a VTN's client, five enrolled stations"
    await stage.openadr_station.wait_for(partial(getattr, stage.openadr_station, "ready"), 10)
    for actor in stage.actors.values():
        lfdi = actor.identity.lfdi
        await actor.station.wait_for(partial(getattr, actor.station, "ready"), 10)
        await stage.utility.wait_for(partial(_capability, stage, lfdi), 10)
        options = actor.station.options
        modes = int(_capability(stage, lfdi).get("modesSupported", "0"), 16)
        step.checks += [
            same(f"{actor.id} volt-var in modesSupported", "VoltVar" in options.der_modes,
                 bool(modes >> 23 & 1)),
            same(f"{actor.id} speaks", options.versions[0], f"ocpp{actor.station.core.version}"),
        ]  # fmt: skip


def _capability(stage: Stage, lfdi: str) -> dict[str, str]:
    """Return the leaves of the newest DERCapability of a device."""
    found = [d for d in stage.utility.documents if d.lfdi == lfdi and d.kind == "DERCapability"]
    return dict(found[-1].values) if found else {}


async def power_factor(stage: Stage, step: Step, memory: Memory) -> None:
    """A power factor while exporting: the station absorbs var."""
    actor = stage.actors["CS1"]
    held = stage.send(actor, parts.fixed_pf("0.95", absorbing_var=True))
    memory.power_factor = held
    step.sent = "opModFixedPFInjectW 0.95, excitation true (absorbs var)"
    await stage.answered(actor, held, 1, 2)
    inverter = actor.station.inverter

    def due() -> float:
        return reactive_of_power_factor(inverter.p_w, 0.95, absorbing_var=True)

    await reach(actor.station, lambda: abs(inverter.q_var - due()) < _VAR, 4)
    told = actor.told("FixedPFInject").get("fixedPFInject", {})
    step.checks += [
        same("told the station", (0.95, True), (told.get("displacement"), told.get("excitation"))),
        at_least("exports", 9_000, inverter.p_w, "W"),
        near("reactive power", due(), inverter.q_var, _VAR, "var"),
        same("Responses", [1, 2], stage.statuses(actor, held)),
    ]


async def volt_var(stage: Stage, step: Step, _memory: Memory) -> None:
    """A volt-var curve while the grid voltage moves: measured Q against the curve."""
    actor = stage.actors["CS2"]
    curve = Curve("opModVoltVar", _CURVE, y_ref_type=2, open_loop_tms=20)
    held = stage.send(actor, parts.volt_var(stage.utility.add_curve(actor.program, curve)))
    step.sent = f"opModVoltVar, % of setMaxVar over % of voltage: {_CURVE}"
    await stage.answered(actor, held, 1, 2)
    told = actor.told("VoltVar").get("curve", {}).get("curveData", [])
    points = [(point["x"], point["y"]) for point in told]
    step.checks.append(same("told the station", [(float(x), float(y)) for x, y in _CURVE], points))
    inverter, rated = actor.station.inverter, actor.station.options.plate.max_var
    for voltage in _VOLTAGES:
        actor.station.grid.set_voltage(voltage)
        due = on_curve(_CURVE, 100 * voltage) / 100 * rated
        await reach(actor.station, partial(_injects, inverter, due), 3)
        step.checks.append(near(f"Q at {voltage:.0%}", due, inverter.q_var, _VAR, "var"))
    actor.station.grid.set_voltage(1.0)


def _injects(inverter: Inverter, var: float) -> bool:
    return abs(inverter.q_var - var) < _VAR


def _draws_at_most(inverter: Inverter, watts: float) -> bool:
    return -inverter.p_w <= watts


async def frequency_droop(stage: Stage, step: Step, _memory: Memory) -> None:
    """The grid frequency dips: the station exports more, as the droop says."""
    actor = stage.actors["CS1"]
    droop = parts.freq_droop(dead_band_mhz=(36, 36), slope=(50, 50), open_loop_tms=20)
    held = stage.send(actor, droop)
    step.sent = "opModFreqDroop 36 mHz, k 0.05 (at 60 Hz)"
    await stage.answered(actor, held, 1, 2)
    told = actor.told("FreqDroop").get("freqDroop", {})
    inverter, plate = actor.station.inverter, actor.station.options.plate
    before, low = inverter.p_w, 59.5
    actor.station.grid.set_frequency(low)
    due = before + _DROOP.more_power(low, plate.max_w)
    await reach(actor.station, lambda: abs(inverter.p_w - due) < _W, 4)
    step.checks += [
        same(
            "told the station, Hz", (60.036, 59.964), (told.get("overFreq"), told.get("underFreq"))
        ),
        near(f"power at {low} Hz", due, inverter.p_w, _W, "W"),
        same("Responses", [1, 2], stage.statuses(actor, held)),
    ]
    actor.station.grid.set_frequency(60)
    await reach(actor.station, lambda: abs(inverter.p_w - before) < _W, 4)
    step.checks.append(near("power back at 60 Hz", before, inverter.p_w, _W, "W"))


async def ramp_rate(stage: Stage, step: Step, _memory: Memory) -> None:
    """A default ramp rate: the car may now change its power only so fast."""
    actor = stage.actors["CS2"]
    stage.utility.set_default(actor.program, settings={"setGradW": 1500, "setSoftGradW": 1500})
    step.sent = "DefaultDERControl setGradW 15 %/s of setMaxW"
    await actor.station.wait_for(lambda: actor.told("Gradients"), 10)
    plate, inverter = actor.station.options.plate, actor.station.inverter
    await actor.station.wait_for(lambda: "Gradients" in actor.station.controls.active, 5)
    actor.station.plug_in(discharge_w=9_000.0)
    clock, samples = asyncio.get_running_loop().time, []
    begin = clock()
    while clock() - begin < 4.5:
        samples.append((clock(), inverter.p_w))
        await asyncio.sleep(0.1)
    bound = 0.15 * plate.max_w
    step.checks += [
        same("told the station, %/s", 15, actor.told("Gradients")["gradient"]["gradient"]),
        at_most("steepest change per second", bound * 1.08, steepest(samples), "W"),
        at_least("still moves", bound * 0.8, steepest(samples), "W"),
        near("power in the end", 9_000, inverter.p_w, _W, "W"),
    ]


async def export_limit(stage: Stage, step: Step, _memory: Memory) -> None:
    """A limit on generation: the station exports less than its car would give."""
    actor = stage.actors["CS2"]
    held = stage.send(actor, parts.max_lim_w("25"))
    step.sent = "opModMaxLimW 25 % of setMaxW"
    await stage.answered(actor, held, 1, 2)
    inverter = actor.station.inverter
    bound = 0.25 * actor.station.options.plate.max_w
    await reach(actor.station, lambda: inverter.p_w <= bound, 5)
    await asyncio.sleep(0.5)
    step.checks += [
        at_most("exports", bound, inverter.p_w, "W"),
        at_least("still exports", bound - _W, inverter.p_w, "W"),
        same("Responses", [1, 2], stage.statuses(actor, held)),
    ]


async def import_limit(stage: Stage, step: Step, _memory: Memory) -> None:
    """A limit on import, in watts, to chargers that know only amps: one of 2.1 and one of 2.0.1."""
    step.sent = "opModImpLimW 5 kW"
    sent = {
        name: stage.send(stage.actors[name], parts.import_limit(5_000)) for name in ("CS3", "CS4")
    }
    for name, held in sent.items():
        actor = stage.actors[name]
        await stage.answered(actor, held, 1, 2)
        inverter = actor.station.inverter
        await reach(actor.station, partial(_draws_at_most, inverter, 5_000), 4)
        profile = actor.station.payloads(IN, "SetChargingProfile")[-1]["chargingProfile"]
        period = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        step.checks += [
            at_most(f"{name} limit sent, as watts", 5_000, period["limit"] * 3 * 230, "W"),
            at_most(f"{name} draws", 5_000, -inverter.p_w, "W"),
            at_least(f"{name} still draws", 4_800, -inverter.p_w, "W"),
            same(f"{name} Responses", [1, 2], stage.statuses(actor, held)),
        ]


async def supersede(stage: Stage, step: Step, memory: Memory) -> None:
    """A program of better primacy takes the power factor over: Q changes its sign."""
    actor, old = stage.actors["CS1"], memory.power_factor
    program = stage.utility.add_program(primacy=1)
    stage.utility.assign(actor.device, program)
    held = stage.send(actor, parts.fixed_pf("0.9", absorbing_var=False), program=program)
    memory.better = held
    step.sent = "opModFixedPFInjectW 0.9, excitation false (injects var), primacy 1 over 5"
    await stage.answered(actor, held, 1, 2)
    inverter = actor.station.inverter
    due = reactive_of_power_factor(inverter.p_w, 0.9, absorbing_var=False)
    await reach(actor.station, lambda: abs(inverter.q_var - due) < _VAR, 4)
    if old is not None:
        await stage.answered(actor, old, 1, 2, 7)
        step.checks.append(same("the old one's Responses", [1, 2, 7], stage.statuses(actor, old)))
    step.checks += [
        near("reactive power", due, inverter.q_var, _VAR, "var"),
        same("the new one's Responses", [1, 2], stage.statuses(actor, held)),
    ]


async def cancel(stage: Stage, step: Step, memory: Memory) -> None:
    """The utility takes the event back: no power factor is left (2030.5-2018 knows no resume)."""
    actor, held = stage.actors["CS1"], memory.better
    if held is None:
        return
    stage.utility.cancel(held.mrid)
    step.sent = "EventStatus 2 (cancelled)"
    await stage.answered(actor, held, 1, 2, 6)
    inverter, controls = actor.station.inverter, actor.station.controls
    await reach(actor.station, lambda: abs(inverter.q_var) < _VAR, 4)
    step.checks += [
        same("power factor in force", False, "FixedPFInject" in controls.active),
        near("reactive power", 0, inverter.q_var, _VAR, "var"),
        same("Responses", [1, 2, 6], stage.statuses(actor, held)),
    ]


async def refusal(stage: Stage, step: Step, _memory: Memory) -> None:
    """A curve that OCPP 2.0.1 cannot carry: nothing is sent, the utility is told 252."""
    actor = stage.actors["CS4"]
    before = len(actor.station.frames)
    curve = Curve("opModVoltVar", _CURVE, y_ref_type=2)
    held = stage.send(actor, parts.volt_var(stage.utility.add_curve(actor.program, curve)))
    step.sent = "opModVoltVar to an OCPP 2.0.1 station"
    await stage.answered(actor, held, 1, 252)
    calls = {
        frame[2]
        for way, frame in list(actor.station.frames)[before:]
        if way == IN and isinstance(frame, list) and frame[0] == 2
    }
    step.checks += [
        same("control messages sent", set(), calls & {"SetDERControl", "SetChargingProfile"}),
        same("Responses", [1, 252], stage.statuses(actor, held)),
    ]


async def readings(stage: Stage, step: Step, _memory: Memory) -> None:
    """Meter readings at the utility against what each station measures, sign included."""
    step.sent = "MirrorMeterReadings of W, var, V, Hz every second"
    await asyncio.sleep(2.5)
    for actor in stage.actors.values():
        inverter = actor.station.inverter
        measured = {
            "W": inverter.p_w,
            "var": inverter.q_var,
            "V": inverter.voltage_v,
            "Hz": inverter.frequency_hz,
        }
        for unit, uom in _UOM.items():
            seen = _reading(stage, actor, uom)
            tolerance = max(0.02 * abs(measured[unit]), 20 if unit in {"W", "var"} else 0.5)
            step.checks.append(near(f"{actor.id} {unit}", measured[unit], seen, tolerance, unit))


def _reading(stage: Stage, actor: Actor, uom: int) -> float:
    """Return the newest reading of a kind, + into the grid; no number where there is none."""
    found = [r for r in stage.utility.readings if r.lfdi == actor.identity.lfdi and r.uom == uom]
    if not found:
        return float("nan")
    newest = found[-1]
    return float(newest.value if newest.injected is None else newest.injected)


async def audit(stage: Stage, step: Step, _memory: Memory) -> None:
    """The chain of all decisions, verified as anyone may do offline."""
    await asyncio.sleep(0.3)
    verdict = verify(stage.settings.audit_dir)
    step.checks += [
        same("fault in the chain", None, verdict.fault),
        at_least("records in the chain", 50, verdict.records, "records"),
    ]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One step: its title, whom it is about, what happens."""

    title: str
    station: str
    scene: Scene


STORY = (
    Chapter("connect and register", "all", arrive),
    Chapter("power factor", "CS1", power_factor),
    Chapter("volt-var while the voltage moves", "CS2", volt_var),
    Chapter("frequency droop", "CS1", frequency_droop),
    Chapter("ramp rate by default control", "CS2", ramp_rate),
    Chapter("export limit", "CS2", export_limit),
    Chapter("import limit", "CS3, CS4", import_limit),
    Chapter("better primacy supersedes", "CS1", supersede),
    Chapter("cancel", "CS1", cancel),
    Chapter("a curve for OCPP 2.0.1", "CS4", refusal),
    Chapter("import limit by OpenADR", "CS5", openadr_scenes.limit),
    Chapter("its event is deleted", "CS5", openadr_scenes.release),
    Chapter("meter readings", "all", readings),
    Chapter("audit chain", "gateway", audit),
)

"""Plays the story on its stage, prints each step as it is judged, and sums up at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from gateway.demo.judge import Check
from gateway.demo.report import Step, show_rows, show_step, show_steps
from gateway.demo.stage import Stage, set_up
from gateway.demo.story import STORY, Chapter, Memory
from gateway.simulators.station import IN, Personality, SimulatedStation
from gateway.store.audit import segments
from gateway.store.chain import parts

_CONTROLLING = frozenset(
    {"SetDERControl", "ClearDERControl", "SetChargingProfile", "ClearChargingProfile"}
)


async def play(
    folder: Path,
    console: Console,
    *,
    once: bool,
    story: Sequence[Chapter] = STORY,
    personalities: Mapping[str, Personality] | None = None,
) -> bool:
    """Play the story in `folder`; return whether every judgement held.

    Without `once` everything keeps running after the story until this is cancelled.
    `personalities` lets stations, by id, misbehave.
    """
    clock = asyncio.get_running_loop().time
    begin = clock()
    async with set_up(folder, personalities or {}) as stage:
        memory = Memory()
        for chapter in story:
            step = await _tell(chapter, stage, memory)
            memory.steps.append(step)
            show_step(console, step)
        _sum_up(console, stage, memory.steps)
        right = all(step.holds for step in memory.steps)
        verdict = (
            "[green]every judgement holds[/]" if right else "[bold red]some judgements fail[/]"
        )
        console.print(f"{verdict} · {clock() - begin:.0f} s · audit in {stage.settings.audit_dir}")
        if not once:
            console.print("still running; Ctrl-C ends it")
            await asyncio.Event().wait()
    return right


async def _tell(chapter: Chapter, stage: Stage, memory: Memory) -> Step:
    """Play one step; what does not happen in time is a judgement that fails."""
    clock = asyncio.get_running_loop().time
    step, begin = Step(chapter.title, chapter.station), clock()
    seen = {name: len(_calls(station)) for name, station in stage.stations.items()}
    try:
        await chapter.scene(stage, step, memory)
    except TimeoutError as exc:
        step.checks.append(Check("happened in time", "yes", str(exc), holds=False))
    step.frames = [
        f"{name} {action} {orjson.dumps(payload).decode()}"
        for name, station in stage.stations.items()
        for action, payload in _calls(station)[seen[name] :]
    ]
    step.seconds = clock() - begin
    return step


def _calls(station: SimulatedStation) -> list[tuple[str, dict[str, Any]]]:
    """Return every call that told a station to do or undo something, in order."""
    return [
        (frame[2], frame[3])
        for way, frame in station.frames
        if way == IN and isinstance(frame, list) and frame[0] == 2 and frame[2] in _CONTROLLING
    ]


def _sum_up(console: Console, stage: Stage, steps: list[Step]) -> None:
    show_steps(console, steps)
    rows = []
    for name, station in stage.stations.items():
        answers, readings = _answers(stage, name)
        inverter, core = station.inverter, station.core
        power = f"{inverter.p_w:z.0f} W  {inverter.q_var:z.0f} var"
        rows.append((name, f"OCPP {core.version}", power, answers, readings))
    columns = ("station", "speaks", "measures now", "Responses: status x count", "readings")
    show_rows(console, "Stations", columns, rows)
    show_rows(console, "Losses declared", ("kind", "rule", "times"), _losses(stage))


def _answers(stage: Stage, name: str) -> tuple[str, str]:
    """Return what the utility, or the VTN, was told of a station: answers, number of readings."""
    actor = stage.actors.get(name)
    if actor is None:
        return f"{len(stage.vtn.reports)} report", "none"
    lfdi = actor.identity.lfdi
    answers = Counter(item.status for item in stage.utility.responses if item.lfdi == lfdi)
    told = " ".join(f"{status} x{count}" for status, count in sorted(answers.items()))
    return told or "none", str(sum(item.lfdi == lfdi for item in stage.utility.readings))


def _losses(stage: Stage) -> list[tuple[str, str, str]]:
    """Return the losses of all that was dispatched, as the audit chain has them."""
    found: Counter[tuple[str, str]] = Counter()
    for segment in segments(stage.settings.audit_dir):
        for line in segment.read_bytes().splitlines(keepends=True):
            split = parts(line)
            record = {} if split is None else orjson.loads(split[1])
            if record.get("kind") == "control.dispatched":
                found.update((loss["kind"], loss["rule"]) for loss in record["details"]["losses"])
    return [(kind, rule, str(count)) for (kind, rule), count in sorted(found.items())]

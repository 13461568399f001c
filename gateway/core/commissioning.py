"""Commissioning: a station is asked for a little, and its meter shows whether signs and phases are plausible.

    ordered ─> step 1: control out ─ settle ─ measure ─> judged ─> step 2 ─ … ─> passed: the hold ends
    station on hold                                        └─> failed, or nothing to judge by: it stays

Each step is a command that the site itself gives, by the same rules and with the same guard as a utility's.
Meanwhile the station is on hold: events are taken back, its utilities see an opt-out, and defaults stay. A
station that has to pass before it follows anybody is on hold until then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from gateway.core import participation
from gateway.core.effects import Persist, Table
from gateway.core.events import CommandReceived, CommandWithdrawn, Withdrawal
from gateway.core.intake import receive, withdraw
from gateway.core.ledger import EntryState
from gateway.core.lifecycle import State
from gateway.core.orders import CommissioningOrdered, HoldChanged
from gateway.core.records import CommandRecord
from gateway.core.shown import ordered
from gateway.core.station import COMMISSIONING, SITE, StationState
from gateway.core.trial import Result, Step, Trial, Verdict, judge, steps
from gateway.core.world import Hold, Turn, World
from translators.canonical.commands import (
    DerCommand,
    Interval,
    Origin,
    Protocol,
    Revision,
    Target,
)
from translators.canonical.telemetry import Sample

_KEY = "commissioned/"
_SOON = timedelta(milliseconds=200)
_MARGIN = timedelta(seconds=10)
"""How long a step outlasts its measurement where the gateway does not take it back."""
_SHARE = Fraction(1, 5)
"""What is asked for where nobody says: of the rating."""


def begin(turn: Turn, event: CommissioningOrdered) -> Collection[str]:
    """Begin a trial, or say in the audit why not; return the station where it begins."""
    state = turn.world.stations.get(event.station)
    problem = f"no station {event.station}" if state is None else obstacle(turn.world, state)
    if state is None or problem:
        turn.audit("commissioning.refused", event.actor, event.station, problem=problem)
        return ()
    reason = f"commissioning: {event.reason}"
    before = turn.world.holds.get(state.id) is not None
    participation.held(turn, HoldChanged(True, reason, event.actor, release=True, station=state.id))
    watts, var = _amounts(state, event.watts)
    name = f"commissioning-{turn.now.utc:%Y%m%dT%H%M%S}"
    state.trial = Trial(
        name,
        steps(watts, var),
        event.actor,
        _now(turn),
        event.settle,
        event.measure,
        held_before=before,
    )
    turn.audit("commissioning.begun", event.actor, state.id, watts=str(watts), var=str(var))
    _ask(turn, state, state.trial, state.trial.steps[0])
    return (state.id,)


def obstacle(world: World, state: StationState) -> str:
    """Return why a trial cannot begin at a station, nothing where it can."""
    if not (state.connected and state.ready) or state.profile is None:
        return f"{state.id} is not connected and read"
    if state.trial is not None and state.trial.step is not None:
        return f"{state.id} is being commissioned"
    if world.hold is not None:
        return "all dispatch is on hold"
    if world.drain is not None:
        return "the gateway is stopping"
    running = [r.key for r in world.records[state.id].values() if _runs(r)]
    if running:
        return f"{', '.join(sorted(running))} is in force: decline it first"
    return ""


def _runs(record: CommandRecord) -> bool:
    own = record.utility.startswith(SITE)
    return record.state is State.ACTIVE and not (own or record.declined)


def _amounts(state: StationState, watts: Fraction | None) -> tuple[Fraction, Fraction]:
    """Return the W and var of a trial: as asked, or a part of the smallest ratings."""
    ratings = [evse.ratings for evse in state.profile.evses] if state.profile else []
    active = [r for one in ratings if (r := one.max_charge_rate_w or one.max_w) is not None]
    reactive = [one.max_var for one in ratings if one.max_var is not None]
    most = min(active, default=Fraction(5000))
    asked = most * _SHARE if watts is None else min(watts, most)
    return asked, min(reactive, default=most) * _SHARE


def take(turn: Turn, state: StationState, samples: tuple[Sample, ...]) -> None:
    """Keep what meters show of the step under way, once it had its time."""
    trial = state.trial
    if trial is not None and trial.step is not None and _now(turn) >= trial.settled:
        trial.seen.extend(samples)


def proceed(turn: Turn, state: StationState) -> None:
    """Judge the step under way where it is over, then begin the next, or end the trial."""
    trial = state.trial
    if trial is None or trial.step is None:
        return
    result = _result(turn, state, trial, trial.step)
    if result is None:
        return
    turn.audit("commissioning.step", "gateway", state.id, **told(result))
    withdraw(turn, CommandWithdrawn(COMMISSIONING, state.id, trial.mrid, Withdrawal.CANCELLED))
    following = trial.after(result, left=not state.connected)
    if following is not None:
        _ask(turn, state, trial, following)
    else:
        _end(turn, state, trial)


def due(turn: Turn, state: StationState) -> datetime | None:
    """Return when a trial goes on by itself (UTC)."""
    trial = state.trial
    if trial is None or trial.step is None:
        return None
    if turn.world.records[state.id][_key(state, trial)].refused:
        return turn.now.utc + _SOON
    return turn.now.utc + (trial.end - _now(turn))


def _now(turn: Turn) -> datetime:
    """Return the time of trials: no step of our clock makes one shorter or longer."""
    return turn.utility_now(COMMISSIONING)


def _result(turn: Turn, state: StationState, trial: Trial, step: Step) -> Result | None:
    """Return how the step under way ended, None while it goes on."""
    if not state.connected:
        return Result(step, Verdict.NOT_JUDGED, "the station left")
    record = turn.world.records[state.id][_key(state, trial)]
    if record.refused:
        words = ", ".join(f"{function}: {outcome.value}" for function, outcome in record.refused)
        return Result(step, Verdict.NOT_JUDGED, words)
    if _now(turn) < trial.end:
        return None
    entries = state.ledger.of_command(record.key)
    held = [entry.desired.payload for entry in entries if entry.state is EntryState.HELD]
    if not held:
        return Result(step, Verdict.NOT_JUDGED, "the station was told nothing of it")
    if not any(ordered(payload, "setpoint") is not None for payload in held):
        step = replace(step, at_most=step.watts is not None)  # what was told as a limit is none
    return judge(step, trial.seen)


def _key(state: StationState, trial: Trial) -> str:
    return f"{COMMISSIONING}/{state.id}/{trial.mrid}"


def _ask(turn: Turn, state: StationState, trial: Trial, step: Step) -> None:
    """Give the command of the step under way; it is taken back when it was measured."""
    now = trial.begun = _now(turn)
    command = DerCommand(
        mrid=trial.mrid,
        origin=Origin(COMMISSIONING, Protocol.SITE, Revision.SITE),
        target=Target(state.id),
        controls=step.controls,
        primacy=0,
        created=now,
        server_time=now,
        interval=Interval(now, trial.end + _MARGIN),
        description=step.name,
    )
    receive(turn, CommandReceived(command))


def _end(turn: Turn, state: StationState, trial: Trial) -> None:
    """Let the station follow its utilities again where it passed; else it stays on hold."""
    verdict = trial.verdict or Verdict.NOT_JUDGED
    document = report(trial) | {"verdict": verdict.value, "at": turn.now.utc.isoformat()}
    turn.world.commissioned[state.id] = document
    turn.emit(Persist(Table.SITE, f"{_KEY}{state.id}", document))
    turn.audit("commissioning.ended", trial.actor, state.id, verdict=verdict.value)
    stays = verdict is Verdict.FAILED or (verdict is Verdict.NOT_JUDGED and trial.held_before)
    reason = f"commissioning {verdict.value.replace('_', ' ')}"
    participation.held(
        turn, HoldChanged(stays, reason, trial.actor, release=True, station=state.id)
    )


def report(trial: Trial) -> dict[str, Any]:
    """Return what a trial showed so far, as JSON."""
    verdict = trial.verdict
    return {
        "verdict": None if verdict is None else verdict.value,
        "actor": trial.actor,
        "under_way": None if trial.step is None else trial.step.name,
        "steps": [told(result) for result in trial.results],
    }


def told(result: Result) -> dict[str, Any]:
    """Return one result as JSON; amounts in W and var."""
    step = result.step
    return {
        "step": step.name,
        "verdict": result.verdict.value,
        "reason": result.reason,
        "asked_w": None if step.watts is None else str(round(step.watts)),
        "asked_var": None if step.var is None else str(round(step.var)),
        "measured": {name: str(value) for name, value in result.measured},
    }


def continue_from(world: World, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Know what earlier trials showed; who has to pass and did not is on hold."""
    for key, document in documents.items():
        if key.startswith(_KEY):
            world.commissioned[key.removeprefix(_KEY)] = dict(document)
    for state in world.stations.values():
        passed = world.commissioned.get(state.id, {}).get("verdict") == Verdict.PASSED
        if state.rules.must_pass and not passed:
            hold = Hold(release=True, reason="not commissioned", actor="settings")
            world.holds.setdefault(state.id, hold)

"""Settling one station: what time has done, what it should hold, what to send, whom to tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from gateway.core import measuring
from gateway.core.acting import act, read_back
from gateway.core.agenda import Line
from gateway.core.baseline import due as due_baseline
from gateway.core.baseline import freeze
from gateway.core.charging import compare
from gateway.core.commissioning import due as due_trial
from gateway.core.commissioning import proceed
from gateway.core.dispatch import Scene
from gateway.core.effects import WakeAt
from gateway.core.ledger import SWEEP, Desired, Entry, Evidence, holds
from gateway.core.lifecycle import State, Trigger
from gateway.core.losing import aside, lose, overrule
from gateway.core.proving import next_probe, unshown
from gateway.core.records import CommandRecord, forgettable
from gateway.core.renewing import due
from gateway.core.responses import advance
from gateway.core.rolling import put_off_at
from gateway.core.site_views import followed_untold, secured
from gateway.core.station import StationState
from gateway.core.wanted import Wanted
from gateway.core.world import Turn
from translators.canonical.capability import Situation, StationProfile
from translators.canonical.swift import changed
from translators.ocpp.inverse.messages import told
from translators.rules.trace import Refusal

_BASELINES = frozenset({"baseline_w", "baseline_var"})


def settle(turn: Turn, state: StationState) -> None:
    """Bring one station as far as it can go now, and ask to be woken."""
    proceed(turn, state)
    close_ended(turn, state.id)
    if state.connected and not state.ready and not state.reading:
        read_back(turn, state)
    if state.profile is not None:
        freeze(turn, state)
        _pursue(turn, state, state.profile)
    compare(turn, state)
    _release(turn, state)
    forget(turn, state.id)
    measuring.show(turn, state)
    _wake(turn, state)


def _pursue(turn: Turn, state: StationState, profile: StationProfile) -> None:
    """Bring the station to what its utilities want; not while no clock of theirs is known."""
    lines = turn.lines(state)
    if lines:
        found = want(turn, state, profile, lines)
        _adopt(turn, state, found)
        _advance(turn, state, found)
        act(turn, state, found)
        state.secured = secured(state, found, turn.now.utc)


def close_ended(turn: Turn, name: str) -> None:
    """End what is over of a station or site."""
    for record in turn.records(name):
        planned = record.planned
        if planned is not None and planned.end is not None and planned.end <= turn.time_of(record):
            ignored = record.state is State.ACTIVE and record.ignored
            advance(turn, record, Trigger.IGNORED if ignored else Trigger.ENDED)


def cut_short(turn: Turn, name: str, moved: Collection[str]) -> None:
    """Let what is over take no time from now on: by clocks that were wrong till now its end had come."""
    for record in tuple(turn.world.records[name].values()):
        interval, unow = record.interval, turn.time_of(record)
        if record.utility not in moved or interval is None or interval.end is None:
            continue
        if record.over and record.functions and interval.end > unow:
            turn.keep(changed(record, withdraw_at=unow))


def want(
    turn: Turn, state: StationState, profile: StationProfile, lines: tuple[Line, ...]
) -> Wanted:
    """Return what the station should hold; a refused command frees its functions."""
    situation, apart = _situation(turn, state, profile), frozenset(state.rules.utilities[1:])
    scene = Scene(profile, situation, turn.world.translator, turn.now.utc, apart)
    found = turn.world.plans.wanted(lines, scene)
    while _refuse(turn, state, found):
        found = turn.world.plans.wanted(turn.lines(state), scene)
    return found


def _situation(turn: Turn, state: StationState, profile: StationProfile) -> Situation:
    """Return what a translation needs, with the station's own defaults in canonical words."""
    situation, book = state.situation(turn.now.utc), turn.world.translator.book
    read = [told(book, "SetDERControl", body, profile, situation) for body in state.own.values()]
    own = tuple(control for found in read for one in found.value for control in one.controls)
    return changed(situation, reported=own) if own else situation


def _refuse(turn: Turn, state: StationState, found: Wanted) -> bool:
    """Record refusals of the translation; say whether anything was new."""
    new = False
    for key, refusals in found.refusals.items():
        record = turn.world.records[state.id][key]
        final = tuple(r for r in refusals if not _may_pass(turn, r, record, state))
        refused = record.refuse(final)
        if refused != record:
            new = True
            turn.audit("command.refused", "gateway", key, refusals=[asdict(r) for r in final])
            turn.keep(refused)
    return new


def _may_pass(turn: Turn, refusal: Refusal, record: CommandRecord, state: StationState) -> bool:
    """Say whether what is missing may yet come: a car or a baseline until the start, its own defaults."""
    if refusal.function == "EnterService" and not state.ready:
        return True
    interval = record.interval
    if interval is None or turn.time_of(record) >= interval.start:
        return False
    return refusal.where == "transaction" or (
        refusal.where in _BASELINES and record.baseline is None
    )


def _adopt(turn: Turn, state: StationState, found: Wanted) -> None:
    """Let what is held serve all that it is wanted for by now, where nothing has to be sent for it."""
    for entry in turn.entries(state):
        desired, held = found.desired.get(entry.desired.id), entry.desired
        if desired is None or _purpose(desired) == _purpose(held):
            continue
        if holds(entry, desired):
            functions, start, end = _purpose(desired)
            told = changed(held, functions=functions, start=start, end=end)
            turn.put(state, changed(entry, desired=told))


def _purpose(desired: Desired) -> tuple[tuple[str, ...], datetime | None, datetime | None]:
    """Return what a control serves and when: a Dynamic profile tells neither."""
    return desired.functions, desired.start, desired.end


def _advance(turn: Turn, state: StationState, found: Wanted) -> None:
    """Let each event start, lose, or be refused, as evidence and arbitration say."""
    for record in turn.records(state.id):
        if record.utility not in found.utilities:
            continue
        if record.refused and not record.command.is_default:
            record = advance(turn, record, Trigger.REFUSED)  # noqa: PLW2901 - the record moves on
        interval = record.interval
        if interval is None or record.state is State.CANCELLING or turn.barred(record):
            continue
        begun = interval.start <= turn.time_of(record)
        if begun:
            record = lose(turn, record, found)  # noqa: PLW2901 - the record moves on
        if record.state is State.SCHEDULED and begun:
            due = record.functions - aside(found, record, turn.now.utc)
            if due and due <= _served(state, record, found):
                advance(turn, record, Trigger.STARTED)
    overrule(turn, state.id, found, lambda record: _served(state, record, found))


def _served(state: StationState, record: CommandRecord, found: Wanted) -> frozenset[str]:
    """Return the functions of a command that the station is known to follow by now."""
    return followed_untold(state, record.key, found) | _started(state, record, found)


def _started(state: StationState, record: CommandRecord, found: Wanted) -> frozenset[str]:
    """Return the functions of a command that the station showed to have started.

    A limit that another command's control carries has started once that control runs as wanted now.
    """
    entries = state.ledger.entries
    own = [e for e in state.ledger.of_command(record.key) if e.evidence is not Evidence.NONE]
    carried = [
        function
        for control_id, others in found.carried.items()
        for key, function in others
        if key == record.key and _runs_as_wanted(entries.get(control_id), found.desired[control_id])
    ]
    return frozenset(carried) | {name for entry in own for name in entry.desired.functions}


def _runs_as_wanted(entry: Entry | None, wanted: Desired) -> bool:
    return entry is not None and entry.evidence is Evidence.STARTED and holds(entry, wanted)


def _release(turn: Turn, state: StationState) -> None:
    """Finish withdrawals that the station has confirmed, or that it never knew of."""
    for record in turn.records(state.id):
        due = record.withdraw_at is not None and record.withdraw_at <= turn.time_of(record)
        if record.state is not State.CANCELLING or not due:
            continue
        if not any(entry.may_be_held for entry in state.ledger.of_command(record.key)):
            advance(turn, record, Trigger.CLEARED)


def forget(turn: Turn, name: str) -> None:
    """Let go of commands that were over long ago, and of defaults that are over."""
    for record in tuple(turn.world.records[name].values()):
        if record.over and (record.command.is_default or forgettable(record, turn.time_of(record))):
            turn.forget(record)


def _wake(turn: Turn, state: StationState) -> None:
    """Ask for a tick at the next instant that changes something here."""
    now = turn.now.utc
    ahead: list[datetime] = []
    for record in turn.records(state.id):
        instants, unow = [due_baseline(record)], turn.time_of(record)
        for interval in filter(None, (record.interval, record.planned)):
            end = interval.end or put_off_at(interval, record.command.controls, unow)
            instants += [interval.start, end]
        ahead += [now + (instant - unow) for instant in instants if instant is not None]
    ahead += [
        next_probe(state, entry, now)
        for entry in state.ledger.entries.values()
        if unshown(state, entry, now)
    ]
    if state.ready:
        ahead += filter(None, (due(state, entry, now) for entry in state.ledger.entries.values()))
    ahead += [
        entry.desired.end + SWEEP
        for entry in state.ledger.entries.values()
        if entry.desired.end is not None
    ]
    if (trial := due_trial(turn, state)) is not None:
        ahead.append(trial)
    state.wake_at = min((instant for instant in ahead if instant > now), default=None)
    if state.wake_at is not None:
        turn.world.wakes.ask(state.id, state.wake_at)
        turn.emit(WakeAt(state.wake_at))

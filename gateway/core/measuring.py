"""Measurements and alarms on their way up, and whether stations follow what they accepted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

from gateway.core.effects import PostSamples, ReportStation
from gateway.core.following import Bound, expected, together
from gateway.core.ledger import Entry, EntryState, Evidence
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.controls import DerControl, function_of
from translators.canonical.telemetry import Alarm, Phase, Quality, Sample

_SETTLING = timedelta(seconds=2)
"""Beyond the response time: how long after its start a control is not judged yet."""


def sampled(turn: Turn, state: StationState, samples: tuple[Sample, ...]) -> None:
    """Pass samples on to the station's utility, and judge what is in force by them."""
    for sample in samples:
        slot = (sample.kind, sample.phase)
        known = state.latest.get(slot)
        if known is None or known.at <= sample.at:
            state.latest[slot] = sample
    turn.emit(PostSamples(state.rules.utility, state.id, samples))
    if samples:
        _judge(turn, state, max(sample.at for sample in samples))


def _judge(turn: Turn, state: StationState, at: datetime) -> None:
    measured = {
        kind: sample.value
        for (kind, phase), sample in state.latest.items()
        if phase is Phase.ALL and sample.quality is Quality.GOOD
    }
    judged = []
    for entry, control in _in_force(turn, state, at):
        bound = None if state.profile is None else expected(control, state.profile, measured)
        if bound is not None:
            judged.append((entry, function_of(control), bound))
    bounds = together([bound for _, _, bound in judged])
    for (entry, function, _), bound in zip(judged, bounds, strict=True):
        _judged(turn, state, entry, function, bound)


def _in_force(turn: Turn, state: StationState, at: datetime) -> Iterator[tuple[Entry, DerControl]]:
    """Yield the controls that the station holds and started long enough ago to have settled."""
    for entry in state.ledger.entries.values():
        record = turn.world.records[state.id].get(entry.desired.command)
        if record is None or entry.state is not EntryState.HELD:
            continue
        if not _runs(state, entry):
            continue
        for control in record.controls:
            serves = function_of(control) in entry.desired.functions
            if serves and _settled(entry, control, at):
                yield entry, control


def _runs(state: StationState, entry: Entry) -> bool:
    """Say whether a control runs: an event by its evidence, a default while no event of its kind."""
    if not entry.desired.is_default:
        return entry.evidence is Evidence.STARTED
    return not any(
        other.evidence is Evidence.STARTED
        for other in state.ledger.entries.values()
        if set(other.desired.functions) & set(entry.desired.functions)
    )


def _settled(entry: Entry, control: DerControl, at: datetime) -> bool:
    response: Fraction | None = getattr(control, "response_time", None)
    settling = _SETTLING + timedelta(seconds=float(response or 0))
    return entry.desired.start is None or at >= entry.desired.start + settling


def _judged(turn: Turn, state: StationState, entry: Entry, function: str, bound: Bound) -> None:
    before = state.watch.not_following(function)
    state.watch = state.watch.judged(function, bound)
    after = state.watch.not_following(function)
    if before is not after:
        turn.audit(
            "control.not_followed" if after else "control.followed_again",
            state.id,
            entry.desired.id,
            function=function,
            measured=str(bound.measured),
            low=str(bound.low),
            high=str(bound.high),
        )


def alarmed(turn: Turn, state: StationState, alarm: Alarm) -> None:
    """Remember an alarm or its end, and tell the utility's DERStatus."""
    turn.audit(
        "station.alarm",
        state.id,
        alarm.control_type,
        fault=alarm.fault and alarm.fault.value,
        ended=alarm.ended,
        at=alarm.at.isoformat(),
        text=alarm.text,
    )
    if alarm.fault is None:
        return
    faults = {alarm.fault}
    state.alarms = state.alarms - faults if alarm.ended else state.alarms | faults
    report(turn, state)


def report(turn: Turn, state: StationState) -> None:
    """Tell the utility what the station is now."""
    turn.emit(
        ReportStation(
            utility=state.rules.utility,
            station=state.id,
            profile=state.profile,
            connected=state.connected,
            alarms=state.alarms,
            at=turn.utility_now(state.rules.utility),
        )
    )

"""What is in force at a station, as its ledger and its own reports say: controls, gradients, delays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.core.following import LATENCY_S
from gateway.core.ledger import SWEEP, Entry, EntryState, Evidence
from gateway.core.records import CommandRecord
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.capability import Dialect
from translators.canonical.controls import DerControl, function_of
from translators.units import Kind

_UNDER_WAY = frozenset({EntryState.SETTING, EntryState.CLEARING, EntryState.UNKNOWN})
_REACTIVE = frozenset(
    {"FixedPowerFactor", "FixedVar", "VoltVar", "WattVar", "WattPowerFactor"}
    | {"ReactiveSetpoint", "RelativeReactiveSetpoint"}
)
_AWAY_S = 300.0
"""How long a station may stay off after the grid was abnormal, where no EnterService says."""


@dataclass(frozen=True, slots=True)
class Force:
    """One control that the station runs, and since when (seconds of our own clock)."""

    entry: Entry
    record: CommandRecord
    control: DerControl
    begun: float

    @property
    def function(self) -> str:
        """Return what it competes for."""
        return function_of(self.control)


def in_force(turn: Turn, state: StationState, at: float) -> Iterator[Force]:
    """Yield the controls that the station holds and runs at an instant."""
    for entry in state.ledger.entries.values():
        desired = entry.desired
        record = turn.world.records[state.id].get(desired.command)
        if record is None or entry.state is not EntryState.HELD or not _runs(state, entry):
            continue
        if desired.end is not None and desired.end.timestamp() <= at:
            continue
        started = 0.0 if desired.start is None else desired.start.timestamp()
        begun = max(started, state.watch.since.get(desired.id, 0.0), state.watch.disturbed)
        begun += float(record.command.ramp_time or 0)
        for control in record.controls:
            if function_of(control) in desired.functions:
                yield Force(entry, record, control, begun)


def unsettled(state: StationState, at: float) -> frozenset[Kind]:
    """Return the quantities that a control may rule at an instant of which that is not known yet.

    It is being set or taken back, it has just begun, or it is due and its start may be told late.
    """
    found = set()
    for entry in state.ledger.entries.values():
        begun = state.watch.since.get(entry.desired.id, 0.0) + LATENCY_S
        if entry.state in _UNDER_WAY or at <= begun or _due(entry, at):
            found |= {_kind(function) for function in entry.desired.functions}
    return frozenset(found)


def _due(entry: Entry, at: float) -> bool:
    start = entry.desired.start
    if start is None or entry.state is not EntryState.HELD or entry.evidence is not Evidence.NONE:
        return False
    return -LATENCY_S <= at - start.timestamp() <= SWEEP.total_seconds()


def _kind(function: str) -> Kind:
    return Kind.REACTIVE if function.partition(".")[0] in _REACTIVE else Kind.POWER


def _runs(state: StationState, entry: Entry) -> bool:
    """Say whether a control runs: an event by its evidence, a default while no event of its kind."""
    if not entry.desired.is_default:
        return entry.evidence is Evidence.STARTED
    return not any(
        other.evidence is Evidence.STARTED and not other.desired.is_default
        for other in state.ledger.entries.values()
        if set(other.desired.functions) & set(entry.desired.functions)
    )


def _bodies(state: StationState, slot: str) -> Iterator[Mapping[str, Any]]:
    """Yield the bodies of a default control that the station may follow: ours, or one of its own."""
    for entry in state.ledger.entries.values():
        if slot in entry.desired.payload and entry.may_be_held:
            yield entry.desired.payload[slot]
    for payload in state.own.values():
        if slot in payload:
            yield payload[slot]


def gradient(state: StationState, *, soft: bool) -> float | None:
    """Return the slowest rate at which P may move, in per cent of MaxW a second; None: at once.

    `soft` counts what holds after a return to service, too.
    """
    dialect = Dialect() if state.profile is None else state.profile.dialect
    rates = []
    for body in _bodies(state, "gradient"):
        given = [body["gradient"], *([body["softGradient"]] if soft else [])]
        timed = dialect.gradient == "seconds_full_scale"
        rates += [100 / value if timed else float(value) for value in given if value]
    for body in _bodies(state, "enterService") if soft else ():
        ramp, timed = body.get("rampRate"), dialect.enter_service_ramp == "seconds"
        rates += [100 / ramp if timed else float(ramp)] if ramp else []
    return min(rates, default=None)


def away_s(state: StationState) -> float:
    """Return how long a station may stay off after the grid was abnormal, in seconds."""
    told = [
        body.get("delay", 0) + body.get("randomDelay", 0) for body in _bodies(state, "enterService")
    ]
    return max(told, default=_AWAY_S)

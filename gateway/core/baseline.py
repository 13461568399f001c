"""What flowed when a command began: measured once, frozen, kept with the command.

A change against what flows, and the ramp to a setpoint, need it. It is taken a moment before the
command's start, so that the station has its profile in time. A value that nobody measured, or that is
too old, is never guessed: what needs it is refused, or declared lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

from gateway.core.meters import STATION, Value
from gateway.core.records import Baseline, CommandRecord
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.controls import (
    ActiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
    StorageTarget,
)
from translators.units import Kind

LEAD = timedelta(seconds=2)
"""How long before a command's start its baseline is taken."""
FRESH = timedelta(seconds=60)
"""Older values tell nothing of now."""
_RELATIVE = (RelativeActiveSetpoint, RelativeReactiveSetpoint)
_RAMPED = (ActiveSetpoint, StorageTarget)


def freeze(turn: Turn, state: StationState) -> None:
    """Take the baseline of each command that needs one and is about to begin; once, whatever it is."""
    for record in turn.records(state.id):
        at = due(record)
        if at is not None and _reached(turn, record, at):
            watts, var = (_fresh(turn, state, kind) for kind in (Kind.POWER, Kind.REACTIVE))
            turn.keep(replace(record, baseline=Baseline(watts, var)))
            turn.audit("baseline.frozen", "gateway", record.key, watts=_text(watts), var=_text(var))


def _reached(turn: Turn, record: CommandRecord, at: datetime) -> bool:
    """Say whether an instant of the utility's time has come; never while its clock is unknown."""
    return turn.offset(record.utility) is not None and at <= turn.time_of(record)


def due(record: CommandRecord) -> datetime | None:
    """Return when the baseline of a command is to be taken (utility time); None where none is, or was."""
    interval = record.interval
    if interval is None or record.baseline is not None or record.over:
        return None
    ramped = record.command.ramp_time is not None
    needs = _RELATIVE + (_RAMPED if ramped else ())
    return interval.start - LEAD if any(isinstance(c, needs) for c in record.controls) else None


def _fresh(turn: Turn, state: StationState, kind: Kind) -> Fraction | None:
    """Return the newest value of a kind, None where there is none or it is too old."""
    now = turn.now.utc.timestamp()
    for value in _values(state, kind):
        if abs(now - value.at) <= FRESH.total_seconds():
            return value.sample.value
    return None


def _values(state: StationState, kind: Kind) -> Iterator[Value]:
    """Yield what may be the value: of the EVSE of the one running transaction, else of the station."""
    places = [transaction.evse_id for transaction in state.transactions]
    for place in (*(places if len(places) == 1 else ()), STATION):
        value = state.meters.places.get(place, {}).get(kind)
        if value is not None:
            yield value


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)

"""Profiles that lapse unless they are renewed (K28): what an update says, and when one is due.

A site that asks for a watchdog gets running setpoints as Dynamic profiles. New numbers go out as
UpdateDynamicSchedule; without new ones the same numbers go out once half of the time is over. When
a profile was last renewed is known for one connection only: after a new one it is renewed at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from gateway.core.ledger import Desired, Entry, EntryState
from gateway.core.station import StationState
from translators.ocpp import live

UPDATE = "UpdateDynamicSchedule"
_SET = "SetChargingProfile"

type Call = tuple[str, dict[str, Any]]


def call_for(state: StationState, known: Entry | None, wanted: Desired) -> Call:
    """Return the CALL by which a station comes to hold what is wanted: an update where that is enough."""
    whole = wanted.action, dict(wanted.payload)
    if known is None or known.state is not EntryState.HELD or state.static:
        return whole
    if wanted.action != _SET or known.desired.action != _SET:
        return whole
    update = live.update(dict(known.desired.payload), dict(wanted.payload))
    return whole if update is None else (UPDATE, update)


def renewal(state: StationState, entry: Entry) -> Call:
    """Return the CALL that lets a profile live on which would lapse (`due`)."""
    payload = dict(entry.desired.payload)
    return (entry.desired.action, payload) if state.static else (UPDATE, live.renewal(payload))


def due(state: StationState, entry: Entry, now: datetime) -> datetime | None:
    """Return when a held profile is to be renewed; None where it outlives its command."""
    lapses = live.lapse(entry.desired.payload) if entry.desired.action == _SET else None
    if lapses is None or entry.state is not EntryState.HELD:
        return None
    since = state.renewed.get(entry.desired.id)
    if since is None:
        return now
    span, end = timedelta(seconds=lapses), entry.desired.end
    return None if end is not None and since + span >= end else since + span / 2

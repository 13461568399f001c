"""What stations say of charging besides what they were told: pulls, limits of others, drivers' priority.

A limit that somebody else gave a station (an energy manager in the house, say) is kept in mind and
set against what we asked for; where it leaves less, that is told once, and once more when it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from typing import Any, assert_never

from gateway.core.events import (
    LimitCleared,
    LimitNoticed,
    PriorityNoticed,
    SchedulePulled,
    StationReplied,
)
from gateway.core.ledger import Entry, EntryState, Evidence
from gateway.core.station import Purpose, StationState
from gateway.core.world import Turn
from translators.ocpp.foreign import ForeignLimit, Rate, in_watts

_MOST_LIMITS = 32
"""Of one station; the oldest is forgotten first."""

type ChargingEvent = SchedulePulled | LimitNoticed | LimitCleared | PriorityNoticed


def heard(turn: Turn, state: StationState, event: ChargingEvent) -> None:
    """Take in what a station says of charging."""
    match event:
        case SchedulePulled(profile=number):
            turn.audit("schedule.pulled", state.id, str(number))
            if str(number) in state.ledger.entries:
                state.renewed[str(number)] = turn.now.utc
        case LimitNoticed(limit=limit):
            state.limits.pop((limit.source, limit.evse), None)
            state.limits[limit.source, limit.evse] = limit
            if len(state.limits) > _MOST_LIMITS:
                del state.limits[next(iter(state.limits))]
            rates = [asdict(rate) | {"value": float(rate.value)} for rate in limit.rates]
            turn.audit("limit.foreign", state.id, limit.source, **{**asdict(limit), "rates": rates})
        case LimitCleared(source=source, evse=evse):
            for key in [k for k in state.limits if k[0] == source and evse in {None, k[1]}]:
                del state.limits[key]
            turn.audit("limit.cleared", state.id, source, evse=evse)
        case PriorityNoticed():
            _priority(turn, state, event)
        case _:
            assert_never(event)


def _priority(turn: Turn, state: StationState, event: PriorityNoticed) -> None:
    """A driver's priority charging stands above a TxProfile (K21): told, and ended where policy says."""
    number = event.transaction_id
    turn.audit("priority.charging", state.id, number, activated=event.activated)
    ours = [e for e in _running(state) if _profile(e).get("transactionId") == number]
    if not (event.activated and ours):
        return
    for entry in ours:
        turn.audit("control.overridden", state.id, entry.desired.id, by="priority charging")
    if state.rules.policy.get("priority_charging") == "end":
        turn.audit("priority.ending", "gateway", number, station=state.id)
        payload = {"transactionId": number, "activate": False}
        turn.call(state, number, Purpose.PRIORITY, "UsePriorityCharging", payload)


def priority_replied(turn: Turn, state: StationState, number: str, event: StationReplied) -> None:
    """A station said whether it ended priority charging; its NotifyPriorityCharging would follow."""
    turn.audit("priority.answered", state.id, number, status=event.status, reason=event.reason)


def compare(turn: Turn, state: StationState) -> None:
    """Tell which limits of others leave less than what runs was asked for, each once."""
    if not (state.limits or state.bound):
        return
    before, state.bound = state.bound, frozenset(_binding(state))
    for source, control_id in sorted(state.bound - before):
        turn.audit("limit.binds", state.id, control_id, source=source)
    for source, control_id in sorted(before - state.bound):
        turn.audit("limit.binds_no_more", state.id, control_id, source=source)


def _binding(state: StationState) -> Iterator[tuple[str, str]]:
    """Yield the sources of limits with the controls of ours that they leave less than was asked for."""
    for limit in state.limits.values():
        most = _left(state, limit)
        for entry in _running(state):
            wanted, evse = _asked(state, entry), entry.desired.payload["evseId"]
            apart = limit.evse is not None and evse not in {0, limit.evse}
            if most is not None and wanted is not None and most < wanted and not apart:
                yield limit.source, entry.desired.id


def _left(state: StationState, limit: ForeignLimit) -> Fraction | None:
    """Return what a limit of somebody else leaves, in watts; None where it cannot be told."""
    evses = () if state.profile is None else state.profile.evses
    found = tuple(e for e in evses if limit.evse in {None, e.id})
    left = [watts for rate in limit.rates if (watts := in_watts(rate, found)) is not None]
    return min(left, default=None)


def _asked(state: StationState, entry: Entry) -> Fraction | None:
    """Return the charge that a profile of ours asks for or allows, in watts; None where it has none."""
    (schedule,) = _profile(entry)["chargingSchedule"]
    period = schedule["chargingSchedulePeriod"][-1]
    rate = period.get("limit", period.get("setpoint"))
    if rate is None or rate <= 0 or state.profile is None:
        return None
    number, unit = entry.desired.payload["evseId"], schedule["chargingRateUnit"]
    found = tuple(e for e in state.profile.evses if number in {0, e.id})
    return in_watts(Rate(Fraction(str(rate)), unit, period.get("numberPhases")), found)


def _running(state: StationState) -> Iterator[Entry]:
    """Yield the profiles of ours that the station has shown to be in force."""
    for entry in state.ledger.entries.values():
        held = entry.state is EntryState.HELD and entry.evidence is Evidence.STARTED
        if held and entry.desired.action == "SetChargingProfile":
            yield entry


def _profile(entry: Entry) -> dict[str, Any]:
    profile: dict[str, Any] = entry.desired.payload["chargingProfile"]
    return profile

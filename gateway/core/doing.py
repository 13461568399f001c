"""What a station or site does, for utilities that are told of states: sessions, setpoint, what limits it."""

from __future__ import annotations

from fractions import Fraction

from gateway.core.effects import Doing
from gateway.core.forces import in_force
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord
from gateway.core.site_state import SiteState
from gateway.core.slots import Slot, slot_of
from gateway.core.station import StationState
from gateway.core.world import Turn
from translators.canonical.capability import StationProfile
from translators.canonical.controls import DerControl, PowerLimit
from translators.units import Kind

_LIVE = frozenset({State.SCHEDULED, State.ACTIVE})


def doing(turn: Turn, state: StationState, utility: str) -> Doing:
    """Return what a station does; somebody opted out where it declines an event of this utility, or all."""
    running = state.situation(turn.now.utc).transactions
    setpoints = [it.running_setpoint_w for it in running if it.running_setpoint_w is not None]
    setpoint = sum(setpoints, Fraction(0)) if setpoints else None
    at = turn.now.utc.timestamp()
    held = any(_holds_back(force.control, state.profile) for force in in_force(turn, state, at))
    return Doing(
        sessions=frozenset(it.evse_id for it in running),
        opted_out=_opted_out(turn, state.id, utility),
        curtailed=held or _below(setpoint, state.profile),
        setpoint=setpoint,
    )


def site_doing(turn: Turn, site: SiteState, utility: str) -> Doing:
    """Return what a site does: its sessions are those of its stations, and no single one."""
    records = turn.records(site.id)
    held = any(_limits(record) for record in records if record.state is State.ACTIVE)
    return Doing(None, _opted_out(turn, site.id, utility), held)


def _opted_out(turn: Turn, name: str, utility: str) -> bool:
    declined = any(
        record.declined and record.state in _LIVE and record.utility == utility
        for record in turn.records(name)
    )
    return declined or turn.held(name) is not None


def _limits(record: CommandRecord) -> bool:
    return any(slot_of(control) is Slot.CHARGE for control in record.controls)


def _holds_back(control: DerControl, profile: StationProfile | None) -> bool:
    """Say whether a control lets a station take less than it could."""
    if slot_of(control) is not Slot.CHARGE:
        return False
    if not isinstance(control, PowerLimit):
        return True
    value = control.value
    if value.unit.kind is Kind.PERCENT:
        return value.value * value.unit.scale < 100
    rated = _rated(profile)
    return rated is None or value.value * value.unit.scale < rated


def _below(setpoint: Fraction | None, profile: StationProfile | None) -> bool:
    """Say whether a setpoint asks for less charge than the station could take."""
    rated = _rated(profile)
    return setpoint is not None and rated is not None and -setpoint < rated


def _rated(profile: StationProfile | None) -> Fraction | None:
    """Return what a station can take, None where that is not known of each EVSE."""
    evses = () if profile is None else profile.evses
    known = [rate for evse in evses if (rate := evse.ratings.max_charge_rate_w) is not None]
    return sum(known, Fraction(0)) if known and len(known) == len(evses) else None

"""What became of a command at all its stations together: all, some with their share of rating, or none."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord
from gateway.core.site_answers import Extent, Taken
from gateway.core.world import World

_AGAINST = {
    State.LATE: "came too late",
    State.UNFOLLOWED: "took no part",
    State.CANCELLING: "withdrawn",
    State.CANCELLED: "withdrawn",
    State.SUPERSEDED: "superseded",
}


def carried(world: World, records: Collection[CommandRecord]) -> Taken:
    """Return which stations carry a command out, or will, and why others do not; by known ratings."""
    without = {r.command.target.station: reason for r in records if (reason := _reason(world, r))}
    rated = {r.command.target.station: _rating(world, r.command.target.station) for r in records}
    total = sum(rated.values(), Fraction())
    part = sum((watts for name, watts in rated.items() if name not in without), Fraction())
    some = len(without) < len(rated)
    extent = Extent.NONE if not some else Extent.SOME if without else Extent.ALL
    return Taken(extent, part / total if total else Fraction(some), without)


def _reason(world: World, record: CommandRecord) -> str:
    if record.declined:
        return f"declined by {record.declined}"
    if record.refused and not record.functions:
        words = ", ".join(f"{function} {outcome.value}" for function, outcome in record.refused)
        return f"refused: {words}"
    if record.state in _AGAINST:
        return _AGAINST[record.state]
    if record.ignored:
        return f"does not follow {', '.join(sorted(record.ignored))}"
    state = world.stations.get(record.command.target.station)
    return "away" if state is not None and not (state.connected or record.over) else ""


def _rating(world: World, station: str) -> Fraction:
    """Return W of a station: the larger of what it charges and discharges at most; 0 while unknown."""
    state = world.stations.get(station)
    evses = () if state is None or state.profile is None else state.profile.evses
    found = Fraction()
    for evse in evses:
        ratings = evse.ratings
        known = (ratings.max_charge_rate_w, ratings.max_discharge_rate_w, ratings.max_w)
        found += max((watts for watts in known if watts is not None), default=Fraction())
    return found

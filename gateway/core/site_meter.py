"""What flows at a connection point beside its stations, by the site's meter.

    meter of the site  -40 kW   ├──────────────── import ────────────────┤
    its stations       -25 kW   ├──────── at least ───────┤
    beside them                                            ├─ 15 kW load ─┤    the worst that fits

Frame of the meters: + exports. A station's values and the site's are never of one instant, so of each
station the least counts that it was seen to take lately: what it may have taken less is load of others.
A meter that is silent shows nothing, and the worst case of the settings counts.
"""

from __future__ import annotations

from fractions import Fraction

from gateway.core.meters import STATION, Meters, Value
from gateway.core.site_state import SiteState
from gateway.core.slots import Slot
from gateway.core.station import StationState
from gateway.core.world import World
from translators.units import Kind

_SIGN = {Slot.CHARGE: -1, Slot.DISCHARGE: 1}
"""Turns power into what flows in a direction."""


def beside(world: World, site: SiteState, slot: Slot, now: float) -> Fraction | None:
    """Return what flows in a direction beside the stations, W, at worst; None: nobody knows.

    Negative where it flows the other way. `now` is in seconds of our own clock.
    """
    meter = site.rules.meter
    if meter is None:
        return Fraction()
    oldest = now - meter.stale.total_seconds()
    total = _newest(world.stations[meter.station].meters, STATION, oldest)
    if total is None:
        return meter.load if slot is Slot.CHARGE else meter.generation
    members = (member.station for member in site.rules.members)
    taken = sum((_least(world.stations[name], slot, oldest) for name in members), Fraction())
    return _SIGN[slot] * total - taken


def fresh_until(world: World, site: SiteState) -> float | None:
    """Return until when the newest value of the site's meter counts, None where there is none."""
    meter = site.rules.meter
    if meter is None:
        return None
    value = world.stations[meter.station].meters.places.get(STATION, {}).get(Kind.POWER)
    return None if value is None else value.at + meter.stale.total_seconds()


def _newest(meters: Meters, place: int, oldest: float) -> Fraction | None:
    value = meters.places.get(place, {}).get(Kind.POWER)
    return value.sample.value if value is not None and value.at > oldest else None


def _least(state: StationState, slot: Slot, oldest: float) -> Fraction:
    """Return the least that a station was seen to take in a direction lately, 0 where that is not known."""
    meters = state.meters
    places = [STATION] if STATION in meters.places else list(meters.places)
    values = [_lately(meters, place, oldest) for place in places]
    if not all(values):
        return Fraction()
    return sum((min(_SIGN[slot] * v.sample.value for v in seen) for seen in values), Fraction())


def _lately(meters: Meters, place: int, oldest: float) -> list[Value]:
    """Return the newest values of a place, none where the newest is too old."""
    newest = meters.places.get(place, {}).get(Kind.POWER)
    if newest is None or newest.at <= oldest:
        return []
    before = meters.earlier.get(place, {}).get(Kind.POWER)
    return [newest] if before is None else [newest, before]

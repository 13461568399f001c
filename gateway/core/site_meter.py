"""What flows at a connection point beside its stations, by the site's meter.

    meter of the site  -40 kW   ├──────────────── import ────────────────┤
    its stations       -25 kW   ├──────── at least ───────┤
    beside them                                            ├─ 15 kW load ─┤    the worst that fits

Frame of the meters: + exports. A station's values and the site's are never of one instant, so of each
station the least counts that it was seen to take since the site's meter showed its newest value, and just
before: what it may have taken less is load of others. Of one that had shown nothing by then that is nothing.
A meter that is silent shows nothing, and the worst case of the settings counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gateway.core.meters import STATION, Value
from gateway.core.site_state import SiteState
from gateway.core.slots import Slot
from gateway.core.station import StationState
from gateway.core.world import World
from translators.units import Kind

_SIGN = {Slot.CHARGE: -1, Slot.DISCHARGE: 1}
"""Turns power into what flows in a direction."""
_NOTHING = (Fraction(), Fraction())


def see(world: World, site: SiteState, station: str, now: float) -> None:
    """Note what a station's meter showed, or of all stations what they did as the site's showed a value."""
    meter = site.rules.meter
    if meter is None:
        return
    newest = _power(world.stations[meter.station].meters.places, STATION)
    if newest is not site.shown:
        site.shown = newest
        site.seen.clear()
        oldest = now - meter.stale.total_seconds()
        for name in site.stations:
            meters = world.stations[name].meters
            for place in meters.places:
                last = _power(meters.places, place)
                if last is not None and last.at > oldest:
                    before = _power(meters.earlier, place) or last
                    _widen(site, (name, place), before, last)
    elif world.homes.get(station) == site.id:
        meters = world.stations[station].meters
        for place in meters.places:
            if (last := _power(meters.places, place)) is not None:
                site.seen.setdefault((station, place), _NOTHING)
                _widen(site, (station, place), last)


def _widen(site: SiteState, place: tuple[str, int], *values: Value) -> None:
    """Let what was seen of a place reach to what these values are."""
    powers = [value.sample.value for value in values]
    known = site.seen.get(place, powers)
    site.seen[place] = min(*known, *powers), max(*known, *powers)


def beside(world: World, site: SiteState, slot: Slot, now: float) -> Fraction | None:
    """Return what flows in a direction beside the stations, W, at worst; None: nobody knows.

    Negative where it flows the other way. `now` is in seconds of our own clock.
    """
    meter = site.rules.meter
    if meter is None:
        return Fraction()
    oldest = now - meter.stale.total_seconds()
    newest = _power(world.stations[meter.station].meters.places, STATION)
    if newest is None or newest.at <= oldest:
        return meter.load if slot is Slot.CHARGE else meter.generation
    taken = (_least(site, world.stations[name], slot, oldest) for name in site.stations)
    return _SIGN[slot] * newest.sample.value - sum(taken, Fraction())


def fresh_until(world: World, site: SiteState) -> float | None:
    """Return until when the newest value of the site's meter counts, None where there is none."""
    meter = site.rules.meter
    if meter is None:
        return None
    value = _power(world.stations[meter.station].meters.places, STATION)
    return None if value is None else value.at + meter.stale.total_seconds()


def _power(places: Mapping[int, Mapping[Kind, Value]], place: int) -> Value | None:
    return places.get(place, {}).get(Kind.POWER)


def _least(site: SiteState, state: StationState, slot: Slot, oldest: float) -> Fraction:
    """Return the least that a station was seen to take in a direction lately, 0 where that is not known."""
    places = state.meters.places
    wanted = [STATION] if STATION in places else list(places)
    values = [_power(places, place) for place in wanted]
    if any(value is None or value.at <= oldest for value in values):
        return Fraction()
    seen = (site.seen.get((state.id, place), _NOTHING) for place in wanted)
    return sum((min(_SIGN[slot] * power for power in span) for span in seen), Fraction())

"""What bounds a site now, by direction and resource: its utilities' limits, its fuse, its meter.

Limits at the connection point leave to the stations what flows beside them leaves; limits of the devices
(load, generation) are for the stations alone. Of all that hold at one time the most restrictive counts;
what tightens soon counts already, so that it is kept when its time comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from gateway.core.agenda import Line, agenda, defaults_of
from gateway.core.allocation import headroom
from gateway.core.records import CommandRecord
from gateway.core.site_meter import beside
from gateway.core.site_state import SiteState
from gateway.core.slots import Slot, slot_of
from gateway.core.timeline import Segment
from gateway.core.world import World
from translators.canonical.controls import (
    DerControl,
    LimitScope,
    PowerLimit,
    Quantity,
    function_of,
)
from translators.units import Base, Kind

SOON = timedelta(seconds=10)
"""How long before its time a limit counts."""
WATTS = "W"
"""The resource that watts of a whole site are."""
_DIRECTION = {
    Base.MAX_CHARGE_W: Slot.CHARGE,
    Base.MAX_DISCHARGE_W: Slot.DISCHARGE,
    Base.MAX_W: Slot.DISCHARGE,
}
"""In which direction a rating of the stations bounds them, where their nameplates do not say more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A control that is in force at a site, and until when in our time; None without end."""

    record: CommandRecord
    control: DerControl
    until: datetime | None = None


def asked(lines: Sequence[Line], now: datetime) -> tuple[Asked, ...]:
    """Return what utilities ask of a site at an instant of our time: events, and defaults behind them."""
    segments = agenda(lines).segments
    records = {record.key: record for line in lines for record in line.records}
    found = list(_events(segments, records, now))
    taken = {(one.record.utility, function_of(one.control)) for one in found}
    for record, controls in defaults_of(lines):
        found += [
            Asked(record, control)
            for control in controls
            if (record.utility, function_of(control)) not in taken
        ]
    return tuple(found)


def _events(
    segments: Mapping[str, tuple[Segment, ...]],
    records: Mapping[str, CommandRecord],
    now: datetime,
) -> Iterator[Asked]:
    for function, spans in segments.items():
        for span in spans:
            if span.interval.covers(now):
                record = records[span.key]
                for control in record.controls:
                    if function_of(control) == function:
                        yield Asked(record, control, span.interval.end)


def changes(lines: Sequence[Line]) -> list[datetime]:
    """Return, in order, the instants of our time at which what is asked of a site changes, or is lost."""
    spans = [span for group in agenda(lines).claimed.values() for span in group]
    ends = {span.interval.end for span in spans if span.interval.end is not None}
    return sorted({span.interval.start for span in spans} | ends)


def limits(lines: Sequence[Line], now: datetime) -> tuple[Asked, ...]:
    """Return the limits of a site that hold at an instant, or soon."""
    ahead = [at for at in changes(lines) if now < at <= now + SOON]
    found = (one for at in (now, *ahead) for one in asked(lines, at))
    return tuple(dict.fromkeys(one for one in found if isinstance(one.control, PowerLimit)))


def in_watts(world: World, site: SiteState, quantity: Quantity) -> Fraction | None:
    """Return a quantity of a site in W: a percentage by the sum of its stations' ratings; None without."""
    value = quantity.value * quantity.unit.scale
    if quantity.unit.kind is Kind.POWER:
        return value
    rated = None if quantity.base is None else rating(world, site, quantity.base)
    return None if rated is None else value * rated / 100


def rating(world: World, site: SiteState, base: Base) -> Fraction | None:
    """Return the sum of a rating over the stations of a site, None where that of one is not known."""
    profiles = [world.stations[member.station].profile for member in site.rules.members]
    known = [
        None if profile is None else evse.ratings.base(base)
        for profile in profiles
        for evse in (() if profile is None else profile.evses)
    ]
    if None not in profiles and None not in known:
        return sum((value for value in known if value is not None), Fraction())
    slot = _DIRECTION.get(base)
    if slot is None:
        return None
    return sum((member.most[slot] for member in site.rules.members), Fraction())


def envelope(
    world: World, site: SiteState, slot: Slot, found: Iterable[Asked], now: datetime
) -> dict[str, Fraction]:
    """Return what the stations may draw or feed in together, by resource; nothing where nothing bounds them.

    A resource is `WATTS`, or A of a phase under its name.
    """
    at_the_point, of_devices = _bounds(world, site, slot, found)
    other = beside(world, site, slot, now.timestamp())
    bounds: dict[str, Fraction] = {}
    if at_the_point is not None:
        bounds[WATTS] = _left(site, (slot, WATTS), at_the_point, other)
    if of_devices is not None:
        bounds[WATTS] = min(of_devices, bounds.get(WATTS, of_devices))
    amps = None if other is None else max(other, Fraction()) / site.rules.volts
    for phase, rated in site.rules.fuse.items():
        bounds[phase] = _left(site, (slot, phase), rated, amps)
    return bounds


def _bounds(
    world: World, site: SiteState, slot: Slot, found: Iterable[Asked]
) -> tuple[Fraction | None, Fraction | None]:
    """Return the tightest limits in a direction: at the connection point, and of the devices."""
    tightest: dict[LimitScope, Fraction] = {}
    for control in (one.control for one in found):
        if isinstance(control, PowerLimit) and slot_of(control) is slot:
            watts = in_watts(world, site, control.value)
            if watts is not None:
                tightest[control.scope] = min(watts, tightest.get(control.scope, watts))
    return tightest.get(LimitScope.CONNECTION_POINT), tightest.get(LimitScope.DEVICE)


def _left(
    site: SiteState, key: tuple[Slot, str], bound: Fraction, other: Fraction | None
) -> Fraction:
    """Return what a bound leaves to the stations; by a meter it shrinks at once and grows in steps."""
    if other is None:
        return Fraction()
    if site.rules.meter is None:
        return bound
    rules = site.rules
    margin, step = rules.margin, rules.step
    if key[1] != WATTS:
        margin, step = margin / rules.volts, step / rules.volts
    exact = headroom(bound, max(other, Fraction()), max(-other, Fraction()), margin)
    exact, known = max(exact, Fraction()), site.room.get(key)
    if known is None or not known <= exact < known + 2 * step:
        site.room[key] = exact // step * step
    return site.room[key]

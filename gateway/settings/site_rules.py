"""What must hold between sites, their stations and their meters."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gateway.settings.document import Location
from gateway.settings.findings import Finding
from gateway.settings.schema import Settings
from gateway.settings.sites import Site, rated_charge

_TAKEN = "commissioning"
"""What speaks to stations as a site of this name would: the gateway itself, when it tries them."""


def members(settings: Settings) -> Iterator[Finding]:
    """Find sites under a name that is taken, members that are none or stand behind two sites, and meters."""
    stations = {station.id for station in settings.stations}
    taken: dict[str, str] = {}
    at: Location
    for n, site in enumerate(settings.sites):
        if site.id in stations:
            yield Finding(("sites", n, "id"), f"site {site.id} has the id of a station")
        if site.id == _TAKEN:
            yield Finding(("sites", n, "id"), f"site {site.id} has a name of the gateway's own")
        for m, member in enumerate(site.stations):
            at = ("sites", n, "stations", m, "id")
            if member.id not in stations:
                yield Finding(at, f"{member.id} of site {site.id} is no station here")
            elif member.id in taken:
                problem = f"station {member.id} stands behind {taken[member.id]} already"
                yield Finding(at, problem, "a station has one connection point")
            taken[member.id] = site.id
        yield from _meter(site, ("sites", n, "meter", "station"), stations)


def _meter(site: Site, at: Location, stations: Collection[str]) -> Iterator[Finding]:
    if site.meter is None:
        return
    name = site.meter.station
    if name not in stations:
        yield Finding(at, f"the meter is {name}, which is no station here")
    if name in {member.id for member in site.stations}:
        rule = "its main meter shows what it takes itself"
        yield Finding(at, f"the meter of site {site.id} is {name}, one of its own stations", rule)


def ratings(settings: Settings) -> Iterator[Finding]:
    """Find members of which nobody could say what they draw at most before they come for the first time."""
    stations = {station.id: number for number, station in enumerate(settings.stations)}
    for site in settings.sites:
        for number in (stations[one.id] for one in site.stations if one.id in stations):
            station = settings.stations[number]
            for m, evse in enumerate(station.evses):
                if rated_charge(evse, site.nominal_v) is None:
                    problem = (
                        f"the worst case of station {station.id} in site {site.id} is not known"
                    )
                    at = ("stations", number, "evses", m)
                    yield Finding(at, problem, "give its ratings MaxChargeRateW, or MaxA for AC")

"""What must hold between sites, their stations and their meters."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.settings.document import Location
from gateway.settings.findings import Finding
from gateway.settings.schema import Settings
from gateway.settings.sites import rated_charge


def members(settings: Settings) -> Iterator[Finding]:
    """Find sites under the id of a station, and members that are none or stand behind two of them."""
    stations = {station.id for station in settings.stations}
    taken: dict[str, str] = {}
    at: Location
    for n, site in enumerate(settings.sites):
        if site.id in stations:
            yield Finding(("sites", n, "id"), f"site {site.id} has the id of a station")
        for m, member in enumerate(site.stations):
            at = ("sites", n, "stations", m, "id")
            if member.id not in stations:
                yield Finding(at, f"{member.id} of site {site.id} is no station here")
            elif member.id in taken:
                problem = f"station {member.id} stands behind {taken[member.id]} already"
                yield Finding(at, problem, "a station has one connection point")
            taken[member.id] = site.id
        if site.meter is not None and site.meter.station not in stations:
            at = ("sites", n, "meter", "station")
            yield Finding(at, f"the meter is {site.meter.station}, which is no station here")


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

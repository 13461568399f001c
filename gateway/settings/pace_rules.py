"""What must hold between feeders, the canary group and their stations."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.settings.document import Location
from gateway.settings.findings import Finding
from gateway.settings.schema import Settings


def members(settings: Settings) -> Iterator[Finding]:
    """Find members that are no stations, or on two feeders, or whose worst case nobody knows."""
    stations = {station.id: station for station in settings.stations}
    taken: dict[str, str] = {}
    at: Location
    for n, feeder in enumerate(settings.feeders):
        for m, name in enumerate(feeder.stations):
            at = ("feeders", n, "stations", m)
            if name not in stations:
                yield Finding(at, f"{name} of feeder {feeder.id} is no station here")
                continue
            if name in taken:
                yield Finding(at, f"station {name} is on feeder {taken[name]} already")
            taken[name] = feeder.id
            if any(evse.ratings.max_charge_rate_w is None for evse in stations[name].evses):
                problem = f"how far station {name} can move feeder {feeder.id} is not known"
                yield Finding(at, problem, "give the ratings of its EVSEs MaxChargeRateW")
    for m, name in enumerate(settings.canary.stations if settings.canary is not None else ()):
        if name not in stations:
            at = ("canary", "stations", m)
            yield Finding(at, f"{name} of the canary group is no station here")

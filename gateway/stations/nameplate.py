"""What one station is, over all its connections: its report, the cars at it, the settings over both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from translators.canonical.capability import RATING_NAMES, Evse, StationProfile
from translators.ocpp.capability import described, plugged
from translators.rules.dialects import Dialect, reading

if TYPE_CHECKING:
    from gateway.stations.context import StationEntry

log = structlog.get_logger()

type Json = dict[str, Any]


class Nameplate:
    """Knows the last base report of a station, and the needs of the car at each of its EVSEs."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._evses: tuple[Evse, ...] | None = None
        self._cars: dict[int, Json] = {}

    def reported(self, entry: StationEntry, version: str, items: Iterable[Json]) -> StationProfile:
        """Return what the station is by its base report, as far as it came."""
        told = described(entry.book, version, entry.evses, items)
        for problem in told.problems:
            log.info("station.unreadable", station=entry.id, problem=problem)
        self._evses = told.evses
        return self._profile(entry, version, told.evses)

    def plugged(
        self, entry: StationEntry, version: str, evse: int, needs: Json
    ) -> StationProfile | None:
        """Return what the station is with a car at an EVSE, None while it has not reported."""
        self._cars[evse] = needs
        return self._known(entry, version)

    def unplugged(self, entry: StationEntry, version: str, evse: int) -> StationProfile | None:
        """Return what the station is without the car, None where none was known or it has not reported."""
        return None if self._cars.pop(evse, None) is None else self._known(entry, version)

    def _known(self, entry: StationEntry, version: str) -> StationProfile | None:
        return None if self._evses is None else self._profile(entry, version, self._evses)

    def _profile(
        self, entry: StationEntry, version: str, evses: tuple[Evse, ...]
    ) -> StationProfile:
        read = reading(entry.book.of(Dialect), entry.vendor, entry.model, entry.firmware)
        stated = ("settings",) if entry.readings else ()
        whole = (self._with_car(entry, version, evse) for evse in evses)
        return StationProfile(
            id=entry.id,
            ocpp_version=version,
            nominal_frequency_hz=entry.nominal_frequency_hz,
            evses=tuple(_overridden(entry, version, evse) for evse in whole),
            vendor=entry.vendor,
            model=entry.model,
            dialect=replace(read.dialect, **entry.readings),
            firmware=entry.firmware,
            dialect_pack=", ".join((*stated, *read.packs)),
        )

    def _with_car(self, entry: StationEntry, version: str, evse: Evse) -> Evse:
        needs = self._cars.get(evse.id)
        if needs is None:
            return evse
        told = plugged(entry.book, version, evse, needs)
        for problem in told.problems:
            log.info("car.unreadable", station=entry.id, evse=evse.id, problem=problem)
        return told.evse


def _overridden(entry: StationEntry, version: str, evse: Evse) -> Evse:
    named = entry.overrides.get(evse.id, {})
    ratings = replace(evse.ratings, **{RATING_NAMES[name]: value for name, value in named.items()})
    if version != "2.1":  # neither exists in 2.0.1, whatever the settings say
        return replace(
            evse, ratings=ratings, der_modes=frozenset(), v2x_operation_modes=frozenset()
        )
    return replace(evse, ratings=ratings)

"""What one station is, over all its connections: its report, the cars at it, the settings over both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import structlog

from gateway.stations.device_model import (
    DeviceModel,
    Make,
    Variable,
    from_document,
    kept_names,
    read_names,
    to_document,
)
from gateway.stations.monitors import Watch
from translators.canonical.capability import RATING_NAMES, Evse, StationProfile
from translators.ocpp.capability import Described, described, plugged
from translators.rules.book import Book
from translators.rules.dialects import Dialect, reading

if TYPE_CHECKING:
    from gateway.stations.context import StationEntry

log = structlog.get_logger()

type Json = dict[str, Any]
type _Kept = tuple[str, Make, bool, Mapping[Variable, str], frozenset[Variable]]
type Connector = tuple[int, int]
"""EVSE and connector; 0 is all of them."""
_SHARED = 256
"""Device models that are known as they were read."""
_EARLY_CARS = 32
"""Cars that are known before the station has reported what its EVSEs are."""
_NAMED = 32
"""Values of a station that are named in the log as unreadable, for each connection."""
_SHOWN = 100
"""Characters of one such name; a value may have 2500."""
_NONE_KNOWN: Mapping[Connector, str] = MappingProxyType({})


class Nameplate:
    """Knows the device model of a station, how its connectors are, what is watched, and the cars at it."""

    __slots__ = (
        "_cars",
        "_evses",
        "_kept",
        "_named",
        "_version",
        "connectors",
        "foreign",
        "make",
        "model",
        "watch",
    )

    def __init__(self) -> None:
        """Know nothing yet."""
        self.make = Make()
        """What it last booted as, on whichever connection."""
        self.model = DeviceModel()
        self.connectors: Mapping[Connector, str] = _NONE_KNOWN
        self.watch: Watch | None = None
        self.foreign = False
        """Whether what booted last under its id was another device."""
        self._evses: tuple[Evse, ...] | None = None
        self._version = ""
        """The version of OCPP in which it reported."""
        self._kept: _Kept | None = None
        """What is kept over restarts."""
        self._cars: dict[int, Json] = {}
        self._named: frozenset[tuple[int | None, str]] = frozenset()

    @classmethod
    def remembered(cls, entry: StationEntry, document: Json) -> Self:
        """Return what is known of a station by what was kept of it (`news`)."""
        plate, version = cls(), document["version"]
        plate.make, plate.model = Make(*document["make"]), from_document(document["model"])
        plate.foreign = document["foreign"]
        if version:
            plate._describe(entry, version)
        plate._kept = plate._to_keep()
        return plate

    def news(self) -> Json | None:
        """Return what is to be kept over restarts, None where it is kept already, or nothing is known."""
        told = self._to_keep()
        known = self._version or self.foreign or self._kept
        if told == self._kept or not known:
            return None
        self._kept = told
        return {
            "version": self._version,
            "make": [*self.make],
            "foreign": self.foreign,
            "model": to_document(self.model),
        }

    def _to_keep(self) -> _Kept:
        return self._version, self.make, self.foreign, self.model.values, self.model.watchable

    def booted(self, make: Make) -> None:
        """Know what booted; what another model said before is not what this one is."""
        another = self.make[:2] != make[:2] and self.make != Make()
        self.make = make
        if another:
            self.model, self._evses, self._version = DeviceModel(), None, ""

    def name_anew(self) -> None:
        """Say once more what cannot be read: another connection begins."""
        self._named = frozenset()

    def reported(
        self,
        entry: StationEntry,
        version: str,
        items: Iterable[Json],
        at: datetime | None = None,
        *,
        whole: bool = True,
    ) -> StationProfile:
        """Return what the station is by a report made at `at`; a part of one adds to what was known."""
        names = kept_names(entry.book, version)
        self.model = self.model.reported(items, names, at, whole=whole)
        return self._described(entry, version)

    def changed(
        self, entry: StationEntry, version: str, variable: Variable, value: str, at: datetime | None
    ) -> StationProfile | None:
        """Return what the station is after a change; None where it is the same, or has not reported."""
        if variable.name not in kept_names(entry.book, version).get(variable.component, ()):
            return None
        before, self.model = self.model.values, self.model.changed(variable, value, at)
        if self.model.values is before or self._evses is None:
            return None
        read = variable.name in read_names(entry.book, version).get(variable.component, ())
        return self._described(entry, version) if read else None

    def plugged(
        self, entry: StationEntry, version: str, evse: int, needs: Json
    ) -> StationProfile | None:
        """Return what the station is with a car at an EVSE, None while it has not reported.

        A car at an EVSE that the station does not have is no car.
        """
        if self._evses is None:
            there = evse in self._cars or len(self._cars) < _EARLY_CARS
        else:
            there = any(known.id == evse for known in self._evses)
        if there:
            self._cars[evse] = needs
        return self._known(entry, version)

    def unplugged(self, entry: StationEntry, version: str, evse: int) -> StationProfile | None:
        """Return what the station is without the car, None where none was known or it has not reported."""
        return None if self._cars.pop(evse, None) is None else self._known(entry, version)

    def known(self, entry: StationEntry, version: str) -> StationProfile | None:
        """Return what the station is by what it said before, None where it said nothing in this version."""
        return self._known(entry, version) if version == self._version else None

    @property
    def cars(self) -> int:
        """Return how many cars are known."""
        return len(self._cars)

    def _described(self, entry: StationEntry, version: str) -> StationProfile:
        """Return what the station is by its device model, and the car at each EVSE."""
        return self._profile(entry, version, self._describe(entry, version))

    def _describe(self, entry: StationEntry, version: str) -> tuple[Evse, ...]:
        """Read the device model by the rules of the book."""
        values = tuple(self.model.in_force())
        told = _read(_Asked(entry.book.digest, version, entry.evses, values, entry.book))
        for problem in self._news(None, told.problems):
            log.info("station.unreadable", station=entry.id, problem=problem)
        self._evses, self._version = told.evses, version
        return told.evses

    def _known(self, entry: StationEntry, version: str) -> StationProfile | None:
        return None if self._evses is None else self._profile(entry, version, self._evses)

    def _profile(
        self, entry: StationEntry, version: str, evses: tuple[Evse, ...]
    ) -> StationProfile:
        vendor, model = entry.vendor or self.make.vendor, entry.model or self.make.model
        read = reading(entry.book.of(Dialect), vendor, model, self.make.firmware)
        stated = ("settings",) if entry.readings else ()
        whole = (self._with_car(entry, version, evse) for evse in evses)
        return StationProfile(
            id=entry.id,
            ocpp_version=version,
            nominal_frequency_hz=entry.nominal_frequency_hz,
            evses=tuple(_overridden(entry, version, evse) for evse in whole),
            vendor=vendor,
            model=model,
            dialect=replace(read.dialect, **entry.readings),
            firmware=self.make.firmware,
            dialect_pack=", ".join((*stated, *read.packs)),
        )

    def _with_car(self, entry: StationEntry, version: str, evse: Evse) -> Evse:
        needs = self._cars.get(evse.id)
        if needs is None:
            return evse
        told = plugged(entry.book, version, evse, needs)
        for problem in self._news(evse.id, told.problems):
            log.info("car.unreadable", station=entry.id, evse=evse.id, problem=problem)
        return told.evse

    def _news(self, evse: int | None, problems: Iterable[str]) -> Iterator[str]:
        """Yield, cut to what is shown, what was not named yet; after many no more."""
        for problem in problems:
            shown = problem if len(problem) <= _SHOWN else f"{problem[:69]}…{problem[-30:]}"
            if (evse, shown) not in self._named and len(self._named) < _NAMED:
                self._named |= {(evse, shown)}
                yield shown


@dataclass(frozen=True, slots=True)
class _Asked:
    """What decides how a device model reads; books are told apart by their digest."""

    digest: str
    version: str
    declared: tuple[Evse, ...]
    values: tuple[tuple[Variable, str], ...]
    book: Book = field(compare=False)


@lru_cache(maxsize=_SHARED)
def _read(asked: _Asked) -> Described:
    """Read a device model: stations of one model are read once, and share what they are."""
    items = DeviceModel(dict(asked.values)).items()
    return described(asked.book, asked.version, asked.declared, items)


def _overridden(entry: StationEntry, version: str, evse: Evse) -> Evse:
    named = entry.overrides.get(evse.id, {})
    if version == "2.1" and not named:
        return evse
    ratings = replace(evse.ratings, **{RATING_NAMES[name]: value for name, value in named.items()})
    if version != "2.1":  # neither exists in 2.0.1, whatever the settings say
        return replace(
            evse, ratings=ratings, der_modes=frozenset(), v2x_operation_modes=frozenset()
        )
    return replace(evse, ratings=ratings)

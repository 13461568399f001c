"""What a station says of itself (B07, N07): a value that reports replace or add to, and events change."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from translators.errors import DocumentError
from translators.ocpp.capability import actual
from translators.ocpp.wire import instant, place_of
from translators.rules.book import Book
from translators.rules.capability import CapabilityRule

type Json = dict[str, Any]
type Names = Mapping[str, frozenset[str]]
"""Variables by component."""

SWITCHES = frozenset({"Available", "Enabled"})
"""Variables that let a whole component count or not."""
_MODES = frozenset({"ModesSupported", "SupportedOperationModes"})
"""Lists of what a component can do while it counts."""
_BESIDE: Names = {
    "MonitoringCtrlr": SWITCHES | {"ItemsPerMessage", "MaxPeriodicEventStreams"},
    "SampledDataCtrlr": frozenset({"TxUpdatedInterval"}),
}
"""What is kept besides the variables that rules read."""
_WATCHED: Names = {
    "ChargingStation": frozenset({"AvailabilityState"}),
    "EVSE": frozenset({"AvailabilityState", "Power"}),
    "Connector": frozenset({"AvailabilityState"}),
}
"""Whose values are of the moment: what matters is whether they can be monitored."""
_SHARED_NAMES = 8192
_SHARED_REPORTS = 256
MOST_VARIABLES = 1024
"""Variables of one station that are kept: enough for 20 EVSEs."""


class Variable(NamedTuple):
    """One variable of one component; `instance` is the variable's."""

    component: str
    name: str
    evse: int | None = None
    instance: str = ""
    connector: int | None = None

    def where(self) -> Json:
        """Return component and variable as OCPP names them."""
        component: Json = {"name": self.component}
        if self.evse is not None:
            component["evse"] = {"id": self.evse}
            if self.connector is not None:
                component["evse"]["connectorId"] = self.connector
        variable: Json = {"name": self.name}
        if self.instance:
            variable["instance"] = self.instance
        return {"component": component, "variable": variable}


class Make(NamedTuple):
    """Who made a station, as it says when it boots: it decides how the station is understood."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""


@lru_cache(maxsize=_SHARED_NAMES)
def _shared(variable: Variable) -> Variable:
    """Return the one object for a name: many stations have the same variables."""
    return variable


def named(item: Json) -> Variable:
    """Return the variable that a report, an event or a monitor is about."""
    component, variable = item["component"], item["variable"]
    evse = component.get("evse", {})
    return _shared(
        Variable(
            component["name"],
            variable["name"],
            place_of(evse.get("id")),
            variable.get("instance", ""),
            place_of(evse.get("connectorId")),
        )
    )


def read_names(book: Book, version: str) -> Names:
    """Return what the book's rules read of a base report, by component."""
    found: dict[str, frozenset[str]] = {}
    for rule in book.of(CapabilityRule):
        message = rule.model.message
        if message.action == "NotifyReport" and version in message.versions:
            for component in message.components:
                found[component] = found.get(component, SWITCHES) | rule.sources()
    return found


def kept_names(book: Book, version: str) -> Names:
    """Return what of a base report is kept, by component."""
    return {**_BESIDE, **read_names(book, version)}


def instant_of(text: object) -> datetime | None:
    """Return an instant of the station's clock (UTC), None where it is none."""
    try:
        return instant(str(text))
    except DocumentError:
        return None


_NOTHING: Mapping[Variable, str] = MappingProxyType({})
_NEVER: Mapping[Variable, datetime] = MappingProxyType({})

type _Report = tuple[Mapping[Variable, str], frozenset[Variable]]


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """The variables of one station as it told them last; a change is a new value.

    `as_of` is when the last whole report was made, by the station's clock: what is older says nothing of
    the present. `changed_at` says the same of single variables since then.
    """

    values: Mapping[Variable, str] = _NOTHING
    watchable: frozenset[Variable] = frozenset()
    """Those of which the station says that they can be monitored."""
    as_of: datetime | None = None
    changed_at: Mapping[Variable, datetime] = field(default=_NEVER)

    def reported(
        self, items: Iterable[Json], names: Names, at: datetime | None, *, whole: bool
    ) -> DeviceModel:
        """Return the model after a report; one that is not whole adds to what was known."""
        told, watchable = _told(items, names)
        if whole:
            return DeviceModel(*_same(tuple(told.items()), frozenset(watchable)), at)
        values, all_watchable = {**self.values, **told}, self.watchable | watchable
        if max(len(values), len(all_watchable)) > MOST_VARIABLES:  # no station is like that
            values, all_watchable = told, frozenset(watchable)
        return replace(self, values=values, watchable=all_watchable)

    def changed(self, variable: Variable, value: str, at: datetime | None) -> DeviceModel:
        """Return the model after an event; itself where the event is of the past.

        `values` are the same object where the event says nothing new.
        """
        last = self.changed_at.get(variable, self.as_of)
        if at is not None and last is not None and at < last:
            return self
        if variable not in self.values and len(self.values) >= MOST_VARIABLES:
            return self
        stamps = self.changed_at if at is None else {**self.changed_at, variable: at}
        if self.values.get(variable) == value:
            return replace(self, changed_at=stamps)
        return replace(self, values={**self.values, variable: sys.intern(value)}, changed_at=stamps)

    def items(self) -> Iterator[Json]:
        """Yield the variables as entries of a NotifyReport."""
        for variable, value in self.values.items():
            yield {**variable.where(), "variableAttribute": [{"value": value}]}

    def in_force(self) -> Iterator[tuple[Variable, str]]:
        """Yield the variables with their values; a component that is switched off has no modes."""
        for variable, value in self.values.items():
            off = variable.name in _MODES and self.is_off(variable.component, variable.evse)
            yield variable, "" if off else value

    def is_off(self, component: str, evse: int | None) -> bool:
        """Say whether a component is switched off, there or as a whole."""
        places = {evse, None}
        return any(
            self.values.get(Variable(component, switch, place)) == "false"
            for switch in SWITCHES
            for place in places
        )

    def number(self, component: str, name: str, instance: str = "") -> int | None:
        """Return a count that the station states of itself as a whole, None where it states none."""
        text = self.values.get(Variable(component, name, None, instance), "")
        return int(text) if text.isdecimal() and len(text) < 10 else None


def to_document(model: DeviceModel) -> Json:
    """Return a device model as JSON values."""
    return {
        "values": [[*variable, value] for variable, value in model.values.items()],
        "watchable": sorted((list(variable) for variable in model.watchable), key=str),
        "as_of": None if model.as_of is None else model.as_of.isoformat(),
        "changed_at": [[*variable, at.isoformat()] for variable, at in model.changed_at.items()],
    }


def from_document(document: Json) -> DeviceModel:
    """Return the device model that `to_document` described; like ones share what they hold."""
    values = tuple(
        (_shared(Variable(*row)), sys.intern(value)) for *row, value in document["values"]
    )
    watchable = frozenset(_shared(Variable(*row)) for row in document["watchable"])
    as_of = document["as_of"]
    return DeviceModel(
        *_same(values, watchable),
        None if as_of is None else datetime.fromisoformat(as_of),
        {
            _shared(Variable(*row)): datetime.fromisoformat(at)
            for *row, at in document["changed_at"]
        },
    )


@lru_cache(maxsize=_SHARED_REPORTS)
def _same(values: tuple[tuple[Variable, str], ...], watchable: frozenset[Variable]) -> _Report:
    """Return the one object for a report: stations of one model say the same."""
    return MappingProxyType(dict(values)), watchable


def _told(items: Iterable[Json], names: Names) -> tuple[dict[Variable, str], set[Variable]]:
    values: dict[Variable, str] = {}
    watchable: set[Variable] = set()
    for item in items:
        component, name = item["component"]["name"], item["variable"]["name"]
        kept = name in names.get(component, ())
        if not kept and name not in _WATCHED.get(component, ()):
            continue
        if max(len(values), len(watchable)) >= MOST_VARIABLES:
            break
        variable, value = named(item), actual(item)
        if kept and value is not None:
            values[variable] = sys.intern(value)
        if item.get("variableCharacteristics", {}).get("supportsMonitoring", False):
            watchable.add(variable)
    return values, watchable

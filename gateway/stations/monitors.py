"""Which variables of a station are watched, and the difference to what it watches already (N02 to N04)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.stations.device_model import SWITCHES, DeviceModel, Json, Names, Variable, named
from translators.ocpp.stream import measured

SEVERITY = 8
"""Informational: of all monitors, those with it are ours (N04)."""
_AVAILABILITY = "AvailabilityState"
_CONTROLLER = "MonitoringCtrlr"
_FINE = 0.01
_COARSE = 1.0
MOST_STREAMS = 64
"""Event streams of one station that are known, and those that are not heard."""
_REMEMBERED = 32
"""Events that are known again when they come twice, and values that are named."""
_SHARES = frozenset({"OverExcitedPF", "UnderExcitedPF", "ReactiveSusceptance"})
"""Ratings of which a hundredth matters; of all others it takes a watt, a volt or a var."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor that shall be there; `stream_s` is the rhythm of its event stream, 0 is none."""

    variable: Variable
    kind: str
    value: float
    stream_s: int = 0

    def data(self, number: int | None = None) -> Json:
        """Return an entry of SetVariableMonitoring; with the number of the monitor that it replaces."""
        found: Json = {
            "value": self.value,
            "type": self.kind,
            "severity": SEVERITY,
            **self.variable.where(),
        }
        if number is not None:
            found["id"] = number
        if self.stream_s:
            found["periodicEventStream"] = self.params()
        return found

    def params(self) -> Json:
        """Return the rhythm of the stream: each value is sent when it is there (N11)."""
        return {"interval": self.stream_s, "values": 1}


@dataclass(frozen=True, slots=True)
class Present:
    """One monitor of ours that the station reports."""

    number: int
    variable: Variable
    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes the monitors of a station the wanted ones; `known` are those that stay, by number."""

    adding: tuple[Json, ...]
    clearing: tuple[int, ...]
    known: tuple[tuple[int, Variable], ...]


def wanted(model: DeviceModel, names: Names, version: str, power_s: int) -> tuple[Monitor, ...]:
    """Return the monitors for what has to be noticed at once; `power_s`: power is measured so often.

    `names` are the variables that rules read. Where streams are too few, power comes in events.
    """
    streams = model.number(_CONTROLLER, "MaxPeriodicEventStreams") or 0
    found: list[Monitor] = []
    if model.is_off(_CONTROLLER, None):
        return ()
    for variable in sorted(model.watchable, key=str):
        if variable.name == _AVAILABILITY or variable.name in names.get(variable.component, ()):
            found.append(Monitor(variable, "Delta", _threshold(variable)))
        elif power_s and measured(variable.component, variable.name):
            streaming = version == "2.1" and streams > 0
            streams -= streaming
            stream_s = power_s if streaming else 0
            found.append(Monitor(variable, "Periodic", float(power_s), stream_s))
    return tuple(found)


def _threshold(variable: Variable) -> float:
    """Return how much a number must change; of what is no number every change counts (N04)."""
    if variable.name in SWITCHES:
        return _COARSE
    return _FINE if variable.name in _SHARES else _COARSE


def present(parts: Iterable[Json]) -> Iterator[Present]:
    """Yield our monitors of a NotifyMonitoringReport; what stations bring along is none of ours."""
    for part in parts:
        for item in part.get("monitor", ()):
            for found in item["variableMonitoring"]:
                custom = found.get("eventNotificationType", "CustomMonitor") == "CustomMonitor"
                if custom and found["severity"] == SEVERITY:
                    yield Present(found["id"], named(item), found["type"], float(found["value"]))


def difference(
    aims: Iterable[Monitor], there: Iterable[Present], streams: Mapping[int, Json]
) -> Plan:
    """Return what is to be set and cleared; a monitor of another value is replaced by its number.

    `streams` are the parameters of open event streams by the number of their monitor: one that shall
    stream and does not is set anew.
    """
    by_place: dict[tuple[Variable, str], list[Present]] = {}
    for item in there:
        by_place.setdefault((item.variable, item.kind), []).append(item)
    adding: list[Json] = []
    known: list[tuple[int, Variable]] = []
    for aim in aims:
        candidates = by_place.get((aim.variable, aim.kind), [])
        if not candidates:
            adding.append(aim.data())
            continue
        item = candidates.pop(0)
        known.append((item.number, item.variable))
        if item.value != aim.value or (aim.stream_s and item.number not in streams):
            adding.append(aim.data(item.number))
    rest = tuple(item.number for items in by_place.values() for item in items)
    return Plan(tuple(adding), rest, tuple(known))


@dataclass(slots=True)
class Watch:
    """What is watched at one station, over all its connections."""

    numbers: dict[int, Variable] = field(default_factory=dict)
    """Our monitors."""
    streams: dict[int, int] = field(default_factory=dict)
    """By open event stream: the number of its monitor."""
    setting: bool = False
    """Whether monitors are being set: a stream may open before their numbers are known."""
    expected: int = 0
    """Number of the part of a NotifyEvent that has to come next, 0 where none is missing."""
    _ignored: frozenset[int] = frozenset()
    _seen: dict[tuple[int, str], None] = field(default_factory=dict)
    _named: frozenset[str] = frozenset()
    """Values that could not be read, as they were named."""

    def ignore(self, stream: int) -> bool:
        """Hear a stream no more; return whether that is new."""
        if stream in self._ignored:
            return False
        if len(self._ignored) < MOST_STREAMS:
            self._ignored |= {stream}
        return True

    def names(self, problem: str) -> bool:
        """Say whether a value that cannot be read is named: each once, and of many not all."""
        if problem in self._named or len(self._named) >= _REMEMBERED:
            return False
        self._named |= {problem}
        return True

    def opened(self, stream: int, monitor: int) -> bool:
        """Know a stream, the only one of its monitor; return whether there is room for it."""
        others = {n: other for n, other in self.streams.items() if other != monitor}
        if len(others) >= MOST_STREAMS:
            return False
        self.streams = {**others, stream: monitor}
        return True

    def forget_streams(self) -> None:
        """A station that booted streams nothing until it opens its streams again."""
        self.streams.clear()
        self._ignored = frozenset()
        self.expected = 0

    def repeated(self, event: Json) -> bool:
        """Say whether an event came before, and remember it; ids begin anew after a boot, times do not."""
        key = (event["eventId"], event["timestamp"])
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return False

    def missed(self, payload: Json) -> bool:
        """Say whether parts of a NotifyEvent are missing before this one (N07)."""
        number, expected = payload["seqNo"], self.expected
        self.expected = number + 1 if payload.get("tbc", False) else 0
        return expected > 0 and number != expected

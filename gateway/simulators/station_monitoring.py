"""Monitors of a simulated station (N02 to N08): what is set, what fires, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from gateway.simulators.station_device import MOST_MONITORS, Device, Variable
from gateway.simulators.station_streams import STREAM, Streams
from gateway.simulators.station_wire import CallError, Json, instant, status

_THRESHOLDS = {"UpperThreshold": 1, "LowerThreshold": -1}
_PERIODIC = frozenset({"Periodic", "PeriodicClockAligned"})
_NUMBERS = frozenset({"decimal", "integer"})
_DAY_S = 86_400.0
_CRITERIA = {
    "Delta": "DeltaMonitoring",
    "UpperThreshold": "ThresholdMonitoring",
    "LowerThreshold": "ThresholdMonitoring",
    "Periodic": "PeriodicMonitoring",
    "PeriodicClockAligned": "PeriodicMonitoring",
}

type Call = tuple[str, Json]
"""Action and payload of a message of the station's own."""


@dataclass(slots=True)
class Monitor:
    """One monitor that a CSMS set; `told` is the value at the last notice, `due` the next period."""

    number: int
    variable: Variable
    kind: str
    value: float
    severity: int
    transaction: bool
    told: str = ""
    due: float = 0.0
    beyond: bool = False

    def fires(self, now: float) -> tuple[str, bool] | None:
        """Return trigger and `cleared` where there is something to tell now (N07)."""
        if self.kind in _PERIODIC:
            return self._period(now)
        actual = self.variable.value
        if self.kind in _THRESHOLDS:
            beyond = (float(actual) - self.value) * _THRESHOLDS[self.kind] > 0
            if beyond is self.beyond:
                return None
            self.beyond = beyond
            return "Alerting", not beyond
        if actual == self.told or not self._far(actual):
            return None
        self.told = actual
        return "Delta", False

    def _period(self, now: float) -> tuple[str, bool] | None:
        if now < self.due:
            return None
        self.due = self.next_period(now)
        return "Periodic", False

    def next_period(self, now: float) -> float:
        """Return when it fires next; the clock-aligned count from midnight."""
        if self.kind == "Periodic":
            return now + self.value
        midnight = floor(now / _DAY_S) * _DAY_S
        return midnight + (floor((now - midnight) / self.value) + 1) * self.value

    def _far(self, actual: str) -> bool:
        """Say whether a value is far enough from the last one; of what is no number all are."""
        if self.variable.data_type not in _NUMBERS:
            return True
        return abs(float(actual) - float(self.told)) > self.value


class Monitoring:
    """The monitors of one station over its device model, with their event streams."""

    def __init__(self, device: Device, version: str, most_streams: int) -> None:
        self._device, self._version = device, version
        self._monitors: dict[int, Monitor] = {}
        self._numbers = self._events = 0
        self.streams = Streams(most_streams)

    def __bool__(self) -> bool:
        """Say whether anything is watched."""
        return bool(self._monitors)

    def set(self, request: Json, now: float) -> tuple[Json, list[Call]]:
        """Answer a SetVariableMonitoring; with it what the station calls then (N04, N11)."""
        _check_count(request["setMonitoringData"])
        calls: list[Call] = []
        results = [self._set(item, now, calls) for item in request["setMonitoringData"]]
        return {"setMonitoringResult": results}, calls

    def _set(self, item: Json, now: float, calls: list[Call]) -> Json:
        told = {key: item[key] for key in ("type", "severity", "component", "variable")}
        variable, problem = self._device.find(item)
        fault = problem or self._fault(item, variable)
        if variable is None or fault:
            return told | {"status": fault}
        monitor = self._take(item, variable, now)
        calls += self._stream(monitor, item, now)
        return told | {"status": "Accepted", "id": monitor.number}

    def _fault(self, item: Json, variable: Variable | None) -> str:
        """Return the status of a monitor that cannot be, or nothing (N04)."""
        kind, number = item["type"], item.get("id")
        numeric = variable is not None and variable.data_type in _NUMBERS
        if variable is None or not variable.watchable or kind not in _CRITERIA:
            return "UnsupportedMonitorType"
        if kind in _THRESHOLDS and not numeric:
            return "UnsupportedMonitorType"
        known = None if number is None else self._monitors.get(number)
        if number is not None and (known is None or known.variable is not variable):
            return "Rejected"
        if item["severity"] > 9 or (kind not in _THRESHOLDS and item["value"] <= 0):
            return "Rejected"
        if number is None and any(_alike(other, item, variable) for other in self._all()):
            return "Duplicate"
        streamed = "periodicEventStream" in item
        if streamed and (kind not in _PERIODIC or (self.streams.full and not self._has(number))):
            return "Rejected"
        return ""

    def _has(self, number: int | None) -> bool:
        return number is not None and self.streams.of(number) is not None

    def _all(self) -> list[Monitor]:
        return list(self._monitors.values())

    def _take(self, item: Json, variable: Variable, now: float) -> Monitor:
        self._numbers += "id" not in item
        monitor = Monitor(
            number=item.get("id", self._numbers),
            variable=variable,
            kind=item["type"],
            value=float(item["value"]),
            severity=item["severity"],
            transaction=item.get("transaction", False),
            told=variable.value,
        )
        if monitor.kind in _PERIODIC:
            monitor.due = monitor.next_period(now)
        self._monitors[monitor.number] = monitor
        return monitor

    def _stream(self, monitor: Monitor, item: Json, now: float) -> list[Call]:
        calls = self._closing(monitor.number)
        if "periodicEventStream" in item and self._version == "2.1":
            opening = self.streams.create(monitor.number, item["periodicEventStream"], now)
            calls.append(("OpenPeriodicEventStream", opening))
        return calls

    def _closing(self, number: int) -> list[Call]:
        closing = self.streams.drop(number)
        return [] if closing is None else [("ClosePeriodicEventStream", closing)]

    def clear(self, request: Json) -> tuple[Json, list[Call]]:
        """Answer a ClearVariableMonitoring; with it what the station calls then (N06, N13)."""
        _check_count(request["id"])
        results: list[Json] = []
        calls: list[Call] = []
        for number in request["id"]:
            known = self._monitors.pop(number, None)
            results.append({"id": number, "status": "NotFound" if known is None else "Accepted"})
            calls += self._closing(number)
        return {"clearMonitoringResult": results}, calls

    def report(self, request: Json, now: float) -> tuple[Json, list[Json]]:
        """Answer a GetMonitoringReport; with it the report that follows (N02)."""
        criteria = request.get("monitoringCriteria")
        places = request.get("componentVariable")
        found = [
            monitor
            for monitor in self._all()
            if (criteria is None or _CRITERIA[monitor.kind] in criteria)
            and (places is None or any(monitor.variable.meant_by(place) for place in places))
        ]
        if not found:
            return status("EmptyResultSet"), []
        head = {"requestId": request["requestId"], "seqNo": 0, "generatedAt": instant(now)}
        monitors = [self._reported(monitor) for monitor in found]
        return status("Accepted"), [head | {"tbc": False, "monitor": monitors}]

    def _reported(self, monitor: Monitor) -> Json:
        entry: Json = {
            "id": monitor.number,
            "transaction": monitor.transaction,
            "value": monitor.value,
            "type": monitor.kind,
            "severity": monitor.severity,
        }
        if self._version == "2.1":
            entry["eventNotificationType"] = "CustomMonitor"
        return {**monitor.variable.where(), "variableMonitoring": [entry]}

    def advance(self, now: float, *, charging: bool) -> list[Call]:
        """Return what has to be told now: one NotifyEvent for all that fired, and parts of streams."""
        events: list[Json] = []
        for monitor in self._all():
            if monitor.transaction and not charging:
                continue
            fired = monitor.fires(now)
            stream = self.streams.of(monitor.number)
            if fired is None:
                continue
            if stream is not None:
                stream.waiting.append((now, monitor.variable.value))
            else:
                events.append(self._event(monitor, *fired, now))
        calls: list[Call] = [(STREAM, part) for part in self.streams.parts(now)]
        if events:
            told = {"generatedAt": instant(now), "seqNo": 0, "tbc": False, "eventData": events}
            calls.append(("NotifyEvent", told))
        return calls

    def _event(self, monitor: Monitor, trigger: str, cleared: bool, now: float) -> Json:
        self._events += 1
        event: Json = {
            "eventId": self._events,
            "timestamp": instant(now),
            "trigger": trigger,
            "actualValue": monitor.variable.value,
            "eventNotificationType": "CustomMonitor",
            "variableMonitoringId": monitor.number,
            **monitor.variable.where(),
        }
        if self._version == "2.1":
            event["severity"] = monitor.severity
        return event | ({"cleared": True} if cleared else {})


def _check_count(items: list[Json]) -> None:
    if len(items) > MOST_MONITORS:  # N04.FR.07
        problem = f"{len(items)} monitors are more than ItemsPerMessage, {MOST_MONITORS}"
        raise CallError("OccurrenceConstraintViolation", problem)


def _alike(monitor: Monitor, item: Json, variable: Variable) -> bool:
    same = (monitor.kind, monitor.severity) == (item["type"], item["severity"])
    return same and monitor.variable is variable

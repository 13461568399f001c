"""The DER controls of a station by OCPP 2.1 R04, sans-I/O: requests and time in, answers out.

Theory of operation: `set`, `get` and `clear` answer requests; `advance(now)` starts and ends what is
due and returns the payloads of NotifyDERStartStop. One control of each type is in force: a scheduled
one while it runs, else the default. Priority (0 is best) is decided at receipt, against everything of
the same type and flag that is not superseded, whether or not the times overlap:

    newcomer better, other waits    other superseded at once                      R04.FR.06
    newcomer better, other runs     other superseded when the newcomer starts     R04.FR.07
    newcomer worse                  newcomer kept, superseded from the start      R04.FR.08
    equal                           both stand, the running one goes on           (standard silent)

A superseded control never runs again, but is reported until its end (R04.FR.09).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from gateway.simulators.station_rules import CURVE, MEMBERS, body_of, refusal
from gateway.simulators.station_wire import Json, instant, seconds, status

MAX_IDS = 24
"""Items of supersededIds, and of each array of a report."""


@dataclass(slots=True)
class Control:
    """A control as held; `number` counts in order of receipt, `since` is when it came into force."""

    id: str
    type: str
    is_default: bool
    body: Json
    number: int
    superseded: bool = False
    running: bool = False
    since: float | None = None
    displaces: list[str] = field(default_factory=list)
    """What was superseded at receipt; told again when this one starts (R04.FR.21)."""

    @property
    def priority(self) -> int:
        """0 is best."""
        return int(self.body["priority"])

    @property
    def start(self) -> float:
        """When it begins; a default has always begun."""
        return 0.0 if self.is_default else seconds(self.body["startTime"])

    @property
    def end(self) -> float:
        """When it is over; a default never is."""
        return float("inf") if self.is_default else self.start + float(self.body["duration"])


class Controls:
    """What one station holds; `supported` are its control types (ModesSupported)."""

    def __init__(self, supported: Iterable[str], *, capacity: int = 200, part: int = 8) -> None:
        self.supported = frozenset(supported)
        self._capacity = capacity
        self._part = min(part, MAX_IDS)
        self._held: dict[str, Control] = {}
        self._numbers = count(1)

    @property
    def held(self) -> tuple[Control, ...]:
        """Everything held, in order of receipt."""
        return tuple(sorted(self._held.values(), key=lambda item: item.number))

    @property
    def active(self) -> dict[str, Control]:
        """What is in force, by control type; as of the last `advance`."""
        found = {item.type: item for item in self._defaults()}
        return found | {item.type: item for item in self.held if item.running}

    def set(self, request: Json, now: float) -> Json:
        """Answer a SetDERControl."""
        if request["controlType"] not in self.supported:
            return status("NotSupported", "UnsupportedParam", request["controlType"])
        refused = refusal(request) or self._clash(request)
        if refused is not None:
            return status("Rejected", *refused)
        known = self._held.get(request["controlId"])
        control = Control(
            id=request["controlId"],
            type=request["controlType"],
            is_default=request["isDefault"],
            body=body_of(request),
            number=known.number if known else next(self._numbers),
        )
        if known is not None and known.running and control.start <= now < control.end:
            control.running, control.since = True, known.since
        superseded = self._arbitrate(control, now)
        self._held[control.id] = control
        answer = status("Accepted")
        return answer | {"supersededIds": superseded} if superseded else answer

    def _clash(self, request: Json) -> tuple[str, str] | None:
        known = self._held.get(request["controlId"])
        if known is None:
            if len(self._held) >= self._capacity:
                return "InvalidValue", f"no more than {self._capacity} controls"
            return None
        if (known.type, known.is_default) != (request["controlType"], request["isDefault"]):
            return "InvalidValue", "the id belongs to a control of another kind"
        return None

    def _arbitrate(self, control: Control, now: float) -> list[str]:
        """Decide by priority; return what the answer names as superseded."""
        if control.end <= now:
            return []  # it never runs, so it displaces nobody
        rivals = [item for item in self._rivals(control) if not item.superseded]
        if any(item.priority < control.priority for item in rivals):  # R04.FR.04, R04.FR.08
            control.superseded, control.running = True, False
            return [control.id]
        for rival in rivals:
            if rival.priority == control.priority:
                continue
            runs = not rival.is_default and rival.start <= now < rival.end
            if not (runs and control.start > now):  # R04.FR.03, R04.FR.06
                rival.superseded, rival.running = True, False
                control.displaces.append(rival.id)
        control.displaces = control.displaces[:MAX_IDS]
        return list(control.displaces)

    def _rivals(self, control: Control) -> Iterator[Control]:
        for item in self.held:
            same = (item.type, item.is_default) == (control.type, control.is_default)
            if same and item.id != control.id:
                yield item

    def advance(self, now: float) -> list[Json]:
        """Start and end what is due; return the notices in the order of events."""
        return [*self._ended(now), *self._started(now)]

    def _ended(self, now: float) -> Iterator[Json]:
        for item in self.held:
            if item.end <= now:  # R04.FR.10, R04.FR.11
                del self._held[item.id]
                if item.running:  # R04.FR.22
                    yield {"controlId": item.id, "started": False, "timestamp": instant(now)}

    def _started(self, now: float) -> Iterator[Json]:
        waiting = [i for i in self.held if not (i.is_default or i.superseded or i.running)]
        for item in sorted(waiting, key=lambda item: (item.priority, item.number)):
            if item.start > now:
                continue
            rivals = [r for r in self._rivals(item) if not r.superseded and r.start <= now]
            if any(rival.running and rival.priority <= item.priority for rival in rivals):
                continue  # an equal one runs on
            yield self._start(item, rivals, now)

    @staticmethod
    def _start(item: Control, rivals: list[Control], now: float) -> Json:
        """Put a control in force and supersede what runs with a worse priority (R04.FR.07)."""
        item.running, item.since = True, now
        for rival in rivals:
            if rival.priority > item.priority:
                rival.superseded, rival.running = True, False
                item.displaces.append(rival.id)
        notice: Json = {"controlId": item.id, "started": True, "timestamp": instant(now)}
        told = item.displaces[:MAX_IDS]
        return notice | ({"supersededIds": told} if told else {})  # R04.FR.20, R04.FR.21

    def started(self) -> list[Json]:
        """Return the notices of what runs once more."""
        return [
            {"controlId": item.id, "started": True, "timestamp": instant(item.since)}
            for item in self.held
            if item.running and item.since is not None
        ]

    def get(self, request: Json) -> tuple[Json, list[Json]]:
        """Answer a GetDERControl; with it the payloads of the ReportDERControl that follow."""
        kind = request.get("controlType")
        if kind is not None and kind not in self.supported:  # R04.FR.36
            return status("NotSupported", "UnsupportedParam", kind), []
        found = self._matching(request)
        if not found:  # R04.FR.30
            return status("NotFound"), []
        parts = [found[i : i + self._part] for i in range(0, len(found), self._part)]
        reports = [_report(request["requestId"], part) for part in parts]
        for report in reports[:-1]:
            report["tbc"] = True
        return status("Accepted"), reports

    def clear(self, request: Json) -> Json:
        """Answer a ClearDERControl; nothing is notified of what is cleared."""
        kind = request.get("controlType")
        if kind is not None and kind not in self.supported:  # R04.FR.43
            return status("NotSupported", "UnsupportedParam", kind)
        found = self._matching(request)
        if not found and request.keys() & {"controlType", "controlId"}:  # R04.FR.41, R04.FR.42
            return status("NotFound")
        for item in found:  # R04.FR.44-46
            del self._held[item.id]
        return status("Accepted")

    def _matching(self, request: Json) -> list[Control]:
        wanted = {
            "isDefault": request.get("isDefault"),
            "controlType": request.get("controlType"),
            "controlId": request.get("controlId"),
        }
        return [
            item
            for item in self.held
            if wanted["isDefault"] in (None, item.is_default)
            and wanted["controlType"] in (None, item.type)
            and wanted["controlId"] in (None, item.id)
        ]

    def _defaults(self) -> list[Control]:
        """Return the defaults in force: of equal ones the first."""
        found: dict[str, Control] = {}
        for item in self.held:
            if item.is_default and not item.superseded:
                found.setdefault(item.type, item)
        return list(found.values())


def _report(request_id: int, controls: Iterable[Control]) -> Json:
    """Return one part of a report; the arrays are named by what their items carry."""
    report: Json = {"requestId": request_id}
    for item in controls:
        member = MEMBERS.get(item.type, CURVE)
        inner = "fixedPF" if member in {"fixedPFAbsorb", "fixedPFInject"} else member
        entry: Json = {"id": item.id, inner: item.body}
        if member not in {"enterService", "gradient"}:
            entry |= {"isDefault": item.is_default, "isSuperseded": item.superseded}
        if member == CURVE:
            entry["curveType"] = item.type
        report.setdefault(member, []).append(entry)
    return report

"""Periodic event streams of a simulated station (N11 to N15, 2.1): what is sent without an answer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from gateway.simulators.station_wire import Json, instant, status

STREAM = "NotifyPeriodicEventStream"
"""The one message that is sent and not called."""
_KEPT = 100
"""Samples that wait while nobody listens; the oldest are lost."""


@dataclass(slots=True)
class Stream:
    """One stream; `opened` once the CSMS accepted it."""

    number: int
    monitor: int
    interval: float
    values: int
    opened: bool = False
    sent_at: float = 0.0
    waiting: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def constant(self) -> Json:
        """Return ConstantStreamData."""
        return {
            "id": self.number,
            "variableMonitoringId": self.monitor,
            "params": {"interval": int(self.interval), "values": self.values},
        }

    def part(self, now: float) -> Json | None:
        """Return what is due to be sent now, None where nothing is."""
        full = len(self.waiting) >= self.values > 0
        late = now - self.sent_at >= self.interval
        if not (self.opened and self.waiting and (full or late)):
            return None
        taken = list(self.waiting)[: self.values or None]
        for _ in taken:
            self.waiting.popleft()
        self.sent_at = now
        base = taken[0][0]
        return {
            "id": self.number,
            "pending": len(self.waiting),
            "basetime": instant(base),
            "data": [{"t": round(at - base, 3), "v": value} for at, value in taken],
        }


class Streams:
    """The streams of one station, by the monitor that feeds each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_monitor: dict[int, Stream] = {}
        self._numbers = 0

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return bool(self._by_monitor)

    @property
    def full(self) -> bool:
        """Whether there may be no further one."""
        return len(self._by_monitor) >= self._most

    def of(self, monitor: int) -> Stream | None:
        """Return the stream of a monitor."""
        return self._by_monitor.get(monitor)

    def create(self, monitor: int, params: Json, now: float) -> Json:
        """Set a stream up; return the OpenPeriodicEventStream that asks for it (N11)."""
        self._numbers += 1
        interval, values = params.get("interval", 1), params.get("values", 0)
        self._by_monitor[monitor] = Stream(self._numbers, monitor, interval, values, sent_at=now)
        return {"constantStreamData": self._by_monitor[monitor].constant()}

    def drop(self, monitor: int) -> Json | None:
        """Forget a stream; return the ClosePeriodicEventStream that tells so (N13)."""
        gone = self._by_monitor.pop(monitor, None)
        return {"id": gone.number} if gone is not None and gone.opened else None

    def answered(self, request: Json, answer: Json) -> None:
        """Open a stream that the CSMS accepted; without one its monitor goes on in events (N11)."""
        monitor = request["constantStreamData"]["variableMonitoringId"]
        found = self._by_monitor.get(monitor)
        if found is None:
            return
        if answer.get("status") == "Accepted":
            found.opened = True
        else:
            del self._by_monitor[monitor]

    def close(self) -> None:
        """Know that nobody remembers the streams: the station booted."""
        for found in self._by_monitor.values():
            found.opened = False
            found.waiting.clear()

    def unopened(self) -> list[Json]:
        """Return the requests that ask for streams which are set up and not open."""
        waiting = (found for found in self._by_monitor.values() if not found.opened)
        return [{"constantStreamData": found.constant()} for found in waiting]

    def get(self) -> Json:
        """Answer a GetPeriodicEventStream (N12)."""
        opened = [found.constant() for found in self._by_monitor.values() if found.opened]
        return {"constantStreamData": opened} if opened else {}

    def adjust(self, request: Json) -> Json:
        """Answer an AdjustPeriodicEventStream (N14)."""
        params: dict[str, Any] = request["params"]
        for found in self._by_monitor.values():
            if found.number == request["id"]:
                found.interval = params.get("interval", found.interval)
                found.values = params.get("values", found.values)
                return status("Accepted")
        return status("Rejected", "NotFound")

    def parts(self, now: float) -> list[Json]:
        """Return all that is due to be sent now."""
        found = (stream.part(now) for stream in self._by_monitor.values())
        return [part for part in found if part is not None]

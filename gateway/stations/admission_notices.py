"""Security events on their way to the audit: the first of a kind at once, the same again as a count.

Ten thousand foreign connects are one record and, a minute later, another that says how many; so
nobody fills the audit from outside. Sans-I/O: time is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.core.events import SecurityNoticed

GATHER_S = 60.0
_MOST = 256
_MANY = "many"

type _Key = tuple[str, str]


@dataclass(slots=True)
class Notices:
    """What was noticed and not told yet, by kind and address; beyond 256 addresses they are one."""

    _open: dict[_Key, tuple[float, SecurityNoticed]] = field(default_factory=dict)
    """Until when the same is only counted, and what to tell then (count 0: nothing)."""

    @property
    def counting(self) -> bool:
        """Say whether anything may have to be told later."""
        return bool(self._open)

    def note(self, event: SecurityNoticed, now: float) -> list[SecurityNoticed]:
        """Take one in; return what is to be told now."""
        told = self.due(now)
        key = event.kind, event.address
        if key not in self._open and len(self._open) >= _MOST:
            key, event = (event.kind, _MANY), replace(event, address=_MANY, station="")
        until, before = self._open.get(key, (now + GATHER_S, None))
        if before is None:
            told.append(event)
            self._open[key] = until, replace(event, count=0)
        else:
            station = event.station if event.station == before.station else ""
            count = before.count + event.count
            self._open[key] = until, replace(event, station=station, count=count)
        return told

    def due(self, now: float) -> list[SecurityNoticed]:
        """Return the counts whose minute is over."""
        over = [key for key, (until, _) in self._open.items() if until <= now]
        gone = [self._open.pop(key)[1] for key in over]
        return [event for event in gone if event.count]

    def rest(self) -> list[SecurityNoticed]:
        """Return all that was counted, before the end."""
        gone = [event for _, event in self._open.values() if event.count]
        self._open.clear()
        return gone

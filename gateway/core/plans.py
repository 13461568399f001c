"""What stations should hold, remembered while nothing changes in it.

A plan rests on commands, station and situation, and on time only through what begins and ends: between two
such instants it stays what it is. An answer, a notice or a tick that changes none of these needs no new one.
Plans of the stations that were looked at last are kept; to make one anew gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from gateway.core.agenda import Line
from gateway.core.dispatch import Scene, Wanted, wanted

MOST = 1_000
"""Stations whose plan is remembered."""
_INPUTS = tuple(one.name for one in fields(Scene) if one.name not in {"now", "translator"})


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was found for its inputs, from an instant on."""

    inputs: tuple[Any, ...]
    since: datetime
    found: Wanted

    def holds(self, inputs: tuple[Any, ...], now: datetime) -> bool:
        """Say whether it would be the same now."""
        until = self.found.until
        timely = self.since <= now and (until is None or now < until)
        return timely and self.inputs == inputs


@dataclass(slots=True)
class Plans:
    """The last plans, by station."""

    most: int = MOST
    _known: dict[str, _Plan] = field(default_factory=dict)

    def wanted(self, lines: tuple[Line, ...], scene: Scene) -> Wanted:
        """Return what `dispatch.wanted` returns; nobody may change it."""
        name, now = scene.profile.id, scene.now
        inputs = (lines, scene.translator.book.digest, *[getattr(scene, one) for one in _INPUTS])
        known = self._known.pop(name, None)
        if known is None or not known.holds(inputs, now):
            found = wanted(lines, scene)
            known = _Plan(inputs, now, found)
        self._known[name] = known
        if len(self._known) > self.most:
            del self._known[next(iter(self._known))]
        return known.found

"""What many stations have alike is one object: kinds of stations, events, and what is written of them.

Of one event each of thousands of stations is served a copy of its own. Kept as they come they would be most
of the memory; kept once they are also compared and written once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from translators.canonical.capability import Evse, StationProfile
from translators.canonical.codec import encode
from translators.canonical.commands import DerCommand, Randomization, Target
from translators.canonical.swift import changed
from translators.rules.memo import Memo

_KINDS = 10_000
"""Kinds of stations that are known to be alike."""
_EVENTS = 1_000
_WRITTEN = 500
_ANYONE = Target("")

_OWN = ("target", "server_time", "randomization")
"""Of a command what its station has for itself."""
_of_event = attrgetter(*(one.name for one in fields(DerCommand) if one.name not in _OWN))

type _Json = dict[str, Any]


@dataclass(slots=True)
class Shared:
    """The newest of what is shared; what is equal becomes the same, nothing else changes."""

    _kinds: Memo[tuple[Evse, ...]] = field(default_factory=lambda: Memo(_KINDS))
    _events: Memo[DerCommand] = field(default_factory=lambda: Memo(_EVENTS))
    _events_written: Memo[_Json] = field(default_factory=lambda: Memo(_WRITTEN))
    _written: Memo[_Json] = field(default_factory=lambda: Memo(_WRITTEN))

    def profile(self, profile: StationProfile) -> StationProfile:
        """Return an equal profile that shares its EVSEs with others of its kind."""
        evses = self._kinds.recall(profile.evses, (), lambda: profile.evses)
        return changed(profile, evses=evses)

    def command(self, command: DerCommand) -> DerCommand:
        """Return an equal command that shares with those of its event what is not its station's own."""
        target, heard, draws = command.target, command.server_time, command.randomization
        event = changed(
            command, target=_ANYONE, server_time=command.created, randomization=Randomization()
        )
        key = command.origin.utility, command.mrid
        event = self._events.recall(key, (event,), lambda: event)
        return changed(event, target=target, server_time=heard, randomization=draws)

    def document(self, command: DerCommand) -> _Json:
        """Return the JSON document of a command; nobody may change it."""
        return self._written.recall(id(command), (command,), lambda: self._document(command))

    def _document(self, command: DerCommand) -> _Json:
        """Write what is the station's own beside what is written of the event already."""
        key, event = (command.mrid, id(command.controls)), _of_event(command)
        written = self._events_written.recall(key, event, lambda: encode(command))
        return written | {name: encode(getattr(command, name)) for name in _OWN}

"""What stations should hold, planned once for all that are alike and remembered while nothing changes in it.

A plan rests on commands, on what a station is and does, and on time only through what begins and ends:
between two such instants it stays what it is. Of one event thousands of stations need the same plan, under
names and ids of their own; so it is made for no station in particular, and placed at each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from gateway.core.agenda import Line
from gateway.core.dispatch import Scene, wanted
from gateway.core.records import CommandRecord
from gateway.core.wanted import Wanted
from translators.canonical.capability import StationProfile
from translators.canonical.commands import DerCommand
from translators.canonical.swift import changed
from translators.rules.book import Book

MOST = 1_000
"""Plans that are remembered."""


def _names(cls: Any, *but: str) -> Iterator[str]:
    return (one.name for one in fields(cls) if one.name not in {"key", *but})


_of_scene = attrgetter(*_names(Scene, "now", "translator", "profile"))
_of_profile = attrgetter(*_names(StationProfile, "id"))
_of_record = attrgetter(
    *_names(
        CommandRecord, "command", "told", "followed", "ignored", "declines", "parted", "delivered"
    )
)
_of_command = attrgetter(
    "target.evse", *_names(DerCommand, "target", "server_time", "randomization", "response")
)
"""All of a record that no station has for itself, and that a plan may rest on."""


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
    """The plans that were used last."""

    most: int = MOST
    _known: dict[Hashable, _Plan] = field(default_factory=dict)
    _placed: dict[str, tuple[Wanted, Wanted]] = field(default_factory=dict)
    """By station: the plan that it had last, and what that is there."""

    def wanted(self, lines: tuple[Line, ...], scene: Scene) -> Wanted:
        """Return what `dispatch.wanted` returns; nobody may change it."""
        records = [record for line in lines for record in line.records]
        essence = tuple([_essence(line) for line in lines])
        inputs = (essence, _of_profile(scene.profile), _of_scene(scene))
        books = tuple([scene.translator.book_of(record.key).digest for record in records])
        key = _place(records, scene)
        known = self._known.pop(key, None)
        if known is None or not known.holds((inputs, books), scene.now):
            known = _Plan((inputs, books), scene.now, _for_anyone(lines, scene))
        self._known[key] = known
        if len(self._known) > self.most:
            del self._known[next(iter(self._known))]
        return self._at(scene.profile.id, known.found, records)

    def _at(self, station: str, plan: Wanted, records: Iterable[CommandRecord]) -> Wanted:
        """Return a plan as it is at a station."""
        known = self._placed.pop(station, None)
        if known is None or known[0] is not plan:
            names = {_nameless(record): record.key for record in records}
            known = plan, plan.placed(station, names)
        self._placed[station] = known
        if len(self._placed) > self.most:
            del self._placed[next(iter(self._placed))]
        return known[1]


def _place(records: Iterable[CommandRecord], scene: Scene) -> Hashable:
    """Return where to look for a plan: whether it is the one is compared."""
    commands = tuple([(r.utility, r.command.mrid, r.state, r.interval) for r in records])
    return commands, id(scene.profile.evses), scene.situation.transactions


def _essence(line: Line) -> tuple[Any, ...]:
    """Return what a plan may rest on, of the commands of one utility."""
    records = tuple([(_of_record(record), _of_command(record.command)) for record in line.records])
    return line.utility, line.offset, records


def _nameless(record: CommandRecord) -> str:
    """Return the key that a record has where no station is named."""
    return f"{record.utility}//{record.command.mrid}"


def _for_anyone(lines: Iterable[Line], scene: Scene) -> Wanted:
    """Make a plan for no station in particular."""
    books: dict[str, Book] = {}
    nobodys = []
    for line in lines:
        records = tuple([_anyones(record) for record in line.records])
        nobodys.append(changed(line, records=records))
        books |= {
            nobody.key: scene.translator.book_of(record.key)
            for nobody, record in zip(records, line.records, strict=True)
        }
    profile, translator = changed(scene.profile, id=""), scene.translator.by(books)
    return wanted(tuple(nobodys), changed(scene, profile=profile, translator=translator))


def _anyones(record: CommandRecord) -> CommandRecord:
    command = record.command
    return changed(record, command=changed(command, target=changed(command.target, station="")))

"""What the engine was handed on for one station or site, and what of it has to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.events import CommandReceived, CommandWithdrawn, Withdrawal
from gateway.core.lifecycle import State
from gateway.core.records import RETENTION, CommandRecord, differs
from translators.canonical.commands import DerCommand
from translators.canonical.swift import changed
from translators.rules.trace import Refusal

_KEPT = RETENTION + timedelta(days=1)
"""Longer than the engine remembers a command: an edition never falls behind one that it knows."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A command as the engine knows it; `gone` says since when it is withdrawn.

    `refusals` are None where an earlier run handed it on.
    """

    command: DerCommand
    refusals: tuple[Refusal, ...] | None = None
    gone: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an interval; `start` is None where it is withdrawn, `end` where it has none."""

    number: int
    start: datetime | None
    end: datetime | None


def handed_before(records: Iterable[CommandRecord]) -> dict[str, Handed]:
    """Return what an earlier run handed on, by mRID."""
    taken_back = {State.CANCELLING, State.CANCELLED}
    return {
        record.command.mrid: Handed(
            record.command,
            gone=_end(record.command, record.withdraw_at) if record.state in taken_back else None,
        )
        for record in records
    }


class Handing:
    """The commands of one station or site; `known` are those of an earlier run."""

    def __init__(self, utility: str, subject: str, known: Mapping[str, Handed]) -> None:
        """Hand on nothing yet."""
        self._utility, self._subject = utility, subject
        self._known = dict(known)
        self._by_name: defaultdict[str, list[_Part]] | None = None

    def plan(
        self, wanted: Iterable[CommandReceived], now: datetime, *, whole: bool
    ) -> list[CommandReceived | CommandWithdrawn]:
        """Return what makes the engine's commands those that are wanted: new ones and editions first.

        Only where the wanted ones are the `whole` of it the others are withdrawn, unless they are over, and
        what an event asks for that did not change takes the place of others.
        """
        events: list[CommandReceived | CommandWithdrawn] = []
        here: set[str] = set()
        for received in wanted:
            here.add(received.command.mrid)
            edition = self._edition(received, whole=whole)
            if edition is not None:
                events.append(edition)
        for mrid in sorted(self._open() - here) if whole else ():
            end = _end_of(self._known[mrid].command)
            if end is None or end > now:
                names = self._utility, self._subject, mrid
                events.append(CommandWithdrawn(*names, Withdrawal.VANISHED))
            self._known[mrid] = replace(self._known[mrid], gone=now)
        self._forget(now)
        return events

    def told(self, names: Iterable[str], now: datetime) -> tuple[int, datetime | None]:
        """Return the number of the first part of an interval that is not over, its start where it is open.

        `names` are those of part 0; what was handed on keeps its name while others of it end.
        """
        parts = [part for name in names for part in self._parts().get(name, ())]
        ahead = [part for part in parts if part.end is None or part.end > now]
        if not ahead:
            return max((part.number + 1 for part in parts), default=0), None
        first = min(ahead, key=lambda part: part.number)
        return first.number, first.start

    def _parts(self) -> Mapping[str, list[_Part]]:
        """Return the parts that are known, by the name of part 0."""
        if self._by_name is None:
            self._by_name = defaultdict(list)
            for mrid, known in self._known.items():
                name, number = _part_of(mrid)
                times = known.command.interval
                if times is not None:
                    start = times.start if known.gone is None else None
                    self._by_name[name].append(_Part(number, start, times.end))
        return self._by_name

    def _edition(self, received: CommandReceived, *, whole: bool) -> CommandReceived | None:
        """Return a command as a new one or a new edition, None where the engine knows it so, or for now."""
        command, version = received.command, 0
        known = self._known.get(command.mrid)
        if known is not None:
            same = known.refusals is None or known.refusals == received.refusals
            if known.gone is None and same and not differs(known.command, command):
                self._known[command.mrid] = Handed(known.command, received.refusals)
                return None
            if known.gone is None and not whole and _one_text(known.command, command):
                return None  # what it gave way to may be on a page that did not come yet
            version = known.command.version + 1
        command = changed(command, version=version)
        self._known[command.mrid] = Handed(command, received.refusals)
        return replace(received, command=command)

    def _open(self) -> set[str]:
        return {mrid for mrid, known in self._known.items() if known.gone is None}

    def _forget(self, now: datetime) -> None:
        """Forget what the engine has forgotten, but no part of an interval of which another is known."""
        needed = {
            _part_of(mrid)[0]
            for mrid, known in self._known.items()
            if known.gone is None or _end(known.command, known.gone) + _KEPT > now
        }
        self._known = {
            mrid: known for mrid, known in self._known.items() if _part_of(mrid)[0] in needed
        }
        self._by_name = None


def _one_text(known: DerCommand, command: DerCommand) -> bool:
    """Say whether two editions were read of the same bytes."""
    return known.origin.digest == command.origin.digest != ""


def _part_of(mrid: str) -> tuple[str, int]:
    """Return the name of part 0, and the number of the part that an mRID names (`name~2`)."""
    name, mark, part = mrid.rpartition("~")
    return (name, int(part)) if mark and part.isdecimal() and part.isascii() else (mrid, 0)


def _end_of(command: DerCommand) -> datetime | None:
    return None if command.interval is None else command.interval.end


def _end(command: DerCommand, gone: datetime | None) -> datetime:
    """Return when a command that was withdrawn then is over for good."""
    return max(filter(None, (_end_of(command), gone)), default=command.server_time)

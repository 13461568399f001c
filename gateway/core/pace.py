"""How fast a command for many stations takes hold: a few first, then so much a minute.

    start ├─ canary group ─┤ wait_s ├─ minute 0 ─┤├─ minute 1 ─┤├─ minute 2 ─┤
                                      A, B          C             D, E, F       of each feeder

What makes stations move at one instant moves a feeder by the sum of them. So, where the settings say so, an
event that asks for active power starts at each station of a feeder in a minute of its own, such that what the
stations of one minute can move by at most, from one end of their ratings to the other, stays within the
feeder's bound. And an event reaches the canary group first: where none of it carries the event out, or one of
it refuses it or does not follow it, the others take no part, and their utility is told so.

Where a utility has starts drawn at random, the minutes begin after the latest that may be drawn, and take the
place of what was drawn; the group is waited for as long as it may have drawn.

What restricts is never late: limits, ceasing to energize, disconnecting, trips; an event that holds one of
these beside a setpoint starts at once as a whole. Ends are not spread: nothing may outlast what was asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property

from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord
from gateway.core.station import SITE
from translators.canonical.commands import DerCommand
from translators.canonical.controls import (
    ActiveSetpoint,
    ApparentLimit,
    ChargeStateTarget,
    Connect,
    Energize,
    EnterService,
    PowerLimit,
    ReactiveLimit,
    RelativeActiveSetpoint,
    StorageTarget,
    TripCurve,
)

MINUTE = timedelta(minutes=1)
LEAD = timedelta(seconds=5)
"""How long before the others start the canary group is judged."""
_MOVES = (ActiveSetpoint, RelativeActiveSetpoint, StorageTarget, ChargeStateTarget)
_STRICT = (
    PowerLimit,
    ReactiveLimit,
    ApparentLimit,
    Connect,
    Energize,
    EnterService,
    TripCurve,
)


@dataclass(frozen=True, slots=True)
class Feeder:
    """Stations that move one feeder: by station, W from one end of its ratings to the other."""

    id: str
    swings: Mapping[str, Fraction]
    most: Fraction
    """W that may move in one minute."""


@dataclass(frozen=True, slots=True)
class Canary:
    """Stations that every event reaches first, and how long the others then wait."""

    stations: frozenset[str]
    wait: timedelta


@dataclass(frozen=True)
class PaceRules:
    """What the settings say; by default nothing waits."""

    feeders: tuple[Feeder, ...] = ()
    canary: Canary | None = None

    @cached_property
    def minutes(self) -> dict[str, int]:
        """Return the minute in which each station starts whose feeder needs more than one."""
        found: dict[str, int] = {}
        for feeder in self.feeders:
            own = minutes(feeder)
            found |= own if any(own.values()) else {}
        return found

    def wait(self, record: CommandRecord, now: datetime) -> timedelta:
        """Return how much later than planned an event starts at its station; `now`: its utility's time.

        One that comes late waits from now on. What a site passes on to its stations it has reckoned out for
        all of them: no group comes first there.
        """
        command, planned = record.command, record.planned
        if planned is None or never_late(command):
            return timedelta()
        minute = self._minute(record)
        span, drawn = command.randomization.start_s, command.randomization.start_draw_s or 0
        start = planned.start
        if minute is not None:
            start += timedelta(seconds=max(0, span) - drawn)
        wait = (minute or 0) * MINUTE
        if self.canary is not None and self._follows_a_group(record, self.canary):
            wait += self.canary.wait
            wait += timedelta(seconds=abs(span) if minute is None else 0)
        if wait:
            start = max(start, now) + wait
        return start - planned.start

    def _minute(self, record: CommandRecord) -> int | None:
        moves = any(isinstance(control, _MOVES) for control in record.command.controls)
        return self.minutes.get(record.command.target.station) if moves else None

    def _follows_a_group(self, record: CommandRecord, canary: Canary) -> bool:
        own = record.utility.startswith(SITE)
        return not own and record.command.target.station not in canary.stations


def never_late(command: DerCommand) -> bool:
    """Say whether a command holds anything that restricts: it starts at once as a whole."""
    return any(isinstance(control, _STRICT) for control in command.controls)


def minutes(feeder: Feeder) -> dict[str, int]:
    """Return the minute of each station: as many in one as their swings leave room for, at least one."""
    found: dict[str, int] = {}
    minute, moved = 0, Fraction()
    for station, swing in feeder.swings.items():
        if moved and moved + swing > feeder.most:
            minute, moved = minute + 1, Fraction()
        found[station] = minute
        moved += swing
    return found


@dataclass(frozen=True, slots=True)
class Trust:
    """What the canary group shows of one event: why the others stay out of it, empty while nothing speaks so.

    `until`: when it is judged by what it shows (time of its utility), None where it was.
    """

    problem: str = ""
    until: datetime | None = None


def trust(canary: Canary, records: Collection[CommandRecord], now: datetime) -> Trust:
    """Judge an event by its records at the canary group; `now` is the time of its utility."""
    for record in records:
        name = record.command.target.station
        if record.refused or record.state in _NO:
            return Trust(f"{name} of the canary group does not carry it out")
        if record.ignored:
            return Trust(f"{name} of the canary group does not follow it")
    starts = [record.planned.start for record in records if record.planned is not None]
    due = min(starts, default=now) + canary.wait - LEAD
    if now < due:
        return Trust(until=due)
    if any(record.state in _YES for record in records):
        return Trust()
    return Trust("nobody of the canary group carried it out")


_NO = frozenset({State.REFUSED, State.CLOSED, State.UNFOLLOWED})
_YES = frozenset({State.ACTIVE, State.COMPLETED})

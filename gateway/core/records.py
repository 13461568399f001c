"""What the engine remembers of a command, and how it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from sys import intern
from typing import Any

from gateway.core.lifecycle import ENDED, OWED, State, Trigger, after
from translators.canonical.codec import decode, encode
from translators.canonical.commands import DerCommand, Interval
from translators.canonical.controls import DerControl, PowerLimit, function_of
from translators.canonical.swift import changed, swift
from translators.canonical.telemetry import ControlOutcome, gravest
from translators.rules.trace import Refusal

RETENTION = timedelta(days=7)
"""How long after its end a command is remembered: meanwhile each answer goes out once only."""
_PARTED = {True: ControlOutcome.COMPLETED_OPTED_OUT, False: ControlOutcome.COMPLETED_OPTED_IN}
"""How a command ends in which there was no part for a while, by whether there is none at its end."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What flowed when a command began (+ exports, + injects); None is what nobody knows."""

    watts: Fraction | None = None
    var: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class Delivered:
    """What flowed while an event was in force, on average over `seconds`, and before (+ exports, + injects).

    None is what nobody measured.
    """

    watts: int | None
    var: int | None
    watts_before: int | None
    var_before: int | None
    seconds: int


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """One command at one station.

    `refused` are functions that will not be carried out, with the outcome; `lost` are functions
    that a better command took for good; `withdraw_at` (UTC of the utility) delays a cancellation, or is when
    an event was over whose utility's clock said too early that its end had come;
    `level` is the stack level of its charging profiles at its station. `told` are the outcomes
    that the utility was owed so far, each once. `followed` are functions that the meter ever showed to be
    done, `ignored` those that it only showed not to be done.
    """

    command: DerCommand
    state: State = State.RECEIVED
    refused: tuple[tuple[str, ControlOutcome], ...] = ()
    lost: frozenset[str] = frozenset()
    told: frozenset[ControlOutcome] = frozenset()
    withdraw_at: datetime | None = None
    level: int = 0
    baseline: Baseline | None = None
    """None until it is taken, and where the command needs none."""
    followed: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    declined: str = ""
    """`operator` or `hold` where there is no part in it now."""
    declines: int = 0
    waits_s: int = 0
    """How much later it starts here than its utility says, so that not all stations move at once."""
    delivered: Delivered | None = None
    """What the meter showed of it, once it is over."""
    parted: bool = False
    """Whether it was declined, or joined again, while it ran."""

    key: str = field(init=False, repr=False, compare=False)
    """utility/station/mRID: unique, stable over restarts."""
    planned: Interval | None = field(init=False, repr=False, compare=False)
    """The interval in utility time with the draws in it; None for a default."""
    interval: Interval | None = field(init=False, repr=False, compare=False)
    """The planned interval, cut where a withdrawal takes effect."""
    controls: tuple[DerControl, ...] = field(init=False, repr=False, compare=False)
    """The controls that may claim their function.

    Where a part of an event is refused only limits stay: a mode without its partner is not what
    was asked for. Default controls are independent of each other. What is declined claims nothing.
    """
    functions: frozenset[str] = field(init=False, repr=False, compare=False)
    """The functions that it may still claim."""

    def __post_init__(self) -> None:
        """Note once what follows from the rest: all of it is looked up at each event of the station."""
        command, note = self.command, object.__setattr__
        note(self, "key", intern(key_of(command)))
        planned = _planned(command, self.waits_s)
        note(self, "planned", planned)
        note(self, "interval", planned if planned is None else _cut(planned, self.withdraw_at))
        controls = self._claiming()
        note(self, "controls", controls)
        note(self, "functions", _together(tuple([function_of(control) for control in controls])))

    @property
    def utility(self) -> str:
        """Return the id of the utility that it came from."""
        return self.command.origin.utility

    def _claiming(self) -> tuple[DerControl, ...]:
        if self.declined:
            return ()
        if not (self.lost or self.refused):
            return self.command.controls
        gone = self.lost | {function for function, _ in self.refused}
        kept = tuple(c for c in self.command.controls if function_of(c) not in gone)
        if self.refused and not self.command.is_default:
            kept = tuple(c for c in kept if isinstance(c, PowerLimit))
        return kept

    def refuse(self, refusals: tuple[Refusal, ...]) -> CommandRecord:
        """Return the record with these functions refused."""
        if not refusals:
            return self
        known = dict(self.refused)
        new = {refusal.function: refusal.outcome for refusal in refusals}
        return changed(self, refused=tuple(sorted((new | known).items())))

    @property
    def refusal(self) -> ControlOutcome | None:
        """Return the one outcome that stands for all refusals, or None."""
        return gravest(outcome for _, outcome in self.refused)

    def seen(self, function: str, *, followed: bool) -> CommandRecord:
        """Return the record after the meter showed whether a function is done; once done it was done."""
        if function in self.followed:
            return self
        if followed:
            done, ignored = self.followed | {function}, self.ignored - {function}
            return changed(self, followed=done, ignored=ignored)
        return changed(self, ignored=self.ignored | {function})

    def step(self, trigger: Trigger) -> CommandRecord:
        """Return the record after `trigger` (see the table of `lifecycle`)."""
        return changed(self, state=after(self.state, trigger))

    @property
    def owed(self) -> ControlOutcome | None:
        """Return the outcome of the state, where the utility has not been told yet."""
        outcome = self.refusal if self.state is State.REFUSED else OWED.get(self.state)
        if outcome is ControlOutcome.COMPLETED and self.parted:
            outcome = _PARTED[bool(self.declined)]
        return None if outcome in self.told else outcome

    @property
    def over(self) -> bool:
        """Say whether nothing more can happen to it."""
        return self.state in ENDED


def _planned(command: DerCommand, waits_s: int) -> Interval | None:
    """Return a command's interval with what was drawn for it, begun `waits_s` later but not after its end."""
    interval, draws = command.interval, command.randomization
    begin, shift = draws.start_draw_s or 0, (draws.start_draw_s or 0) + (draws.duration_draw_s or 0)
    if interval is None:
        return None
    if not (begin or shift or waits_s) and (interval.end is None or interval.end >= interval.start):
        return interval
    start = interval.start + timedelta(seconds=begin)
    end = None if interval.end is None else max(start, interval.end + timedelta(seconds=shift))
    waited = start + timedelta(seconds=waits_s)
    return Interval(waited if end is None else min(waited, end), end)


def _cut(planned: Interval, at: datetime | None) -> Interval:
    """Return an interval that ends at an instant, or at its start where that was later."""
    if at is None:
        return planned
    cut = max(planned.start, at)
    return Interval(planned.start, cut if planned.end is None else min(planned.end, cut))


@lru_cache(maxsize=1024)
def _together(functions: tuple[str, ...]) -> frozenset[str]:
    """Return these functions as one set for all records that have them."""
    return frozenset(functions)


def key_of(command: DerCommand) -> str:
    """Return the key of a command's record."""
    return f"{command.origin.utility}/{command.target.station}/{command.mrid}"


def forgettable(record: CommandRecord, utility_now: datetime) -> bool:
    """Say whether a command ended so long ago that nobody asks for it any more."""
    planned = record.planned
    ends = (None if planned is None else planned.end, record.withdraw_at)
    end = max((instant for instant in ends if instant is not None), default=None)
    return end is not None and end + RETENTION <= utility_now


def differs(old: DerCommand, new: DerCommand) -> bool:
    """Say whether two editions differ in meaning (clocks, draws and digests do not count)."""

    def meaning(command: DerCommand) -> DerCommand:
        randomization = changed(command.randomization, start_draw_s=None, duration_draw_s=None)
        origin = changed(command.origin, digest="", href="")
        return changed(
            command,
            server_time=old.server_time,
            origin=origin,
            randomization=randomization,
            version=0,
            description="",
        )

    return meaning(old) != meaning(new)


def to_document(record: CommandRecord, command: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the JSON document that is kept; `command` is its command, where it is written already."""
    return {
        "command": encode(record.command) if command is None else command,
        "state": record.state.value,
        "refused": [[function, outcome.value] for function, outcome in record.refused],
        "lost": sorted(record.lost),
        "told": sorted(outcome.value for outcome in record.told),
        "level": record.level,
        "baseline": encode(record.baseline),
        "followed": sorted(record.followed),
        "ignored": sorted(record.ignored),
        "declined": record.declined,
        "declines": record.declines,
        "waits_s": record.waits_s,
        "delivered": encode(record.delivered),
        "parted": record.parted,
        "withdraw_at": None if record.withdraw_at is None else record.withdraw_at.isoformat(),
    }


def from_document(document: dict[str, Any]) -> CommandRecord:
    """Return the record that `to_document` described."""
    withdraw_at, known = document["withdraw_at"], document.get("baseline")
    return CommandRecord(
        command=decode(document["command"], DerCommand),
        state=State(document["state"]),
        refused=tuple((name, ControlOutcome(value)) for name, value in document["refused"]),
        lost=frozenset(document["lost"]),
        told=frozenset(ControlOutcome(value) for value in document["told"]),
        level=document["level"],
        baseline=None if known is None else decode(known, Baseline),
        followed=frozenset(document.get("followed", ())),
        ignored=frozenset(document.get("ignored", ())),
        declined=document.get("declined", ""),
        declines=document.get("declines", 0),
        waits_s=document.get("waits_s", 0),
        delivered=_delivered(document.get("delivered")),
        parted=document.get("parted", False),
        withdraw_at=None if withdraw_at is None else datetime.fromisoformat(withdraw_at),
    )


def _delivered(known: Any) -> Delivered | None:
    return None if known is None else decode(known, Delivered)

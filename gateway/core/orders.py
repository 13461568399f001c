"""What operators order, and how the gateway itself is led: holds, plans, rules, the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from translators.rules.book import Book


class DrainMode(StrEnum):
    """What happens at the stations when the gateway stops."""

    KEEP = "keep"
    """What is in force stays in force."""
    DEFAULT = "default"
    """Events are taken back, default controls stay."""
    CLEAR = "clear"
    """Everything of ours is taken back."""


@dataclass(frozen=True, slots=True)
class DrainRequested:
    """The gateway is about to stop: take back what `mode` says, then dispatch nothing more."""

    mode: DrainMode


@dataclass(frozen=True, slots=True)
class ParticipationChanged:
    """An operator declines an event (`out`) or takes part again; at no named stations: at all.

    `utility` is empty for any that uses this mRID.
    """

    mrid: str
    out: bool
    reason: str
    actor: str
    utility: str = ""
    stations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """An operator stops all dispatch, or lets it go on; with `release` what runs is taken back.

    `station` names the only one that is meant; empty for all.
    """

    on: bool
    reason: str
    actor: str
    release: bool = False
    station: str = ""


@dataclass(frozen=True, slots=True)
class CommissioningOrdered:
    """An operator has a station step a little, and judged by its meter.

    `watts` is what it is asked for at most, None for a part of its rating. A step has `settle` to be done,
    then its meter is read for `measure`.
    """

    station: str
    reason: str
    actor: str
    watts: Fraction | None = None
    settle: timedelta = timedelta(seconds=20)
    measure: timedelta = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class PlanOrdered:
    """An operator has read a plan and orders exactly that: nothing, where it would be another one now."""

    digest: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class RulesReplaced:
    """Other mapping rules hold from now on: commands that come are translated by them.

    With `at_once` those that are there are, too; else they wait for a plan to be applied.
    """

    book: Book
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class RulesRefused:
    """Mapping rules were to be replaced, and the new ones are no good: the old ones hold."""

    problem: str

"""One bound of a site over the stations and EVSEs behind it.

    envelope 40 ├───────────────────────────────────────┤
    targets     ├── A 10 ──┤├── B 10 ──┤├──── C 20 ─────┤      `targets`: who should get how much
    held        ├──────── A 20 ───────┤├─ B 5 ─┤├ C 10 ─┤      what each may draw by what it holds now
    steps        A shrinks to 10 now; B grows by the 5 that   `steps`: what is sent now; the rest
                 are free; C waits until A has confirmed       follows when A has confirmed

Amounts are exact, of one unit, never negative, and the same for import and export. Resources are what
they use up: W of the whole site, A of each phase, or both; an envelope bounds each.

The promise: whatever messages are lost, the sum of what participants may draw never rises above the
greater of the envelope and what cannot be revoked. So a participant grows only into room that nobody
may still use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

type Amounts = dict[str, Fraction]
"""By participant, or by resource."""


class Policy(StrEnum):
    """Who gets how much of an envelope that is too small for all."""

    EQUAL = "equal"
    PROPORTIONAL = "proportional"
    """Each the same part of its rating."""
    PRIORITY = "priority"
    """First everybody's minimum, then the best priority up to its rating, then the next."""
    FIRST_COME = "first_come"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody behind an envelope.

    `most` is its rating, `least` what it cannot go below but by pausing (6 A), `uses` how much of each
    bounded resource one unit of its amount takes: of every phase in full where its own are not known. `held`
    is the most that it may draw by what it holds: the greater of what it confirmed and what may be on its
    way; None where nothing bounds it. Not `revocable` is who is away or does not follow. Lower `priority`
    is better.
    """

    id: str
    most: Fraction
    uses: Mapping[str, Fraction]
    least: Fraction = Fraction()
    priority: int = 0
    since: float = 0.0
    """When it came, in seconds of any clock."""
    held: Fraction | None = None
    revocable: bool = True

    @property
    def may_draw(self) -> Fraction:
        """Return the most that it may draw now."""
        return self.most if self.held is None else min(self.held, self.most)


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who should get how much; `excess` by resource is what cannot be brought under the envelope."""

    targets: Mapping[str, Fraction]
    excess: Mapping[str, Fraction]
    paused: frozenset[str] = frozenset()
    """Those for whom not even their minimum is there."""


def allocate(
    envelope: Mapping[str, Fraction],
    participants: Iterable[Participant],
    policy: Policy,
    turn: int = 0,
) -> Allocation:
    """Return the targets under `envelope`, by resource; `turn` counts up to let others pause.

    What is not revocable keeps what it may draw, and the others share what is left of it.
    """
    everybody = tuple(participants)
    fixed = [one for one in everybody if not one.revocable]
    room = {name: bound - _sum(fixed, name) for name, bound in envelope.items()}
    excess = {name: -left for name, left in room.items() if left < 0}
    room = {name: max(Fraction(), left) for name, left in room.items()}
    free = [one for one in everybody if one.revocable]
    granted = _minima(free, room, policy, turn)
    awake = [one for one in free if one.id in granted]
    for tier in _tiers(awake, policy):
        _fill(tier, room, granted, proportional=policy is Policy.PROPORTIONAL)
    targets = {one.id: one.may_draw for one in fixed}
    targets |= {one.id: granted.get(one.id, Fraction()) for one in free}
    paused = frozenset(one.id for one in free if one.id not in granted)
    return Allocation(targets, excess, paused)


def steps(
    envelope: Mapping[str, Fraction],
    participants: Iterable[Participant],
    targets: Mapping[str, Fraction],
) -> Amounts:
    """Return the bounds to send now: every shrink, and growth into room that nobody may still use."""
    everybody = tuple(participants)
    room = {name: bound - _sum(everybody, name) for name, bound in envelope.items()}
    found: Amounts = {}
    for one in everybody:
        target = targets[one.id]
        if one.held is not None and target == one.held:
            continue
        if target <= one.may_draw:
            if one.revocable:
                found[one.id] = target
            continue
        gain = min(target - one.may_draw, *(room[name] / part for name, part in one.uses.items()))
        if one.revocable and gain > 0 and one.may_draw + gain >= one.least:
            found[one.id] = one.may_draw + gain
            _take(room, one, gain)
    return found


def headroom(
    bound: Fraction, load: Fraction, generation: Fraction, margin: Fraction = Fraction()
) -> Fraction:
    """Return what stations may import under a bound at the connection point, beside measured load.

    Negative where load alone exceeds it. `margin` is kept free for what the meter has not seen yet.
    """
    return bound - margin - load + generation


def _sum(participants: Iterable[Participant], name: str) -> Fraction:
    return sum((one.may_draw * one.uses.get(name, 0) for one in participants), Fraction())


def _take(room: Amounts, one: Participant, amount: Fraction) -> None:
    for name, part in one.uses.items():
        room[name] -= amount * part


def _order(participants: Sequence[Participant], policy: Policy, turn: int) -> list[Participant]:
    """Return in which order minima are granted; where all are alike, another one begins each turn."""
    match policy:
        case Policy.PRIORITY:
            return sorted(participants, key=lambda one: (one.priority, one.since, one.id))
        case Policy.FIRST_COME:
            return sorted(participants, key=lambda one: (one.since, one.id))
        case _:
            ranked = sorted(participants, key=lambda one: one.id)
            begin = turn % len(ranked) if ranked else 0
            return ranked[begin:] + ranked[:begin]


def _minima(
    participants: Sequence[Participant], room: Amounts, policy: Policy, turn: int
) -> Amounts:
    """Grant each its minimum while there is room; who gets none pauses."""
    granted: Amounts = {}
    for one in _order(participants, policy, turn):
        least = min(one.least, one.most)
        if all(room[name] >= least * part for name, part in one.uses.items()):
            granted[one.id] = least
            _take(room, one, least)
    return granted


def _tiers(participants: Sequence[Participant], policy: Policy) -> list[list[Participant]]:
    """Return who shares at once, the first before the next."""
    match policy:
        case Policy.PRIORITY:
            levels = sorted({one.priority for one in participants})
            return [[one for one in participants if one.priority == level] for level in levels]
        case Policy.FIRST_COME:
            return [[one] for one in _order(participants, policy, 0)]
        case _:
            return [list(participants)]


def _fill(
    tier: Sequence[Participant], room: Amounts, granted: Amounts, *, proportional: bool
) -> None:
    """Let all of a tier rise together until each has its rating or one of its resources is used up.

    What they rise by is the same for all, or the same part of each rating: each rises from its minimum
    only when the others have come up to it.
    """
    weights = {one.id: one.most if proportional else Fraction(1) for one in tier}
    rising = [one for one in tier if granted[one.id] < one.most]
    while rising:
        level = min(granted[one.id] / weights[one.id] for one in rising)
        low = [one for one in rising if granted[one.id] / weights[one.id] == level]
        above = [granted[one.id] / weights[one.id] - level for one in rising if one not in low]
        by = min([one.most / weights[one.id] - level for one in low] + above)
        for name, left in room.items():
            slope = sum((weights[one.id] * one.uses.get(name, 0) for one in low), Fraction())
            by = min(by, left / slope) if slope else by
        for one in low:
            granted[one.id] += by * weights[one.id]
            _take(room, one, by * weights[one.id])
        full = {name for name, left in room.items() if left == 0}
        rising = [one for one in rising if granted[one.id] < one.most and full.isdisjoint(one.uses)]

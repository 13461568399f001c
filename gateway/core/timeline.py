"""Who holds a function when: primacy and overlap turned into effective intervals.

    primacy 10   ├────────── A ──────────┤
    primacy  5            ├── B ──┤
    in force     ├── A ──┤├── B ──┤            2018: A does not resume once it was beaten
    in force     ├── A ──┤├── B ──┤├─ A ─┤        with `resume`

Per function, half-open intervals; the lowest primacy wins, then the newest creation time (2030.5
event rules). A command whose start is covered by a better one waits; it is not beaten before it
ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from translators.canonical.commands import Interval
from translators.canonical.swift import swift

HOLD_OVER = timedelta(seconds=5)
"""A gap up to this between two commands of one function is bridged: no dip to the default."""
_FOREVER = datetime.max.replace(tzinfo=UTC)


@swift
@dataclass(frozen=True, slots=True)
class Claim:
    """A command wants a function for an interval; `bridges` where it may outlast it a little."""

    key: str
    function: str
    primacy: int
    created: datetime
    interval: Interval
    bridges: bool = True

    @property
    def rank(self) -> tuple[int, float, str]:
        """Return the sort key: the lowest wins."""
        return (self.primacy, -self.created.timestamp(), self.key)

    @property
    def end(self) -> datetime:
        """Return the end, or the end of time."""
        return self.interval.end or _FOREVER


@swift
@dataclass(frozen=True, slots=True)
class Segment:
    """A function is `key`'s; `beaten_by` took it at the end, `yields` if by better primacy."""

    key: str
    function: str
    interval: Interval
    beaten_by: str | None = None
    yields: bool = False


type _Holder = tuple[datetime, Claim | None]
"""From when on who holds a function."""


def arbitrate(claims: Iterable[Claim], *, resume: bool) -> dict[str, tuple[Segment, ...]]:
    """Return each function's segments; `resume` lets a beaten command come back."""
    by_function: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_function[claim.function].append(claim)
    return {
        function: tuple(_sweep(sorted(group, key=lambda claim: claim.rank), resume=resume))
        for function, group in by_function.items()
    }


def _sweep(ranked: list[Claim], *, resume: bool) -> list[Segment]:
    """Walk the boundaries; at each, the best claim that covers it and may still run is in force."""
    boundaries = sorted({c.interval.start for c in ranked} | {c.end for c in ranked})
    beaten: set[str] = set()
    holders: list[_Holder] = []
    holder: Claim | None = None
    for instant in boundaries:
        covering = (c for c in ranked if c.interval.start <= instant < c.end)
        winner = next((c for c in covering if c.key not in beaten), None)
        if winner is not holder:
            if holder is not None and winner is not None and not resume:
                beaten.add(holder.key)
            holders.append((instant, winner))
            holder = winner
    return _segments(_bridged(holders))


def _bridged(holders: Sequence[_Holder]) -> list[_Holder]:
    """Leave out gaps that are too short to fall back to a default."""
    kept: list[_Holder] = []
    for (start, claim), (end, _) in pairwise([*holders, (_FOREVER, None)]):
        before = kept[-1][1] if kept else None
        short = claim is None and timedelta() < end - start <= HOLD_OVER
        if not (short and before is not None and before.bridges):
            kept.append((start, claim))
    return kept


def _segments(holders: Sequence[_Holder]) -> list[Segment]:
    segments = []
    for (start, claim), (end, successor) in pairwise(holders):
        if claim is None:
            continue
        beaten_by = successor if end < claim.end else None
        segments.append(
            Segment(
                key=claim.key,
                function=claim.function,
                interval=Interval(start, None if end == _FOREVER else end),
                beaten_by=None if beaten_by is None else beaten_by.key,
                yields=beaten_by is not None and beaten_by.primacy < claim.primacy,
            )
        )
    return segments

"""Who holds when several want the same: the best at each time; who loses resumes after it.

rank 2   ├───────────────────────┤
rank 1         ├──────┤
holds    ├─ 2 ─┼─ 1 ──┼─── 2 ────┤
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import count, pairwise

type Rank = tuple[int, int | Fraction, float, str, int]
"""Priority, how much a limit allows, how old, and what tells equals apart: of two the lower one is better."""
type Time = tuple[datetime, datetime]


@dataclass(slots=True)
class Claim:
    """What wants to hold over a time, and (after `arbitrate`) the times at which it does, None for never."""

    begin: datetime
    end: datetime
    rank: Rank
    holds: list[Time] | None = None

    def covers(self, at: datetime) -> bool:
        """Say whether it holds at an instant."""
        return any(begin <= at < end for begin, end in self.holds or ())


def arbitrate(claims: Iterable[Claim]) -> None:
    """Give each claim the times at which none of a better rank is there, joined where they touch."""
    starting: defaultdict[datetime, list[Claim]] = defaultdict(list)
    edges: set[datetime] = set()
    for claim in claims:
        starting[claim.begin].append(claim)
        edges |= {claim.begin, claim.end}
    number, here = count(), list[tuple[Rank, int, Claim]]()
    for at, until in pairwise(sorted(edges)):
        for claim in starting.get(at, ()):
            heapq.heappush(here, (claim.rank, next(number), claim))
        while here and here[0][2].end <= at:
            heapq.heappop(here)
        if here:
            _hold(here[0][2], at, until)


def _hold(winner: Claim, at: datetime, until: datetime) -> None:
    if winner.holds is None:
        winner.holds = [(at, until)]
    elif winner.holds[-1][1] == at:
        winner.holds[-1] = winner.holds[-1][0], until
    else:
        winner.holds.append((at, until))

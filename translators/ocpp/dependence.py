"""Which functions of a translation rest on which ratings: what has to be translated again when one changes.

Ratings change while a command is in force: a car plugs in or leaves, and with it the AC ratings of an EVSE.
The trace names each rating that a number was made with, or bounded by.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from translators.canonical.capability import Ratings, StationProfile
from translators.ocpp.orders import StationOrders
from translators.rules.trace import Step, Translation
from translators.units import Base

_NAMED = re.compile(rf"\b({'|'.join(sorted(Base, key=len, reverse=True))}) =")


def ratings_used(steps: Iterable[Step]) -> Mapping[str, frozenset[Base]]:
    """Return the ratings by the function that rests on them; functions that rest on none are absent."""
    found: defaultdict[str, set[Base]] = defaultdict(set)
    for step in steps:
        named = {Base(name) for name in _NAMED.findall(step.base)}
        if named and step.control:
            found[step.control] |= named
    return {function: frozenset(bases) for function, bases in found.items()}


def changed(before: StationProfile, after: StationProfile) -> frozenset[Base]:
    """Return the ratings that differ at any EVSE that both have."""
    pairs = list(zip(before.evses, after.evses, strict=False))
    return frozenset(
        base
        for base in Base
        if any(old.ratings.base(base) != new.ratings.base(base) for old, new in pairs)
    )


def stale(
    made: Translation[StationOrders], before: StationProfile, after: StationProfile
) -> frozenset[str]:
    """Return the functions that a change of the station makes doubtful: translate them again.

    Where only ratings changed, those that rest on one of them, with what was refused or followed without a
    message: a rating may be known now, or a station able to discharge. Else all of them.
    """
    sent = {name for message in made.value.messages for name in message.functions}
    silent = {*made.value.vacuous, *(refusal.function for refusal in made.refusals)}
    if _without_ratings(before) != _without_ratings(after):
        return frozenset(sent | silent)
    moved = changed(before, after)
    if not moved:
        return frozenset()
    rest = {name for name, bases in ratings_used(made.steps).items() if bases & moved}
    return frozenset(rest | silent)


def _without_ratings(profile: StationProfile) -> StationProfile:
    bare = tuple(replace(evse, ratings=Ratings()) for evse in profile.evses)
    return replace(profile, evses=bare)

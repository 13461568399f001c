"""Ratings behind a meter, as judgements want them: those of one EVSE, or of all that share a meter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gateway.core.meters import STATION
from translators.canonical.capability import Evse, StationProfile
from translators.canonical.controls import Quantity
from translators.units import Base, Kind


@dataclass(frozen=True, slots=True)
class Plate:
    """Ratings in W, var, VA and V by base; what is not known is missing.

    `amps` is the sum over phases, or None. `share` is the part of the station's ratings that this is.
    """

    ratings: dict[Base, float]
    amps: float | None = None
    share: float = 1.0

    def absolute(self, quantity: Quantity) -> float | None:
        """Return a quantity of the station in W, var or VA as it falls to this place, None if unknown."""
        value = float(quantity.value * quantity.unit.scale)
        if quantity.unit.kind is not Kind.PERCENT:
            return value * self.share
        rating = None if quantity.base is None else self.ratings.get(quantity.base)
        return None if rating is None else value * rating / 100

    def able(self, kind: Kind, value: float) -> float:
        """Return as much of a target as the ratings allow; what they do not name they do not bound."""
        if kind is Kind.REACTIVE:
            low, high = self.ratings.get(Base.MAX_VAR_NEG), self.ratings.get(Base.MAX_VAR)
        else:
            low, high = self.ratings.get(Base.MAX_CHARGE_W), self.most_export
        value = value if high is None else min(value, high)
        return value if low is None else max(value, -low)

    @property
    def most_export(self) -> float | None:
        """Return the most that may be exported, in W."""
        known = [self.ratings.get(base) for base in (Base.MAX_W, Base.MAX_DISCHARGE_W)]
        return min((rating for rating in known if rating is not None), default=None)

    def full(self, kind: Kind) -> float:
        """Return the size that tolerances are a part of: the largest rating, 1 kW or kvar if unknown."""
        bases = (
            (Base.MAX_VAR, Base.MAX_VA)
            if kind is Kind.REACTIVE
            else (Base.MAX_W, Base.MAX_CHARGE_W)
        )
        return max((self.ratings[base] for base in bases if self.ratings.get(base)), default=1000.0)

    def apparent(self, volts: float | None) -> float:
        """Return the most VA, by rating and current; infinite where neither is known."""
        most = self.ratings.get(Base.MAX_VA, math.inf)
        return most if self.amps is None or volts is None else min(most, self.amps * volts)


_BASES = (
    Base.MAX_W,
    Base.MAX_CHARGE_W,
    Base.MAX_DISCHARGE_W,
    Base.MAX_VA,
    Base.MAX_CHARGE_VA,
    Base.MAX_VAR,
    Base.MAX_VAR_NEG,
)


def plates(profile: StationProfile) -> dict[int, Plate]:
    """Return the plate of each EVSE by its id, and that of the station."""
    whole = _plate(profile.evses)
    found = {evse.id: _plate([evse], whole) for evse in profile.evses}
    return {STATION: whole, **found}


def _plate(evses: Sequence[Evse], whole: Plate | None = None) -> Plate:
    sums = {base: _sum(evse.ratings.base(base) for evse in evses) for base in _BASES}
    ratings = {base: value for base, value in sums.items() if value is not None}
    nominal = next((evse.ratings.v_nom for evse in evses if evse.ratings.v_nom), None)
    if nominal is not None:
        ratings[Base.V_NOM] = float(nominal)
    amps = _sum(
        None if evse.ratings.max_a is None else evse.ratings.max_a * evse.phases for evse in evses
    )
    share = 1.0 if whole is None else _share(ratings, whole.ratings)
    return Plate(ratings, amps, share)


def _share(own: dict[Base, float], whole: dict[Base, float]) -> float:
    pairs = [(own.get(base), whole.get(base)) for base in (Base.MAX_VA, Base.MAX_VAR, Base.MAX_W)]
    return next((part / total for part, total in pairs if part is not None and total), 1.0)


def _sum(values: Iterable[Fraction | None]) -> float | None:
    known = list(values)
    return float(sum(v for v in known if v is not None)) if None not in known and known else None

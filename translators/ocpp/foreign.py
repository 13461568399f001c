"""What a station says of limits that nobody here gave: NotifyChargingLimit (K12, K13)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from translators.canonical.capability import Evse
from translators.ocpp.wire import Json, place_of
from translators.units import Base


@dataclass(frozen=True, slots=True)
class Rate:
    """What a schedule lets flow as it begins: `unit` is W or A."""

    value: Fraction
    unit: str = "W"
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class ForeignLimit:
    """A limit of charge from another source; `evse` is None for the whole station.

    All `rates` hold; there is none where the station does not tell it.
    """

    source: str
    evse: int | None
    rates: tuple[Rate, ...] = ()
    grid_critical: bool = False


def foreign_limit(payload: Json) -> ForeignLimit:
    """Return what a NotifyChargingLimitRequest says."""
    limit = payload["chargingLimit"]
    begins = [
        (schedule["chargingSchedulePeriod"][0], schedule["chargingRateUnit"])
        for schedule in payload.get("chargingSchedule", ())
    ]
    rates = tuple(
        Rate(Fraction(str(period["limit"])), unit, period.get("numberPhases"))
        for period, unit in begins
        if "limit" in period
    )
    evse = place_of(payload.get("evseId")) or None
    critical = bool(limit.get("isGridCritical", False))
    return ForeignLimit(limit["chargingLimitSource"], evse, rates, critical)


def in_watts(rate: Rate, evses: tuple[Evse, ...]) -> Fraction | None:
    """Return a rate of charge in watts; amps count at the nominal voltage of the first EVSE.

    None where that is not known.
    """
    if rate.unit == "W":
        return rate.value
    volts = evses[0].ratings.base(Base.V_NOM) if evses else None
    return None if volts is None else rate.value * volts * (rate.phases or evses[0].phases)

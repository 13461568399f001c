"""What a station says of limits that nobody here gave: NotifyChargingLimit (K12, K13)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from translators.canonical.capability import Evse
from translators.ocpp.wire import Json
from translators.units import Base


@dataclass(frozen=True, slots=True)
class ForeignLimit:
    """A limit of charge from another source; `evse` is None for the whole station.

    `rate` is in the unit (W or A) of its schedule as it begins, None where the station does not tell it.
    """

    source: str
    evse: int | None
    unit: str = "W"
    rate: Fraction | None = None
    phases: int | None = None
    grid_critical: bool = False


def foreign_limit(payload: Json) -> ForeignLimit:
    """Return what a NotifyChargingLimitRequest says; of several schedules the lowest limit."""
    limit, evse = payload["chargingLimit"], payload.get("evseId")
    critical = bool(limit.get("isGridCritical", False))
    bare = ForeignLimit(
        limit["chargingLimitSource"], int(evse) if evse else None, grid_critical=critical
    )
    told = []
    for schedule in payload.get("chargingSchedule", ()):
        period = schedule["chargingSchedulePeriod"][0]
        if "limit" in period:
            rate = Fraction(str(period["limit"]))
            told.append((rate, schedule["chargingRateUnit"], period.get("numberPhases")))
    if not told:
        return bare
    rate, unit, phases = min(told, key=lambda item: item[0])
    return ForeignLimit(bare.source, bare.evse, unit, rate, phases, critical)


def in_watts(
    rate: Fraction, unit: str, evses: tuple[Evse, ...], phases: int | None = None
) -> Fraction | None:
    """Return a rate of charge in watts; amps count at the nominal voltage of the first EVSE.

    None where that is not known.
    """
    if unit == "W":
        return rate
    volts = evses[0].ratings.base(Base.V_NOM) if evses else None
    return None if volts is None else rate * volts * (phases or evses[0].phases)

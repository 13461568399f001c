"""Whether the car keeps a setpoint from being reached: a full one takes, an empty one gives no more.

A station that does nothing at all is not spared, unless its car says that it wants nothing, or is full or
empty. One that does a part of what was asked is: how much a car takes is the car's choice, as far as nobody
knows that it could take more.
"""

from __future__ import annotations

from gateway.core.following import Bound
from gateway.core.shown import Sense
from translators.canonical.controls import (
    ActiveSetpoint,
    DerControl,
    RelativeActiveSetpoint,
    StorageTarget,
)

_FULL_PCT = 80.0
"""From here on batteries are charged more slowly, and many drivers let them be charged no further."""
_EMPTY_PCT = 20.0
"""Up to here cars keep their energy for the drive."""


def spared(control: DerControl, bound: Bound, charge_pct: float | None, *, suspended: bool) -> str:
    """Return why it is not the station that leaves a setpoint short, empty where it may well be.

    `suspended`: the car itself says that it takes and gives nothing now (SuspendedEV).
    """
    if not isinstance(control, ActiveSetpoint | RelativeActiveSetpoint | StorageTarget):
        return ""
    low, high = bound.own
    charging = high < 0
    short = (
        high < bound.measured <= bound.slack if charging else -bound.slack <= bound.measured < low
    )
    if bound.sense is not Sense.TARGET or not short:
        return ""
    idle = abs(bound.measured) <= bound.slack
    if suspended and idle:
        return "the car takes and gives nothing now"
    if charge_pct is None:
        return "" if idle else "a part is done, and nobody knows what the car could do"
    at_its_end = charge_pct >= _FULL_PCT if charging else charge_pct <= _EMPTY_PCT
    return f"the storage is nearly {'full' if charging else 'empty'}" if at_its_end else ""

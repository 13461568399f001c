"""What a station is doing, and what it could do: as its utilities are told; None is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from translators.canonical.telemetry import GridFault


@dataclass(frozen=True, slots=True)
class StationStatus:
    """A station at one instant of utility time (UTC).

    `power` in W (+ exports); `state_of_charge` is a share of 1. `in_session`: a transaction runs.
    `opted_out`: somebody on site overrides its commands. `curtailed` and `heightened`: a command in
    force lets it take less, or makes it take more, than it would by itself. `setpoint` is the one that
    it follows, W (+ exports).
    """

    at: datetime
    connected: bool | None
    alarms: frozenset[GridFault] = frozenset()
    faulted: bool | None = None
    in_session: bool | None = None
    power: Fraction | None = None
    state_of_charge: Fraction | None = None
    opted_out: bool | None = None
    curtailed: bool | None = None
    heightened: bool | None = None
    setpoint: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """How much more a station could do at `at` than it does: magnitudes in W, var and seconds.

    `inject_w` counts from 0 where it charges now; `up_w` is how far its power may rise toward export from
    where it is, `down_w` how far it may fall.

    `reserve` is in `pct[setMaxW]` and can be injected for `duration`, `charge_reserve` is in
    `pct[setMaxChargeRateW]` and can be absorbed for `charge_duration`. `energy` (Wh) is what the battery
    could still give.
    """

    at: datetime
    inject_w: Fraction | None = None
    absorb_w: Fraction | None = None
    up_w: Fraction | None = None
    down_w: Fraction | None = None
    inject_var: Fraction | None = None
    absorb_var: Fraction | None = None
    duration: Fraction | None = None
    charge_duration: Fraction | None = None
    reserve: Fraction | None = None
    charge_reserve: Fraction | None = None
    energy: Fraction | None = None

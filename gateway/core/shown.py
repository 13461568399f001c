"""What a meter shows, and what it should show: the words in which stations are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.core.plates import Plate
from gateway.core.polyline import Range
from translators.canonical.controls import DerControl, Quantity
from translators.units import Kind


@dataclass(frozen=True, slots=True)
class Shown:
    """What is measured at one place, and what stands behind it; None was not measured.

    `meter` is the class of the meter as a share of the rating. `base` is what setpoints in force ask for
    (W), `droop` what the frequency adds to it.
    """

    plate: Plate
    nominal_hz: float
    watts: float | None = None
    var: float | None = None
    volts: float | None = None
    hertz: float | None = None
    meter: float = 0.01
    session: bool = True
    base: Range | None = None
    droop: Range = (0.0, 0.0)
    droop_response_s: float = 0.0
    vref: str = "native"


class Sense(StrEnum):
    """What an aim asks of a value: to be it, to stay below it, or above it."""

    TARGET = "target"
    CEILING = "ceiling"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Aim:
    """A value of W or var that lies in a range, reached by nine tenths in `response_s`.

    `ramped`: no faster than the station's gradient.
    """

    kind: Kind
    sense: Sense
    low: float
    high: float
    response_s: float
    ramped: bool = False


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a control that is in force cannot be judged now."""

    reason: str


def response_of(control: DerControl, otherwise: float) -> float:
    """Return how many seconds a control has to nine tenths, or what is usual."""
    told = getattr(control, "response_time", None)
    return otherwise if told is None else float(told)


def ordered(payload: Mapping[str, Any], name: str) -> float | None:
    """Return what the last period of a charging profile orders, in the generator frame."""
    schedules = payload.get("chargingProfile", {}).get("chargingSchedule", ())
    if not schedules or schedules[0].get("chargingRateUnit", "W") != "W":
        return None
    value = schedules[0]["chargingSchedulePeriod"][-1].get(name)
    return None if value is None else -float(value)


def of_a_session(
    value: Quantity, name: str, shown: Shown, payload: Mapping[str, Any]
) -> float | None:
    """Return what a setpoint asks of the one session that follows it, in W or var.

    Among several EVSEs a percentage is what the station was told it is.
    """
    if shown.plate.share == 1.0:
        return shown.plate.absolute(value)
    if value.unit.kind is Kind.PERCENT:
        return ordered(payload, name)
    return float(value.value * value.unit.scale)


def exactly(value: float | None) -> Range | None:
    """Return a value as a range."""
    return None if value is None else (value, value)

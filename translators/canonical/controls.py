"""The closed union `DerControl`: everything a utility can ask of a DER, whatever it speaks.

Frame of the generator: +P exports, +Q injects. Numbers are Fractions in the unit that the field's type
or name states; percentages carry their base. `match` with `assert_never` names what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from translators.canonical.curves import Curve, Vertex
from translators.canonical.swift import swift
from translators.errors import ModelError
from translators.units import Base, Kind, Unit


class Excitation(StrEnum):
    """Which side of unity a power factor lies on (the wire's booleans say True for absorbing)."""

    OVER = "over"
    """Injects var."""
    UNDER = "under"
    """Absorbs var."""


class Flow(StrEnum):
    """Which way active power goes."""

    INJECTING = "injecting"
    ABSORBING = "absorbing"


class LimitScope(StrEnum):
    """Where a power limit holds."""

    DEVICE = "device"
    CONNECTION_POINT = "connection_point"


class LimitOn(StrEnum):
    """What a limit bounds."""

    EXPORT = "export"
    IMPORT = "import"
    GENERATION = "generation"
    LOAD = "load"


class TripQuantity(StrEnum):
    """What a trip or ride-through curve watches."""

    VOLTAGE = "voltage"
    FREQUENCY = "frequency"


class TripSide(StrEnum):
    """On which side of nominal it watches."""

    HIGH = "high"
    LOW = "low"


class TripRegion(StrEnum):
    """What the station does beyond the curve."""

    MUST_TRIP = "must_trip"
    MAY_TRIP = "may_trip"
    MOMENTARY_CESSATION = "momentary_cessation"


@swift
@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact number with its unit and, for a percentage, its base."""

    value: Fraction
    unit: Unit

    @property
    def base(self) -> Base | None:
        """The base that counts for this sign of the value."""
        return self.unit.of_negative if self.value < 0 else self.unit.of


def _of_kind(quantity: Quantity, *kinds: Kind) -> None:
    if quantity.unit.kind not in kinds:
        wanted = " or ".join(kinds)
        raise ModelError(f"is {quantity.unit}, not {wanted}", where="quantity", rule="units")


@swift
@dataclass(frozen=True, slots=True)
class FixedPowerFactor:
    """Hold a power factor; `displacement` in (0, 1], applied while power flows as `flow` says."""

    displacement: Fraction
    excitation: Excitation
    flow: Flow


@swift
@dataclass(frozen=True, slots=True)
class FixedVar:
    """Hold reactive power: var, or a percentage of a W, var or VA base, + injects."""

    setpoint: Quantity


@swift
@dataclass(frozen=True, slots=True)
class VoltVar:
    """Reactive power over voltage: x in `pct[V_ref]`, y a percentage (+ injects).

    `v_ref` is in `pct[V_nom]`; `response_time` and the autonomous time constant in seconds.
    """

    curve: Curve
    response_time: Fraction | None = None
    v_ref: Fraction = Fraction(100)
    v_ref_auto: bool = False
    v_ref_time_constant: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class VoltWatt:
    """Active-power bound over voltage: x in `pct[V_ref]` or V, y W or a percentage; y < 0 bounds charging.

    `generation_only` says that the source bounds generation and never charging (2030.5-2018).
    """

    curve: Curve
    response_time: Fraction | None = None
    generation_only: bool = False


@swift
@dataclass(frozen=True, slots=True)
class WattVar:
    """Reactive power over active power: x and y percentages, both signed."""

    curve: Curve
    response_time: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class PowerFactorVertex:
    """A vertex of a watt-PF curve: x a percentage of power, the factor unsigned with its excitation."""

    x: Fraction
    displacement: Fraction
    excitation: Excitation


@swift
@dataclass(frozen=True, slots=True)
class WattPowerFactor:
    """Power factor over active power; `x_unit` is a percentage of power."""

    points: tuple[PowerFactorVertex, ...]
    x_unit: Unit
    response_time: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class FreqWatt:
    """Active power over frequency: x in Hz, y a percentage of power.

    `hysteresis_high` and `_low` are the frequencies (Hz) between which normal operation returns, after
    `hysteresis_delay` seconds and no faster than `hysteresis_gradient` (`pct[setMaxW]/s`).
    """

    curve: Curve
    response_time: Fraction | None = None
    hysteresis_high: Fraction | None = None
    hysteresis_low: Fraction | None = None
    hysteresis_delay: Fraction | None = None
    hysteresis_gradient: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class FreqDroop:
    """Droop beyond a deadband around nominal: deadbands in Hz, droops per unit, times in seconds.

    `p_min` is the least active power in watts, + exports (2030.5-2023), or None.
    """

    over_deadband: Fraction
    under_deadband: Fraction
    over_droop: Fraction
    under_droop: Fraction
    response_time: Fraction
    p_min: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class TripCurve:
    """A trip or ride-through boundary: vertices (value, seconds), value in `unit` (Hz or % of voltage)."""

    quantity: TripQuantity
    side: TripSide
    region: TripRegion
    points: tuple[Vertex, ...]
    unit: Unit


@swift
@dataclass(frozen=True, slots=True)
class PowerMonitoring:
    """Trip where discharge stays above a bound for too long: x in seconds, y a percentage of discharge."""

    curve: Curve


@swift
@dataclass(frozen=True, slots=True)
class EnterService:
    """When a station may (re)connect: voltages in `pct[V_nom]`, frequencies in Hz, times in seconds.

    A field that the source leaves out is None: completed from the station's own report, or refused.
    """

    high_voltage: Fraction | None = None
    low_voltage: Fraction | None = None
    high_frequency: Fraction | None = None
    low_frequency: Fraction | None = None
    delay: Fraction | None = None
    random_delay: Fraction | None = None
    ramp_time: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class Gradients:
    """Default ramp rates in `pct[setMaxW]/s`; 0 means no limit, None not given."""

    normal: Fraction | None = None
    soft: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class PowerLimit:
    """Bound the magnitude of active power: watts or a percentage, never negative."""

    on: LimitOn
    value: Quantity
    scope: LimitScope = LimitScope.DEVICE

    def __post_init__(self) -> None:
        """Refuse var, VA and negative magnitudes."""
        _of_kind(self.value, Kind.POWER, Kind.PERCENT)
        if self.value.value < 0:
            raise ModelError(
                "a limit is a magnitude", where="PowerLimit", value=str(self.value.value)
            )


@swift
@dataclass(frozen=True, slots=True)
class ReactiveLimit:
    """Bound the magnitude of reactive power while it flows as `flow` says: var or a percentage."""

    flow: Flow
    value: Quantity

    def __post_init__(self) -> None:
        """Refuse W and VA."""
        _of_kind(self.value, Kind.REACTIVE, Kind.PERCENT)


@swift
@dataclass(frozen=True, slots=True)
class ApparentLimit:
    """Bound apparent power while active power flows as `flow` says: VA or a percentage."""

    flow: Flow
    value: Quantity

    def __post_init__(self) -> None:
        """Refuse W and var."""
        _of_kind(self.value, Kind.APPARENT, Kind.PERCENT)


@swift
@dataclass(frozen=True, slots=True)
class ActiveSetpoint:
    """Active power to follow: watts or a percentage, + exports."""

    value: Quantity

    def __post_init__(self) -> None:
        """Refuse var and VA."""
        _of_kind(self.value, Kind.POWER, Kind.PERCENT)


@swift
@dataclass(frozen=True, slots=True)
class ReactiveSetpoint:
    """Reactive power to follow: var or a percentage, + injects."""

    value: Quantity

    def __post_init__(self) -> None:
        """Refuse W and VA."""
        _of_kind(self.value, Kind.REACTIVE, Kind.PERCENT)


@swift
@dataclass(frozen=True, slots=True)
class RelativeActiveSetpoint:
    """A change of active power against a frozen baseline, + exports more."""

    delta: Quantity


@swift
@dataclass(frozen=True, slots=True)
class RelativeReactiveSetpoint:
    """A change of reactive power against a frozen baseline, + injects more."""

    delta: Quantity


@swift
@dataclass(frozen=True, slots=True)
class VoltageSetpoint:
    """Voltage to hold: volts or `pct[V_nom]`."""

    value: Quantity


@swift
@dataclass(frozen=True, slots=True)
class StorageTarget:
    """Power into or out of the storage itself: watts, + discharges."""

    value: Quantity


@swift
@dataclass(frozen=True, slots=True)
class ChargeStateTarget:
    """State of charge to reach, as a fraction of capacity in [0, 1]."""

    soc: Fraction


@swift
@dataclass(frozen=True, slots=True)
class Connect:
    """Galvanic connection: `connected` False means open the contactor."""

    connected: bool


@swift
@dataclass(frozen=True, slots=True)
class Energize:
    """Permission to exchange power: `energized` False means cease to energize."""

    energized: bool


@swift
@dataclass(frozen=True, slots=True)
class GridConnectPermit:
    """Permission to connect to the grid (2030.5-2023)."""

    permitted: bool


@swift
@dataclass(frozen=True, slots=True)
class IslandPermit:
    """Permission to run as an island (2030.5-2023)."""

    permitted: bool


@swift
@dataclass(frozen=True, slots=True)
class Price:
    """Information: a price or a greenhouse-gas intensity, in the unit that the text names."""

    value: Fraction
    unit: str
    export: bool = False


@swift
@dataclass(frozen=True, slots=True)
class Alert:
    """Information: what the utility wants people or site policy to know."""

    kind: str
    text: str


type DerControl = (
    FixedPowerFactor
    | FixedVar
    | VoltVar
    | VoltWatt
    | WattVar
    | WattPowerFactor
    | FreqWatt
    | FreqDroop
    | TripCurve
    | PowerMonitoring
    | EnterService
    | Gradients
    | PowerLimit
    | ReactiveLimit
    | ApparentLimit
    | ActiveSetpoint
    | ReactiveSetpoint
    | RelativeActiveSetpoint
    | RelativeReactiveSetpoint
    | VoltageSetpoint
    | StorageTarget
    | ChargeStateTarget
    | Connect
    | Energize
    | GridConnectPermit
    | IslandPermit
    | Price
    | Alert
)


_APART: Mapping[type[Any], Callable[[Any], str]] = {
    FixedPowerFactor: lambda control: control.flow,
    PowerLimit: lambda control: f"{control.on}.{control.scope}",
    ReactiveLimit: lambda control: control.flow,
    ApparentLimit: lambda control: control.flow,
    TripCurve: lambda control: f"{control.quantity}.{control.side}.{control.region}",
    Price: lambda control: f"{'export' if control.export else 'import'}.{control.unit}",
    Alert: lambda control: control.kind,
}

TOLD_APART = frozenset(cls.__name__ for cls in _APART)
"""Controls whose function (`function_of`) is more than their class."""


def function_of(control: DerControl) -> str:
    """Return the name under which controls compete: one may be in force per function.

    `FixedPowerFactor.injecting` and `.absorbing` are two functions, as are the limits and the trip curves.
    """
    cls = type(control)
    apart = _APART.get(cls)
    return cls.__name__ if apart is None else f"{cls.__name__}.{apart(control)}"

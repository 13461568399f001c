"""What a station is and can do: the bases, modes and readings that a translation needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from translators.canonical.controls import DerControl
from translators.canonical.swift import swift
from translators.units import Base


class Current(StrEnum):
    """How an EVSE delivers power."""

    AC = "AC"
    DC = "DC"


@dataclass(frozen=True, slots=True)
class Ratings:
    """Nameplate of one EVSE, with the car behind it where that is known; None is unknown.

    Powers in W, VA and var, voltages in V, current in A, susceptance in S, energy in Wh.
    """

    max_w: Fraction | None = None
    max_charge_rate_w: Fraction | None = None
    max_discharge_rate_w: Fraction | None = None
    max_va: Fraction | None = None
    max_var: Fraction | None = None
    max_var_neg: Fraction | None = None
    v_nom: Fraction | None = None
    max_a: Fraction | None = None
    over_excited_pf: Fraction | None = None
    """Smallest displacement while injecting var, or None."""
    under_excited_pf: Fraction | None = None
    over_excited_w: Fraction | None = None
    """Active power that goes with `over_excited_pf`."""
    under_excited_w: Fraction | None = None
    max_charge_rate_va: Fraction | None = None
    max_discharge_rate_va: Fraction | None = None
    v_max: Fraction | None = None
    v_min: Fraction | None = None
    reactive_susceptance: Fraction | None = None
    energy_capacity: Fraction | None = None

    def base(self, base: Base) -> Fraction | None:
        """Return the rating that 100 % of `base` stands for, or None where it is not known."""
        name = _BY_BASE.get(base)
        value: Fraction | None = None if name is None else getattr(self, name)
        return self.max_var if value is None and base is Base.MAX_VAR_NEG else value


_BY_BASE: Mapping[Base, str] = MappingProxyType(
    {
        Base.MAX_W: "max_w",
        Base.MAX_CHARGE_W: "max_charge_rate_w",
        Base.MAX_DISCHARGE_W: "max_discharge_rate_w",
        Base.MAX_VA: "max_va",
        Base.MAX_CHARGE_VA: "max_charge_rate_va",
        Base.MAX_VAR: "max_var",
        Base.MAX_VAR_NEG: "max_var_neg",
        Base.V_NOM: "v_nom",
        Base.V_REF: "v_nom",
    }
)


RATING_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "MaxW": "max_w",
        "MaxChargeRateW": "max_charge_rate_w",
        "MaxDischargeRateW": "max_discharge_rate_w",
        "MaxVA": "max_va",
        "MaxVar": "max_var",
        "MaxVarNeg": "max_var_neg",
        "VNom": "v_nom",
        "MaxA": "max_a",
        "OverExcitedPF": "over_excited_pf",
        "UnderExcitedPF": "under_excited_pf",
        "OverExcitedW": "over_excited_w",
        "UnderExcitedW": "under_excited_w",
        "MaxChargeRateVA": "max_charge_rate_va",
        "MaxDischargeRateVA": "max_discharge_rate_va",
        "MaxV": "v_max",
        "MinV": "v_min",
        "ReactiveSusceptance": "reactive_susceptance",
    }
)
"""The names under which people write ratings (settings, stations of vectors): those of DCDERCtrlr."""


@dataclass(frozen=True, slots=True)
class Evse:
    """One EVSE: OCPP names for modes and units, as the station reports them."""

    id: int
    current: Current
    phases: int
    ratings: Ratings
    der_modes: frozenset[str] = frozenset()
    v2x_operation_modes: frozenset[str] = frozenset()
    charging_rate_units: tuple[str, ...] = ("W",)
    dynamic_profiles: bool = False
    """SmartChargingCtrlr.SupportsDynamicProfiles."""
    max_offline_duration: bool = False
    """SmartChargingCtrlr.SupportsMaxOfflineDuration."""
    periods_per_schedule: int | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one station model reads fields that the standards leave open; the first reading is the default."""

    excitation: str = "as_spec"
    wattpf_y: str = "as_spec"
    droop: str = "per_unit"
    vref: str = "native"
    gradient: str = "pct_per_s"
    enter_service_voltage: str = "pct"
    enter_service_ramp: str = "seconds"
    trip_axes: str = "value_x"
    central_setpoint_limits: str = "omit"
    hysteresis_unit: str = "y"


@dataclass(frozen=True, slots=True)
class StationProfile:
    """A station as translations see it."""

    id: str
    ocpp_version: str
    nominal_frequency_hz: Fraction
    evses: tuple[Evse, ...]
    vendor: str = ""
    model: str = ""
    dialect: Dialect = Dialect()
    firmware: str = ""
    dialect_pack: str = ""
    """`id@version` of the pack that the dialect is from, or empty."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A running transaction; `running_setpoint_w` is our own setpoint in force (+ exports), if any."""

    evse_id: int
    transaction_id: str
    running_setpoint_w: Fraction | None = None


@swift
@dataclass(frozen=True, slots=True)
class Situation:
    """What a translation needs besides document and station.

    `settings` bounds controls, under the names of DERSettings (`setMinPFOverExcited`, `setMaxW`, …);
    `policy` and `binding` come from the site's settings. `stack_level` is the charging-profile level to use.
    `beside` holds at the same time and is composed elsewhere: limits of it count, whoever gave them.
    `reported` are the station's own defaults as it read them back; they complete what a source leaves out.
    `baseline_w` (+ exports) and `baseline_var` (+ injects) are what flowed when the command began, frozen.
    `running` says that the command's time has come: what has to be renewed may begin.
    """

    transactions: tuple[Transaction, ...] = ()
    settings: dict[str, Fraction] = field(default_factory=dict)
    policy: dict[str, str] = field(default_factory=dict)
    binding: dict[str, object] = field(default_factory=dict)
    stack_level: int = 1
    beside: tuple[DerControl, ...] = ()
    reported: tuple[DerControl, ...] = ()
    baseline_w: Fraction | None = None
    baseline_var: Fraction | None = None
    running: bool = False

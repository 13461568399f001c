"""What site.yaml may say of a station: ratings, EVSEs, dialect, bounds, policy."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gateway.settings.fail_safe import FailSafeLimits
from gateway.settings.fields import (
    Name,
    PowerFactor,
    Rating,
    StationId,
    Strict,
    facts,
    number,
)

_VERIFIER = r"^scrypt\$\d+\$\d+\$\d+\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$"

type DerMode = Literal[
    "EnterService",
    "FreqDroop",
    "FreqWatt",
    "FixedPFAbsorb",
    "FixedPFInject",
    "FixedVar",
    "Gradients",
    "HFMustTrip",
    "HFMayTrip",
    "HVMustTrip",
    "HVMomCess",
    "HVMayTrip",
    "LimitMaxDischarge",
    "LFMustTrip",
    "LVMustTrip",
    "LVMomCess",
    "LVMayTrip",
    "PowerMonitoringMustTrip",
    "VoltVar",
    "VoltWatt",
    "WattPF",
    "WattVar",
]
type V2xMode = Literal[
    "Idle",
    "ChargingOnly",
    "CentralSetpoint",
    "ExternalSetpoint",
    "ExternalLimits",
    "CentralFrequency",
    "LocalFrequency",
    "LocalLoadBalancing",
]


class Ratings(Strict):
    """Nameplate values that win over what the station reports."""

    max_w: Rating | None = Field(default=None, alias="MaxW", description="Rated active power, W.")
    max_charge_rate_w: Rating | None = Field(
        default=None, alias="MaxChargeRateW", description="Rated charging power, W."
    )
    max_discharge_rate_w: Rating | None = Field(
        default=None, alias="MaxDischargeRateW", description="Rated discharging power, W."
    )
    max_va: Rating | None = Field(
        default=None, alias="MaxVA", description="Rated apparent power, VA."
    )
    max_var: Rating | None = Field(
        default=None, alias="MaxVar", description="Rated reactive power injected, var."
    )
    max_var_neg: Rating | None = Field(
        default=None, alias="MaxVarNeg", description="Rated reactive power absorbed, var."
    )
    v_nom: Rating | None = Field(default=None, alias="VNom", description="Nominal voltage, V.")
    max_a: Rating | None = Field(default=None, alias="MaxA", description="Rated current, A.")
    over_excited_pf: PowerFactor | None = Field(
        default=None,
        alias="OverExcitedPF",
        description="Smallest displacement while injecting var.",
    )
    under_excited_pf: PowerFactor | None = Field(
        default=None,
        alias="UnderExcitedPF",
        description="Smallest displacement while absorbing var.",
    )


class Evse(Strict):
    """One EVSE of a station."""

    id: Annotated[int, Field(ge=1)] = Field(description="Number of the EVSE.")
    current: Literal["AC", "DC"] = Field(description="How it delivers power.")
    phases: Annotated[int, Field(ge=1, le=3)] = Field(default=3, description="Conductors in use.")
    ratings: Ratings = Field(
        default=Ratings(), description="Nameplate values that win over what the station reports."
    )
    der_modes: list[DerMode] = Field(
        default=[], description="DERControlEnumType values that it has, besides those it reports."
    )
    v2x_operation_modes: list[V2xMode] = Field(
        default=[], description="OperationModeEnumType values, where it reports none."
    )
    charging_rate_units: Annotated[list[Literal["W", "A"]], Field(min_length=1)] = Field(
        default=["W"], description="Units of charging profiles, where it reports none."
    )


class Dialect(Strict):
    """How this model reads fields that the standards leave open; the default is the schema's text."""

    excitation: Literal["as_spec", "inverted"] = Field(
        default="as_spec", description="Excitation flag: true absorbs, or injects."
    )
    wattpf_y: Literal["as_spec", "inverted"] = Field(
        default="as_spec", description="WattPF y: positive absorbs, or injects."
    )
    droop: Literal["per_unit", "percent"] = Field(
        default="per_unit", description="Droop as a ratio, or in per cent."
    )
    vref: Literal["native", "bake_multiplicative", "bake_additive"] = Field(
        default="native", description="vRef sent as such, or folded into the points."
    )
    gradient: Literal["pct_per_s", "seconds_full_scale"] = Field(
        default="pct_per_s", description="Gradients in per cent per second, or seconds for all."
    )
    enter_service_voltage: Literal["pct", "volts"] = Field(
        default="pct", description="Enter-service voltages in per cent, or volts."
    )
    enter_service_ramp: Literal["seconds", "pct_per_s"] = Field(
        default="seconds",
        description="Enter-service ramp in seconds for all, or per cent per second.",
    )
    trip_axes: Literal["value_x", "time_x"] = Field(
        default="value_x", description="Trip curves: the value on x, or the time."
    )
    central_setpoint_limits: Literal["omit", "include"] = Field(
        default="omit", description="Limits beside a CentralSetpoint: left out, or sent."
    )
    hysteresis_unit: Literal["y", "x"] = Field(
        default="y", description="Hysteresis of a curve in the unit of its y, or of its x."
    )


class DerSettings(Strict):
    """Bounds of controls at this site, under the names of DERSettings."""

    min_pf_over_excited: PowerFactor | None = Field(
        default=None,
        alias="setMinPFOverExcited",
        description="Smallest displacement that may be asked while injecting var.",
    )
    min_pf_under_excited: PowerFactor | None = Field(
        default=None,
        alias="setMinPFUnderExcited",
        description="Smallest displacement that may be asked while absorbing var.",
    )


class Policy(Strict):
    """Decisions that the standards leave to the site."""

    fixed_w_positive_base: Literal["setMaxW", "setMaxDischargeRateW"] = Field(
        default="setMaxW", description="What a positive per cent of opModFixedW is a part of."
    )
    unequal_ratings: Literal["refuse", "sum"] = Field(
        default="refuse", description="Station-wide percentages where EVSEs differ."
    )
    foreign_controls: Literal["keep", "clear"] = Field(
        default="keep",
        description="Controls and profiles that somebody else set: kept and told, or taken back.",
    )
    dynamic_watchdog_s: Annotated[int, Field(ge=10, le=86_400)] | None = Field(
        default=None,
        description="A running setpoint lapses so long after its last renewal (Dynamic profile).",
    )
    max_offline_s: Annotated[int, Field(ge=0, le=86_400)] | None = Field(
        default=None, description="A setpoint holds so long at a station that lost its line."
    )
    invalid_after_offline: bool = Field(
        default=False,
        description="Whether it stays invalid when the line is back; goes with max_offline_s.",
    )
    discharge: Literal["allow", "forbid"] = Field(
        default="allow", description="Whether cars may discharge here at all."
    )
    meter_class_pct: Annotated[Fraction, BeforeValidator(number), Field(gt=0, le=10)] | None = (
        Field(
            default=None,
            description="Class of the station's meter in per cent of its rating; 1 where nothing is said.",
        )
    )
    priority_charging: Literal["allow", "end"] = Field(
        default="allow",
        description="Priority charging that a driver began beside a setpoint: left, or ended.",
    )


class Station(Strict):
    """One enrolled station; nobody else may connect."""

    id: StationId = Field(description="Its identity: last part of its address, and its user name.")
    password_verifier: Annotated[str, Field(pattern=_VERIFIER)] = Field(
        default="",
        description="What `dergate station password ID` prints; without it a certificate is needed.",
    )
    serial_number: Annotated[str, Field(max_length=64)] = Field(
        default="",
        description="What its certificate may name (CN) for the id; no other device may boot as it.",
    )
    commissioning: bool = Field(
        default=False,
        description="Whether it is only asked and configured (boot Pending), and follows nobody yet.",
    )
    require_commissioning: bool = Field(
        default=False,
        description="Whether it stays on hold until `dergate station commission` showed its signs.",
    )
    security_profile: Annotated[int, Field(ge=1, le=3)] | None = Field(
        default=None,
        description="Security profile that it is moved to; once it came by it, lower ones are over.",
    )
    nominal_frequency_hz: Annotated[Fraction, BeforeValidator(number), Field(ge=16, le=400)] = (
        Field(description="Nominal frequency of its grid.")
    )
    vendor: str = Field(default="", description="In place of the reported vendorName.")
    model: str = Field(default="", description="In place of the reported model.")
    evses: Annotated[list[Evse], Field(min_length=1)] = Field(description="Its EVSEs.")
    dialect: Dialect = Field(
        default=Dialect(), description="How this model reads fields that the standards leave open."
    )
    der_settings: DerSettings = Field(
        default=DerSettings(), description="Bounds of controls, under the names of DERSettings."
    )
    precedence: list[Name] = Field(
        default=[],
        description="Its utilities, the one that decides first; else in the order of `utilities`.",
    )
    policy: Policy = Field(
        default=Policy(), description="Decisions that the standards leave to the site."
    )
    fail_safe: FailSafeLimits | None = Field(
        default=None,
        description="Its own limits while a utility is silent, in place of the site's.",
    )


def decisions(policy: Policy) -> dict[str, str]:
    """Return a site's policy as translations and the engine read it: every value a text."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in facts(policy).items()
    }

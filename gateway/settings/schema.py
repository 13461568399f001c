"""What site.yaml may say: each key with type, default and one sentence; strict, nothing unknown.

The descriptions are the settings table of the README (`table`). Values keep their exact numbers;
paths are absolute, relative ones are taken from the folder of site.yaml.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

_VERIFIER = r"^scrypt\$\d+\$\d+\$\d+\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$"


def _number(value: object) -> object:
    """Return whole and decimal numbers as the fraction that they are; leave the rest to be refused."""
    return Fraction(value) if isinstance(value, int | Decimal) and value is not True else value


def _seconds(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def _path(value: object, info: ValidationInfo) -> object:
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / value if isinstance(value, str) and value else value


def _text(value: object) -> object:
    """Take a year for the text that it is."""
    return str(value) if type(value) is int else value


type Exact = Annotated[Fraction, BeforeValidator(_number)]
type Rating = Annotated[Fraction, BeforeValidator(_number), Field(ge=0)]
type PowerFactor = Annotated[Fraction, BeforeValidator(_number), Field(gt=0, le=1)]
type Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=86_400)]
type SitePath = Annotated[Path, BeforeValidator(_path)]
type Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,47}$")]
# OCPP-J part 4, 3.1.1: identifierString; a colon would end the user name of Basic authentication.
type StationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9*_=+|@.-]{1,48}$")]
type Network = Annotated[str, Field(pattern=r"^[0-9A-Fa-f.:]+/[0-9]{1,3}$")]
type Port = Annotated[int, Field(ge=0, le=65_535)]

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


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=False
    )


class Ocpp(_Strict):
    """Where stations connect."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=9000, description="TCP port; 0 takes a free one.")
    certificate: SitePath | None = Field(
        default=None,
        description="Certificate chain (PEM), read again on SIGHUP; without it plain WebSocket.",
    )
    key: SitePath | None = Field(default=None, description="Private key of the certificate (PEM).")
    rsa_certificate: SitePath | None = Field(
        default=None,
        description="Second certificate, with an RSA key, for stations that know RSA suites only.",
    )
    rsa_key: SitePath | None = Field(default=None, description="Private key of rsa_certificate.")
    station_ca: SitePath | None = Field(
        default=None,
        description="Authorities (PEM) of station certificates (security profile 3).",
    )
    operator: str = Field(
        default="", description="O that every station certificate must name; goes with station_ca."
    )
    issuer: SitePath | None = Field(
        default=None,
        description="Authority (PEM) that signs certificates of stations while the gateway runs.",
    )
    issuer_key: SitePath | None = Field(
        default=None,
        description="Its private key (PEM, mode 0600); without it requests wait in state_dir.",
    )
    issue_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=397, description="Days for which certificates are signed here."
    )
    renew_days: Annotated[int, Field(ge=0, le=365)] = Field(
        default=30, description="Days before its certificate ends that a station is asked to renew."
    )
    public_url: Annotated[str, Field(pattern=r"^(wss?://[^\s/]+(/\S*)?)?$")] = Field(
        default="",
        description="Address of this endpoint as stations see it; goes with security_profile.",
    )
    plain_from: list[Network] = Field(
        default=[],
        description="Networks (CIDR) that may connect plain, besides this machine (profiles 0, 1).",
    )
    plain_port: Port | None = Field(
        default=None,
        description="Second port, beside TLS, for stations that are still plain; same networks.",
    )
    unauthenticated: bool = Field(
        default=False,
        description="Whether plain stations may have no password (profile 0): laboratories only.",
    )
    messages_per_s: Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=10_000)] = Field(
        default=50.0,
        description="Messages that one station may send; a burst of ten times as many, then slower.",
    )
    transport: Literal["auto", "websockets", "picows"] = Field(
        default="websockets",
        description=(
            "Library of the connections: picows is the extra `fast`, without compression;"
            " auto takes it where it is installed."
        ),
    )
    call_timeout_s: Duration = Field(
        default=30.0, description="How long a station may take to answer a call."
    )
    heartbeat_s: Annotated[int, Field(ge=1, le=86_400)] = Field(
        default=60, description="Heartbeat interval that stations are told."
    )
    power_interval_s: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=0,
        description="How often stations that can do so tell power beside their meter; 0: never.",
    )


class Admin(_Strict):
    """Where operators and monitoring look on."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8631, description="TCP port; 0 takes a free one.")
    token_file: SitePath | None = Field(
        default=None,
        description="File with the bearer token to show; needed where others can reach the address.",
    )


class Identity(_Strict):
    """One certificate at one utility, bound to one station."""

    station: str = Field(description="Id of the station that this identity stands for.")
    certificate: SitePath = Field(description="Device certificate chain (PEM).")
    key: SitePath = Field(description="Its private key (PEM).")
    pin: Annotated[int, Field(ge=0, le=999_999)] | None = Field(
        default=None,
        description="Registration PIN that the utility must show; checked where given.",
    )


class Utility(_Strict):
    """One utility server."""

    id: Name = Field(description="Your name for it, in logs and records.")
    protocol: Literal["ieee2030_5"] = Field(default="ieee2030_5", description="What it speaks.")
    revision: Annotated[Literal["2018", "2023"], BeforeValidator(_text)] = Field(
        default="2018", description="Revision of IEEE 2030.5; 2018 is what CSIP uses."
    )
    url: Annotated[str, Field(pattern=r"^https://[^\s/]+(/\S*)?$")] = Field(
        description="Address of its DeviceCapability."
    )
    trust_anchor: SitePath = Field(
        description="Certificates (PEM) that its certificate must lead to."
    )
    peer_lfdi: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{40})?$")] = Field(
        default="",
        description="LFDI that its certificate must have; empty accepts any trusted one.",
    )
    check_hostname: bool = Field(
        default=True,
        description="Whether its certificate must name the host; without, pin the LFDI.",
    )
    additional_ciphers: str = Field(
        default="", description="OpenSSL suites (A:B) for a server without ECDHE-ECDSA-AES128-CCM8."
    )
    poll_interval_s: Duration | None = Field(
        default=None, description="Poll interval in place of the server's pollRate."
    )
    post_interval_s: Duration | None = Field(
        default=None, description="Interval of meter readings in place of the server's postRate."
    )
    request_timeout_s: Duration = Field(default=10.0, description="How long a request may take.")
    identities: Annotated[list[Identity], Field(min_length=1)] = Field(
        description="The identities at this utility, one per station."
    )


class Ratings(_Strict):
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


class Evse(_Strict):
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


class Dialect(_Strict):
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


class DerSettings(_Strict):
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


class Policy(_Strict):
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
    priority_charging: Literal["allow", "end"] = Field(
        default="allow",
        description="Priority charging that a driver began beside a setpoint: left, or ended.",
    )


class Station(_Strict):
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
    security_profile: Annotated[int, Field(ge=1, le=3)] | None = Field(
        default=None,
        description="Security profile that it is moved to; once it came by it, lower ones are over.",
    )
    nominal_frequency_hz: Annotated[Fraction, BeforeValidator(_number), Field(ge=16, le=400)] = (
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
    policy: Policy = Field(
        default=Policy(), description="Decisions that the standards leave to the site."
    )


class Settings(_Strict):
    """One site."""

    schema_version: Literal[1] = Field(description="Version of this form: 1.")
    state_dir: SitePath = Field(description="Folder of the database and the audit segments.")
    mappings: SitePath | None = Field(
        default=None,
        description="Pack of mapping rules, read again on SIGHUP; else the shipped one.",
    )
    keep_documents_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(
        default=400,
        description="Days for which documents of utilities are kept as they came; records stay.",
    )
    checkpoints_to: SitePath | None = Field(
        default=None,
        description="File on another machine or disk: each signed audit checkpoint is added there.",
    )
    on_stop: Literal["keep", "default", "clear"] = Field(
        default="keep",
        description="At the end controls stay at the stations, only defaults stay, or none.",
    )
    drain_timeout_s: Duration = Field(
        default=5.0, description="How long the end waits for answers of stations."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe event that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="Log lines as JSON, or for people."
    )
    ocpp: Ocpp = Field(default=Ocpp(), description="Where stations connect.")
    admin: Admin = Field(
        default=Admin(), description="Health, metrics and what is in force, to look at."
    )
    utilities: Annotated[list[Utility], Field(min_length=1)] = Field(
        description="Utilities to follow."
    )
    stations: Annotated[list[Station], Field(min_length=1)] = Field(
        description="Stations that may connect."
    )

    @property
    def database(self) -> Path:
        """Return the file of the database."""
        return self.state_dir / "dergate.db"

    @property
    def known_dir(self) -> Path:
        """Return the folder of what stations were given or have shown."""
        return self.state_dir / "stations"

    @property
    def orders_dir(self) -> Path:
        """Return the folder by which an operator gives orders to the running gateway."""
        return self.state_dir / "orders"

    @property
    def requests_dir(self) -> Path:
        """Return the folder in which certificate requests wait for an authority elsewhere."""
        return self.state_dir / "requests"

    @property
    def audit_key(self) -> Path:
        """Return the file of the key that signs audit checkpoints."""
        return self.state_dir / "audit.key"

    @property
    def audit_dir(self) -> Path:
        """Return the folder of the audit segments."""
        return self.state_dir / "audit"


def facts(values: BaseModel) -> dict[str, Any]:
    """Return what was given, by the standard's own names, without what is None."""
    named = {
        info.alias or name: getattr(values, name)
        for name, info in type(values).model_fields.items()
    }
    return {name: value for name, value in named.items() if value is not None}


def decisions(policy: Policy) -> dict[str, str]:
    """Return a site's policy as translations and the engine read it: every value a text."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in facts(policy).items()
    }

"""`stations.yaml`: the stations that vectors and explanations name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from translators.canonical.capability import (
    RATING_NAMES,
    Current,
    Dialect,
    Evse,
    Ratings,
    StationProfile,
)
from translators.errors import DocumentError
from translators.vectors.border import Number, Strict, read_yaml, validated

type OcppVersion = Literal["2.1", "2.0.1"]


class DialectForm(Strict):
    """How a station model reads what the standards leave open."""

    excitation: Literal["as_spec", "inverted"] = "as_spec"
    wattpf_y: Literal["as_spec", "inverted"] = "as_spec"
    droop: Literal["per_unit", "percent"] = "per_unit"
    vref: Literal["native", "bake_multiplicative", "bake_additive"] = "native"
    gradient: Literal["pct_per_s", "seconds_full_scale"] = "pct_per_s"
    enter_service_voltage: Literal["pct", "volts"] = "pct"
    enter_service_ramp: Literal["seconds", "pct_per_s"] = "seconds"
    trip_axes: Literal["value_x", "time_x"] = "value_x"
    central_setpoint_limits: Literal["omit", "include"] = "omit"
    der_tie: str = "strict_lower"
    """Taken and unused: ties are resolved before a station sees them, whatever it does with one."""
    hysteresis_unit: Literal["y", "x"] = "y"

    @property
    def readings(self) -> Dialect:
        """Return the readings that rules ask for."""
        return Dialect(**self.model_dump(exclude={"der_tie"}))


class _Evse(Strict):
    id: Annotated[int, Field(ge=1)]
    current: Literal["AC", "DC"]
    phases: Annotated[int, Field(ge=1, le=3)] = 1
    ratings: dict[str, Number] = Field(default_factory=dict)
    der_modes: list[str] = Field(default_factory=list)
    v2x_operation_modes: list[str] = Field(default_factory=list)
    charging_rate_units: list[Literal["W", "A"]] = Field(default=["W"], min_length=1)

    @field_validator("ratings")
    @classmethod
    def _known(cls, value: Mapping[str, Number], _info: ValidationInfo) -> Mapping[str, Number]:
        unknown = sorted(set(value) - set(RATING_NAMES))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not among {', '.join(RATING_NAMES)}")
        return value


class _Station(Strict):
    vendor: str = ""
    model: str = ""
    ocpp_versions: list[OcppVersion] = Field(default=["2.1"], min_length=1)
    nominal_frequency_hz: Number
    dialect: DialectForm = DialectForm()
    evses: Annotated[list[_Evse], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class KnownStation:
    """A station of `stations.yaml`: its profile, and the OCPP versions that it may negotiate."""

    profile: StationProfile
    versions: tuple[str, ...]

    def over(self, version: str) -> StationProfile:
        """Return the profile over an OCPP version; `DocumentError` where the station has it not."""
        if version not in self.versions:
            has = ", ".join(self.versions)
            raise DocumentError(f"station {self.profile.id} speaks {has}", value=version)
        return replace(self.profile, ocpp_version=version)


def read_stations(text: str) -> dict[str, KnownStation]:
    """Return the stations of a YAML text by id; `DocumentError` names what does not fit."""
    document = read_yaml(text)
    if not isinstance(document, dict) or not document:
        raise DocumentError("names no station", rule="stations")
    return {str(name): _station(str(name), value) for name, value in document.items()}


def _station(name: str, value: object) -> KnownStation:
    try:
        form = validated(_Station, value)
    except DocumentError as error:
        raise DocumentError(error.problem, where=name, rule="stations") from error
    profile = StationProfile(
        id=name,
        ocpp_version=form.ocpp_versions[0],
        nominal_frequency_hz=form.nominal_frequency_hz,
        evses=tuple(_evse(item) for item in form.evses),
        vendor=form.vendor,
        model=form.model,
        dialect=form.dialect.readings,
    )
    return KnownStation(profile, tuple(form.ocpp_versions))


def _evse(form: _Evse) -> Evse:
    return Evse(
        id=form.id,
        current=Current(form.current),
        phases=form.phases,
        ratings=Ratings(**{RATING_NAMES[name]: value for name, value in form.ratings.items()}),
        der_modes=frozenset(form.der_modes),
        v2x_operation_modes=frozenset(form.v2x_operation_modes),
        charging_rate_units=tuple(form.charging_rate_units),
    )

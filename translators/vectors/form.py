"""The form of a vector file, read strictly."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from translators.errors import DocumentError
from translators.rules.trace import LossKind
from translators.vectors.border import Number, Strict, read_json, validated
from translators.vectors.stations import DialectForm, OcppVersion

EDITIONS = {
    "ieee2030_5": ("2018", "2023"),
    "openadr": ("3.0", "3.1"),
    "iec61850": ("iec-7-420-ed2", "cei-0-16-annex-t", "nl-rti", "mesa-names"),
}
"""The editions of each protocol, for IEC 61850 the shipped profiles."""
_MAIN = {"ieee2030_5": "control", "openadr": "event", "iec61850": "operate"}


class TransactionForm(Strict):
    """A running transaction; our own setpoint in force is in the canonical frame, + exports."""

    evse: Annotated[int, Field(alias="evseId", ge=1)]
    id: Annotated[str, Field(alias="transactionId", min_length=1)]
    running_setpoint_w: Number | None = None


class PolicyForm(Strict):
    """Decisions that the standards leave to the site."""

    fixed_w_positive_base: Literal["setMaxW", "setMaxDischargeRateW"] = "setMaxW"
    alert_grid_emergency: Literal["log", "zero_envelope"] = "log"
    simple_1: Literal["log", "zero_envelope"] = "log"
    simple_2: Literal["log", "zero_envelope"] = "log"
    simple_3: Literal["log", "zero_envelope"] = "log"
    unequal_ratings: Literal["refuse", "sum"] = "refuse"


class ContextForm(Strict):
    """What a translation needs besides document and station."""

    transactions: list[TransactionForm] = Field(default_factory=list)
    der_settings: dict[str, Number] = Field(default_factory=dict)
    dialect: DialectForm | None = None
    binding: dict[str, Any] = Field(default_factory=dict)
    policy: PolicyForm = PolicyForm()
    baseline_w: Number | None = None
    baseline_var: Number | None = None
    enter_service: dict[str, Number] = Field(default_factory=dict)
    """What the station reported of its own, by canonical field."""


class SourceForm(Strict):
    """The documents: `control`, `event` or `operate` is to be translated, every other key is an href."""

    protocol: Literal["ieee2030_5", "openadr", "iec61850"]
    revision: str
    program_primacy: Annotated[int, Field(ge=0, le=255)] | None = None
    documents: dict[str, Any]

    @model_validator(mode="after")
    def _whole(self) -> SourceForm:
        known = EDITIONS[self.protocol]
        if self.revision not in known:
            raise ValueError(f"revision {self.revision!r} is none of {', '.join(known)}")
        main = _MAIN[self.protocol]
        if main not in self.documents:
            raise ValueError(f"documents lack {main!r}")
        if self.protocol != "openadr" and self.program_primacy is None:
            raise ValueError("program_primacy is missing")
        texts = all(isinstance(text, str) for text in self.documents.values())
        if self.protocol == "ieee2030_5" and not texts:
            raise ValueError("documents of IEEE 2030.5 are XML texts")
        return self


class MessageForm(Strict):
    """A message that the station is owed."""

    ocpp: OcppVersion
    action: Annotated[str, Field(min_length=1)]
    payload: dict[str, Any]


class ExpectForm(Strict):
    """What a correct gateway makes of the documents."""

    messages: list[MessageForm]
    loss_kinds: list[Annotated[LossKind, Field(strict=False)]]
    response_status: Annotated[int, Field(ge=0, le=255)] | None = None
    add_cause: Annotated[int, Field(ge=0, le=255)] | None = None


class Vector(Strict):
    """One vector; `station` names a station of `stations.yaml`."""

    id: Annotated[str, Field(min_length=1)]
    title: str = ""
    why: str = ""
    station: str
    ocpp_version: OcppVersion = "2.1"
    source: SourceForm
    context: ContextForm = ContextForm()
    expect: ExpectForm

    @model_validator(mode="after")
    def _answered_in_its_own_protocol(self) -> Vector:
        if self.expect.add_cause is not None and self.source.protocol != "iec61850":
            raise ValueError("an add_cause answers iec61850 alone")
        return self


def read_vector(text: str) -> Vector:
    """Return the vector of a JSON text; `DocumentError` names what does not fit."""
    return vector_of(read_json(text))


def vector_of(document: Any) -> Vector:
    """Return the vector of a JSON value (fractions as Decimal); `DocumentError` names what does not fit."""
    if not isinstance(document, dict):
        raise DocumentError("is no vector: not an object", rule="vector")
    return validated(Vector, document)

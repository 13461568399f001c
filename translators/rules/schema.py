"""Models of mapping files: what may be written, strictly; what it means stands in `source` and `target`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = "dergate/mapping.v1"

type Scalar = bool | int | float | str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Metadata(_Strict):
    """Who a rule is: id, semantic version, and the clauses that demand it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_.]+$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    cites: Annotated[list[str], Field(min_length=1)]


class UnitSwitch(_Strict):
    """A unit that a field of the source names by number; `since` restricts a case to revisions."""

    switch: str
    cases: dict[int, str]
    since: dict[int, list[str]] = {}


class SourceField(_Strict):
    """One canonical field: where it comes from and which of the closed operations it passes."""

    from_: Annotated[str | None, Field(alias="from")] = None
    const: Scalar | None = None
    range: Annotated[list[int], Field(min_length=2, max_length=2)] | None = None
    scale10: str | int | None = None
    unit: str | UnitSwitch | None = None
    cases: dict[str, Scalar] | None = None
    optional: bool = False
    absent: Scalar | None = None


class SourcePoints(_Strict):
    """The points of a curve: one of `each`, in the order of the source."""

    each: str
    x: SourceField
    y: SourceField
    excitation: SourceField | None = None


class Guard(_Strict):
    """A condition over the canonical fields (CEL, boolean); what happens where it fails."""

    id: str
    expr: str
    on_fail: Literal["invalid", "not_applicable"] = "invalid"


class Ignored(_Strict):
    """A source field that no canonical field takes; `loss` is declared where the field is present."""

    field: str
    loss: Literal["drop"] | None = None
    reason: str


class Resolve(_Strict):
    """The element is a link: the rule reads the document behind it, which must look as expected."""

    follow: Literal["href"]
    expect: dict[str, int] = {}


class Source(_Strict):
    """Which elements of which protocol a rule reads, in which revisions."""

    protocol: Literal["ieee2030_5"]
    revisions: list[str]
    parent: Literal["DERControlBase", "DefaultDERControl"]
    elements: Annotated[list[str], Field(min_length=1)]


class RuleTest(_Strict):
    """An example beside the rule: `source` values by path, the canonical fields expected."""

    name: str
    revision: str = "2018"
    source: dict[str, Any]
    expect: dict[str, Any] = {}
    refused: Literal["invalid", "not_applicable"] | None = None


class SourceMapping(_Strict):
    """A rule from a wire element to a canonical control."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["SourceMapping"]
    metadata: Metadata
    source: Source
    canonical: str
    resolve: Resolve | None = None
    fields: dict[str, SourceField] = {}
    points: SourcePoints | None = None
    quantity: dict[str, SourceField] = {}
    guards: list[Guard] = []
    ignored: list[Ignored] = []
    tests: Annotated[list[RuleTest], Field(min_length=1)]


class Rounding(_Strict):
    """How many decimals the wire gets, and what becomes of the rest."""

    places: int
    mode: Literal["half_even", "down"]


class TargetField(_Strict):
    """One wire field: its canonical source and the closed operations on the way."""

    from_: Annotated[str | None, Field(alias="from")] = None
    control: str | None = None
    const: Scalar | None = None
    unit: str | None = None
    units: dict[str, str] | None = None
    rebase: list[str] = []
    add: str | None = None
    negate: bool = False
    clip: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    floor: dict[str, str] | None = None
    cases: dict[str, Scalar] | None = None
    codec: str | None = None
    unit_of: str | None = None
    round: Rounding | None = None
    omit_if_absent: bool = False
    default: int | None = None
    loss: str | None = None
    when: str | None = None


class TargetPoints(_Strict):
    """The points of an emitted curve; `max` says how many the schema allows."""

    x: TargetField
    y: TargetField
    max: Annotated[int, Field(ge=2)] = 10


class Variant(_Strict):
    """One wire form of a control: the canonical fields that select it, and its control type."""

    match: dict[str, str] = {}
    control_type: Annotated[str | None, Field(alias="controlType")] = None
    slot: str | None = None
    mode: str | None = None


class DeclaredLoss(_Strict):
    """A loss that a rule always has, or has where a condition over fields and command holds."""

    kind: str
    reason: str
    when: str | None = None


class Target(_Strict):
    """Which message a rule fills, and through which composition operator."""

    versions: list[str]
    message: Literal["SetDERControl", "SetChargingProfile", "none"]
    operator: Literal[
        "der_control",
        "export_limit",
        "import_limit",
        "setpoint",
        "cease",
        "charge_state",
        "refuse",
        "information",
    ]
    scheduling: Literal["both", "default_only"] = "both"


class TargetMapping(_Strict):
    """A rule from a canonical control to members of a message; translation vectors are its tests."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["TargetMapping"]
    metadata: Metadata
    target: Target
    canonical: Annotated[list[str], Field(min_length=1)]
    variants: list[Variant] = []
    emit: dict[str, TargetField] = {}
    points: TargetPoints | None = None
    losses: list[DeclaredLoss] = []
    ignored: list[Ignored] = []
    reason: str = ""
    outcome: Literal["not_supported", "not_applicable"] = "not_supported"


type Mapping = Annotated[SourceMapping | TargetMapping, Field(discriminator="kind")]

"""Models of mapping files: what may be written, strictly; what it means stands in `source` and `target`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

API_VERSION = "dergate/mapping.v1"

type Scalar = bool | int | float | str
type ProtocolName = Literal["ieee2030_5", "openadr", "iec61850"]

_PARENTS_2030_5 = frozenset({"DERControlBase", "DefaultDERControl"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Metadata(_Strict):
    """Who a rule is: id, semantic version, and the clauses that demand it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_.]+$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    cites: Annotated[list[str], Field(min_length=1)]


class UnitSwitch(_Strict):
    """A unit that a field of the source names, by numbers or by texts.

    `since` restricts a case to revisions; `absent` is the case that holds where the field is missing.
    """

    switch: str
    cases: Annotated[dict[int, str] | dict[str, str], Field(min_length=1)]
    since: dict[int | str, list[str]] = {}
    absent: int | str | None = None


class SourceField(_Strict):
    """One canonical field: where it comes from and which of the closed operations it passes."""

    from_: Annotated[str | None, Field(alias="from")] = None
    const: Scalar | None = None
    decimal: bool = False
    range: Annotated[list[int | float], Field(min_length=2, max_length=2)] | None = None
    text: bool = False
    scale10: str | int | None = None
    reciprocal: bool = False
    negate: bool = False
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


class DeclaredLoss(_Strict):
    """A loss that a rule always has, or has where a condition over the canonical fields holds."""

    kind: str
    reason: str
    when: str | None = None


class Resolve(_Strict):
    """The element is a link: the rule reads the document behind it, which must look as expected."""

    follow: Literal["href"]
    expect: dict[str, int] = {}


class Source(_Strict):
    """Which elements of which protocol a rule reads, in which revisions.

    `parent` is what holds the elements: DERControlBase, `event` of OpenADR (its elements are payload
    types), a logical-node class of IEC 61850 (its elements are data objects, its revisions profiles).
    """

    protocol: ProtocolName
    revisions: Annotated[list[str], Field(min_length=1)]
    parent: Annotated[str, Field(min_length=1)]
    elements: Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _known(self) -> Source:
        if self.protocol == "ieee2030_5" and self.parent not in _PARENTS_2030_5:
            raise ValueError(f"parent should be {' or '.join(sorted(_PARENTS_2030_5))}")
        return self


class RuleTest(_Strict):
    """An example beside the rule: `source` values by path, the canonical fields expected.

    `revision` is the first of the rule unless stated. `losses` (kinds) are compared where they stand here.
    """

    name: str
    revision: str | None = None
    source: dict[str, Any]
    expect: dict[str, Any] = {}
    losses: list[str] | None = None
    refused: Literal["invalid", "not_applicable"] | None = None


class SourceMapping(_Strict):
    """A rule from a wire element to a canonical control."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["SourceMapping"]
    metadata: Metadata
    source: Source
    canonical: str
    resolve: Resolve | None = None
    points: SourcePoints | None = None
    fields: dict[str, SourceField] = {}
    quantity: dict[str, SourceField] = {}
    guards: list[Guard] = []
    losses: list[DeclaredLoss] = []
    ignored: list[Ignored] = []
    tests: Annotated[list[RuleTest], Field(min_length=1)]


class Rounding(_Strict):
    """How many decimals the wire gets (0 to 9), and what becomes of the rest."""

    places: Annotated[int, Field(ge=0, le=9)]
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
        "local_frequency",
        "refuse",
        "information",
    ]
    scheduling: Literal["both", "default_only"] = "both"


class TrialTransaction(_Strict):
    """A running transaction of a test's station; `running` is our own setpoint in watts (+ exports)."""

    evse: int = 1
    id: str = "T1"
    running: int | float | None = None


class TrialStation(_Strict):
    """The station of a test; what is not stated is a 60 Hz DC station that can do everything.

    `ratings` by the names of bases (`setMaxW`, `V_nom`), of each of its `evses`; where the list `evses`
    is given, each entry overrides them for one EVSE. `reported` are controls that it read back, the
    baselines what flowed when the command began, `able` what its smart charging can do besides.
    """

    frequency: int | float = 60
    current: Literal["AC", "DC"] = "DC"
    phases: Annotated[int, Field(ge=1, le=3)] = 3
    ratings: dict[str, int | float | None] = {}
    evses: Annotated[list[dict[str, int | float | None]], Field(min_length=1)] = [{}]
    modes: list[str] | None = None
    v2x: list[str] = ["Idle", "ChargingOnly", "CentralSetpoint"]
    rate_units: list[Literal["W", "A"]] = ["W", "A"]
    dialect: dict[str, str] = {}
    settings: dict[str, int | float] = {}
    policy: dict[str, str] = {}
    transactions: list[TrialTransaction] = []
    able: list[Literal["dynamic_profiles", "max_offline_duration"]] = []
    reported: list[dict[str, Any]] = []
    baseline_w: int | float | None = None
    baseline_var: int | float | None = None


class TargetTest(_Strict):
    """An example beside the rule: a control for a station, and the members that it gets.

    `control` names its `class` and its fields. `expect` holds the members of the slot or of the period of
    each message owed, without times and priority; `losses` are all kinds of loss, in any order. A profile
    of several periods is told by `periods`.
    """

    name: str
    version: str | None = None
    control: dict[str, Any]
    default: bool = False
    live: bool = False
    ramp_time: int | float | None = None
    evse: int | None = None
    station: TrialStation = TrialStation()
    expect: dict[str, Any] | list[dict[str, Any]] | None = None
    losses: list[str] = []
    refused: Literal["not_supported", "not_applicable"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> TargetTest:
        if (self.expect is None) is (self.refused is None):
            raise ValueError("states either expect or refused")
        return self


class TargetMapping(_Strict):
    """A rule from a canonical control to members of a message."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["TargetMapping"]
    metadata: Metadata
    target: Target
    canonical: Annotated[list[str], Field(min_length=1)]
    variants: list[Variant] = []
    points: TargetPoints | None = None
    emit: dict[str, TargetField] = {}
    losses: list[DeclaredLoss] = []
    ignored: list[Ignored] = []
    reason: str = ""
    outcome: Literal["not_supported", "not_applicable"] = "not_supported"
    tests: list[TargetTest] = []

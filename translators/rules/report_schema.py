"""Models of rules that report upward: from canonical facts to the members of an outgoing document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from translators.rules.schema import DeclaredLoss, Guard, Metadata, Scalar


class _Strict(BaseModel):
    model_config = Metadata.model_config


class Report(_Strict):
    """Which document of which protocol, in which revisions or profiles, a rule fills."""

    protocol: Literal["ieee2030_5", "openadr", "iec61850"]
    revisions: Annotated[list[str], Field(min_length=1)]
    document: str


class Bit(_Strict):
    """One bit of a bitmap: always set, set with a member of a set of facts, by a condition, or never.

    `has` is the member where it is not called as the bit; of facts told per EVSE, every EVSE must have it.
    """

    bit: Annotated[int, Field(ge=0, le=63)]
    name: str
    const: Literal[True] | None = None
    from_: Annotated[str | None, Field(alias="from")] = None
    has: str | None = None
    when: str | None = None
    never: str | None = None
    revisions: list[str] = []


class Choice(_Strict):
    """One arm of a decision: the first whose condition holds gives the value."""

    when: str | None = None
    const: Scalar


class Scaled(_Strict):
    """A number as value times a power of ten, two members; `range` is what the value may be."""

    range: Annotated[list[int], Field(min_length=2, max_length=2)]
    value: str = "value"
    multiplier: str = "multiplier"


class ReportRounding(_Strict):
    """How many decimals the wire gets (0 to 9); `up` is away from zero, `down` toward it."""

    places: Annotated[int, Field(ge=0, le=9)]
    mode: Literal["half_even", "down", "up"]


class ReportField(_Strict):
    """One member of the document: the fact that it tells, and the closed operations on the way."""

    from_: Annotated[str | list[str] | None, Field(alias="from")] = None
    const: Scalar | None = None
    cases: dict[str, Scalar] | None = None
    choose: list[Choice] | None = None
    octets: Annotated[int, Field(ge=1, le=8)] = 4
    bits: list[Bit] | None = None
    combine: Literal["sum", "largest", "smallest", "common"] | None = None
    unit: str | None = None
    negate: bool | str = False
    sign: Literal["negative", "positive"] | None = None
    scale10: int | str | None = None
    clip: Annotated[list[int | float], Field(min_length=2, max_length=2)] | None = None
    round: ReportRounding | None = None
    scaled: Scaled | None = None
    time: Literal["epoch_s", "iso8601"] | None = None
    absent: Scalar | None = None
    omit_if_absent: bool = False
    when: str | None = None
    revisions: list[str] = []
    namespace: str = ""


class ReportTest(_Strict):
    """An example beside the rule: canonical facts, and the members, losses or refusal expected.

    `absent` names members that must not be there; numbers of facts are in the unit of the catalogue.
    """

    name: str
    revision: str | None = None
    given: dict[str, Any]
    expect: dict[str, Any] = {}
    absent: list[str] = []
    losses: list[str] = []
    refused: Literal["invalid", "not_applicable", "untold"] | None = None


class ReportMapping(_Strict):
    """A rule from facts about a station, a command or a measurement to members of a document."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["ReportMapping"]
    metadata: Metadata
    report: Report
    facts: str
    match: dict[str, str] = {}
    guards: list[Guard] = []
    emit: Annotated[dict[str, ReportField], Field(min_length=1)]
    losses: list[DeclaredLoss] = []
    never: dict[str, str] = {}
    tests: Annotated[list[ReportTest], Field(min_length=1)]

"""Model of a contract: what a program demands of its OpenADR 3 events beyond the standard, clause by clause.

    events:                          kinds of event, told apart by the payload types that they carry
      - kind: dispatch
        carries: [FLEX]
        sound: {id: …}               an event that keeps every clause
        clauses:
          - name: one_target         a refused event is told by `contract.clause`
            says: targets exactly one group
            targets: {least: 1, most: 1}
            breaks:                  changes of the sound event, each of which breaks this clause
              - {name: two, set: {targets: [a, b]}}

The first kind that an event fits counts; an event that fits none breaks the contract.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from translators.rules.schema import Metadata

type PayloadType = Annotated[str, Field(min_length=1, max_length=128)]
type Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Strict(BaseModel):
    model_config = Metadata.model_config


class Count(_Strict):
    """How many there may be."""

    least: int = 0
    most: int | None = None


class Targets(Count):
    """How many targets, and of how many digits each is; in 3.0.1 the values of the map count."""

    digits: int | None = None


class Descriptors(_Strict):
    """Payload types that are described, with their units; `carried` means those that stand in intervals."""

    units: dict[PayloadType, str] = {}
    carried: bool = False


class AskedReport(_Strict):
    """A reportDescriptor with what it must say; what is not given may be anything."""

    payload: PayloadType
    frequency: int | None = None
    repeat: int | None = None
    intervals: str = ""


class Reports(_Strict):
    """Each of these reports is asked for once; with `only` no other is."""

    each: Annotated[list[AskedReport], Field(min_length=1)]
    only: bool = False


class Values(_Strict):
    """What the payload of one type holds; `beside` names a payload without which it may not stand."""

    values: int = 1
    least: int | None = None
    most: int | None = None
    places: int | None = None
    uuid: bool = False
    one_of: list[str] = []
    optional: bool = False
    beside: PayloadType | None = None


class Payloads(_Strict):
    """The payloads of every interval by type, each once and no others; at least one of `some`."""

    types: Annotated[dict[PayloadType, Values], Field(min_length=1)]
    some: list[PayloadType] = []


class Adjacent(_Strict):
    """Intervals of this length touch an interval of another length, and their payload has this value."""

    length: str
    payload: PayloadType
    value: int


class Break(_Strict):
    """A change of the sound event by path (`intervals.0.id`) that breaks the clause; null takes away."""

    name: Name
    change: Annotated[dict[str, Any], Field(min_length=1, alias="set")]


class Clause(_Strict):
    """One demand: exactly one of the keys after `says`, with changes that break it beside it.

    `absent` are members that may not stand: of the event, or `intervals/…` of each interval. `period` says
    where time stands: on the event, on every interval, or on one of the two and not the other. `length` is
    that of the event's own period, `lengths` are those that intervals may have. `within` and `apart` ask
    that intervals lie within the event's period and do not overlap.
    """

    name: Name
    says: Annotated[str, Field(min_length=8)]
    cites: list[str] = []
    absent: list[str] | None = None
    period: Literal["event", "intervals", "either"] | None = None
    length: str | None = None
    lengths: list[str] | None = None
    within: Literal[True] | None = None
    apart: Literal[True] | None = None
    adjacent: Adjacent | None = None
    targets: Targets | None = None
    descriptors: Descriptors | None = None
    reports: Reports | None = None
    intervals: Count | None = None
    ids: Literal["rising", "from_zero"] | None = None
    payloads: Payloads | None = None
    breaks: Annotated[list[Break], Field(min_length=1)]

    @property
    def demand(self) -> str:
        """Return which key says what is demanded."""
        return next(key for key in DEMANDS if getattr(self, key) is not None)

    @model_validator(mode="after")
    def _one(self) -> Self:
        stated = [key for key in DEMANDS if getattr(self, key) is not None]
        if len(stated) != 1:
            raise ValueError(f"states exactly one of {', '.join(DEMANDS)}")
        return self


DEMANDS = tuple(
    key for key in Clause.model_fields if key not in {"name", "says", "cites", "breaks"}
)
"""The keys of a clause of which it has exactly one."""


class EventKind(_Strict):
    """One kind of event: those that carry any of these types; without `carries` all, with `[]` none."""

    kind: Name
    carries: list[PayloadType] | None = None
    sound: Annotated[dict[str, Any], Field(min_length=1)]
    clauses: Annotated[list[Clause], Field(min_length=1)]


class Contract(_Strict):
    """A contract by the name that settings call it by."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["Contract"]
    metadata: Metadata
    contract: Name
    events: Annotated[list[EventKind], Field(min_length=1)]

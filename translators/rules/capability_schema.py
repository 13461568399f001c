"""Models of rules that read what a station says it is: from its variables and messages to an EVSE."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from translators.rules.schema import Metadata


class _Strict(BaseModel):
    model_config = Metadata.model_config


class CapabilityMessage(_Strict):
    """Which message of a station a rule reads; of reports, the variables of which components."""

    protocol: Literal["ocpp"]
    versions: Annotated[list[str], Field(min_length=1)]
    action: Literal["NotifyReport", "NotifyEVChargingNeeds"]
    components: list[str] = []


class CapabilityField(_Strict):
    """One fact about an EVSE: a number in a unit, the members of a list, a flag or a count.

    Of several `from`, the first that is there counts; with `combine: sum`, all that are there add up.
    `join` says whether members add to those that are known, or replace them.
    """

    from_: Annotated[str | list[str], Field(alias="from")]
    unit: str | None = None
    combine: Literal["sum"] | None = None
    sign: Literal["positive"] | None = None
    join: Literal["add", "replace"] | None = None


class CapabilityTest(_Strict):
    """An example beside the rule: values by name or path, the facts expected, and how many are unreadable."""

    name: str
    given: dict[str, Any]
    expect: dict[str, Any] = {}
    absent: list[str] = []
    problems: int = 0


class CapabilityMapping(_Strict):
    """A rule from what a station says of itself to facts about an EVSE."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["CapabilityMapping"]
    metadata: Metadata
    message: CapabilityMessage
    evse: Annotated[dict[str, CapabilityField], Field(min_length=1)]
    ignored: dict[str, str] = {}
    tests: Annotated[list[CapabilityTest], Field(min_length=1)]

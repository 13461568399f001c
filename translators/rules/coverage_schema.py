"""Models of coverage documents: what becomes of the leaves of one type that no rule names."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from translators.rules.schema import Metadata

type Pattern = str
"""A leaf (`CurveData/xvalue`, `@href`, `controlType=VoltVar`) or several, `*` standing for any text."""


type Reason = Annotated[str, Field(min_length=8)]


class _Strict(BaseModel):
    model_config = Metadata.model_config


class Covered(_Strict):
    """Which type of which protocol, in which revisions; we read a source and fill a target.

    `of` names a part of a type that another schema adds to it, `CSIP-AUS 1.2`.
    """

    protocol: Literal["ieee2030_5", "openadr", "iec61850", "ocpp"]
    revisions: Annotated[list[str], Field(min_length=1)]
    type: str
    direction: Literal["source", "target"]
    of: str = ""


class Coverage(_Strict):
    """The leaves of one type: of a schema (`xsd`, `json`), or a list where no schema can be had.

    `only` lists leaves that some revisions have beside `leaves`. `values` names members whose
    enumerated values are leaves as well. `follow` expands a link type to the document behind it.
    `codes` lists what a coded member may say, by revision. `handled` names the module that reads or
    writes a leaf, where its name stands as a literal (`a/*`: a as a whole). `ignored` are leaves that
    change nothing for a station; one that would is ignored by a rule, which declares its loss where
    it is present. `refused` are leaves that ask for something which no rule carries out: the utility
    is told. `modules` read or fill the type: a leaf that is let go here stands in none of them.
    """

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["Coverage"]
    metadata: Metadata
    subject: Covered
    leaves: Literal["xsd", "json"] | list[str]
    only: dict[str, list[str]] = {}
    values: list[str] = []
    follow: dict[str, str] = {}
    codes: dict[str, dict[str, list[int]]] = {}
    handled: dict[Pattern, str] = {}
    ignored: dict[Pattern, Reason] = {}
    refused: dict[Pattern, Reason] = {}
    never: dict[Pattern, Reason] = {}
    modules: list[str] = []

    @model_validator(mode="after")
    def _fits_its_direction(self) -> Self:
        """Refuse reasons of the other direction: a source is ignored, a target never filled."""
        if self.subject.direction == "source" and self.never:
            raise ValueError("a source has no 'never'; did you mean 'ignored'?")
        if self.subject.direction == "target" and (self.ignored or self.refused):
            raise ValueError("a target has neither 'ignored' nor 'refused'; did you mean 'never'?")
        return self

    @property
    def entries(self) -> dict[Pattern, str]:
        """Return every entry with the module that handles it, or the reason."""
        return self.handled | self.ignored | self.refused | self.never

    @property
    def code(self) -> frozenset[str]:
        """Return every module that the document names."""
        return frozenset(self.handled.values()) | frozenset(self.modules)

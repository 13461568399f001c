"""The fallback table: what becomes of each function at each kind of station, as data.

    station                         column
    OCPP 2.1 with DER controls      der
    OCPP 2.1 with V2X alone         v2x
    OCPP 2.1 that only charges      charge_only
    OCPP 2.0.1                      ocpp201

A cell carries a function out, exactly or approximately with a bound, by a rule; or it says that the station
cannot but follow; or it refuses. A cell may need something of the station; where that is missing the next
column to the right decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from translators.canonical.controls import DerControl
from translators.rules.guards import seen
from translators.rules.schema import Metadata

COLUMNS = ("der", "v2x", "charge_only", "ocpp201")

type Need = Literal["control_type", "CentralSetpoint", "LocalFrequency", "discharge"]


class _Strict(BaseModel):
    model_config = Metadata.model_config


class Cell(_Strict):
    """What becomes of a function at one kind of station; `by` is the id of the rule that carries it."""

    carried: Literal["exact", "approximate", "followed"] | None = None
    by: str = ""
    needs: list[Need] = []
    bound: str = ""
    refused: Literal["not_supported", "not_applicable"] | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.carried is None) == (self.refused is None):
            raise ValueError("is either carried or refused")
        if self.carried in {"exact", "approximate"} and not self.by:
            raise ValueError("names no rule that carries it")
        if self.carried == "approximate" and not (self.reason and self.bound):
            raise ValueError("an approximation has a reason and a bound")
        if self.carried != "exact" and not self.reason:
            raise ValueError("has no reason")
        return self


class Row(_Strict):
    """One function, by its canonical class and the fields that tell it apart, over all stations."""

    control: str
    match: dict[str, str] = {}
    der: Cell
    v2x: Cell
    charge_only: Cell
    ocpp201: Cell

    @property
    def name(self) -> str:
        """Return the function's name as people read it."""
        return ".".join([self.control, *self.match.values()])

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.charge_only.needs or self.ocpp201.needs:
            raise ValueError("the last column of a version needs nothing: no other could decide")
        return self

    def serves(self, control: DerControl) -> bool:
        """Say whether the row is about this control, one of its class."""
        return not self.match or all(seen(control, k) == v for k, v in self.match.items())

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Yield the columns with their cells, from left to right."""
        for column in COLUMNS:
            yield column, getattr(self, column)


class Never(_Strict):
    """A value of the wire that we never send, and why."""

    field: str
    value: str
    reason: Annotated[str, Field(min_length=8)]


class Fallback(_Strict):
    """The whole table; the first row that serves a control counts."""

    api_version: Annotated[Literal["dergate/mapping.v1"], Field(alias="apiVersion")]
    kind: Literal["Fallback"]
    metadata: Metadata
    rows: Annotated[list[Row], Field(min_length=1)]
    never: list[Never] = []

    def by_control(self) -> dict[str, tuple[Row, ...]]:
        """Return the rows by the canonical class that they are about, in their order."""
        found: dict[str, tuple[Row, ...]] = {}
        for row in self.rows:
            found[row.control] = (*found.get(row.control, ()), row)
        return found

"""Vectors of IEC 61850: what a client operates at a node, as JSON, to the document that it is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from translators.errors import DocumentError, ModelError
from translators.iec61850.context import OperateContext
from translators.iec61850.inbound import Operated
from translators.rules.document import Document
from translators.vectors.border import Strict, validated

OPERATE = "operate"
"""The name of the one document of such a vector."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _instant(value: object) -> datetime:
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError as exc:
        raise ValueError("should be an instant") from exc
    if read.tzinfo is None:
        raise ValueError("should say its offset from UTC")
    return read


type _Instant = Annotated[datetime, BeforeValidator(_instant)]
type _Values = dict[str, bool | int | Decimal | str]


class OperateForm(Strict):
    """A committed group of values of one node; numbers are exact, as a client's decimals."""

    node: str
    values: _Values
    at: _Instant = _EPOCH
    oper_time: Annotated[_Instant | None, Field(alias="operTm")] = None
    duration_s: Annotated[int | None, Field(alias="duration")] = None
    settings: _Values = Field(default_factory=dict)
    beside: dict[str, _Values] = Field(default_factory=dict)
    site: dict[str, str] = Field(default_factory=dict)


def operated(
    station: str, profile: str, primacy: int, told: Any, nominal_frequency_hz: Fraction
) -> Document:
    """Return the document that `told` describes; `DocumentError` where it describes none."""
    where = f"source.documents.{OPERATE}"
    try:
        form = validated(OperateForm, told)
        context = OperateContext(
            utility="vector",
            station=station,
            profile=profile,
            node=form.node,
            primacy=primacy,
            server_time=form.at,
            oper_time=form.oper_time,
            duration_s=form.duration_s,
            settings=form.settings,
            beside=form.beside,
            site=form.site,
            nominal_frequency_hz=nominal_frequency_hz,
        )
    except (DocumentError, ModelError) as error:
        raise DocumentError(str(error), where=where, rule="vector") from error
    return Operated(form.values, context)

"""What a client of IEC 61850 operates at a node, as JSON, to the document that it is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from translators.canonical.capability import StationProfile
from translators.errors import DocumentError, ModelError
from translators.iec61850.context import OperateContext
from translators.iec61850.inbound import Operated
from translators.rules.document import Document
from translators.vectors.border import Strict, validated
from translators.vectors.form import EDITIONS

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


class BareForm(OperateForm):
    """The same as a file of its own, which names the profile in which it is meant."""

    profile: str = EDITIONS["iec61850"][0]


def operated(
    told: Any, profile: str, station: StationProfile, *, primacy: int, utility: str
) -> Document:
    """Return the document that `told` describes; `DocumentError` where it describes none."""
    return _document(validated(OperateForm, told), profile, station, primacy, utility)


def bare(told: Any, station: StationProfile, *, primacy: int, utility: str) -> Document:
    """Return the document of a file `{profile, node, values, …}`; `DocumentError` where it is none."""
    form = validated(BareForm, told)
    if form.profile not in EDITIONS["iec61850"]:
        known = ", ".join(EDITIONS["iec61850"])
        problem = f"is no profile: there are {known}"
        raise DocumentError(problem, where="profile", value=form.profile, rule="vector")
    return _document(form, form.profile, station, primacy, utility)


def _document(
    form: OperateForm, profile: str, station: StationProfile, primacy: int, utility: str
) -> Document:
    try:
        context = OperateContext(
            utility=utility,
            station=station.id,
            profile=profile,
            node=form.node,
            primacy=primacy,
            server_time=form.at,
            oper_time=form.oper_time,
            duration_s=form.duration_s,
            settings=form.settings,
            beside=form.beside,
            site=form.site,
            nominal_frequency_hz=station.nominal_frequency_hz,
        )
    except ModelError as error:
        raise DocumentError(str(error), where="node", rule="vector") from error
    return Operated(form.values, context)

"""One vector through the book: the case that it is, and how what comes out differs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from translators.canonical.capability import Dialect, Situation, StationProfile, Transaction
from translators.canonical.commands import Revision
from translators.chain import Case, Journey, control_id, owed, travel
from translators.errors import DocumentError
from translators.ieee2030_5.inbound import ProgramContext, Served
from translators.ieee2030_5.wire import Resource
from translators.ieee2030_5.xml import parse
from translators.rules.book import Book
from translators.rules.trace import Translation
from translators.vectors.comparison import Comparison, Difference, shown
from translators.vectors.form import ContextForm, Vector
from translators.vectors.stations import KnownStation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMED = frozenset({"DERControl", "DefaultDERControl"})


def play(
    book: Book, vector: Vector, stations: Mapping[str, KnownStation]
) -> tuple[Difference, ...]:
    """Return where the translation differs from what a vector expects; `DocumentError` where it is none."""
    case = case_of(vector, stations)
    return tuple(_differences(book, vector, case, travel(book, case)))


def case_of(vector: Vector, stations: Mapping[str, KnownStation]) -> Case:
    """Return the case that a vector describes; `DocumentError` where it cannot be one."""
    source = vector.source
    if source.protocol != "ieee2030_5":
        raise DocumentError(
            f"no mapping for {source.protocol} yet", where="source.protocol", rule="vector"
        )
    if vector.station not in stations:
        known = ", ".join(sorted(stations))
        raise DocumentError(f"is none of {known}", where="station", value=vector.station)
    documents = {name: _document(name, text) for name, text in source.documents.items()}
    control = documents.pop("control")
    if control.name not in _TIMED:
        raise DocumentError(
            "is neither DERControl nor DefaultDERControl",
            where="source.documents.control",
            value=control.name,
        )
    context = ProgramContext(
        utility="vector",
        station=vector.station,
        revision=Revision(source.revision),
        program=vector.id,
        primacy=source.program_primacy or 0,
        server_time=_EPOCH,
    )
    profile = _profile(vector, stations[vector.station])
    return Case(Served(control, documents, context), profile, _situation(vector.context))


def _document(name: str, text: Any) -> Resource:
    try:
        return parse(str(text).encode())
    except DocumentError as error:
        where = f"source.documents.{name}"
        raise DocumentError(str(error), where=where, rule="vector") from error


def _profile(vector: Vector, station: KnownStation) -> StationProfile:
    """Return the station over the version that the vector names, with the dialect that it names."""
    profile = station.over(vector.ocpp_version)
    dialect = vector.context.dialect
    return profile if dialect is None else replace(profile, dialect=Dialect(**dialect.model_dump()))


def _situation(context: ContextForm) -> Situation:
    policy = context.policy.model_dump(exclude_unset=True)
    return Situation(
        transactions=tuple(
            Transaction(item.evse, item.id, item.running_setpoint_w)
            for item in context.transactions
        ),
        settings=dict(context.der_settings),
        policy=policy,
        binding=dict(context.binding),
    )


def _differences(
    book: Book, vector: Vector, case: Case, gone: Translation[Journey]
) -> list[Difference]:
    expect, commands = vector.expect, gone.value.commands
    mrid = commands[0].mrid if commands else ""

    def named(control_type: str) -> str:
        return str(uuid.UUID(control_id(mrid, case.profile.id, control_type)))

    expected = [message.model_dump() for message in expect.messages]
    made = [
        {"ocpp": m.ocpp, "action": m.action, "payload": m.payload}
        for m in gone.value.orders.messages
    ]
    found = Comparison(named).messages(expected, made)
    kinds = sorted({kind.value for kind in expect.loss_kinds})
    lost = sorted({loss.kind.value for loss in gone.losses})
    if kinds != lost:
        found.append(Difference("loss_kinds", shown(kinds), shown(lost)))
    statuses = owed(book, gone, Revision(case.document.revision))
    if expect.response_status is not None and expect.response_status not in statuses:
        told = " or ".join(map(str, statuses)) or "none"
        found.append(Difference("response_status", str(expect.response_status), told))
    return found

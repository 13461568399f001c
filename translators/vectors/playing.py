"""One vector through the book: the case that it is, and how what comes out differs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, assert_never

from translators.canonical.capability import Situation, StationProfile, Transaction
from translators.canonical.commands import DerCommand, Revision
from translators.canonical.controls import EnterService
from translators.chain import Case, Journey, control_id, outcomes, owed, travel
from translators.errors import DocumentError
from translators.iec61850.outbound import add_cause
from translators.ieee2030_5.inbound import ProgramContext, Served
from translators.ieee2030_5.wire import Resource
from translators.ieee2030_5.xml import parse
from translators.ocpp.wire import Json
from translators.openadr.binding import binding_of
from translators.openadr.inbound import served
from translators.openadr.payloads import EventContext
from translators.openadr.wire import program_of
from translators.rules.book import Book
from translators.rules.document import Document
from translators.rules.trace import Translation
from translators.vectors.comparison import Comparison, Difference, shown
from translators.vectors.form import ContextForm, Vector
from translators.vectors.operating import OPERATE, operated
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
    if vector.station not in stations:
        known = ", ".join(sorted(stations))
        raise DocumentError(f"is none of {known}", where="station", value=vector.station)
    profile = _profile(vector, stations[vector.station])
    return Case(_made(vector, profile), profile, _situation(vector.context))


def _made(vector: Vector, profile: StationProfile) -> Document:
    source = vector.source
    match source.protocol:
        case "ieee2030_5":
            return _control(vector)
        case "openadr":
            return _event(vector)
        case "iec61850":
            return _operate(vector, profile)
        case _:
            assert_never(source.protocol)


def _control(vector: Vector) -> Document:
    """Return the DERControl of a vector, with what it links to."""
    source = vector.source
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
    return Served(control, documents, context)


def _operate(vector: Vector, profile: StationProfile) -> Document:
    """Return what a vector's client operates."""
    source = vector.source
    told, primacy = source.documents[OPERATE], source.program_primacy or 0
    try:
        return operated(told, source.revision, profile, primacy=primacy, utility="vector")
    except DocumentError as error:
        where = f"source.documents.{OPERATE}"
        raise DocumentError(str(error), where=where, rule="vector") from error


def _event(vector: Vector) -> Document:
    """Return the OpenADR event of a vector; it may hold its program as well."""
    source, binding = vector.source, vector.context.binding
    try:
        told = source.documents.get("program")
        context = EventContext(
            utility="vector",
            station=vector.station,
            revision=Revision(source.revision),
            program=None if told is None else program_of(told),
            bindings=(binding_of(binding),) if binding else (),
            policy=vector.context.policy.model_dump(),
        )
    except DocumentError as error:
        raise DocumentError(
            error.problem, where=f"context.{error.where}", rule=error.rule
        ) from error
    return served(source.documents["event"], context)


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
    return profile if dialect is None else replace(profile, dialect=dialect.readings)


def _situation(context: ContextForm) -> Situation:
    policy = context.policy.model_dump(exclude_unset=True)
    own = context.enter_service
    return Situation(
        transactions=tuple(
            Transaction(item.evse, item.id, item.running_setpoint_w)
            for item in context.transactions
        ),
        settings=dict(context.der_settings),
        policy=policy,
        binding=dict(context.binding),
        reported=(EnterService(**own),) if own else (),
        baseline_w=context.baseline_w,
        baseline_var=context.baseline_var,
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
    found = _twice(made)
    found += Comparison(named).messages(expected, _as_first(made, commands, case.profile.id))
    kinds = sorted({kind.value for kind in expect.loss_kinds})
    lost = sorted({loss.kind.value for loss in gone.losses})
    if kinds != lost:
        found.append(Difference("loss_kinds", shown(kinds), shown(lost)))
    return [*found, *_told(book, vector, case, gone)]


def _told(
    book: Book, vector: Vector, case: Case, gone: Translation[Journey]
) -> Iterator[Difference]:
    """Yield what the utility is told otherwise: a Response of IEEE 2030.5, an AddCause of IEC 61850."""
    expect, revision = vector.expect, case.document.revision
    if expect.response_status is not None:
        statuses = owed(book, gone, Revision(revision))
        if expect.response_status not in statuses:
            told = " or ".join(map(str, statuses)) or "none"
            yield Difference("response_status", str(expect.response_status), told)
    if expect.add_cause is not None:
        causes = {add_cause(book, revision, outcome) for outcome in outcomes(gone)}
        if causes != {expect.add_cause}:
            told = " and ".join(map(str, sorted(causes))) or "none"
            yield Difference("add_cause", str(expect.add_cause), told)


def _as_first(made: list[Json], commands: Sequence[DerCommand], station: str) -> list[Json]:
    """Return the messages with the ids that they would have in the first interval: `@ID` names that one."""
    found = []
    for message in made:
        payload = message["payload"]
        kind = payload.get("controlType", "")
        later = {control_id(command.mrid, station, kind) for command in commands[1:]}
        if payload.get("controlId") in later:
            payload = {**payload, "controlId": control_id(commands[0].mrid, station, kind)}
        found.append({**message, "payload": payload})
    return found


def _twice(made: list[Json]) -> list[Difference]:
    """Return controls that share an id: the second would replace the first."""
    ids = [message["payload"].get("controlId") for message in made]
    return [
        Difference("messages", "controls with ids of their own", f"{name} twice")
        for name in sorted({name for name in ids if name is not None and ids.count(name) > 1})
    ]

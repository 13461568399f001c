"""Files that `dergate map explain` takes: what each one is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.cli.files import decoded, read_bytes, read_text, stations_of
from gateway.errors import SettingsError
from translators.canonical.capability import Situation
from translators.canonical.commands import Revision
from translators.chain import Case, travel
from translators.errors import DocumentError
from translators.explain import explain, unmapped, written
from translators.ieee2030_5.inbound import ProgramContext, Served
from translators.ieee2030_5.wire import Resource
from translators.ieee2030_5.xml import parse, render
from translators.ocpp.wire import Json
from translators.openadr.binding import Binding, binding_of
from translators.openadr.contracts import Terms
from translators.openadr.edition import edition_of
from translators.openadr.inbound import served
from translators.openadr.payloads import EventContext
from translators.openadr.wire import Program, program_of
from translators.rules.book import Book
from translators.vectors import KnownStation, bare, case_of, read_json, vector_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTROLS = frozenset({"DERControl", "DefaultDERControl"})


@dataclass(frozen=True, slots=True)
class Site:
    """What a bare document does not say of itself: its station, its program, what it links to.

    `revision` None is the 2018 edition of IEEE 2030.5, and of OpenADR the one that a document shows.
    `terms` are the contract that OpenADR events have to keep. `links` are HREF=FILE; `known` are documents
    at hand already, by address.
    """

    station: str | None
    stations: Path | None
    revision: str | None
    primacy: int
    links: tuple[str, ...]
    program: Path | None
    terms: Terms | None = None
    known: Mapping[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """One document of a file: the case to translate, or why it is none; `texts` are its parts by name.

    `foreign` says that it can be read and asks for nothing: a list of devices, a report. `edition` says what
    shows the edition that it is read by, where nobody named it.
    """

    case: Case | None
    problem: Json | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    foreign: bool = False
    edition: str = ""


def documents_of(file: Path, site: Site, book: Book) -> Iterator[Json]:
    """Yield an explanation for each control in a file; what cannot be mapped is explained too."""
    for found in found_in(file, site):
        if found.problem is not None:
            yield found.problem
        if found.case is not None:
            told = explain(found.case, travel(book, found.case), book, found.texts)
            if found.edition:
                told["document"]["edition"] = found.edition
            yield told


def found_in(file: Path, site: Site) -> Iterator[Found]:
    """Yield each document of a file; `SettingsError` where file or site cannot be used."""
    data = read_bytes(file)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        yield from _xml(data, file, site)
        return
    try:
        document = read_json(decoded(data, file))
    except DocumentError as error:
        yield _none(file.name, "unknown", error)
        return
    bare_ones = isinstance(document, list) and document and all(map(_is_bare, document))
    for part in document if bare_ones else [document]:
        yield _json(part, file, site)


def holds_vector(file: Path) -> bool:
    """Say whether a file is a vector, which names its own station; `SettingsError` for no file."""
    try:
        return _is_vector(read_json(decoded(read_bytes(file), file)))
    except DocumentError:
        return False


def _is_vector(document: Any) -> bool:
    return isinstance(document, dict) and {"source", "expect"} <= document.keys()


def _none(kind: str, protocol: str, error: DocumentError) -> Found:
    return Found(None, unmapped(kind, protocol, error.where, error.problem, error.rule))


def _json(document: Any, file: Path, site: Site) -> Found:
    if _is_vector(document):
        return _vector(document, file, site)
    if _is_event(document):
        return _event(document, file, site)
    if _is_operate(document):
        return _operate(document, file, site)
    problem = "is no vector, no IEEE 2030.5 XML, no OpenADR event and no values of IEC 61850"
    return Found(None, unmapped(file.name, "unknown", "", problem), foreign=True)


def _is_event(document: Any) -> bool:
    """Say whether a JSON value is an OpenADR 3 event: by its name, or by what only events have."""
    if not isinstance(document, dict):
        return False
    return document.get("objectType") == "EVENT" or {"programID", "intervals"} <= document.keys()


def _is_operate(document: Any) -> bool:
    """Say whether a JSON value is what a client of IEC 61850 operates at a node."""
    return isinstance(document, dict) and {"node", "values"} <= document.keys()


def _is_bare(document: Any) -> bool:
    return _is_event(document) or _is_operate(document)


def _operate(document: Json, file: Path, site: Site) -> Found:
    """Return what was operated at a node, for the station that was named."""
    station = _named_station(file, site)
    try:
        made = bare(document, station.profile, primacy=site.primacy, utility="file")
    except DocumentError as error:
        return _none(file.name, "iec61850", error)
    texts = {"operate": written(document)}
    return Found(Case(made, station.profile, Situation()), texts=texts)


def _event(document: Json, file: Path, site: Site) -> Found:
    """Return an event for the station that was named, under the contract that stands in its program."""
    station = _named_station(file, site)
    try:
        told = None if site.program is None else _own_program(site.program, document)
        program, bindings = (None, ()) if told is None else _program(told)
    except DocumentError as error:
        return _none("program", "openadr", error)
    try:
        revision, edition = _openadr(site.revision, document, told)
    except DocumentError as error:
        return _none("event", "openadr", error)
    context = EventContext(
        utility="file",
        station=station.profile.id,
        revision=revision,
        program=program,
        bindings=bindings,
        contract=site.terms,
    )
    texts = {"event": written(document)} | ({} if told is None else {"program": written(told)})
    case = Case(served(document, context), station.profile, Situation())
    return Found(case, texts=texts, edition=edition)


def _openadr(named: str | None, event: Json, program: Any) -> tuple[Revision, str]:
    """Return the edition of OpenADR that was named; else the one that is shown, and by what."""
    if named in {Revision.OPENADR_3_0.value, Revision.OPENADR_3_1.value}:
        return Revision(named), ""
    try:
        shown = edition_of(event, program)
    except DocumentError as error:
        problem = f"{error.problem}: name the edition by --revision"
        raise DocumentError(problem, where=error.where, rule=error.rule) from error
    return shown or (Revision.OPENADR_3_1, "nothing shows another")


def _own_program(path: Path, event: Json) -> Any:
    """Return the program of an event from a file of one or of a list; `DocumentError` where none is its."""
    document, wanted = read_json(read_text(path)), event.get("programID")
    if not isinstance(document, list):
        program_of(document)
    for program in document if isinstance(document, list) else [document]:
        if isinstance(program, dict) and program.get("id") == wanted:
            return program
    problem = f"the event is of program {wanted!r}, and that is none of {path.name}"
    raise DocumentError(problem, where="programID", rule="OpenADR 3 program")


def _program(document: Any) -> tuple[Program, tuple[Binding, ...]]:
    """Return an OpenADR program and the contract that our member `bindings` adds to it."""
    program = program_of(document)
    bindings = document.get("bindings", [])
    if not isinstance(bindings, list) or not all(isinstance(item, dict) for item in bindings):
        raise DocumentError("is no list of objects", where="bindings", rule="binding")
    return program, tuple(binding_of({"program": program.id, **item}) for item in bindings)


def _vector(document: Json, file: Path, site: Site) -> Found:
    try:
        vector = vector_of(document)
        named = vector.station if site.station is None else site.station
        stations = stations_of(site.stations or file.parent / "stations.yaml")
        case = case_of(vector.model_copy(update={"station": named}), stations)
        texts = {name: written(part) for name, part in vector.source.documents.items()}
    except DocumentError as error:
        source = document["source"]
        protocol = source.get("protocol", "unknown") if isinstance(source, dict) else "unknown"
        return _none(str(document.get("id", file.name)), str(protocol), error)
    return Found(case, texts=texts)


def _xml(data: bytes, file: Path, site: Site) -> Iterator[Found]:
    try:
        root = parse(data)
    except DocumentError as error:
        yield _none(file.name, "ieee2030_5", error)
        return
    controls = [root] if root.name in _CONTROLS else list(root.every("DERControl"))
    if not controls:
        problem = "holds neither DERControl nor DefaultDERControl"
        why = unmapped(root.name, "ieee2030_5", f"line {root.line}", problem)
        yield Found(None, why, foreign=True)
        return
    station = _named_station(file, site)
    links = {**site.known, **dict(_linked(item) for item in site.links)}
    for control in controls:
        context = ProgramContext(
            utility="file",
            station=station.profile.id,
            revision=Revision(site.revision or Revision.IEEE2030_5_2018),
            program="",
            primacy=site.primacy,
            server_time=_EPOCH,
        )
        parts = {control.name: control} | {href: links[href] for href in _hrefs(control, links)}
        texts = {name: render(part).decode() for name, part in parts.items()}
        yield Found(
            Case(Served(control, links, context), station.profile, Situation()), None, texts
        )


def _hrefs(resource: Resource, links: Mapping[str, Resource]) -> Iterator[str]:
    """Yield the addresses of links that a document holds, where they lead to one of these."""
    for child in resource.children:
        if child.href is not None and child.href in links:
            yield child.href
        yield from _hrefs(child, links)


def _linked(text: str) -> tuple[str, Resource]:
    """Return the href and the document of one --link HREF=FILE."""
    href, separator, name = text.rpartition("=")
    if not separator or not href or not name:
        raise SettingsError("is no HREF=FILE", where=f"--link {text}", code="DG-1073")
    try:
        return href, parse(read_bytes(Path(name)))
    except DocumentError as error:
        raise SettingsError(str(error), where=name, code="DG-1074") from error


def _named_station(file: Path, site: Site) -> KnownStation:
    """Return the station that a bare document is for; `SettingsError` where none is named."""
    if site.station is None:
        advice = "name it by --station ID --stations FILE"
        raise SettingsError(
            "a bare document names no station", where=str(file), code="DG-1072", advice=advice
        )
    return _station(stations_of(site.stations or file.parent / "stations.yaml"), site.station)


def _station(stations: Mapping[str, KnownStation], name: str) -> KnownStation:
    if name not in stations:
        known = ", ".join(sorted(stations))
        raise SettingsError(
            f"no station {name!r}", where="--station", code="DG-1075", advice=f"there are {known}"
        )
    return stations[name]

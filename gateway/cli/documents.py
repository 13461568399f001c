"""Files that `dergate map explain` takes: what each one is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from translators.rules.book import Book
from translators.vectors import KnownStation, case_of, read_json, read_stations, vector_of

LARGEST_FILE = 4 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTROLS = frozenset({"DERControl", "DefaultDERControl"})
_NOT_YET = "no mapping for openadr yet"


@dataclass(frozen=True, slots=True)
class Site:
    """What a bare document does not say of itself: its station, its program, what it links to."""

    station: str | None
    stations: Path | None
    revision: str
    primacy: int
    links: tuple[str, ...]
    program: Path | None


@dataclass(frozen=True, slots=True)
class Found:
    """One document of a file: the case to translate, or why it is none; `texts` are its parts by name."""

    case: Case | None
    problem: Json | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


def documents_of(file: Path, site: Site, book: Book) -> Iterator[Json]:
    """Yield an explanation for each control in a file; what cannot be mapped is explained too."""
    for found in found_in(file, site):
        if found.problem is not None:
            yield found.problem
        if found.case is not None:
            yield explain(found.case, travel(book, found.case), book, found.texts)


def found_in(file: Path, site: Site) -> Iterator[Found]:
    """Yield each document of a file; `SettingsError` where file or site cannot be used."""
    data = read_bytes(file)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        yield from _xml(data, file, site)
        return
    try:
        document = read_json(_decoded(data, file))
    except DocumentError as error:
        yield _none(file.name, "unknown", error)
        return
    yield _json(document, file, site)


def _none(kind: str, protocol: str, error: DocumentError) -> Found:
    return Found(None, unmapped(kind, protocol, error.where, error.problem, error.rule))


def _json(document: Any, file: Path, site: Site) -> Found:
    if isinstance(document, dict) and "source" in document and "expect" in document:
        return _vector(document, file, site)
    if isinstance(document, dict) and _is_event(document):
        if site.program is not None:
            read_json(read_text(site.program))
        kind = str(document.get("objectType", "EVENT"))
        return Found(None, unmapped(kind, "openadr", "", _NOT_YET))
    problem = "is no vector, no IEEE 2030.5 XML and no OpenADR event"
    return Found(None, unmapped(file.name, "unknown", "", problem))


def _is_event(document: Mapping[str, Any]) -> bool:
    """Say whether a JSON object is an OpenADR 3 event: by its name, or by what only events have."""
    return document.get("objectType") == "EVENT" or {"programID", "intervals"} <= document.keys()


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
        yield Found(None, unmapped(root.name, "ieee2030_5", f"line {root.line}", problem))
        return
    if site.station is None:
        advice = "name it by --station ID --stations FILE"
        raise SettingsError(
            "bare XML names no station", where=str(file), code="DG-1072", advice=advice
        )
    station = _station(stations_of(site.stations or file.parent / "stations.yaml"), site.station)
    links = dict(_linked(item) for item in site.links)
    for control in controls:
        context = ProgramContext(
            utility="file",
            station=site.station,
            revision=Revision(site.revision),
            program="",
            primacy=site.primacy,
            server_time=_EPOCH,
        )
        parts = {control.name: control} | links
        texts = {name: render(part).decode() for name, part in parts.items()}
        yield Found(
            Case(Served(control, links, context), station.profile, Situation()), None, texts
        )


def _linked(text: str) -> tuple[str, Resource]:
    """Return the href and the document of one --link HREF=FILE."""
    href, separator, name = text.rpartition("=")
    if not separator or not href or not name:
        raise SettingsError("is no HREF=FILE", where=f"--link {text}", code="DG-1073")
    try:
        return href, parse(read_bytes(Path(name)))
    except DocumentError as error:
        raise SettingsError(str(error), where=name, code="DG-1074") from error


def _station(stations: Mapping[str, KnownStation], name: str) -> KnownStation:
    if name not in stations:
        known = ", ".join(sorted(stations))
        raise SettingsError(
            f"no station {name!r}", where="--station", code="DG-1075", advice=f"there are {known}"
        )
    return stations[name]


def stations_of(path: Path) -> dict[str, KnownStation]:
    """Return the stations of a file; `SettingsError` where it cannot be read."""
    try:
        return read_stations(read_text(path))
    except DocumentError as error:
        raise SettingsError(str(error), where=str(path), code="DG-1076") from error


def read_text(path: Path) -> str:
    """Return the text of a file; `SettingsError` where it is none."""
    return _decoded(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; `SettingsError` where it cannot be read, or is too large."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as exc:
        raise SettingsError(
            exc.strerror or "cannot be read", where=str(path), code="DG-1077"
        ) from exc
    if len(data) > LARGEST_FILE:
        raise SettingsError(f"is larger than {LARGEST_FILE} bytes", where=str(path), code="DG-1078")
    return data


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SettingsError("is no UTF-8 text", where=str(path), code="DG-1079") from exc

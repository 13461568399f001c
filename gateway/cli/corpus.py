"""Recorded documents of a folder, vectors or bare XML and JSON, each as a case to translate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.cli.documents import Found, Site, found_in, holds_vector
from gateway.cli.files import read_bytes, stations_of
from gateway.errors import SettingsError
from translators.chain import Case
from translators.errors import DocumentError
from translators.ieee2030_5.wire import Resource
from translators.ieee2030_5.xml import parse

_SUFFIXES = frozenset({".json", ".xml"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """One document of a corpus under its name: a case for one station, or why it is none."""

    name: str
    case: Case | None
    problem: str = ""


def recorded_in(folder: Path, site: Site) -> Iterator[Recorded]:
    """Yield the documents of a folder, each text once for a station; `SettingsError` for no folder.

    A bare document is for `site.station`, or for each station of `stations.yaml` of the folder in turn.
    Links lead to the curves that the folder holds. What asks for nothing is passed over.
    """
    if not folder.is_dir():
        raise SettingsError("is no folder", where=str(folder), code="DG-1070")
    files = sorted(
        path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file()
    )
    stations = site.stations or folder / "stations.yaml"
    chosen = (site.station,) if site.station else _every(stations)
    base = replace(site, stations=stations, known=_curves(files))
    seen: set[bytes | Recorded] = set()
    for file in files:
        for number, found in _found(file, base, chosen):
            name = file.relative_to(folder).as_posix() + (f" #{number}" if number > 1 else "")
            recorded = Recorded(name, found.case, _problem(found))
            mark = _mark(found.case, found.texts) if found.case else recorded
            if not found.foreign and mark not in seen:
                seen.add(mark)
                yield recorded


def _every(stations: Path) -> tuple[str, ...]:
    return tuple(stations_of(stations))


def _found(file: Path, site: Site, stations: tuple[str, ...]) -> Iterator[tuple[int, Found]]:
    """Yield the documents of one file, counted: a vector names its station, others are for each."""
    try:
        if holds_vector(file):
            own = replace(site, station=None, stations=_beside(file, site))
            yield from enumerate(found_in(file, own), 1)
            return
        for station in stations:
            yield from enumerate(found_in(file, replace(site, station=station)), 1)
    except (DocumentError, SettingsError) as error:
        yield 1, Found(None, {"refused": [{"problem": str(error)}]})


def _beside(file: Path, site: Site) -> Path | None:
    own = file.parent / "stations.yaml"
    return own if own.exists() else site.stations


def _problem(found: Found) -> str:
    """Return why a document is no case."""
    refused = [] if found.problem is None else found.problem["refused"]
    return "; ".join(str(item["problem"]) for item in refused)


def _mark(case: Case, texts: Mapping[str, str]) -> bytes:
    """Return what makes a case one's own: its texts, its station, what it is read by."""
    parts = (*texts.values(), repr(case.profile), repr(case.situation), case.document.revision)
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _curves(files: list[Path]) -> dict[str, Resource]:
    """Return the DERCurves that XML files of a folder hold, by address."""
    found: dict[str, Resource] = {}
    for file in files:
        if file.suffix == ".xml":
            try:
                root = parse(read_bytes(file))
            except (DocumentError, SettingsError):
                continue  # named when it is read for its controls
            for curve in (root, *root.every("DERCurve")):
                if curve.name == "DERCurve" and curve.href is not None:
                    found.setdefault(curve.href, curve)
    return found

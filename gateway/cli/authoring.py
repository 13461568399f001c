"""`dergate map copy`, `new`, `fmt` and `schema`: writing rules."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree
from typing import Annotated, Literal

import typer

from gateway.cli.rules import Rules, files
from gateway.errors import SettingsError
from gateway.settings.mappings import coverage_files, mappings_folder
from translators.rules.formatting import formatted
from translators.rules.json_schema import language_schema
from translators.rules.scaffold import source_rule, target_rule


def fmt(
    *,
    mappings: Rules = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 where something would change.")
    ] = False,
) -> None:
    """Put the keys of all rules in the order of the language; comments stay where they are."""
    root = mappings or mappings_folder()
    texts = files(mappings) | coverage_files(mappings)
    changed = {
        path: text for path, before in texts.items() if (text := formatted(path, before)) != before
    }
    for path, text in changed.items():
        if not check:
            (root / path).write_text(text, encoding="utf-8")
        typer.echo(f"{path} {'would change' if check else 'is changed'}")
    typer.echo(f"{len(texts) - len(changed)} of {len(texts)} files were in order")
    if check and changed:
        raise typer.Exit(1)


def new(
    kind: Annotated[Literal["source", "target"], typer.Argument(metavar="source|target")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name in the rule's id.")],
    *,
    protocol: Annotated[
        Literal["ieee2030_5", "openadr", "iec61850"], typer.Option(help="What a source reads.")
    ] = "ieee2030_5",
    version: Annotated[
        Literal["2.1", "2.0.1"], typer.Option(help="OCPP version that a target fills.")
    ] = "2.1",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a new file. [to the output]")
    ] = None,
) -> None:
    """Draft a rule with tests that fail until they are filled in."""
    text = source_rule(name, protocol) if kind == "source" else target_rule(name, version)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        raise SettingsError(
            exc.strerror or "cannot be written", where=str(out), code="DG-1087"
        ) from exc


def copy(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder to make.")]) -> None:
    """Copy the shipped rules and their guide into a new folder, to change them there."""
    try:
        copytree(mappings_folder(), folder)
    except OSError as exc:
        problem = exc.strerror or "cannot be written"
        raise SettingsError(problem, where=str(folder), code="DG-1088") from exc
    typer.echo(f"{folder} holds the shipped rules; begin with {folder / 'README.md'}")


def schema() -> None:
    """Print the JSON Schema of the language, for editors.

    In a rule file, `# yaml-language-server: $schema=FILE` as the first line names it.
    """
    typer.echo(json.dumps(language_schema(), indent=1))

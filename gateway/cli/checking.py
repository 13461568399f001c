"""`dergate map lint` and `dergate map test`: what stands in the rules, and whether it holds."""

from __future__ import annotations

import typer

from gateway.cli.rules import Rules, book
from gateway.settings.mappings import mapping_files
from translators.chain import examples, load_book
from translators.errors import MappingError


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


def run_tests(mappings: Rules = None) -> None:
    """Run the tests that stand beside the rules; exit 1 names each that fails."""
    found = list(examples(book(mappings)))
    failed = [example for example in found if example.faults]
    for example in failed:
        for fault in example.faults:
            typer.echo(f"{example.rule} {example.name}: {fault}")
    typer.echo(f"{len(found) - len(failed)} of {len(found)} tests pass")
    if failed:
        raise typer.Exit(1)

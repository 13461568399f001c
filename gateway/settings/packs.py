"""Packs of mapping rules that may go to work: they load, are without a finding, and pass their own tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from gateway.settings.mappings import coverage_files, mapping_files
from gateway.settings.references import known
from gateway.settings.schema import Settings
from translators.chain import examples, load_book
from translators.errors import MappingError
from translators.rules.book import Book
from translators.rules.coverage_schema import Coverage
from translators.rules.examples import Example
from translators.rules.lint.findings import Level, Places
from translators.rules.lint.running import lint
from translators.rules.pack import Pack, check_engine
from translators.rules.reader import read


@cache
def shipped_book() -> Book:
    """Return the shipped mapping rules, compiled once in a process."""
    return load_book(mapping_files())


def book_of(settings: Settings) -> Book:
    """Return the rules that a site works by: those of its pack, which must be proven, or the shipped."""
    return shipped_book() if settings.mappings is None else proven_book(settings.mappings)


def proven_book(folder: Path | None = None) -> Book:
    """Return the book of `folder` (default: the shipped); `MappingError` names all that speaks against it.

    All or nothing: one rule that fails its test keeps the whole pack out.
    """
    files = mapping_files(folder)
    book = load_book(files)
    packs = book.of(Pack)
    if len(packs) != 1:
        raise MappingError(f"holds {len(packs)} packs, not one", where="pack.yaml", rule="pack")
    check_engine(packs[0], version("dergate"))
    schemas, _ = known(_covered(folder) or _covered(None))
    findings = lint(book, files, schemas)
    faults = [str(finding) for finding in findings if finding.level is Level.ERROR]
    faults += failures(examples(book), files)
    if faults:
        raise MappingError("; ".join(faults), where=packs[0].name, rule="pack")
    return book


def failures(found: Iterable[Example], files: Mapping[str, str]) -> Iterator[str]:
    """Yield `file:line: rule test: what differs` for each test that fails."""
    places = None
    for rule, beside in groupby(found, key=lambda example: example.rule):
        for number, example in enumerate(beside):
            for fault in example.faults:
                places = places or Places(files)
                place = places.of(rule, ["tests", number])
                yield f"{place}: {rule} {example.name}: {fault}"


def _covered(folder: Path | None) -> list[Coverage]:
    """Return the coverage documents of a folder: they name the types whose members a rule may name."""
    texts = coverage_files(folder)
    models = [model for path, text in texts.items() for model in read(path, text)]
    return [model for model in models if isinstance(model, Coverage)]

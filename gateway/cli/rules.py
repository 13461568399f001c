"""The mapping rules that a command works on: the shipped ones, or those of a folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import SettingsError
from gateway.settings.mappings import coverage_files, mapping_files
from translators.chain import load_book
from translators.rules.book import Book
from translators.rules.coverage_schema import Coverage
from translators.rules.reader import read

Rules = Annotated[
    Path | None,
    typer.Option("--mappings", metavar="DIR", help="Mapping rules in place of the shipped ones."),
]


@cache
def book(folder: Path | None) -> Book:
    """Return the shipped rules, or those of a folder, read once in a process."""
    return load_book(files(folder))


def files(folder: Path | None) -> dict[str, str]:
    """Return the texts of the shipped rules, or of those of a folder; SettingsError for no folder."""
    if folder is not None and not folder.is_dir():
        raise SettingsError("is no folder", where=str(folder), code="DG-1070")
    return mapping_files(folder)


def coverage_documents(folder: Path | None, found: Book) -> list[Coverage]:
    """Return the coverage documents beside the rules and among them; the shipped ones where none is."""
    texts = coverage_files(folder)
    listed = [model for path, text in texts.items() for model in read(path, text)]
    documents = [item for item in (*listed, *found.others) if isinstance(item, Coverage)]
    return documents or coverage_documents(None, book(None))

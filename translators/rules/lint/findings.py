"""What a check works on and what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

from translators.errors import MappingError
from translators.rules.book import Book
from translators.rules.coverage.claims import Subject, models_of, name_of
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule
from translators.rules.yamltext import documents, places

type Key = str | int


class Named(Protocol):
    """Whatever has an id with its version."""

    @property
    def id(self) -> str:
        """Return `id@version`."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a further kind: a profile, a dialect, what a station says of itself."""

    id: str
    model: Any


class Level(StrEnum):
    """How bad a finding is: an error ends lint with 1."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: `place` is `file:line`, `rule` an id with its version."""

    level: Level
    place: str
    rule: str
    problem: str
    suggestion: str = ""

    def __str__(self) -> str:
        """Return `file:line: level: rule: what; suggestion`."""
        hint = f"; {self.suggestion}" if self.suggestion else ""
        return f"{self.place}: {self.level}: {self.rule}: {self.problem}{hint}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the schemas say: leaves by subject, and what coded members may say by (revision, member).

    A protocol without subjects is not known: its paths are not checked.
    """

    leaves: Mapping[Subject, frozenset[str]]
    codes: Mapping[tuple[str, str], frozenset[int]]


class Places:
    """Where each rule and each key of it stands."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Note the document of each rule; where its keys stand is read when it is asked for."""
        self._files = files
        self._found: dict[str, tuple[str, int]] = {}
        for path, text in files.items():
            with suppress(
                MappingError
            ):  # loading has named it; the rules before it have their places
                for number, document in enumerate(documents(path, text)):
                    self._found[_id(document)] = (path, number)

    def of(self, rule: str, keys: Sequence[Key]) -> str:
        """Return `file:line` of the deepest key that is there; `rule` may carry a version."""
        path, number = self._found[rule.partition("@")[0]]
        marks = places(path, self._files[path], number)
        mark, at = marks[()], tuple[Key, ...]()
        for key in keys:
            at = (*at, key)
            if at not in marks:
                break
            mark = marks[at]
        return f"{path}:{mark.line}"


def _id(document: Any) -> str:
    """Return the id of a rule, empty where a document has none."""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    return str(metadata.get("id", "")) if isinstance(metadata, dict) else ""


class Ground:
    """The book under lint, with places and schemas."""

    def __init__(self, book: Book, files: Mapping[str, str], known: Known) -> None:
        """Keep them; positions are read once."""
        self.book = book
        self.known = known
        self._places = Places(files)

    @cached_property
    def sources(self) -> tuple[SourceRule, ...]:
        """The rules that read."""
        return tuple(rule for rule in self.book.rules if isinstance(rule, SourceRule))

    @cached_property
    def targets(self) -> tuple[TargetRule, ...]:
        """The rules that write to stations."""
        return tuple(rule for rule in self.book.rules if isinstance(rule, TargetRule))

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Every document of the book that names clauses: rules of all kinds, and what else there is."""
        models = [model for model in models_of(self.book) if hasattr(model, "metadata")]
        return tuple(Document(name_of(model), model) for model in models)

    def error(self, rule: Named, at: Sequence[Key], problem: str, suggestion: str = "") -> Finding:
        """Return an error at a key of a rule."""
        place = self._places.of(rule.id, at)
        return Finding(Level.ERROR, place, rule.id, problem, suggestion)

    def warning(
        self, rule: Named, at: Sequence[Key], problem: str, suggestion: str = ""
    ) -> Finding:
        """Return a warning at a key of a rule."""
        place = self._places.of(rule.id, at)
        return Finding(Level.WARNING, place, rule.id, problem, suggestion)


type Findings = Iterator[Finding]

"""All pages of the documentation, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from translators.documentation.excerpts import excerpts
from translators.documentation.pages import (
    Shelf,
    coverage_page,
    fallback_page,
    function_page,
    index_page,
    kind_page,
    others_page,
)
from translators.documentation.rules import anchor
from translators.ocpp.wire import Json
from translators.rules.book import Book
from translators.rules.canonical import CLASSES
from translators.rules.examples import Example
from translators.rules.fallback_schema import Fallback
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule


@dataclass(frozen=True, slots=True)
class Material:
    """What pages are made of: the book, the files that it came from, the results of its tests, the coverage.

    `coverage` is what `dergate map coverage --format json` tells, None where it could not be counted;
    `problem` says why.
    """

    book: Book
    files: Mapping[str, str]
    examples: Iterable[Example]
    coverage: Json | None = None
    problem: str = ""


def site(material: Material) -> dict[str, str]:
    """Return each page by its file name."""
    book = material.book
    functions = [name for name in CLASSES if _has_rules(book, name)]
    kinds = _kinds(book)
    shelf = Shelf(
        book=book,
        excerpts=excerpts(material.files),
        examples=_by_rule(material.examples),
        places=_places(book, kinds),
    )
    return {
        "index.html": index_page(shelf, functions, kinds),
        "fallback.html": fallback_page(shelf),
        "coverage.html": coverage_page(shelf, material.coverage, material.problem),
        **{f"{name}.html": function_page(shelf, name) for name in functions},
        **{kind_page(kind): others_page(shelf, kind, ids) for kind, ids in kinds.items()},
    }


def _has_rules(book: Book, function: str) -> bool:
    return any(_serves(rule, function) for rule in book.rules)


def _serves(rule: object, function: str) -> bool:
    if isinstance(rule, SourceRule):
        return rule.model.canonical == function
    return isinstance(rule, TargetRule) and function in rule.model.canonical


def _kinds(book: Book) -> dict[str, list[str]]:
    """Return the ids of documents that belong to no function, by kind."""
    found: dict[str, list[str]] = {}
    for item in (*book.rules, *book.others):
        if not isinstance(item, SourceRule | TargetRule | Fallback):
            model = item if isinstance(item, BaseModel) else getattr(item, "model", None)
            kind, metadata = getattr(model, "kind", ""), getattr(model, "metadata", model)
            found.setdefault(str(kind), []).append(str(getattr(metadata, "id", "")))
    return dict(sorted(found.items()))


def _places(book: Book, kinds: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return where each rule is told: on the page of its function, or of its kind."""
    found = {
        name: f"{kind_page(kind)}#{anchor(name)}" for kind, ids in kinds.items() for name in ids
    }
    for rule in book.rules:
        function = next((name for name in CLASSES if _serves(rule, name)), None)
        if isinstance(rule, SourceRule | TargetRule) and function is not None:
            name = rule.model.metadata.id
            found[name] = f"{function}.html#{anchor(name)}"
    return found


def _by_rule(examples: Iterable[Example]) -> dict[str, dict[str, Example]]:
    found: dict[str, dict[str, Example]] = {}
    for example in examples:
        found.setdefault(example.rule, {})[example.name] = example
    return found

"""What changed between two books, rule by rule, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from translators.rules.book import Book

_NAMES = ("name", "id", "field", "kind")
"""What tells the members of a list apart, in this order; else their place does."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One key of a rule; values as JSON texts, None where the key is not there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that is not the same in both books; versions are None where it is missing."""

    id: str
    change: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None
    edits: tuple[Edit, ...] = ()

    @property
    def unversioned(self) -> bool:
        """Say whether the rule changed and kept its version."""
        return self.change == "changed" and self.before == self.after


def rule_changes(old: Book, new: Book) -> tuple[RuleChange, ...]:
    """Return the rules that differ, by id; comments and layout do not count."""
    before, after = _rules(old), _rules(new)
    changes = []
    for name in sorted(before.keys() | after.keys()):
        was, becomes = before.get(name), after.get(name)
        if was is None:
            changes.append(RuleChange(name, "added", None, _version(after[name])))
        elif becomes is None:
            changes.append(RuleChange(name, "removed", _version(was), None))
        elif was != becomes:
            edits = tuple(_edits(was, becomes))
            changes.append(RuleChange(name, "changed", _version(was), _version(becomes), edits))
    return tuple(changes)


def _rules(book: Book) -> dict[str, dict[str, str]]:
    """Return the keys of each rule, and of each document of another kind, by its id."""
    found = {}
    for item in (*book.rules, *book.others):
        model: Any = item if isinstance(item, BaseModel) else getattr(item, "model", None)
        written = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
        head = written.get("metadata", written)  # a pack has its id at the top
        found[str(head["id"])] = dict(_keys(written, ""))
    return found


def _version(keys: Mapping[str, str]) -> str:
    return str(json.loads(keys.get("metadata.version") or keys["version"]))


def _keys(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield each key of a rule with its value; lists of plain values are one value."""
    match value:
        case dict() if value:
            for key, item in value.items():
                yield from _keys(item, f"{path}.{key}" if path else str(key))
        case list() if any(isinstance(item, dict) for item in value):
            names = _names(value)
            for name, item in zip(names, value, strict=True):
                yield from _keys(item, f"{path}[{name}]")
        case _:
            yield path, json.dumps(value, ensure_ascii=False)


def _names(items: list[Any]) -> list[str]:
    for key in _NAMES:
        named = [str(item[key]) for item in items if isinstance(item, dict) and key in item]
        if len(set(named)) == len(items):
            return named
    return [str(number) for number in range(len(items))]


def _edits(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Edit]:
    for path in [*before, *(path for path in after if path not in before)]:
        if before.get(path) != after.get(path):
            yield Edit(path, before.get(path), after.get(path))

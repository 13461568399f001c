"""The YAML of mapping files: the core schema of YAML 1.2, read from the events of libyaml, strictly.

Refused, with line and column: a duplicate key, a key that is no scalar, an anchor or alias (a cycle or a
bomb needs one), a tag, the plain words that YAML 1.1 takes for booleans, and sizes beyond reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from yaml.cyaml import CBaseLoader
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from translators.errors import MappingError

LARGEST_FILE = 1 << 20
"""Characters of one file."""
_DEEPEST, _LONGEST_NUMBER = 32, 40
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YAML_1_1 = frozenset(
    form for word in ("yes", "no", "on", "off") for form in (word, word.title(), word.upper())
)
_NUMERIC = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

type Path = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key, an item or a document begins, counted from 1; `text` is a scalar's own."""

    line: int
    column: int
    text: str = ""


def documents(path: str, text: str) -> Iterator[Any]:
    """Yield the documents of a file as plain values; `MappingError` says `file:line:column`."""
    for _, value in _read(path, text, None):
        yield value


def places(path: str, text: str, number: int) -> dict[Path, Place]:
    """Return where everything in document `number` (from 0) of a file stands, by its path.

    A key or an item stands under its path; `(*path, "=")` is the value of it, where that is a scalar.
    """
    found: dict[Path, Place] = {}
    for at, (index, _) in enumerate(_read(path, text, found)):
        if at == number:
            return {place[1:]: mark for place, mark in found.items() if place[0] == index}
    return {}


def _read(path: str, text: str, found: dict[Path, Place] | None) -> Iterator[tuple[int, Any]]:
    """Yield index and value of each document that is not empty."""
    if len(text) > LARGEST_FILE:
        problem = f"{len(text)} characters are more than {LARGEST_FILE}"
        raise MappingError(problem, where=path, rule="yaml")
    try:
        reading = _Reading(path, text, found)
        number = 0
        while (value := reading.document(number)) is not _END:
            if value is not None:
                yield number, value
            number += 1
    except MarkedYAMLError as exc:
        mark = exc.problem_mark
        where = path if mark is None else f"{path}:{mark.line + 1}:{mark.column + 1}"
        raise MappingError(_why(text, exc), where=where, rule="yaml") from exc
    except YAMLError as exc:
        raise MappingError("is no text that YAML knows", where=path, rule="yaml") from exc


def _why(text: str, error: MarkedYAMLError) -> str:
    """Return what libyaml complains of, and what most often is behind it."""
    problem, mark = error.problem or "is no YAML", error.problem_mark
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return f"{problem}: a tab, and YAML is indented by spaces"
    if problem.startswith("did not find expected"):
        return f"{problem}; is it indented as its neighbours, every bracket and quote closed?"
    return problem


_END = object()


class _Reading:
    """One pass over the events of a text; where things stand is kept only where that is asked for."""

    def __init__(self, path: str, text: str, found: dict[Path, Place] | None) -> None:
        self._next = CBaseLoader(text).get_event
        self._path, self._found = path, found
        self._plain: dict[str, Any] = {}
        self._next()

    def document(self, number: int) -> Any:
        """Return the next document, `_END` after the last."""
        event = self._next()
        if isinstance(event, StreamEndEvent):
            return _END
        if isinstance(event, DocumentStartEvent) and event.version not in {None, (1, 2)}:
            self._refuse(event, "is no document of YAML 1.2")
        event = self._next()
        if self._found is not None:
            self._note((number,), event)
        value = self._node(event, 0, (number,))
        self._next()
        return value

    def _node(self, event: Any, depth: int, at: Path) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent or event.anchor is not None:
            self._refuse(event, "anchors and aliases are not part of the language: write it twice")
        if event.tag is not None:
            self._refuse(event, "tags are not part of the language")
        if depth > _DEEPEST:
            self._refuse(event, f"is nested deeper than {_DEEPEST}")
        if kind is MappingStartEvent:
            return self._mapping(depth, at)
        return self._sequence(depth, at)

    def _mapping(self, depth: int, at: Path) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        take, found = self._next, self._found
        while type(event := take()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self._refuse(event, "a key is a text or a number")
            key = self._scalar(event)
            if key in made:
                self._refuse(event, f"duplicate key {event.value!r}")
            value = take()
            if found is not None:
                self._note((*at, key), event, value)
            made[key] = self._node(value, depth + 1, (*at, key) if found is not None else at)
        return made

    def _sequence(self, depth: int, at: Path) -> list[Any]:
        made: list[Any] = []
        take, found = self._next, self._found
        while type(event := take()) is not SequenceEndEvent:
            here = at
            if found is not None:
                here = (*at, len(made))
                self._note(here, event, event)
            made.append(self._node(event, depth + 1, here))
        return made

    def _scalar(self, event: Any) -> Any:
        """Return the value of a scalar by the core schema; what is quoted is a text."""
        text = event.value
        if event.anchor is not None or event.tag is not None:
            self._refuse(event, "anchors and tags are not part of the language")
        if not event.implicit[0]:
            return text
        plain = self._plain
        if text not in plain:
            plain[text] = self._resolved(text, event)
        return plain[text]

    def _resolved(self, text: str, event: Any) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if text in _YAML_1_1:
            self._refuse(event, f"{text} is a boolean in YAML 1.1, a text in 1.2: write {text!r}")
        if text[0] not in _NUMERIC:
            return text
        if len(text) > _LONGEST_NUMBER and _FLOAT.fullmatch(text):
            self._refuse(event, f"a number of {len(text)} characters")
        if _INTEGER.fullmatch(text):
            return int(text)
        if _OTHER_BASE.fullmatch(text):
            return int(text, 0)
        if _FLOAT.fullmatch(text):
            return self._finite(float(text), event)
        if _NOT_FINITE.fullmatch(text):
            return self._finite(math.inf, event)
        return text

    def _finite(self, value: float, event: Any) -> float:
        if not math.isfinite(value):
            self._refuse(event, f"{event.value} is no finite number")
        return value

    def _note(self, at: Path, event: Any, value: object = None) -> None:
        mark = event.start_mark
        text = event.value if isinstance(event, ScalarEvent) else ""
        found = self._found if self._found is not None else {}
        found[at] = Place(mark.line + 1, mark.column + 1, text)
        if isinstance(value, ScalarEvent) and value.start_mark is not None:
            mark = value.start_mark
            found[*at, "="] = Place(mark.line + 1, mark.column + 1, value.value)

    def _refuse(self, event: Any, problem: str) -> NoReturn:
        mark = event.start_mark
        where = f"{self._path}:{mark.line + 1}:{mark.column + 1}"
        raise MappingError(problem, where=where, rule="yaml")

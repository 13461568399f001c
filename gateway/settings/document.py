"""YAML text as plain values and where each stands: numbers exact, references resolved.

YAML 1.2 (`no` is text), one document, no duplicate key. `${file:path}` and `${env:NAME}` stand
for what a file or the environment holds; in a plain scalar the result is read as YAML again, so
that `port: ${env:PORT}` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.errors import SettingsError

type Location = tuple[str | int, ...]
type Position = tuple[int, int]

_REFERENCE = re.compile(r"\$\{(\w+):([^}]*)\}")
_TAG = "tag:yaml.org,2002:"
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(slots=True)
class Document:
    """The values of one file, and by path where each key and each value begins."""

    file: Path
    values: Any = None
    keys: dict[Location, Position] = field(default_factory=dict)
    places: dict[Location, Position] = field(default_factory=dict)

    def where(self, path: Location, *, key: bool = False) -> str:
        """Return `file:line:column` of the deepest part of `path` that the file has."""
        first = self.keys if key else self.places
        line, column = next(
            (found for n in range(len(path), -1, -1) if (found := first.get(path[:n]))), (1, 1)
        )
        return f"{self.file}:{line}:{column}"


def read(file: Path, text: str, environment: Mapping[str, str]) -> Document:
    """Return what `text` says; SettingsError with file, line and column where it says nothing."""
    document = Document(file)
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except YAMLError as exc:
        raise _syntax(document, exc) from exc
    if not isinstance(root, MappingNode):
        raise SettingsError("holds no settings", where=str(file), code="DG-1023")
    document.values = _Reader(document, environment).value(root, ())
    return document


def _syntax(document: Document, exc: YAMLError) -> SettingsError:
    where = str(document.file)
    problem = str(exc).partition("\n")[0]
    if isinstance(exc, MarkedYAMLError) and exc.problem_mark is not None:
        where = f"{where}:{exc.problem_mark.line + 1}:{exc.problem_mark.column + 1}"
        problem = exc.problem or problem
    return SettingsError(f"is no YAML: {problem}", where=where, code="DG-1021")


@dataclass(slots=True)
class _Reader:
    document: Document
    environment: Mapping[str, str]
    around: list[Node] = field(default_factory=list)

    def value(self, node: Node, path: Location) -> Any:
        """Return a node's value; note where it stands."""
        self.document.places[path] = _position(node)
        if node in self.around:
            where = self.document.where(path)
            raise SettingsError("an alias holds itself", where=where, code="DG-1021")
        self.around.append(node)
        try:
            return self._value(node, path)
        finally:
            self.around.pop()

    def _value(self, node: Node, path: Location) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, n)) for n, item in enumerate(node.value)]
        text = str(node.value)
        resolved = _REFERENCE.sub(lambda match: self._resolve(match, path), text)
        tag = node.tag if resolved == text or not _plain(node) else _implicit(resolved)
        return _scalar(tag, resolved)

    def _mapping(self, node: MappingNode, path: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            line, column = _position(key)
            where = f"{self.document.file}:{line}:{column}"
            if not isinstance(key, ScalarNode):
                raise SettingsError("a key must be text", where=where, code="DG-1021")
            name = str(key.value)
            if name in found:
                first = self.document.keys[*path, name][0]
                raise SettingsError(
                    f'key "{name}" stands already in line {first}', where=where, code="DG-1022"
                )
            self.document.keys[*path, name] = (line, column)
            found[name] = self.value(value, (*path, name))
        return found

    def _resolve(self, match: re.Match[str], path: Location) -> str:
        """Return what one reference stands for."""
        sources: dict[str, Callable[[str, str], str]] = {"file": self._file, "env": self._variable}
        kind, name = match.groups()
        where = self.document.where(path)
        if kind not in sources:
            raise SettingsError(
                f"{match[0]} refers to nothing known",
                where=where,
                code="DG-1040",
                advice="write ${file:PATH} or ${env:NAME}",
            )
        return sources[kind](name, where)

    def _file(self, name: str, where: str) -> str:
        try:
            return (self.document.file.parent / name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "is no UTF-8 text"
            raise SettingsError(f"{name}: {reason}", where=where, code="DG-1040") from exc

    def _variable(self, name: str, where: str) -> str:
        if name not in self.environment:
            raise SettingsError(
                f"the environment variable {name} is not set", where=where, code="DG-1041"
            )
        return self.environment[name]


def _position(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _plain(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style


def _implicit(text: str) -> str:
    """Return the tag that YAML 1.2 gives a plain scalar."""
    resolver = YAML(typ="rt", pure=True).resolver
    return str(resolver.resolve(ScalarNode, text, (True, False)))


def _scalar(tag: object, text: str) -> Any:
    """Return a scalar by its tag; a number without binary rounding, what is none stays text."""
    match str(tag).removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text.replace("_", ""), 0) if not text.lstrip("+-").isdigit() else int(text)
        case "float" if _FLOAT.fullmatch(text):
            return Decimal(text)
        case _:
            return text

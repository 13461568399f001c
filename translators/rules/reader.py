"""Mapping files as text to models: YAML 1.2, no duplicate key, no unknown key, every error placed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from translators.errors import MappingError
from translators.rules.report_schema import ReportMapping
from translators.rules.schema import SourceMapping, TargetMapping

KINDS: tuple[type[BaseModel], ...] = (SourceMapping, TargetMapping, ReportMapping)
"""Models of everything that a mapping file may hold; the name of each is its `kind`."""

_MODELS = {model.__name__: model for model in KINDS}


def read(path: str, text: str) -> Iterator[Any]:
    """Yield the documents of one file, models of `KINDS`; `MappingError` names file, line and column."""
    for document in _documents(path, text):
        yield _model(path, document)


def _documents(path: str, text: str) -> list[Any]:
    try:
        return [document for document in YAML(typ="rt").load_all(text) if document is not None]
    except MarkedYAMLError as exc:
        mark = exc.problem_mark
        where = path if mark is None else f"{path}:{mark.line + 1}:{mark.column + 1}"
        raise MappingError(exc.problem or "is no YAML", where=where, rule="yaml") from exc
    except YAMLError as exc:
        raise MappingError("is no text that YAML knows", where=path, rule="yaml") from exc


def _model(path: str, document: Any) -> Any:
    if not isinstance(document, CommentedMap):
        raise MappingError("is no mapping rule", where=path, rule="schema")
    kind = document.get("kind")
    if kind not in _MODELS:
        line, column = _position(document, ["kind"])
        near = difflib.get_close_matches(str(kind), _MODELS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f", it is one of {', '.join(_MODELS)}"
        problem = f"is no kind of rule{hint}"
        where = f"{path}:{line}:{column}: kind"
        raise MappingError(problem, where=where, value=kind, rule="schema")
    try:
        return _MODELS[kind].model_validate(_plain(document))
    except ValidationError as exc:
        problems = [_problem(path, document, error) for error in exc.errors()]
        raise MappingError("; ".join(problems), where="", rule="schema") from exc


def _plain(node: Any) -> Any:
    """Return plain dicts and lists, which strict models take."""
    if isinstance(node, CommentedMap):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _problem(path: str, document: CommentedMap, error: Any) -> str:
    """Return `file:line:column: path: what`, with a suggestion for an unknown key."""
    location = error["loc"]
    line, column = _position(document, location)
    text = f"{path}:{line}:{column}: {'.'.join(map(str, location))}: {error['msg'].lower()}"
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(location[-1]), _keys(), n=1)
        text += f"; did you mean {close[0]!r}?" if close else ""
    return text


def _position(document: CommentedMap, location: Sequence[Any]) -> tuple[int, int]:
    """Return line and column (from 1) of the deepest part of `location` that the file has."""
    line, column = document.lc.line, document.lc.col
    node: Any = document
    for part in location:
        if isinstance(node, CommentedMap) and part in node:
            line, column = node.lc.key(part)
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line, column = node.lc.item(part)
        else:
            break
        node = node[part]
    return line + 1, column + 1


def _keys() -> list[str]:
    """Return the keys of all models of the language: enough for a suggestion."""
    models = list(KINDS)
    keys: set[str] = set()
    seen: set[type[BaseModel]] = set()
    while models:
        model = models.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            keys.add(field.alias or name)
            models += _models_in(field.annotation)
    return sorted(keys)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in _models_in(part)]

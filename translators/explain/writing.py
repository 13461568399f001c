"""JSON values as text with their numbers exact: what a reader got is what stands there."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from translators.errors import DocumentError

DEEPEST = 64


def written(document: Any) -> str:
    """Return a document as text: a text as it is, a JSON value (fractions as Decimal) in two spaces."""
    return document if isinstance(document, str) else literal(document)


def literal(value: Any, depth: int = 0) -> str:
    """Return a JSON value as JSON; `DocumentError` where it is nested deeper than 64 levels."""
    if depth > DEEPEST:
        raise DocumentError(f"is nested deeper than {DEEPEST} levels", rule="json")
    inner = "  " * (depth + 1)
    match value:
        case dict() if value:
            members = [
                f"{inner}{literal(str(key))}: {literal(item, depth + 1)}"
                for key, item in value.items()
            ]
            return _block("{", members, "}", depth)
        case list() if value:
            return _block("[", [f"{inner}{literal(item, depth + 1)}" for item in value], "]", depth)
        case Decimal():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _block(opening: str, rows: list[str], closing: str, depth: int) -> str:
    return "\n".join([opening, ",\n".join(rows), "  " * depth + closing])

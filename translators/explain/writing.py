"""JSON values as text with their numbers exact: what a reader got is what stands there."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def written(value: Any) -> str:
    """Return a document as text: a text as it is, a JSON value (fractions as Decimal) in two spaces."""
    return value if isinstance(value, str) else _written(value, "")


def _written(value: Any, indent: str) -> str:
    inner = indent + "  "
    match value:
        case dict() if value:
            members = (
                f"{inner}{_name(key)}: {_written(item, inner)}" for key, item in value.items()
            )
            return "{\n" + ",\n".join(members) + f"\n{indent}}}"
        case list() if value:
            items = (f"{inner}{_written(item, inner)}" for item in value)
            return "[\n" + ",\n".join(items) + f"\n{indent}]"
        case Decimal():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _name(key: object) -> str:
    return json.dumps(str(key), ensure_ascii=False)

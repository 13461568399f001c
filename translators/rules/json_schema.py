"""The language of mapping files as a JSON Schema, for editors that check while one types."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from translators.rules.reader import KINDS

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def language_schema() -> dict[str, Any]:
    """Return the schema of one document of a mapping file, of whatever kind.

    It knows keys, types and choices. Units, bases, guards and what belongs to each other are only
    known to `dergate map lint`.
    """
    _, schema = models_json_schema([(kind, "validation") for kind in KINDS], by_alias=True)
    return {
        "$schema": DRAFT,
        "title": "dergate mapping rule",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in KINDS],
        **schema,
    }

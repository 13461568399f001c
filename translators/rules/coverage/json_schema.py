"""Leaves of a JSON schema: paths of members that are no objects, and enumerated values where asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

type Schema = Mapping[str, Any]


def leaves(schema: Schema, values: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the leaves of a message; `values` names members whose enumerated values count as well."""
    return frozenset(_below(schema, schema, values, ()))


def _below(
    root: Schema, node: Schema, values: frozenset[str], seen: tuple[str, ...]
) -> Iterator[str]:
    for name, found in node.get("properties", {}).items():
        kind, member = _resolved(root, found)
        if kind in seen:
            continue
        if "properties" in member:
            inner = _below(root, member, values, (*seen, *([kind] if kind else [])))
            yield from (f"{name}/{leaf}" for leaf in inner)
            continue
        yield name
        if name in values:
            yield from (f"{name}={value}" for value in member.get("enum", ()))


def _resolved(root: Schema, node: Schema) -> tuple[str, Schema]:
    """Return a member's definition with its name; a list counts as its items."""
    kind = ""
    while "$ref" in node or "items" in node:
        if "$ref" in node:
            kind = node["$ref"].rpartition("/")[2]
            node = root["definitions"][kind]
        else:
            node = node["items"]
    return kind, node

"""The settings as a Markdown table, made from the models themselves."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from gateway.settings.loading import models_in
from gateway.settings.schema import Settings

_LISTED = 4
"""Choices beyond this number are named in the meaning."""
_TYPES = {
    bool: "true or false",
    float: "number",
    Decimal: "number",
    Fraction: "number",
    int: "whole number",
    Path: "path",
    SecretStr: "text",
    str: "text",
}


def table() -> str:
    """Return one line per setting: key, type, default, meaning."""
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*rows, *_rows(Settings, "")]) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        key = f"{prefix}{info.alias or name}"
        inner = models_in(info.annotation)
        kind = _kind(info.annotation)
        yield f"| `{key}` | {kind} | {_default(info)} | {info.description} |"
        for n, group in enumerate(inner):
            which = "".join(get_args(group.model_fields["protocol"].annotation)) if n else ""
            dots = f"[{which}]." if kind.startswith("list") else "."
            yield from _rows(group, f"{key}{dots}")


def _kind(annotation: Any) -> str:
    """Return a type in words."""
    if isinstance(annotation, TypeAliasType):
        return _kind(annotation.__value__)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in {Union, UnionType}:
        return _kind(next(part for part in arguments if part is not type(None)))
    if origin is Literal:
        choices = " or ".join(f"`{value}`" for value in arguments)
        return choices if len(arguments) <= _LISTED else "text"
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    return "group" if issubclass(annotation, BaseModel) else _TYPES[annotation]


def _default(info: FieldInfo) -> str:
    """Return the default as one writes it."""
    if info.is_required():
        return "required"
    value = info.default
    if isinstance(value, BaseModel) or value is None or value in ("", []):
        return "-"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    if isinstance(value, list):
        return f"`[{', '.join(value)}]`"
    return f"`{value}`"

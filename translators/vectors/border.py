"""Where texts of users become values: JSON and YAML with exact numbers, models with placed errors."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from translators.errors import DocumentError
from translators.rules.jsontext import value_of

LARGEST_FILE = 1 << 20
_RULE = "vector"


class Strict(BaseModel):
    """A model that takes no key and no type but its own."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True
    )


def _exact(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("should be a number")  # noqa: TRY004 - pydantic reads ValueError
    try:
        return Fraction(str(value))
    except ValueError as exc:
        raise ValueError("should be a finite number") from exc


type Number = Annotated[Fraction, BeforeValidator(_exact)]


def read_json(text: str) -> Any:
    """Return the JSON value of `text`, fractions as Decimal; `DocumentError` says where it is none."""
    return value_of(text, _RULE, LARGEST_FILE)


def read_yaml(text: str) -> Any:
    """Return the value of a YAML 1.2 text; `DocumentError` says where it is none."""
    if len(text) > LARGEST_FILE:
        raise DocumentError(f"{len(text)} characters are more than {LARGEST_FILE}", rule=_RULE)
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, RecursionError, ValueError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = "" if mark is None else f"line {mark.line + 1} column {mark.column + 1}"
        problem = getattr(exc, "problem", None) or "unreadable"
        raise DocumentError(f"is no YAML: {problem}", where=where, rule=_RULE) from exc


def validated[M: BaseModel](model: type[M], value: Any) -> M:
    """Return the model of `value`; `DocumentError` names every key that does not fit."""
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        problems = [
            f"{'.'.join(map(str, error['loc'])) or 'the whole'}: {_said(error)}"
            for error in exc.errors()
        ]
        raise DocumentError("; ".join(problems), rule=_RULE) from exc


def _said(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "is no key of this form"
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    return str(error["msg"])[:1].lower() + str(error["msg"])[1:]

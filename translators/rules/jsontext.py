"""JSON texts of strangers as values: exact numbers, no member twice, every error placed."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any, NoReturn

from translators.errors import DocumentError


def value_of(text: str, rule: str, largest: int) -> Any:
    """Return the JSON value of `text`, fractions as Decimal; `DocumentError` where it is none.

    `largest` bounds the characters. A member given twice and the words NaN and Infinity are no JSON here.
    """
    if len(text) > largest:
        raise DocumentError(f"{len(text)} characters are more than {largest}", rule=rule)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as exc:
        where = f"line {exc.lineno} column {exc.colno}"
        raise DocumentError(f"is no JSON: {exc.msg}", where=where, rule=rule) from exc
    except (ValueError, RecursionError) as exc:
        raise DocumentError(f"is no JSON: {exc}", rule=rule) from exc


def first_value(text: str, begin: int) -> tuple[Any, int]:
    """Return the JSON value that begins at a place of a text, read as `value_of` does, and where it ends.

    ValueError or RecursionError where there is none.
    """
    return _DECODER.raw_decode(text, begin)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these members, none of them twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counted.items() if count > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return made


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)

"""Frozen dataclasses that are made at the cost of plain ones.

A frozen dataclass sets each field by `object.__setattr__`, which looks the name up again; a translation
makes dozens of them. Here `__init__` is written once more, as `dataclasses` writes it, with the setter of
each slot at hand. Nothing else changes: assigning to a field raises as before. `changed` is
`dataclasses.replace` for those that are made often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from operator import attrgetter
from typing import Any


def swift[T](cls: type[T]) -> type[T]:
    """Return a frozen, slotted dataclass with an `__init__` that sets its slots directly.

    All its fields are its own and are given to `__init__`, by place or by name, but those without `init`,
    which `__post_init__` sets.
    """
    own: Any = cls
    known: dict[str, Any] = {"_MISSING": MISSING}
    parameters, lines = [], []
    for field in fields(own):
        name = field.name
        if not field.init:
            continue
        known[f"_set_{name}"] = own.__dict__[name].__set__
        if field.default is not MISSING:
            known[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        elif field.default_factory is not MISSING:
            known[f"_factory_{name}"] = field.default_factory
            parameters.append(f"{name}=_MISSING")
            lines.append(f"if {name} is _MISSING: {name} = _factory_{name}()")
        else:
            parameters.append(name)
        lines.append(f"_set_{name}(self, {name})")
    if hasattr(own, "__post_init__"):
        lines.append("self.__post_init__()")
    body = "\n    ".join(lines)
    exec(f"def __init__(self, {', '.join(parameters)}):\n    {body}\n", known)  # noqa: S102 - names of fields
    made, before = known["__init__"], own.__init__
    made.__qualname__, made.__annotations__ = before.__qualname__, before.__annotations__
    own.__init__ = made
    return cls


def changed[T](value: T, **changes: Any) -> T:
    """Return a dataclass of two fields or more with some of its fields replaced."""
    kind: Any = type(value)
    names, get = _members(kind)
    made: T = kind(**(dict(zip(names, get(value), strict=True)) | changes))
    return made


@cache
def _members(cls: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(cls) if field.init)
    return names, attrgetter(*names)

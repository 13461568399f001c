"""Frozen dataclasses that are made at the cost of plain ones.

A frozen dataclass sets each field by `object.__setattr__`, which looks the name up again; a translation
makes dozens of them. Here `__init__` is written once more, as `dataclasses` writes it, with the setter of
each slot at hand. Nothing else changes: assigning to a field raises as before.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any


def swift[T](cls: type[T]) -> type[T]:
    """Return a frozen, slotted dataclass with an `__init__` that sets its slots directly.

    All its fields are its own and are given to `__init__`, by place or by name.
    """
    own: Any = cls
    known: dict[str, Any] = {"_MISSING": MISSING}
    parameters, lines = [], []
    for field in fields(own):
        name = field.name
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

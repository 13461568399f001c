"""Paths of rules that name several places: alternatives, and conditions on a neighbour.

PFGnExtSet|site/excitation          the first that is present
PFSign=2?PFGnTgtSpt/sign            present only where a neighbour has this value
"""

from __future__ import annotations

import re
from collections.abc import Callable

_BETWEEN = re.compile(r"[|? ]")


def chosen(raw: Callable[[str], str | None], path: str) -> str | None:
    """Return the text of the first alternative of a path that is present; `raw` reads a single place."""
    if "|" not in path and "?" not in path:
        return raw(path)
    for part in path.split("|"):
        condition, _, place = part.rpartition("?")
        name, _, wanted = condition.partition("=")
        if condition and raw(name) != wanted:
            continue
        found = raw(place)
        if found is not None:
            return found
    return None


def places(path: str) -> tuple[str, ...]:
    """Return the single places that a path names, those of its conditions included."""
    return tuple(part.partition("=")[0] for part in _BETWEEN.split(path))

"""Checks of profiles: names of a dialect that lead to nothing which a rule or a profile reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from translators.errors import near
from translators.rules.lint.findings import Findings, Ground
from translators.rules.profile_schema import Profile

_NAME = re.compile(r"\w+")
_READS = {"parent", "elements", "from_", "each", "switch", "scale10", "field"}


def aliases(ground: Ground) -> Findings:
    """Find aliases to a data object that no rule reads, and no profile names otherwise."""
    documents = [item for item in ground.documents if isinstance(item.model, Profile)]
    read = {name for rule in ground.sources for name in _read(rule.model.model_dump())}
    known = read | {name for item in documents for name in _named(item.model)}
    for item in documents:
        for node, names in item.model.aliases.items():
            for alias, name in names.items():
                if name not in known:
                    problem = f"{alias} is called {name}, which no rule reads{near(name, known)}"
                    yield ground.error(item, ["aliases", node, alias], problem)


def _read(value: Any, key: str = "") -> Iterator[str]:
    """Yield the names in the paths of a rule."""
    match value:
        case dict():
            for inner, part in value.items():
                yield from _read(part, inner)
        case list():
            for part in value:
                yield from _read(part, key)
        case str() if key in _READS:
            yield from _NAME.findall(value)
        case _:
            pass


def _named(profile: Profile) -> Iterator[str]:
    """Yield the data objects that a profile itself gives a meaning."""
    for settings in profile.settings.values():
        yield from settings
    if profile.mode is not None:
        yield profile.mode.object
    if profile.times is not None:
        yield from filter(None, profile.times.model_dump().values())
    for lists in profile.lists.values():
        yield from (member for lettered in lists.values() for member in lettered.members)
    yield from (beside.object for beside in profile.beside)
    yield from (name for refused in profile.refused for name in refused.objects)

"""Whom an event is for: the targets of both editions, matched to stations and sites (User Guide 8.13).

3.1 lists texts; 3.0.1 lists types with values, and each type of the list has to match:

    ["area-7", "cs-1"]                                          one of them
    [{type: GROUP, values: [area-7, area-8]},                   one of these
     {type: RESOURCE_NAME, values: [cs-1]}]                     and this one
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from translators.openadr.wire import Event, Program

_ANY_KIND = ""
"""Of targets of 3.1, which have no type."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A station or site (`subject`), its resourceName, and other targets by which events address it."""

    subject: str
    name: str
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Audience:
    """All whom a VEN stands for.

    `targets` are the VEN's own: they address everybody. `members` are stations behind a site that is an
    addressee too: what is for everybody is the site's, and not theirs.
    """

    ven: str
    addressees: Sequence[Addressee]
    targets: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()

    @property
    def everybody(self) -> frozenset[str]:
        """Return the subjects of what names nobody."""
        return frozenset(one.subject for one in self.addressees) - self.members

    def addressed(self, event: Event, program: Program | None = None) -> frozenset[str]:
        """Return the subjects that an event is for: everybody where it names nobody.

        Targets that cannot be read match nobody: what was meant for others is never taken for ours.
        """
        found: frozenset[str] | None = None
        for kind, values in _demands(event.raw.get("targets")).items():
            named = self._named(kind, event, program)
            if named is None:
                matching = self._matching(kind, values)
                found = matching if found is None else found & matching
            elif named.isdisjoint(values):
                return frozenset()
        return self.everybody if found is None else found

    def _named(self, kind: str, event: Event, program: Program | None) -> frozenset[str] | None:
        """Return what a type of 3.0.1 names that is no resource, None for all other types."""
        match kind:
            case "VEN_NAME":
                return frozenset({self.ven})
            case "EVENT_NAME":
                return frozenset({event.name})
            case "PROGRAM_NAME":
                return frozenset({event.program, "" if program is None else program.name})
            case _:
                return None

    def _matching(self, kind: str, values: frozenset[str]) -> frozenset[str]:
        """Return the subjects of which one of these values is the name or a target."""
        by_name = kind in {_ANY_KIND, "RESOURCE_NAME"}
        by_target = kind != "RESOURCE_NAME"
        found = frozenset(
            one.subject
            for one in self.addressees
            if (by_name and one.name in values) or (by_target and one.targets & values)
        )
        own = self.targets | ({self.ven} if kind == _ANY_KIND and self.ven else set())
        return found | self.everybody if by_target and own & values else found


def _demands(targets: Any) -> dict[str, frozenset[str]]:
    """Return what has to match: texts by type, one of each is enough."""
    if targets is None:
        return {}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for item in targets if isinstance(targets, list) else [None]:
        match item:
            case {"type": str(kind), "values": list(values)}:
                found[kind] |= {_text(value) for value in values} - {""}
            case _:
                found[_ANY_KIND] |= {_text(item)} - {""}
    return {kind: frozenset(values) for kind, values in found.items()}


def _text(value: Any) -> str:
    """Return a name; numbers stand for their digits, and what is none is ""."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""

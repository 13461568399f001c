"""Profiles of logical nodes among each other: what each extends, to its root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from translators.errors import MappingError
from translators.rules.linking import Numbered
from translators.rules.profile_schema import Profile
from translators.rules.report import ReportRule
from translators.rules.source import SourceRule


def ancestry(known: Mapping[str, Profile], name: str) -> Iterator[Profile]:
    """Yield a profile and those that it extends; `MappingError` where one is unknown or comes again."""
    seen: list[str] = []
    following: str | None = name
    while following is not None:
        if following not in known:
            names = ", ".join(sorted(known)) or "none"
            problem = f"is no profile of the book: there are {names}"
            raise MappingError(problem, where="profile", value=following, rule="profile")
        if following in seen:
            raise MappingError("extends itself", where="profile", value=name, rule="profile")
        seen.append(following)
        yield known[following]
        following = known[following].extends


def unrooted(rules: Sequence[Any]) -> Numbered:
    """Yield every profile that leads nowhere or has the name of an earlier one, and every stray revision.

    Rules of IEC 61850 name profiles as their revisions; without any profile in the book that is not asked.
    """
    known: dict[str, Profile] = {}
    for number, rule in enumerate(rules):
        if isinstance(rule, Profile):
            if rule.profile in known:
                problem = f"is taken by {known[rule.profile].metadata.id}"
                yield number, MappingError(problem, where=rule.metadata.id, value=rule.profile)
            known.setdefault(rule.profile, rule)
    for number, rule in enumerate(rules):
        try:
            for name in _named(rule) if known else ():
                tuple(ancestry(known, name))
        except MappingError as error:
            where = rule.metadata.id if isinstance(rule, Profile) else rule.id
            yield (
                number,
                MappingError(error.problem, where=where, value=error.value, rule="profile"),
            )


def _named(rule: Any) -> Sequence[str]:
    """Return the profiles that a rule or a profile stands on."""
    match rule:
        case Profile():
            return [rule.profile]
        case SourceRule() if rule.model.source.protocol == "iec61850":
            return rule.model.source.revisions
        case ReportRule() if rule.model.report.protocol == "iec61850":
            return rule.model.report.revisions
        case _:
            return []

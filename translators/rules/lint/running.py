"""The closed list of checks, and their run over a book."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from translators.rules.book import Book
from translators.rules.lint import aliases, form, numbers, paths, reach, tabled
from translators.rules.lint.findings import Finding, Findings, Ground, Known, Level

CHECKS: tuple[Callable[[Ground], Findings], ...] = (
    form.ids,
    form.cites,
    form.tests,
    paths.wire_names,
    paths.revisions,
    paths.both_ways,
    paths.unused_fields,
    aliases.aliases,
    tabled.tabled,
    reach.arms,
    reach.guards,
    reach.conditions,
    reach.variants,
    reach.costs,
    numbers.signs,
    numbers.hundredths,
    numbers.looser_limits,
    numbers.idle_fields,
)

_OF_ALL_RULES = (paths.both_ways, aliases.aliases)


def lint(
    book: Book, files: Mapping[str, str], known: Known, *, whole: bool = True
) -> tuple[Finding, ...]:
    """Return what all checks find in a book that loads, by place.

    Of a book that is not `whole`, since rules with faults are left out, nobody asks what they would reach.
    """
    ground = Ground(book, files, known)
    checks = [check for check in CHECKS if whole or check not in _OF_ALL_RULES]
    found = [finding for check in checks for finding in check(ground)]
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[str, int, str]:
    path, _, line = finding.place.rpartition(":")
    return path, int(line), finding.problem


def counted(findings: tuple[Finding, ...]) -> dict[Level, int]:
    """Return how many findings there are of each level."""
    return {level: sum(item.level is level for item in findings) for level in Level}

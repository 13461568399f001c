"""What rules must not be to each other: two for one thing, or a source whose base a target cannot take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from translators.errors import MappingError
from translators.rules.bases import check_bases
from translators.rules.contract_schema import Contract
from translators.rules.fallback import check
from translators.rules.fallback_schema import Fallback
from translators.rules.report import ReportRule
from translators.rules.schema import Metadata
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule

type Numbered = Iterator[tuple[int, MappingError]]
"""What is wrong, each with the index of the rule that has to change."""


def source_keys(rule: SourceRule) -> list[tuple[str, str, str, str]]:
    """Return what a source rule claims for itself: protocol, revision, parent, element."""
    source = rule.model.source
    return [
        (source.protocol, revision, source.parent, element)
        for revision in source.revisions
        for element in source.elements
    ]


def report_keys(
    rule: ReportRule,
) -> list[tuple[str, str, str, tuple[tuple[str, str], ...]]]:
    """Return what a rule claims for itself: document and the facts that select it."""
    report, match = rule.model.report, tuple(sorted(rule.model.match.items()))
    return [(report.protocol, edition, report.document, match) for edition in report.revisions]


def duplicates(rules: Sequence[Any]) -> Numbered:
    """Yield every id, and every wire element, control or document, that an earlier rule has."""
    seen: dict[str, tuple[int, str]] = {}
    for number, rule in enumerate(rules):
        own: set[str] = set()
        metadata = getattr(getattr(rule, "model", rule), "metadata", None)
        if not isinstance(metadata, Metadata):
            continue
        name = f"{metadata.id}@{metadata.version}"
        for key in (f"the id {metadata.id}", *_claims(rule)):
            first, other = seen.setdefault(key, (number, name))
            if first != number or key in own:
                yield number, MappingError(f"{key} is taken by {other}", where=name)
            own.add(key)


def unlinked(rules: Sequence[Any]) -> Numbered:
    """Yield every base in which a source may arrive and a target cannot send on."""
    sources = [rule for rule in rules if isinstance(rule, SourceRule)]
    for number, target in enumerate(rules):
        if isinstance(target, TargetRule):
            for source in sources:
                if _meet(source, target):
                    yield from ((number, error) for error in _link(source, target))


def untabled(rules: Sequence[Any]) -> Numbered:
    """Yield every cell of a fallback table that no rule carries, and every control without a row."""
    targets = [rule for rule in rules if isinstance(rule, TargetRule)]
    for number, table in enumerate(rules):
        if isinstance(table, Fallback):
            name = f"{table.metadata.id}@{table.metadata.version}"
            for problem in check(table, targets):
                yield number, MappingError(problem, where=name, rule="fallback")


def _claims(rule: Any) -> Sequence[str]:
    """Return what a rule claims for itself, as its author reads it."""
    match rule:
        case SourceRule():
            keys = source_keys(rule)
            return [f"{parent}.{element} of {name} {of}" for name, of, parent, element in keys]
        case ReportRule():
            told = report_keys(rule)
            return [f"{document} of {name} {of}{_where(by)}" for name, of, document, by in told]
        case TargetRule():
            return _target_claims(rule)
        case Contract():
            return [f"the contract {rule.contract}"]
        case _:
            return ()


def _target_claims(rule: TargetRule) -> list[str]:
    """Return what a rule claims for itself: version, control, and the fields that select it."""
    matches = [tuple(sorted(variant.match.items())) for variant in rule.model.variants] or [()]
    operator = rule.model.target.operator
    return [
        f"{name}{_where(match)} by {operator} of OCPP {version}"
        for version in rule.model.target.versions
        for name in rule.model.canonical
        for match in matches
    ]


def _where(match: Sequence[tuple[str, str]]) -> str:
    return "".join(f" with {name} = {value}" for name, value in match)


def _meet(source: SourceRule, target: TargetRule) -> bool:
    """Say whether a control of the source rule can come to the target rule."""
    if source.model.canonical not in target.model.canonical:
        return False
    consts = {name: spec.const for name, spec in source.model.fields.items() if spec.const}
    return not target.model.variants or any(
        all(consts.get(key, value) == value for key, value in variant.match.items())
        for variant in target.model.variants
    )


def _link(source: SourceRule, target: TargetRule) -> Iterator[MappingError]:
    for name, number in target.numbers.items():
        axis = name if name in {"x", "y"} else "value"
        of = number.spec.control or source.model.canonical
        read = axis != "value" or number.spec.from_ in source.model.quantity
        if not read or of != source.model.canonical:
            continue
        units = tuple(unit for unit, _ in number.units)
        for unit in sorted(source.units(axis), key=str):
            try:
                check_bases(unit, units, frozenset(number.spec.rebase), f"{target.id}.{name}")
            except MappingError as error:
                problem = f"{error.problem} (from {source.id})"
                yield MappingError(problem, where=error.where, rule=error.rule)

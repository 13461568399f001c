"""The book: all rules of all packs, linked, checked against each other, and named by one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from translators.canonical.controls import DerControl
from translators.errors import MappingError
from translators.rules.bases import check_bases
from translators.rules.facts import Facts
from translators.rules.reader import read
from translators.rules.report import ReportRule
from translators.rules.report_schema import ReportMapping
from translators.rules.schema import SourceMapping, TargetMapping
from translators.rules.source import SourceRule
from translators.rules.target import Codec, TargetRule

type Rule = SourceRule | TargetRule | ReportRule

_NO_COMPILERS: Mapping[str, Callable[[Any], object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Book:
    """Compiled rules; `digest` is the SHA-256 (hex) over the texts that they came from.

    `sources` by (protocol, revision, parent, element); `targets` by (OCPP version, canonical class),
    several where their variants share the class. `reports` by (protocol, revision, document).
    `others` are documents of further kinds: as read, or compiled where the kind has a compiler.
    """

    digest: str
    sources: Mapping[tuple[str, str, str, str], SourceRule]
    targets: Mapping[tuple[str, str], tuple[TargetRule, ...]]
    rules: tuple[Rule, ...]
    reports: Mapping[tuple[str, str, str], tuple[ReportRule, ...]] = field(default_factory=dict)
    others: tuple[object, ...] = ()

    def source(
        self, revision: str, parent: str, element: str, protocol: str = "ieee2030_5"
    ) -> SourceRule | None:
        """Return the rule that reads an element, None where there is none."""
        return self.sources.get((protocol, revision, parent, element))

    def of[T](self, cls: type[T]) -> tuple[T, ...]:
        """Return the documents of a further kind, in the order of the files."""
        return tuple(item for item in self.others if isinstance(item, cls))

    def target(self, version: str, control: DerControl) -> TargetRule | None:
        """Return the rule that carries a control out on an OCPP version, None where there is none."""
        rules = self.targets.get((version, type(control).__name__), ())
        return next((rule for rule in rules if rule.serves(control)), next(iter(rules), None))

    def report(
        self, protocol: str, revision: str, document: str, facts: Facts
    ) -> ReportRule | None:
        """Return the rule that tells these facts in a document, None where there is none."""
        rules = self.reports.get((protocol, revision, document), ())
        return next((rule for rule in rules if rule.serves(facts)), None)


def link(
    files: Mapping[str, str],
    codecs: Mapping[str, Codec],
    compilers: Mapping[str, Callable[[Any], object]] = _NO_COMPILERS,
) -> Book:
    """Return the book that these texts (path to text) make; `MappingError` names every fault.

    `compilers`, by kind, turn documents of further kinds into what `Book.of` gives out.
    """
    problems: list[str] = []
    sources: list[SourceRule] = []
    targets: list[TargetRule] = []
    others: list[object] = []
    reports: list[ReportRule] = []
    for path, text in sorted(files.items()):
        try:
            for model in read(path, text):
                if isinstance(model, SourceMapping):
                    sources.append(SourceRule(model))
                elif isinstance(model, ReportMapping):
                    reports.append(ReportRule(model))
                elif isinstance(model, TargetMapping):
                    targets.append(TargetRule(model, codecs))
                else:
                    others.append(compilers.get(model.kind, _as_read)(model))
        except MappingError as error:
            placed = str(error)
            problems.append(placed if placed.startswith(path) else f"{path}: {placed}")
    problems += _duplicates([*sources, *targets, *reports])
    problems += _unlinked(sources, targets)
    if problems:
        raise MappingError("; ".join(problems), where="book", rule="load")
    return Book(
        digest=_digest(files),
        sources={key: rule for rule in sources for key in _source_keys(rule)},
        targets=_by_control(targets),
        rules=(*sources, *targets, *reports),
        reports=_by_document(reports),
        others=tuple(others),
    )


def _as_read(model: Any) -> object:
    return model


def _digest(files: Mapping[str, str]) -> str:
    total = hashlib.sha256()
    for path, text in sorted(files.items()):
        for part in (path, text):
            data = part.encode()
            total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def _source_keys(rule: SourceRule) -> list[tuple[str, str, str, str]]:
    source = rule.model.source
    return [
        (source.protocol, revision, source.parent, element)
        for revision in source.revisions
        for element in source.elements
    ]


def _by_control(targets: Iterable[TargetRule]) -> dict[tuple[str, str], tuple[TargetRule, ...]]:
    found: dict[tuple[str, str], tuple[TargetRule, ...]] = {}
    for rule in targets:
        for version in rule.model.target.versions:
            for name in rule.model.canonical:
                found[version, name] = (*found.get((version, name), ()), rule)
    return found


def _by_document(
    reports: Iterable[ReportRule],
) -> dict[tuple[str, str, str], tuple[ReportRule, ...]]:
    found: dict[tuple[str, str, str], tuple[ReportRule, ...]] = {}
    for rule in reports:
        for protocol, revision, document, _ in _report_keys(rule):
            key = (protocol, revision, document)
            found[key] = (*found.get(key, ()), rule)
    return found


def _report_keys(
    rule: ReportRule,
) -> list[tuple[str, str, str, tuple[tuple[str, str], ...]]]:
    """Return what a rule claims for itself: document and the facts that select it."""
    report, match = rule.model.report, tuple(sorted(rule.model.match.items()))
    return [(report.protocol, edition, report.document, match) for edition in report.revisions]


def _target_keys(rule: TargetRule) -> list[object]:
    """Return what a rule claims for itself: version, control, and the fields that select it."""
    matches = [tuple(sorted(variant.match.items())) for variant in rule.model.variants] or [()]
    return [
        (version, name, match)
        for version in rule.model.target.versions
        for name in rule.model.canonical
        for match in matches
    ]


def _claims(rule: Rule) -> list[object]:
    match rule:
        case SourceRule():
            return [*_source_keys(rule)]
        case ReportRule():
            return [*_report_keys(rule)]
        case _:
            return _target_keys(rule)


def _duplicates(rules: Iterable[Rule]) -> list[str]:
    """Return a line for every id, and every wire element or control, that two rules claim."""
    seen: dict[object, str] = {}
    problems = []
    for rule in rules:
        keys = [rule.model.metadata.id, *_claims(rule)]
        problems += [
            f"{rule.id}: {key} is taken by {seen[key]}"
            for number, key in enumerate(keys)
            if seen.setdefault(key, rule.id) != rule.id or key in keys[:number]
        ]
    return problems


def _unlinked(sources: Iterable[SourceRule], targets: Iterable[TargetRule]) -> list[str]:
    """Return a line for every base in which a source may arrive and a target cannot send on."""
    problems = []
    for target in targets:
        for source in sources:
            if _meet(source, target):
                problems += _link(source, target)
    return problems


def _meet(source: SourceRule, target: TargetRule) -> bool:
    """Say whether a control of the source rule can come to the target rule."""
    if source.model.canonical not in target.model.canonical:
        return False
    consts = {name: spec.const for name, spec in source.model.fields.items() if spec.const}
    return not target.model.variants or any(
        all(consts.get(key, value) == value for key, value in variant.match.items())
        for variant in target.model.variants
    )


def _link(source: SourceRule, target: TargetRule) -> list[str]:
    problems = []
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
                problems.append(f"{error} (from {source.id})")
    return problems

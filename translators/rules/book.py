"""The book: all rules of all packs, linked, checked against each other, and named by one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from translators.canonical.controls import DerControl
from translators.errors import MappingError
from translators.rules.capability import CapabilityRule
from translators.rules.capability_schema import CapabilityMapping
from translators.rules.emission import Codec
from translators.rules.facts import Facts
from translators.rules.fallback_schema import Fallback, Row
from translators.rules.linking import duplicates, report_keys, source_keys, unlinked, untabled
from translators.rules.profiles import unrooted
from translators.rules.reader import Entry, entries
from translators.rules.report import ReportRule
from translators.rules.report_schema import ReportMapping
from translators.rules.schema import SourceMapping, TargetMapping
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule

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
    fallback: Mapping[str, tuple[Row, ...]] | None = None
    """The rows of the first fallback table among the others, by canonical class; None without one."""

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

    def row(self, control: DerControl) -> Row | None:
        """Return the row of the fallback table for a control: the first that serves it."""
        rows = (self.fallback or {}).get(type(control).__name__, ())
        for row in rows:
            if row.serves(control):
                return row
        return None

    def report(
        self, protocol: str, revision: str, document: str, facts: Facts
    ) -> ReportRule | None:
        """Return the rule that tells these facts in a document, None where there is none."""
        rules = self.reports.get((protocol, revision, document), ())
        return next((rule for rule in rules if rule.serves(facts)), None)


@dataclass(frozen=True, slots=True)
class Sifted:
    """What could be made of some files: the book of every rule without a fault, and all faults."""

    book: Book
    faults: tuple[str, ...]


def link(
    files: Mapping[str, str],
    codecs: Mapping[str, Codec],
    compilers: Mapping[str, Callable[[Any], object]] = _NO_COMPILERS,
) -> Book:
    """Return the book that these texts (path to text) make; `MappingError` names every fault.

    `compilers`, by kind, turn documents of further kinds into what `Book.of` gives out.
    """
    sifted = sift(files, codecs, compilers)
    if sifted.faults:
        raise MappingError("; ".join(sifted.faults), where="book", rule="load")
    return sifted.book


def sift(
    files: Mapping[str, str],
    codecs: Mapping[str, Codec],
    compilers: Mapping[str, Callable[[Any], object]] = _NO_COMPILERS,
) -> Sifted:
    """Return the book of the rules that are good, and a line for every fault of every file."""
    made: list[tuple[Entry, Any]] = []
    faults: list[str] = []
    for path, text in sorted(files.items()):
        for entry in entries(path, text):
            faults += entry.faults
            if entry.model is not None:
                try:
                    made.append((entry, _compiled(entry.model, codecs, compilers)))
                except MappingError as error:
                    faults.append(entry.place(error))
    rules = [rule for _, rule in made]
    bad: set[int] = set()
    # a table names rules that a fault left out: what is mended first is told alone
    among = (*duplicates(rules), *unlinked(rules), *unrooted(rules))
    if not faults and not among:
        among = tuple(untabled(rules))
    for number, fault in among:
        bad.add(number)
        faults.append(made[number][0].place(fault))
    good = [rule for number, rule in enumerate(rules) if number not in bad]
    return Sifted(_book(digest_of(files), good), tuple(faults))


def _compiled(
    model: Any, codecs: Mapping[str, Codec], compilers: Mapping[str, Callable[[Any], object]]
) -> Any:
    if isinstance(model, SourceMapping):
        return SourceRule(model)
    if isinstance(model, TargetMapping):
        return TargetRule(model, codecs)
    if isinstance(model, ReportMapping):
        return ReportRule(model)
    if isinstance(model, CapabilityMapping):
        return CapabilityRule(model)
    compiler = compilers.get(model.kind)
    return model if compiler is None else compiler(model)


def _book(digest: str, made: Sequence[Any]) -> Book:
    sources = [rule for rule in made if isinstance(rule, SourceRule)]
    targets = [rule for rule in made if isinstance(rule, TargetRule)]
    reports = [rule for rule in made if isinstance(rule, ReportRule)]
    known = SourceRule | TargetRule | ReportRule
    others = tuple(item for item in made if not isinstance(item, known))
    return Book(
        digest=digest,
        sources={key: rule for rule in sources for key in source_keys(rule)},
        targets=_by_control(targets),
        rules=(*sources, *targets, *reports),
        reports=_by_document(reports),
        others=others,
        fallback=next((item.by_control() for item in others if isinstance(item, Fallback)), None),
    )


def digest_of(files: Mapping[str, str]) -> str:
    """Return the SHA-256 (hex) over the texts of rules and their paths: the `digest` of their book."""
    total = hashlib.sha256()
    for path, text in sorted(files.items()):
        for part in (path, text):
            data = part.encode()
            total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


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
        for protocol, revision, document, _ in report_keys(rule):
            key = (protocol, revision, document)
            found[key] = (*found.get(key, ()), rule)
    return found

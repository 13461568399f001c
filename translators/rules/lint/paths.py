"""Checks of wire names: paths and values that no schema has, fields that nobody reads."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable

from translators.rules.coverage.claims import Subject, claims, models_of
from translators.rules.coverage.counting import with_branches
from translators.rules.lint.findings import Findings, Ground, Key
from translators.rules.lint.samples import variables
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule

_OPERATORS = {
    "export_limit": frozenset({"on", "value", "scope"}),
    "import_limit": frozenset({"on", "value", "scope"}),
    "setpoint": frozenset({"value"}),
    "cease": frozenset({"connected", "energized"}),
    "charge_state": frozenset({"soc"}),
}
"""Canonical fields that composition operators read in code."""
_SILENT = frozenset({"refuse", "information"})


def wire_names(ground: Ground) -> Findings:
    """Find wire paths, control types and units that the schemas do not have."""
    rules = {rule.id: rule for rule in ground.book.rules}
    branches = {subject: with_branches(found) for subject, found in ground.known.leaves.items()}
    for (rule, paths), subjects in _named(ground).items():
        sets = [branches[subject] for subject in subjects]
        if any(not _strange(paths, known) for known in sets):
            continue
        near = difflib.get_close_matches(paths[0], sorted(frozenset().union(*sets)), n=1)
        hint = f"did you mean {near[0]!r}?" if near else ""
        problem = f"{paths[0]} stands in no schema of {subjects[0].type}"
        yield ground.error(rules[rule], _where(rules[rule], paths[0]), problem, hint)


def _named(ground: Ground) -> dict[tuple[str, tuple[str, ...]], list[Subject]]:
    """Return what each rule names with the subjects where it may be, of those that are known."""
    found: defaultdict[tuple[str, tuple[str, ...]], list[Subject]] = defaultdict(list)
    for claim in claims(models_of(ground.book)):
        if claim.sure and claim.subject in ground.known.leaves:
            found[claim.rule, claim.paths].append(claim.subject)
    return found


def _strange(paths: tuple[str, ...], known: frozenset[str]) -> bool:
    """Say whether a set of leaves lacks a path, or a value of a member whose values it has."""
    member, _, value = paths[0].partition("=")
    if value and any(leaf.startswith(f"{member}=") for leaf in known):
        return paths[0] not in known
    return known.isdisjoint(paths)


def _where(rule: object, path: str) -> list[Key]:
    """Return the key of the rule where a path is most likely written."""
    if isinstance(rule, TargetRule):
        if path.startswith("controlType="):
            types = [variant.control_type for variant in rule.model.variants]
            return ["variants", types.index(path.partition("=")[2])]
        names = [name for name in rule.model.emit if _ends(path, name)]
        return ["emit", *names[:1]]
    return []


def _ends(path: str, name: str) -> bool:
    return path.partition("=")[0].endswith(f"/{name.replace('.', '/')}")


def revisions(ground: Ground) -> Findings:
    """Find rules of revisions that no schema is of: nothing reaches them."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for subject in ground.known.leaves:
        known[subject.protocol].add(subject.revision)
    for rule in ground.book.rules:
        if isinstance(rule, TargetRule):
            protocol, named, at = "ocpp", rule.model.target.versions, ["target", "versions"]
        elif isinstance(rule, SourceRule):
            source = rule.model.source
            protocol, named, at = source.protocol, source.revisions, ["source", "revisions"]
        else:
            report = rule.model.report
            protocol, named, at = report.protocol, report.revisions, ["report", "revisions"]
        for revision in named:
            if known[protocol] and revision not in known[protocol]:
                hint = f"one of {', '.join(sorted(known[protocol]))}"
                yield ground.error(rule, at, f"nothing speaks {protocol} {revision}", hint)


def both_ways(ground: Ground) -> Findings:
    """Find canonical classes that are made and never carried out, or carried out and never made."""
    made = {rule.model.canonical for rule in ground.sources}
    versions = {version for version, _ in ground.book.targets}
    for rule in ground.sources:
        name = rule.model.canonical
        missing = sorted(v for v in versions if (v, name) not in ground.book.targets)
        if missing:
            problem = f"makes {name}, which no rule carries to OCPP {', '.join(missing)}"
            yield ground.error(
                rule, ["canonical"], problem, "add a target rule, or one that refuses"
            )
    for target in ground.targets:
        for number, name in enumerate(target.model.canonical):
            if name not in made:
                problem = f"carries {name}, which no source makes"
                yield ground.warning(target, ["canonical", number], problem)


def unused_fields(ground: Ground) -> Findings:
    """Find canonical fields that a source sets, and no target reads or lets go."""
    readers: defaultdict[str, list[TargetRule]] = defaultdict(list)
    for target in ground.targets:
        for name in target.model.canonical:
            readers[name].append(target)
    for rule in ground.sources:
        model = rule.model
        targets = readers[model.canonical]
        if all(target.model.target.operator in _SILENT for target in targets):
            continue
        read = frozenset[str]().union(*(_read(target) for target in targets))
        for section, names in (("fields", model.fields), ("quantity", model.quantity)):
            for name in names:
                if name not in read:
                    hint = "emit it, or list it under ignored: with a loss"
                    problem = f"sets {name}, which no target reads"
                    yield ground.error(rule, [section, name], problem, hint)


def _read(rule: TargetRule) -> frozenset[str]:
    """Return the canonical fields that a target rule reads, picks a form by, or lets go."""
    model = rule.model
    found = {field.from_ for field in model.emit.values() if field.from_ is not None}
    found |= {key for variant in model.variants for key in variant.match}
    found |= {ignored.field for ignored in model.ignored}
    conditions = [field.when for field in model.emit.values()]
    conditions += [loss.when for loss in model.losses]
    found |= _variables(conditions)
    if any(field.floor for field in model.emit.values()):
        found.add("excitation")
    return frozenset(found) | _OPERATORS.get(model.target.operator, frozenset())


def _variables(conditions: Iterable[str | None]) -> set[str]:
    return {name for text in conditions if text is not None for name in variables(text)}

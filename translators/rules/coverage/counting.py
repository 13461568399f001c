"""The count: each leaf of each type with what becomes of it, and each entry that fits no leaf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Protocol

from translators.rules.coverage.claims import Claim, Subject, claims
from translators.rules.coverage_schema import Coverage


class Schemas(Protocol):
    """Where leaves come from: the schemas of the protocols."""

    def leaves(self, document: Coverage, revision: str, apart: frozenset[str]) -> frozenset[str]:
        """Return the leaves of the document's type in a revision, less the types named in `apart`."""
        ...


class State(StrEnum):
    """What becomes of a leaf."""

    RULE = "rule"
    CODE = "code"
    LET_GO = "let go"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: `by` names the rules, the module or the document that answers for it."""

    path: str
    state: State
    by: str = ""
    reason: str = ""
    loss: str = "none"


@dataclass(frozen=True, slots=True)
class Figure:
    """The leaves of one subject; `faults` are entries that fit no leaf, or fit twice."""

    subject: Subject
    of: str
    document: str
    leaves: tuple[Leaf, ...]
    faults: tuple[str, ...]

    @property
    def covered(self) -> int:
        """Return how many leaves somebody answers for."""
        return sum(leaf.state is not State.MISSING for leaf in self.leaves)

    @property
    def complete(self) -> bool:
        """Say whether nothing is missing and nothing is stale."""
        return self.covered == len(self.leaves) and not self.faults


def count(
    documents: Iterable[Coverage],
    models: Iterable[Any],
    schemas: Schemas,
    literals: Mapping[str, frozenset[str]],
) -> tuple[Figure, ...]:
    """Return a figure for each subject of the documents.

    `literals` are the texts in each module that a document names as handling leaves; a text that
    begins with `*` stands for names that end with the rest.
    """
    kept = list(documents)
    named: defaultdict[Subject, list[Claim]] = defaultdict(list)
    for claim in claims(models):
        named[claim.subject].append(claim)
    figures = []
    for document in kept:
        covered = document.subject
        apart = frozenset(
            other.subject.type
            for other in kept
            if other is not document and other.subject.protocol == covered.protocol
        )
        stale = _Stale(document, literals)
        for revision in covered.revisions:
            subject = Subject(covered.protocol, revision, covered.type, covered.direction)
            leaves = schemas.leaves(document, revision, apart - {covered.type})
            figures.append(_figure(document, subject, leaves, named[subject], stale))
        figures[-1] = stale.noted(figures[-1])
    return (*figures, *_unknown(named, figures))


def with_branches(leaves: Iterable[str]) -> frozenset[str]:
    """Return leaves and everything above them: all paths that a rule may name."""
    found: set[str] = set()
    for leaf in leaves:
        path = leaf
        while path and path not in found:
            found.add(path)
            path = path.rpartition("/")[0]
    return frozenset(found)


class _Stale:
    """The entries of a document that no revision has used yet."""

    def __init__(self, document: Coverage, literals: Mapping[str, frozenset[str]]) -> None:
        self.document = document
        self._unused = set(document.entries)
        self._literals = literals

    def use(self, entry: str) -> None:
        """Note that an entry fits a leaf."""
        self._unused.discard(entry)

    def names(self, module: str, leaf: str) -> bool:
        """Say whether a module has the leaf's name among its literals."""
        return self._has([module], _parts(leaf)[-1])

    def fills(self, leaf: str) -> bool:
        """Say whether the type's own modules name the leaf and everything above it."""
        modules = self.document.modules
        return all(self._has(modules, name) for name in _parts(leaf))

    def _has(self, modules: Iterable[str], name: str) -> bool:
        texts = frozenset[str]().union(*(self._literals.get(m, frozenset()) for m in modules))
        return name in texts or any(
            text.startswith("*") and name.endswith(text[1:]) for text in texts
        )

    def noted(self, figure: Figure) -> Figure:
        """Return the figure of the last revision with a fault for each entry that fits no leaf."""
        stale = tuple(f"{entry}: fits no leaf that is left" for entry in sorted(self._unused))
        faults = figure.faults + stale
        return Figure(figure.subject, figure.of, figure.document, figure.leaves, faults)


def _parts(leaf: str) -> list[str]:
    """Return the names in a leaf, its value last: `kind=Absolute`, `@href`."""
    return [part.removeprefix("@") for part in leaf.replace("=", "/").split("/")]


def _figure(
    document: Coverage,
    subject: Subject,
    leaves: frozenset[str],
    named: list[Claim],
    stale: _Stale,
) -> Figure:
    by_leaf: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in named:
        for path in claim.paths:
            below = [leaf for leaf in leaves if claim.reason and _is_below(leaf, path)]
            for leaf in [path, *below] if path in leaves else below:
                by_leaf[leaf].append(claim)
    faults: list[str] = []
    told = tuple(
        _leaf(document, leaf, by_leaf.get(leaf, []), stale, faults) for leaf in sorted(leaves)
    )
    return Figure(
        subject, document.subject.of, document.metadata.id, told, tuple(dict.fromkeys(faults))
    )


def _is_below(leaf: str, path: str) -> bool:
    """Say whether a reason for `path` is one for a leaf as well; `*` is a reason for all."""
    return path == "*" or leaf.startswith(f"{path}/")


def _leaf(
    document: Coverage, path: str, named: list[Claim], stale: _Stale, faults: list[str]
) -> Leaf:
    """Return what becomes of a leaf: rules come first, then what the document says."""
    entry = _entry(document, path)
    read = [claim for claim in named if not claim.reason]
    dropped = [claim for claim in named if claim.reason]
    both = {claim.rule for claim in read} & {claim.rule for claim in dropped}
    faults += [f"{path}: {rule} both uses it and lets it go" for rule in sorted(both)]
    if named:
        rules = ", ".join(dict.fromkeys(claim.rule for claim in read or dropped))
        if entry == path:
            stale.use(entry)
            faults.append(f"{path}: {rules} answers for it, and {document.metadata.id} as well")
        if read:
            return Leaf(path, State.RULE, rules)
        return Leaf(path, State.LET_GO, rules, dropped[0].reason, dropped[0].loss)
    if entry is None:
        return Leaf(path, State.MISSING)
    stale.use(entry)
    return _listed(document, path, entry, stale, faults)


def _listed(document: Coverage, path: str, entry: str, stale: _Stale, faults: list[str]) -> Leaf:
    if entry in document.handled:
        module = document.handled[entry]
        if not stale.names(module, entry.removesuffix("/*") if entry.endswith("/*") else path):
            faults.append(f"{path}: {module} does not name it")
        return Leaf(path, State.CODE, module)
    by = document.metadata.id
    if stale.fills(path):
        faults.append(f"{path}: {by} lets it go, and the code of {document.subject.type} names it")
    loss = "unsupported" if entry in document.refused else "none"
    return Leaf(path, State.LET_GO, by, document.entries[entry], loss)


def _entry(document: Coverage, path: str) -> str | None:
    """Return the entry for a leaf: the exact one, else the first pattern that fits."""
    entries = document.entries
    if path in entries:
        return path
    return next((entry for entry in entries if "*" in entry and fnmatchcase(path, entry)), None)


def _unknown(named: Mapping[Subject, list[Claim]], figures: Iterable[Figure]) -> Iterator[Figure]:
    """Yield a figure with faults for what rules name and no document or schema has.

    A rule of several revisions may name what only some of them have.
    """
    leaves: defaultdict[Subject, set[str]] = defaultdict(set)
    for figure in figures:
        leaves[figure.subject] |= {leaf.path for leaf in figure.leaves}
    for subject in sorted(named.keys() - leaves.keys()):
        rules = ", ".join(sorted({claim.rule for claim in named[subject] if claim.sure}))
        if rules:
            yield Figure(subject, "", "", (), (f"no coverage document, but {rules}",))
    heard: dict[tuple[str, tuple[str, ...]], bool] = {}
    where: dict[tuple[str, tuple[str, ...]], Subject] = {}
    for subject in sorted(named.keys() & leaves.keys()):
        known = with_branches(leaves[subject])
        for claim in named[subject]:
            if not claim.sure:
                continue
            key = (claim.rule, claim.paths)
            heard[key] = heard.get(key, False) or not known.isdisjoint(claim.paths)
            where[key] = subject
    faults: defaultdict[Subject, list[str]] = defaultdict(list)
    for (rule, paths), known_to_any in sorted(heard.items()):
        if not known_to_any:
            fault = f"{paths[0]}: {rule} names it and no schema has it"
            faults[where[rule, paths]].append(fault)
    for subject, mine in faults.items():
        yield Figure(subject, "", "", (), tuple(mine))

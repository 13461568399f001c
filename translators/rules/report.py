"""Report rules compiled: from canonical facts to the members of an outgoing document, with steps and losses.

The way back up in the spirit of the way down: declarative, exact, cited. A rule says of each member which
fact it tells and what happens to it; facts and their units are a closed catalogue (`facts.py`). What a
document cannot be without and nobody knows leaves it untold: the value is None and the loss says why.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from translators.canonical.telemetry import ControlOutcome
from translators.errors import MappingError
from translators.rules.facts import CATALOGUE, Fact, Facts, Sort, Value, sample, seen
from translators.rules.guards import Condition, condition
from translators.rules.report_bits import Bitmap
from translators.rules.report_numbers import Number, scale
from translators.rules.report_schema import ReportField, ReportMapping
from translators.rules.schema import Scalar
from translators.rules.trace import LossKind, Refusal, Translation
from translators.rules.values import Trace, Unmet, text

type Wire = bool | int | str | Fraction
type Emit = Callable[["Draft"], Iterator["Member"]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = frozenset({"ieee2030_5"})
"""Protocols whose documents hold no fractions."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a document, by path (`connectStatus/value`), in the order of the document."""

    path: str
    value: Wire
    namespace: str = ""


@dataclass(slots=True)
class Draft:
    """One document in the making."""

    facts: Facts
    revision: str
    trace: Trace
    document: str
    _seen: dict[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> dict[str, Any]:
        """What conditions see: every fact of the subject, null (per EVSE: no list items) where not known."""
        if not self._seen:
            catalogue = CATALOGUE[self.facts.subject]
            self._seen = {
                name: seen(fact, self.facts.get(name)) for name, fact in catalogue.items()
            }
        return self._seen

    def at(self, path: str) -> str:
        """Return the place of a member in traces."""
        return f"{self.document}/{path}"


class ReportRule:
    """One compiled rule of one document."""

    def __init__(self, model: ReportMapping) -> None:
        """Compile; `MappingError` for a fact, unit, condition or bit that cannot be."""
        self.model = model
        self.id = f"{model.metadata.id}@{model.metadata.version}"
        self.cites = tuple(model.metadata.cites)
        if model.facts not in CATALOGUE:
            raise MappingError("is no subject of facts", where=self.id, value=model.facts)
        self._facts = CATALOGUE[model.facts]
        self._names = frozenset(self._facts)
        for name in model.match:
            self._fact(name, "match")
        self._guards = [
            (guard.id, guard.on_fail, self._condition(guard.expr)) for guard in model.guards
        ]
        self._emits = [self._member(path, spec) for path, spec in model.emit.items()]
        self._losses = [
            (_loss_kind(loss.kind, self.id), loss.reason, self._when(loss.when))
            for loss in model.losses
        ]
        both = sorted(set(model.never) & set(model.emit))
        if both:
            raise MappingError("is emitted and never emitted", where=self.id, value=both[0])

    def serves(self, facts: Facts) -> bool:
        """Say whether the rule is for these facts: its `match` holds."""
        return all(facts.get(name) == value for name, value in self.model.match.items())

    def tell(self, facts: Facts, revision: str) -> Translation[tuple[Member, ...] | None]:
        """Return the members for these facts; None where a fact that is needed is not known.

        A guard that fails refuses the document.
        """
        trace = Trace(self.id, self.cites)
        draft = Draft(facts, revision, trace, self.model.report.document)
        try:
            self._guard(draft)
            members = tuple(member for emit in self._emits for member in emit(draft))
        except Unmet as unmet:
            return self._untold(unmet, trace)
        for kind, reason, when in self._losses:
            if when is None or when(draft.seen):
                trace.lose(kind, draft.document, reason)
        return Translation(members, (trace.block(),), tuple(trace.losses))

    def _guard(self, draft: Draft) -> None:
        for guard, on_fail, holds in self._guards:
            if not holds(draft.seen):
                raise Unmet(on_fail, draft.document, f"guard {guard} fails")

    def _untold(self, unmet: Unmet, trace: Trace) -> Translation[tuple[Member, ...] | None]:
        refusals: tuple[Refusal, ...] = ()
        if unmet.outcome == "untold":
            trace.lose(LossKind.DROP, unmet.where, unmet.problem)
        else:
            outcome, document = ControlOutcome(unmet.outcome), self.model.report.document
            refusals = (Refusal(outcome, document, unmet.where, unmet.problem, self.id),)
        return Translation(None, (trace.block(),), tuple(trace.losses), refusals)

    def _fact(self, name: str, where: str) -> Fact:
        if name in self._facts:
            return self._facts[name]
        close = difflib.get_close_matches(name, self._names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        problem = f"is no fact of {self.model.facts}{hint}"
        raise MappingError(problem, where=f"{self.id}.{where}", value=name)

    def _when(self, expression: str | None) -> Condition | None:
        return None if expression is None else self._condition(expression)

    def _condition(self, expression: str) -> Condition:
        """Compile a condition; `MappingError` where it breaks on facts that are not known, or are."""
        holds = condition(expression, self._names, self.id)
        for known in (False, True):
            holds({name: sample(fact, known=known) for name, fact in self._facts.items()})
        return holds

    def _known_revisions(self, revisions: Iterable[str], where: str) -> None:
        for revision in revisions:
            if revision not in self.model.report.revisions:
                problem = "is no revision of the document"
                raise MappingError(problem, where=where, value=revision)

    def _member(self, path: str, spec: ReportField) -> Emit:
        where = f"{self.id}.{path}"
        given = [
            name for name in ("from_", "const", "choose", "bits") if getattr(spec, name) is not None
        ]
        if len(given) != 1:
            problem = "needs exactly one of from, const, choose and bits"
            raise MappingError(problem, where=where)
        self._known_revisions(spec.revisions, where)
        make = getattr(self, f"_{given[0].rstrip('_')}")
        emit: Emit = make(path, spec, where)
        holds, revisions = self._when(spec.when), spec.revisions

        def told(draft: Draft) -> Iterator[Member]:
            if revisions and draft.revision not in revisions:
                return iter(())
            return iter(()) if holds is not None and not holds(draft.seen) else emit(draft)

        return told

    def _const(self, path: str, spec: ReportField, where: str) -> Emit:
        if isinstance(spec.const, float):
            raise MappingError("write it as an integer or a text", where=where, value=spec.const)
        member = Member(path, spec.const if spec.const is not None else "", spec.namespace)
        return lambda _draft: iter((member,))

    def _choose(self, path: str, spec: ReportField, where: str) -> Emit:
        arms = [(self._when(arm.when), arm) for arm in spec.choose or ()]
        if any(holds is None for holds, _ in arms[:-1]):
            raise MappingError("an arm without condition hides the next", where=where)

        def choose(draft: Draft) -> Iterator[Member]:
            for holds, arm in arms:
                if holds is None or holds(draft.seen):
                    draft.trace.step(
                        "choose", arm.when or "else", "true", draft.at(path), arm.const
                    )
                    yield Member(path, _exact(arm.const), spec.namespace)
                    return
            yield from self._missing(path, spec, draft, "no condition holds")

        return choose

    def _bits(self, path: str, spec: ReportField, where: str) -> Emit:
        word = Bitmap(spec, self._facts, self._condition, where)
        for bit in spec.bits or ():
            self._known_revisions(bit.revisions, f"{where}.{bit.name}")

        def write(draft: Draft) -> Iterator[Member]:
            written, names = word.of(draft.facts, draft.seen, draft.revision)
            draft.trace.step("bits", "facts", ", ".join(names), draft.at(path), written)
            yield Member(path, written, spec.namespace)

        return write

    def _from(self, path: str, spec: ReportField, where: str) -> Emit:
        names = [spec.from_] if isinstance(spec.from_, str) else spec.from_ or []
        facts = {name: self._fact(name, path) for name in names}
        sorts = {fact.sort for fact in facts.values()}
        if sorts == {Sort.NUMBER}:
            return self._number(path, spec, facts, where)
        if len(names) != 1 or sorts == {Sort.MEMBERS}:
            raise MappingError(
                "tells one fact that is a number, flag, text or instant", where=where
            )
        ((name, fact),) = facts.items()
        if fact.sort is Sort.INSTANT and spec.time is None:
            raise MappingError("needs a time form", where=where, value=name)
        if spec.cases is not None:
            self._covered(fact, spec.cases.keys(), where)

        def word(draft: Draft) -> Iterator[Member]:
            value = draft.facts.get(name)
            if value is None:
                yield from self._missing(path, spec, draft, f"{name} is not known")
                return
            wire = _worded(value, spec)
            draft.trace.step("cases" if spec.cases else "take", name, value, draft.at(path), wire)
            yield Member(path, wire, spec.namespace)

        return word

    def _covered(self, fact: Fact, cases: Iterable[str], where: str) -> None:
        """Refuse a table that forgets a value of a closed choice, or names one that is none."""
        closed = frozenset({"true", "false"}) if fact.sort is Sort.FLAG else fact.members
        if closed is not None and closed != frozenset(cases):
            odd = ", ".join(sorted(closed.symmetric_difference(cases)))
            raise MappingError(f"cases do not match the values: {odd}", where=where)

    def _number(self, path: str, spec: ReportField, facts: dict[str, Fact], where: str) -> Emit:
        number = Number(spec, facts, self.model.match.get("kind"), where)
        number.exponent = self._exponent(spec.scale10, where)
        whole = spec.scaled is not None or (spec.round is not None and spec.round.places == 0)
        if self.model.report.protocol in _WHOLE and not whole:
            raise MappingError("needs `scaled`, or `round` to 0 places", where=where)
        turn = self._when(spec.negate) if isinstance(spec.negate, str) else None

        def write(draft: Draft) -> Iterator[Member]:
            place, trace = draft.at(path), draft.trace
            value = number.read(draft.facts, trace, place)
            if value is None:
                names = " or ".join(facts)
                yield from self._missing(path, spec, draft, f"{names} is not known")
                return
            turned = turn(draft.seen) if turn is not None else bool(spec.negate)
            made = number.finish(value, trace, place, turned=turned)
            yield from _written(path, spec, made, trace, place)

        return write

    def _exponent(self, scale10: str | int | None, where: str) -> int:
        if not isinstance(scale10, str):
            return scale10 or 0
        named = self.model.emit.get(scale10)
        if named is None or type(named.const) is not int:
            raise MappingError("is no constant member of the rule", where=where, value=scale10)
        return named.const

    def _missing(
        self, path: str, spec: ReportField, draft: Draft, problem: str
    ) -> Iterator[Member]:
        if spec.absent is not None:
            value = _exact(spec.absent)
            draft.trace.step("absent", path, "", draft.at(path), value)
            yield Member(path, value, spec.namespace)
        elif not spec.omit_if_absent:
            raise Unmet("untold", draft.at(path), f"{problem} and the document needs it")


def _written(
    path: str, spec: ReportField, value: Fraction, trace: Trace, place: str
) -> Iterator[Member]:
    """Yield a finished number: one member, or value and multiplier in the order of the alphabet."""
    if spec.scaled is None:
        whole = value.numerator if value.denominator == 1 else value
        yield Member(path, whole, spec.namespace)
        return
    low, high = spec.scaled.range
    made = scale(value, range(low, high + 1))
    power = f"scale10 {-made.multiplier}"
    trace.step(power, place, value, f"{place}/{spec.scaled.value}", made.value)
    trace.step(power, place, value, f"{place}/{spec.scaled.multiplier}", made.multiplier)
    if made.residual:
        detail = f"{text(value)} is told as {made.value} times ten to {made.multiplier}"
        trace.lose(LossKind.ROUND, place, detail, made.residual)
    parts = {spec.scaled.value: made.value, spec.scaled.multiplier: made.multiplier}
    for name in sorted(parts):
        yield Member(f"{path}/{name}", parts[name], spec.namespace)


def _worded(value: Value, spec: ReportField) -> Wire:
    if isinstance(value, datetime):
        seconds = (value - _EPOCH) // (_EPOCH.resolution * 1_000_000)
        iso = value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return seconds if spec.time == "epoch_s" else iso
    key = str(value).lower() if isinstance(value, bool) else str(value)
    if spec.cases is not None:
        return _exact(spec.cases[key])
    return value if isinstance(value, bool) else key


def _exact(value: Scalar) -> Wire:
    """Return a value of a rule file as it is written: `0.1` is a tenth."""
    return Fraction(str(value)) if isinstance(value, float) else value


def _loss_kind(kind: str, where: str) -> LossKind:
    try:
        return LossKind(kind)
    except ValueError as exc:
        raise MappingError("is no kind of loss", where=where, value=kind) from exc

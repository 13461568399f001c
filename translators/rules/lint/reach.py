"""Checks of reach: arms of switches, guards and variants that no document can come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from translators.rules.canonical import CLASSES, ENUMS
from translators.rules.lint.findings import Findings, Ground, Key
from translators.rules.lint.samples import of_class, of_source, verdict
from translators.rules.schema import SourceField, UnitSwitch
from translators.rules.source import SourceRule
from translators.rules.target import TargetRule

_LONGEST_LIST = 20


def arms(ground: Ground) -> Findings:
    """Find arms of unit switches, and expected codes, that no revision of the rule has."""
    for rule in ground.sources:
        for at, switch in _switches(rule):
            yield from _cases(ground, rule, at, switch)
        resolve = rule.model.resolve
        for member, code in ({} if resolve is None else resolve.expect).items():
            if not _in_reach(ground, rule, member, code):
                problem = f"{member} is {code} in none of its revisions"
                yield ground.error(rule, ["resolve", "expect", member], problem)


def _switches(rule: SourceRule) -> Iterator[tuple[tuple[Key, ...], UnitSwitch]]:
    model = rule.model
    fields: list[tuple[tuple[Key, ...], SourceField]] = [
        *((("fields", name), field) for name, field in model.fields.items()),
        *((("quantity", name), field) for name, field in model.quantity.items()),
    ]
    if model.points is not None:
        fields += [(("points", "x"), model.points.x), (("points", "y"), model.points.y)]
    return ((at, field.unit) for at, field in fields if isinstance(field.unit, UnitSwitch))


def _cases(ground: Ground, rule: SourceRule, at: tuple[Key, ...], switch: UnitSwitch) -> Findings:
    for code in switch.cases:
        revisions = switch.since.get(code, rule.model.source.revisions)
        where = [*at, "unit", "cases", code]
        if not set(revisions) & set(rule.model.source.revisions):
            problem = f"case {code} is of revisions that the rule is not for"
            yield ground.error(rule, where, problem, "drop the case, or add the revision")
        elif isinstance(code, int) and not _in_reach(ground, rule, switch.switch, code):
            problem = (
                f"{switch.switch} is {code} in none of its revisions: nothing reaches the case"
            )
            yield ground.error(
                rule, where, problem, "drop the case, or the rule is for another edition"
            )


def _in_reach(ground: Ground, rule: SourceRule, member: str, code: int) -> bool:
    """Say whether a coded member may have this value in a revision of the rule, as far as is known."""
    name = member.rpartition("/")[2]
    known = [
        ground.known.codes[revision, name]
        for revision in rule.model.source.revisions
        if (revision, name) in ground.known.codes
    ]
    return not known or any(code in codes for codes in known)


def guards(ground: Ground) -> Findings:
    """Find conditions of source rules that hold always, or never, whatever the document says."""
    for rule in ground.sources:
        samples = of_source(rule.model)
        for number, guard in enumerate(rule.model.guards):
            at: list[Key] = ["guards", number]
            found = verdict(guard.expr, samples)
            if found == {True}:
                problem = f"guard {guard.id} always holds: ranges and cases imply it"
                yield ground.warning(rule, at, problem, "drop it, or widen the range")
            elif not found or found == {False}:
                problem = f"guard {guard.id} never holds: every document is refused"
                yield ground.error(rule, at, problem)
        for number, loss in enumerate(rule.model.losses):
            if loss.when is not None and len(verdict(loss.when, samples)) < 2:
                problem = f"the condition of this loss never changes: {loss.when}"
                yield ground.warning(rule, ["losses", number], problem)


def conditions(ground: Ground) -> Findings:
    """Find conditions of target rules that name values which no control of theirs has."""
    for rule in ground.targets:
        samples = of_class(rule.model.canonical)
        for at, text in _conditions(rule.model):
            if "dialect" in text:
                continue
            found = verdict(text, samples)
            if len(found) < 2:
                always = "always" if found == {True} else "never"
                yield ground.error(rule, at, f"the condition {always} holds: {text}")


def variants(ground: Ground) -> Findings:
    """Find wire forms that no control selects: a value that there is not, or one taken before."""
    for rule in ground.targets:
        listed = rule.model.variants
        for number, variant in enumerate(listed):
            at: list[Key] = ["variants", number]
            for field, value in variant.match.items():
                values = _values(rule, field)
                if values is not None and value not in values:
                    hint = f"one of {', '.join(sorted(values))}"
                    yield ground.error(rule, at, f"no control has {field} = {value}", hint)
            if any(before.match.items() <= variant.match.items() for before in listed[:number]):
                yield ground.error(rule, at, "an earlier form takes all that this one matches")


def _values(rule: TargetRule, field: str) -> set[str] | None:
    """Return the values that an enumerated canonical field may have, None where it is none."""
    known = any(field in getattr(CLASSES[name], "__slots__", ()) for name in rule.model.canonical)
    return {member.value for member in ENUMS[field]} if known and field in ENUMS else None


def costs(ground: Ground) -> Findings:
    """Find conditions that compare against long lists: what an evaluation costs has to stay small."""
    for rule in ground.documents:
        for at, text in _conditions(rule.model):
            longest = max((part.count(",") + 1 for part in _lists(text)), default=0)
            if longest > _LONGEST_LIST:
                hint = f"at most {_LONGEST_LIST}; use cases: or range:"
                yield ground.error(rule, at, f"a condition has a list of {longest}", hint)


def _conditions(model: Any) -> Iterator[tuple[list[Key], str]]:
    """Yield every condition of a document: of guards, of members, of losses."""
    for number, guard in enumerate(getattr(model, "guards", ())):
        yield ["guards", number], guard.expr
    for name, field in getattr(model, "emit", {}).items():
        if field.when is not None:
            yield ["emit", name, "when"], field.when
    for number, loss in enumerate(getattr(model, "losses", ())):
        if loss.when is not None:
            yield ["losses", number], loss.when


def _lists(expression: str) -> Iterator[str]:
    """Yield the insides of list literals."""
    for part in expression.split("[")[1:]:
        yield part.partition("]")[0]

"""The tests that stand beside a report rule: facts in, the members that they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from translators.errors import MappingError
from translators.rules.facts import CATALOGUE, Fact, Facts, Scalar, Sort, Value
from translators.rules.report import Member, ReportRule, Wire
from translators.rules.report_schema import ReportTest
from translators.rules.trace import Translation
from translators.rules.values import text


def faults(rule: ReportRule, test: ReportTest) -> Iterator[str]:
    """Yield what does not hold of a test beside a rule."""
    revision = test.revision or rule.model.report.revisions[0]
    given = {**rule.model.match, **test.given}
    told = rule.tell(read_facts(rule.model.facts, given), revision)
    if told.value is None:
        outcome = told.refusals[0].outcome.value if told.refusals else "untold"
        if outcome != test.refused:
            yield f"expected {test.refused or 'a document'}, got {outcome}"
        return
    if test.refused is not None:
        yield f"expected {test.refused}, got a document"
        return
    yield from _differences(told, test, told.value)


def _differences(
    told: Translation[Any], test: ReportTest, members: tuple[Member, ...]
) -> Iterator[str]:
    made = {member.path: member.value for member in members}
    for path, wanted in test.expect.items():
        if not _equal(wanted, made.get(path)):
            yield f"{path}: expected {wanted}, got {text(made.get(path, 'nothing'))}"
    for path in test.absent:
        if any(name == path or name.startswith(f"{path}/") for name in made):
            yield f"{path}: expected nothing, got a member"
    kinds = sorted({loss.kind.value for loss in told.losses})
    if kinds != sorted(test.losses):
        yield f"losses: expected {', '.join(test.losses) or 'none'}, got {', '.join(kinds) or 'none'}"


def read_facts(subject: str, given: Mapping[str, Any]) -> Facts:
    """Return facts as tests write them; `MappingError` for a name or value that cannot be.

    Numbers are decimals, instants ISO 8601 texts, sets lists; a fact per EVSE is a list of these, or one
    alone where there is one EVSE.
    """
    catalogue = CATALOGUE[subject]
    unknown = sorted(set(given) - set(catalogue))
    if unknown:
        raise MappingError(f"is no fact of {subject}", where="given", value=unknown[0])
    return Facts(subject, {name: _value(catalogue[name], value) for name, value in given.items()})


def _value(fact: Fact, value: Any) -> Value:
    if not fact.each:
        return _scalar(fact, value)
    several = isinstance(value, list)
    if fact.sort is Sort.MEMBERS:
        several = several and all(isinstance(item, list) for item in value)
    return tuple(_scalar(fact, item) for item in (value if several else [value]))


def _scalar(fact: Fact, value: Any) -> Scalar | None:
    try:
        match fact.sort:
            case _ if value is None:
                return None
            case Sort.NUMBER:
                return Fraction(str(value))
            case Sort.MEMBERS:
                return frozenset(map(str, value))
            case Sort.INSTANT:
                return datetime.fromisoformat(value).astimezone(UTC)
            case Sort.FLAG:
                return bool(value)
            case _:
                return str(value)
    except (TypeError, ValueError) as exc:
        raise MappingError(f"is no {fact.sort}", where="given", value=value) from exc


def _equal(wanted: Any, got: Wire | None) -> bool:
    if isinstance(wanted, float):
        return isinstance(got, int | Fraction) and Fraction(str(wanted)) == got
    return type(wanted) is type(got) and bool(wanted == got)

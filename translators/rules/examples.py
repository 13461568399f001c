"""The tests that stand beside a rule: an example document each, and the control that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from typing import Any

from translators.canonical.controls import DerControl, PowerFactorVertex, Quantity
from translators.canonical.curves import Curve, Vertex
from translators.errors import MappingError
from translators.rules import capability, report_examples
from translators.rules.book import Book
from translators.rules.capability import CapabilityRule
from translators.rules.paths import chosen
from translators.rules.schema import RuleTest, TargetTest
from translators.rules.source import SourceRule
from translators.rules.taking import View
from translators.rules.target import TargetRule
from translators.rules.trace import Loss, LossKind
from translators.rules.trials import Carry, carried, differences
from translators.rules.values import Unmet, text
from translators.units import Unit


@dataclass(frozen=True, slots=True)
class Example:
    """One test beside a rule; `faults` are empty where it holds."""

    rule: str
    name: str
    faults: tuple[str, ...]


def examples(book: Book, carry: Carry) -> Iterator[Example]:
    """Run the tests beside every rule, in the order of the book; `carry` makes commands orders."""
    for rule in book.rules:
        if isinstance(rule, SourceRule):
            for test in rule.model.tests:
                yield Example(rule.id, test.name, tuple(_faults(rule, test)))
        elif isinstance(rule, TargetRule):
            for trial in rule.model.tests:
                found = tuple(_target_faults(book, rule, trial, carry))
                yield Example(rule.id, trial.name, found)
        else:
            for told in rule.model.tests:
                yield Example(rule.id, told.name, tuple(report_examples.faults(rule, told)))
    for reader in book.of(CapabilityRule):
        for said in reader.model.tests:
            found = tuple(capability.faults(reader, said))
            yield Example(reader.id, said.name, found)


def _faults(rule: SourceRule, test: RuleTest) -> Iterator[str]:
    try:
        revision = test.revision or rule.model.source.revisions[0]
        control, trace = rule.apply(Written(test.source), revision, "source")
    except Unmet as unmet:
        if unmet.outcome != test.refused:
            yield f"expected {test.refused or 'a control'}, got {unmet.outcome}: {unmet.problem}"
        return
    if test.refused is not None:
        yield f"expected {test.refused}, got {type(control).__name__}"
        return
    made = described(control)
    for name, wanted in test.expect.items():
        got = made.get(name, "nothing")
        if not _equal(wanted, got):
            yield f"{name}: expected {wanted}, got {got}"
    if test.losses is not None:
        yield from lost_otherwise(test.losses, trace.losses)


def _target_faults(book: Book, rule: TargetRule, test: TargetTest, carry: Carry) -> Iterator[str]:
    try:
        made = carried(book, rule, test, carry)
    except MappingError as error:
        yield str(error)
        return
    losses = [loss for loss in made.losses if loss.kind is not LossKind.UNSUPPORTED]
    if made.refusals:
        refusal = made.refusals[0]
        if refusal.outcome != test.refused:
            wanted = test.refused or "a message"
            yield f"expected {wanted}, got {refusal.outcome}: {refusal.problem}"
    elif test.refused is not None:
        yield f"expected {test.refused}, got {len(made.value)} messages"
    else:
        yield from differences(test.expect, made.value)
    yield from lost_otherwise(test.losses, losses)


def lost_otherwise(expected: Iterable[str], losses: Iterable[Loss]) -> Iterator[str]:
    """Yield a line where the kinds of loss are not those that a test expects."""
    wanted, got = sorted(set(expected)), sorted({loss.kind.value for loss in losses})
    if wanted != got:
        yield f"losses: expected {', '.join(wanted) or 'none'}, got {', '.join(got) or 'none'}"


class Written:
    """Values of a test as a rule reads them: by path, `.` the whole, repeated children as lists."""

    def __init__(self, value: Any) -> None:
        """Take a value, or a mapping of names to values."""
        self._value = value

    def raw(self, path: str) -> str | None:
        """Return the text at `path`, None where there is none."""
        return chosen(self._raw, path)

    def _raw(self, path: str) -> str | None:
        value = self._value
        if path not in value:
            for name in path.split("/"):
                value = value.get(name) if isinstance(value, Mapping) else None
        else:
            value = value[path]
        if value is None or isinstance(value, Mapping | list):
            return None
        return str(value).lower() if isinstance(value, bool) else str(value)

    def every(self, path: str) -> Sequence[View]:
        """Return the children called `path`."""
        return [Written(item) for item in self._value.get(path, ())]


def described(control: DerControl) -> dict[str, Any]:
    """Return a control's fields as tests write them: numbers as texts, points as lists."""
    made: dict[str, Any] = {}
    for item in fields(control):
        value = getattr(control, item.name)
        if isinstance(value, Curve):
            made |= {
                "points": _plain(value.points),
                "x_unit": str(value.x_unit),
                "y_unit": str(value.y_unit),
            }
        else:
            made[item.name] = _plain(value)
    return made


def _plain(value: Any) -> Any:
    match value:
        case Quantity():
            return f"{text(value.value)} {value.unit}"
        case Vertex():
            return [text(value.x), text(value.y)]
        case PowerFactorVertex():
            return [text(value.x), text(value.displacement), value.excitation.value]
        case tuple():
            return [_plain(item) for item in value]
        case StrEnum():
            return value.value
        case Fraction() | Unit():
            return text(value)
        case _:
            return value


def _equal(wanted: Any, got: Any) -> bool:
    return type(wanted) is type(got) and bool(wanted == got)

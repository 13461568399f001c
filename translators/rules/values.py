"""Numbers as texts, and the sink that steps and losses of one rule go to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

from translators.errors import MappingError
from translators.rules.trace import Loss, LossKind, Step
from translators.units import to_decimal


def text(value: object) -> str:
    """Return an exact text: a decimal where there is a finite one, else a fraction."""
    if isinstance(value, Fraction):
        try:
            return f"{to_decimal(value):f}"
        except MappingError:
            return str(value)
    return str(value)


def loss_kind(kind: str, where: str) -> LossKind:
    """Return the kind of loss that a rule names; `MappingError` where there is none such."""
    try:
        return LossKind(kind)
    except ValueError as exc:
        raise MappingError("is no kind of loss", where=where, value=kind) from exc


@dataclass(slots=True)
class Trace:
    """Collects what one rule does; `rule` is `id@version`, `control` the function that it serves."""

    rule: str
    cites: tuple[str, ...]
    control: str = ""
    prefix: str = ""
    steps: list[Step] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def step(
        self,
        operation: str,
        source: str,
        before: object,
        target: str,
        after: object,
        base: str = "",
    ) -> None:
        """Record one operation on one value."""
        self.steps.append(
            Step(
                self.rule,
                self.cites,
                operation,
                source,
                text(before),
                self.prefix + target,
                text(after),
                base,
                self.control,
            )
        )

    @contextmanager
    def within(self, prefix: str) -> Iterator[None]:
        """Put a prefix before the targets of the steps recorded meanwhile."""
        before, self.prefix = self.prefix, prefix
        yield
        self.prefix = before

    def lose(
        self, kind: LossKind, where: str, detail: str, residual: Fraction | None = None
    ) -> None:
        """Record a loss."""
        rest = "" if residual is None else text(residual)
        self.losses.append(Loss(kind, self.rule, where, detail, rest, self.control))


class Unmet(Exception):  # noqa: N818 - not an error: a control that cannot be carried out
    """A rule cannot carry a control out; becomes a `Refusal` where the rule is applied."""

    def __init__(self, outcome: str, where: str, problem: str) -> None:
        """`outcome` is a value of `ControlOutcome`."""
        self.outcome, self.where, self.problem = outcome, where, problem
        super().__init__(problem)

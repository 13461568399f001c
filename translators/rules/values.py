"""Numbers as texts, and the sink that steps and losses of one rule go to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from translators.errors import MappingError, near
from translators.rules.trace import Block, Loss, LossKind, Operation, Step, Tell, text

__all__ = ["Trace", "Unmet", "loss_kind", "text"]


def loss_kind(kind: str, where: str) -> LossKind:
    """Return the kind of loss that a rule names; `MappingError` where there is none such."""
    try:
        return LossKind(kind)
    except ValueError as exc:
        hint = near(kind, [known.value for known in LossKind])
        raise MappingError(f"is no kind of loss{hint}", where=where, value=kind) from exc


@dataclass(slots=True)
class Trace:
    """Collects what one rule does; `rule` is `id@version`, `control` the function that it serves."""

    rule: str
    cites: tuple[str, ...]
    control: str = ""
    noted: list[Operation | Tell] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    @property
    def steps(self) -> list[Step]:
        """Return the steps so far."""
        return self.block().steps()

    def block(self) -> Block:
        """Return what was recorded so far."""
        return Block(self.rule, self.cites, self.control, tuple(self.noted))

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
        self.noted.append((operation, source, before, target, after, base))

    def later(self, tell: Tell) -> None:
        """Record operations that are told where somebody reads them."""
        self.noted.append(tell)

    def serve(self, function: str) -> None:
        """Note which function everything recorded belongs to."""
        if self.control != function:
            self.control = function
            self.losses[:] = [replace(loss, control=function) for loss in self.losses]

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

"""What a translation did: each step on each number, and each loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from translators.canonical.telemetry import ControlOutcome
from translators.units import to_decimal


class LossKind(StrEnum):
    """Why a target does not say exactly what its source said; every difference has one of these."""

    REBASE = "rebase"
    CLIP = "clip"
    ROUND = "round"
    DROP = "drop"
    APPROXIMATE = "approximate"
    AMBIGUOUS = "ambiguous"
    DIALECT = "dialect"
    BAKE = "bake"
    SEMANTIC = "semantic"
    SCOPE = "scope"
    UNIT = "unit"
    BINDING = "binding"
    POLICY = "policy"
    UNSUPPORTED = "unsupported"


def text(value: object) -> str:
    """Return an exact text: a decimal where there is a finite one, else a fraction."""
    if type(value) is Fraction:
        if value.denominator == 1:
            return str(value.numerator)
        decimal = to_decimal(value)
        return str(value) if decimal is None else f"{decimal:f}"
    return str(value)


class _Noted(NamedTuple):
    """What a step holds: values as they were, to become texts when somebody reads them."""

    rule: str
    """Id of the rule, `ieee2030_5.volt_var.points.y`."""
    cites: tuple[str, ...]
    operation: str
    """`scale10 -3`, `rebase pct[setMaxW] -> pct[setMaxVar]`, `clip -100..100`, …"""
    source: str
    """Path of the value before."""
    before: object
    target: str
    """Path of the value after."""
    after: object
    base: str = ""
    """Rating used, with its value: `setMaxVar = 11000`; of a scaling the multiplier, with its place."""
    control: str = ""
    """The function (`function_of`) that the value belongs to; empty for the command's own fields."""


class Step(_Noted):
    """One operation of one rule on one value; values are texts, exact, so that they read and compare."""

    __slots__ = ()

    @property
    def before(self) -> str:
        """Return the value before, as a text."""
        return text(self[4])

    @property
    def after(self) -> str:
        """Return the value after, as a text."""
        return text(self[6])

    @property
    def noted(self) -> Operation:
        """Return what it says of the operation, its values as they are held."""
        return self[2:8]

    def told(self) -> dict[str, Any]:
        """Return all of it by name."""
        return self._asdict() | {"before": self.before, "after": self.after}

    def __eq__(self, other: object) -> bool:
        """Say whether the other is a step that tells the same."""
        return isinstance(other, Step) and self.told() == other.told()

    def __ne__(self, other: object) -> bool:
        """Say whether the other tells something else: a tuple would compare how values are held."""
        return not self == other

    def __hash__(self) -> int:
        """Return the hash of what does not depend on how a number is held."""
        return hash((self.rule, self.operation, self.source, self.target))


_new = tuple.__new__


class Note(Protocol):
    """Records one operation on one value, as the fields of `Step` have it."""

    def __call__(
        self,
        operation: str,
        source: str,
        before: object,
        target: str,
        after: object,
        base: str = "",
    ) -> None:
        """Record it."""
        ...


type Operation = tuple[str, str, object, str, object, str]
"""What a step says of one operation: name, source, value before, target, value after, base."""
type Tell = Callable[[Note], None]
"""Notes operations when somebody reads them, always the same ones: what became of the points of a curve."""


class Block(NamedTuple):
    """What one rule did, held as it was noted: it becomes steps when somebody reads them."""

    rule: str
    cites: tuple[str, ...]
    control: str
    noted: tuple[Operation | Tell, ...]

    def steps(self) -> list[Step]:
        """Return the steps."""
        made: list[Step] = []
        rule, cites, control, noted = self

        def note(
            operation: str,
            source: str,
            before: object,
            target: str,
            after: object,
            base: str = "",
        ) -> None:
            step = rule, cites, operation, source, before, target, after, base, control
            made.append(_new(Step, step))

        for one in noted:
            if isinstance(one, tuple):
                note(*one)
            else:
                one(note)
        return made


type Part = Step | Block


def told(parts: Iterable[Part]) -> Iterator[Step]:
    """Yield the steps of a trace, those of its blocks in their places."""
    for part in parts:
        if isinstance(part, Block):
            yield from part.steps()
        else:
            yield part


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that the target says differently, or does not say."""

    kind: LossKind
    rule: str
    where: str
    detail: str
    residual: str = ""
    """Exact remainder where there is one, as a number's text."""
    control: str = ""
    """The function (`function_of`) that loses it; empty for the command's own fields."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A control that is not carried out, with the outcome owed to its utility."""

    outcome: ControlOutcome
    function: str
    where: str
    problem: str
    rule: str


class Translation[T](NamedTuple):
    """A value, how it came about, and what it lost; `parts` are its steps, some of them still untold."""

    value: T
    parts: tuple[Part, ...] = ()
    losses: tuple[Loss, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return every step, in the order in which they were done."""
        return tuple(told(self.parts))

    def then[U](self, f: Callable[[T], Translation[U]]) -> Translation[U]:
        """Chain translations, keeping every step, loss and refusal."""
        after = f(self.value)
        return Translation(
            after.value,
            self.parts + after.parts,
            self.losses + after.losses,
            self.refusals + after.refusals,
        )

    def __eq__(self, other: object) -> bool:
        """Say whether the other has the same value and tells the same of it."""
        return isinstance(other, Translation) and self._told() == other._told()

    def __ne__(self, other: object) -> bool:
        """Say whether the other differs: a tuple would compare how steps are held."""
        return not self == other

    def __hash__(self) -> int:
        """Return the hash of what does not depend on how steps are held."""
        return hash((self.losses, self.refusals))

    def _told(self) -> tuple[object, ...]:
        return self.value, self.steps, self.losses, self.refusals

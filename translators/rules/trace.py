"""What a translation did: each step on each number, and each loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from translators.canonical.telemetry import ControlOutcome
from translators.errors import MappingError
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
    if isinstance(value, Fraction):
        try:
            return f"{to_decimal(value):f}"
        except MappingError:
            return str(value)
    return str(value)


@dataclass(frozen=True)
class Step:
    """One operation of one rule on one value; values are texts, exact, so that they read and compare."""

    rule: str
    """Id of the rule, `ieee2030_5.volt_var.points.y`."""
    cites: tuple[str, ...]
    operation: str
    """`scale10 -3`, `rebase pct[setMaxW] -> pct[setMaxVar]`, `clip -100..100`, …"""
    source: str
    """Path of the value before."""
    before: str
    target: str
    """Path of the value after."""
    after: str
    base: str = ""
    """Rating used, with its value: `setMaxVar = 11000`."""
    control: str = ""
    """The function (`function_of`) that the value belongs to; empty for the command's own fields."""


class _Exact:
    """A field that holds a value and gives out its text, made when it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, step: object, _owner: type) -> str:
        held = step.__dict__[self._name]
        if type(held) is not str:
            held = step.__dict__[self._name] = text(held)
        return held

    def __set__(self, step: object, value: object) -> None:
        step.__dict__[self._name] = value


for _name in ("before", "after"):
    setattr(Step, _name, _Exact(_name))


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


@dataclass(frozen=True, slots=True)
class Translation[T]:
    """A value, how it came about, and what it lost."""

    value: T
    steps: tuple[Step, ...] = ()
    losses: tuple[Loss, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def then[U](self, f: Callable[[T], Translation[U]]) -> Translation[U]:
        """Chain translations, keeping every step, loss and refusal."""
        after = f(self.value)
        return Translation(
            after.value,
            self.steps + after.steps,
            self.losses + after.losses,
            self.refusals + after.refusals,
        )

"""A trial of one station: what it is asked for in turn, and whether its meter makes sense of it.

Signs are those of the generator: + exports, + injects. What a station cannot do it is asked all the same: its
rules refuse it, and that step is not judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import fmean

from translators.canonical.controls import (
    ActiveSetpoint,
    DerControl,
    Excitation,
    FixedPowerFactor,
    FixedVar,
    Flow,
    LimitOn,
    LimitScope,
    PowerLimit,
    Quantity,
)
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind, Unit

_FACTOR, _TANGENT = Fraction(4, 5), Fraction(3, 4)
"""A power factor, and var by watt at it."""
_MUCH, _LITTLE = 1.5, 0.4
"""Shares of what was asked between which it counts as done; a limit is kept within `_SLACK`."""
_SLACK = 0.1
"""Share of what was asked that a phase, or a sum of phases, may be off by."""


class Verdict(StrEnum):
    """What a step, or a whole trial, showed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked at one time, and which P (W) and Q (var) the meter should show; None is not looked at.

    Where it is only a bound (`at_most`) less of the same sign will do.
    """

    name: str
    controls: tuple[DerControl, ...]
    watts: Fraction | None = None
    var: Fraction | None = None
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """How one step ended, and why; amounts in W and var as the meter showed them, on average."""

    step: Step
    verdict: Verdict
    reason: str = ""
    measured: tuple[tuple[str, int], ...] = ()
    """By kind and phase (`W`, `W.L2`)."""


@dataclass(slots=True)
class Trial:
    """One commissioning under way, or over; `name` tells it from others of the station."""

    name: str
    steps: tuple[Step, ...]
    actor: str
    begun: datetime
    """When the step under way began."""
    settle: timedelta
    measure: timedelta
    held_before: bool = False
    left: bool = False
    """Whether the station went before the end."""
    results: list[Result] = field(default_factory=list)
    seen: list[Sample] = field(default_factory=list)
    """What meters showed since the step under way had settled."""

    @property
    def step(self) -> Step | None:
        """Return the step under way; None where all are over, or the station left."""
        done = len(self.results)
        return None if self.left or done == len(self.steps) else self.steps[done]

    def after(self, result: Result, *, left: bool) -> Step | None:
        """Note how the step under way ended; return the next, None where there is none."""
        self.results.append(result)
        self.seen.clear()
        self.left = left
        return self.step

    @property
    def settled(self) -> datetime:
        """Return from when on the meter shows what the step under way made of it."""
        return self.begun + self.settle

    @property
    def end(self) -> datetime:
        """Return when the step under way is over."""
        return self.settled + self.measure

    @property
    def mrid(self) -> str:
        """Return the mRID of the step under way."""
        return f"{self.name}-{len(self.results) + 1}"

    @property
    def verdict(self) -> Verdict | None:
        """Return what the trial showed; None while it goes on. Without active power nothing is passed."""
        if self.step is not None:
            return None
        verdicts = {result.verdict for result in self.results}
        if Verdict.FAILED in verdicts:
            return Verdict.FAILED
        active = [r for r in self.results if r.step.watts is not None]
        shown = any(result.verdict is Verdict.PASSED for result in active)
        return Verdict.PASSED if shown else Verdict.NOT_JUDGED


def steps(watts: Fraction, var: Fraction) -> tuple[Step, ...]:
    """Return what a station is asked for in turn, `watts` W and `var` var, both positive."""
    charge, discharge = ActiveSetpoint(_watts(-watts)), ActiveSetpoint(_watts(watts))
    bound = PowerLimit(LimitOn.LOAD, _watts(watts), LimitScope.DEVICE)
    beside = -watts * _TANGENT
    return (
        Step("charge within a limit", (bound,), -watts, at_most=True),
        Step("charge", (charge,), -watts),
        Step("discharge", (discharge,), watts),
        Step("inject var", (FixedVar(_var(var)),), var=var),
        Step("absorb var", (FixedVar(_var(-var)),), var=-var),
        Step("discharge under-excited", (discharge, _factor(Flow.INJECTING)), watts, beside),
        Step("charge under-excited", (charge, _factor(Flow.ABSORBING)), -watts, beside),
    )


def judge(step: Step, samples: Iterable[Sample]) -> Result:
    """Return what the meter showed of a step, against what was asked."""
    shown = dict(_averages(samples))
    measured = tuple((_name(key), round(value)) for key, value in sorted(shown.items()))
    asked = [(Kind.POWER, step.watts), (Kind.REACTIVE, step.var)]
    wanted = [(kind, float(value)) for kind, value in asked if value is not None]
    unseen = [kind.value for kind, _ in wanted if (kind, Phase.ALL) not in shown]
    if unseen:
        return Result(step, Verdict.NOT_JUDGED, f"no meter shows {' and '.join(unseen)}", measured)
    for kind, value in wanted:
        problem = _problem(kind, value, shown, at_most=step.at_most)
        if problem:
            return Result(step, Verdict.FAILED, problem, measured)
    if step.at_most and abs(shown[Kind.POWER, Phase.ALL]) < _SLACK * abs(wanted[0][1]):
        return Result(step, Verdict.NOT_JUDGED, "nothing flows", measured)
    return Result(step, Verdict.PASSED, "", measured)


type _Shown = dict[tuple[Kind, Phase], float]


def _problem(kind: Kind, asked: float, shown: _Shown, *, at_most: bool) -> str:
    """Return what is implausible of one quantity, nothing where all is well."""
    total = shown[kind, Phase.ALL]
    size, unit = abs(asked), kind.value
    said = f"{total:+.0f} {unit} for {asked:+.0f} {unit}"
    phases = {p: v for (k, p), v in shown.items() if k is kind and p is not Phase.ALL}
    against = [p.value for p, v in sorted(phases.items()) if v * asked < -_SLACK * size * size / 3]
    if total * asked < 0 and abs(total) > _SLACK * size:
        return f"wrong sign: {said}"
    if against:
        return f"wrong sign of {', '.join(against)}: {said}"
    if abs(total) > (1 + _SLACK if at_most else _MUCH) * size:
        return f"too much: {said}"
    if not at_most and abs(total) < _LITTLE * size:
        return f"does not follow: {said}"
    if phases and abs(sum(phases.values()) - total) > _SLACK * size:
        return f"phases add up to {sum(phases.values()):+.0f} {unit}: {said}"
    return ""


def _averages(samples: Iterable[Sample]) -> Iterator[tuple[tuple[Kind, Phase], float]]:
    """Yield the mean of each quantity and phase over time; the EVSEs of an instant add up."""
    found: defaultdict[tuple[Kind, Phase, int | None], list[float]] = defaultdict(list)
    for sample in samples:
        if sample.quality is Quality.GOOD and sample.kind in {Kind.POWER, Kind.REACTIVE}:
            found[sample.kind, sample.phase, sample.evse].append(float(sample.value))
    sums: defaultdict[tuple[Kind, Phase], float] = defaultdict(float)
    whole = {(kind, phase) for kind, phase, evse in found if not evse}
    for (kind, phase, evse), values in found.items():
        if not (evse and (kind, phase) in whole):  # the main meter shows all of them
            sums[kind, phase] += fmean(values)
    yield from sums.items()


def _name(key: tuple[Kind, Phase]) -> str:
    kind, phase = key
    return kind.value if phase is Phase.ALL else f"{kind.value}.{phase.value}"


def _watts(value: Fraction) -> Quantity:
    return Quantity(value, Unit(Kind.POWER))


def _var(value: Fraction) -> Quantity:
    return Quantity(value, Unit(Kind.REACTIVE))


def _factor(flow: Flow) -> FixedPowerFactor:
    return FixedPowerFactor(_FACTOR, Excitation.UNDER, flow)

"""Numbers on their way into a report: several EVSEs become one, then unit, sign, bounds, digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from translators.errors import MappingError
from translators.rules.facts import Fact, Facts, Value
from translators.rules.report_schema import ReportField, ReportRounding
from translators.rules.trace import LossKind
from translators.rules.values import Trace, text
from translators.units import Kind, Rounding, Unit, convert, parse_unit, round_to, same_base

COARSEST, FINEST = 9, -3
"""Powers of ten between which a scaled number is looked for."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """A number as value times ten to the multiplier, and what did not fit (0 where exact)."""

    value: int
    multiplier: int
    residual: Fraction


def scale(value: Fraction, valid: range) -> Scaling:
    """Return the plainest exact form of `value` in `valid`, else the finest, cut towards zero.

    Exact forms are tried from multiplier 0 upwards, then downwards to -3.
    """
    for multiplier in (*range(COARSEST + 1), *range(-1, FINEST - 1, -1)):
        scaled = value / Fraction(10) ** multiplier
        if scaled.denominator == 1 and int(scaled) in valid:
            return Scaling(int(scaled), multiplier, Fraction(0))
    for multiplier in range(FINEST, COARSEST + 1):
        cut = int(value / Fraction(10) ** multiplier)
        if cut in valid:
            return Scaling(cut, multiplier, value - cut * Fraction(10) ** multiplier)
    edge = valid[-1] if value > 0 else valid[0]
    return Scaling(edge, COARSEST, value - edge * Fraction(10) ** COARSEST)


def combined(value: Value, how: str | None) -> Fraction | None:
    """Return the number that the EVSEs make together, None where one of them is not known."""
    if not isinstance(value, tuple):
        return value if isinstance(value, Fraction) else None
    known = [item for item in value if isinstance(item, Fraction)]
    if not known or len(known) < len(value):
        return None
    match how:
        case "sum":
            return sum(known, Fraction())
        case "largest":
            return max(known)
        case "smallest":
            return min(known)
        case _:
            return known[0] if len(set(known)) == 1 else None


class Number:
    """A compiled number of a report; `exponent` is the power of ten that the wire leaves out."""

    def __init__(
        self, spec: ReportField, sources: Mapping[str, Fact], kind: str | None, where: str
    ) -> None:
        """Compile; `MappingError` for a unit that is none of the fact's."""
        self.spec, self._sources, self.exponent = spec, sources, 0
        if spec.unit is None:
            raise MappingError("needs a unit", where=where, rule="units")
        self._unit = parse_unit(spec.unit)
        self._units = {name: _unit_of(fact, kind, where) for name, fact in sources.items()}
        for name, unit in self._units.items():
            if not same_base(unit, self._unit):
                problem = f"{name} is {unit}, the member {self._unit}"
                raise MappingError(problem, where=where, rule="W, var, VA never mix")
            if sources[name].each != (spec.combine is not None):
                told = "is told per EVSE: say how to combine" if sources[name].each else "is one"
                raise MappingError(f"{name} {told}", where=where, value=spec.combine)

    def read(self, facts: Facts, trace: Trace, where: str) -> Fraction | None:
        """Return the first fact that is known, in the unit of the member; None where none is.

        Where others could stand in for it, a fact of 0 counts as not known; a stand-in is a loss.
        """
        first = next(iter(self._sources))
        for number, name in enumerate(self._sources, 1):
            value = combined(facts.get(name), self.spec.combine)
            if value is None or (value == 0 and number < len(self._sources)):
                continue
            if name != first:
                trace.lose(LossKind.SEMANTIC, where, f"{name} stands in for {first}")
            told = facts.get(name)
            if isinstance(told, tuple):
                listed = ", ".join(text(item) for item in told)
                trace.step(f"{self.spec.combine} of EVSEs", name, listed, where, value)
            else:
                trace.step("take", name, value, where, value)
            unit = self._units[name]
            made = convert(value, unit, self._unit)
            if unit != self._unit:
                trace.step(f"unit {unit} -> {self._unit}", where, value, where, made)
            return made
        return None

    def finish(self, value: Fraction, trace: Trace, where: str, *, turned: bool) -> Fraction:
        """Return the number as the wire gets it: sign, power of ten, bounds, digits."""
        made = value if self.spec.sign is None else _signed(value, self.spec.sign)
        made = -made if turned else made
        if made != value:
            trace.step("sign", where, value, where, made)
        if self.exponent:
            scaled = made / Fraction(10) ** self.exponent
            trace.step(f"scale10 {-self.exponent}", where, made, where, scaled)
            made = scaled
        if self.spec.round is not None:
            made = _rounded(made, self.spec.round, trace, where)
        return made if self.spec.clip is None else _clipped(made, self.spec.clip, trace, where)


def _unit_of(fact: Fact, kind: str | None, where: str) -> Unit:
    if fact.unit is not None:
        return fact.unit
    if kind is None:
        raise MappingError("needs `match: {kind: …}`", where=where, rule="units")
    return Unit(Kind(kind))


def _signed(value: Fraction, sign: str) -> Fraction:
    return -abs(value) if sign == "negative" else abs(value)


def _rounded(value: Fraction, rounding: ReportRounding, trace: Trace, where: str) -> Fraction:
    digits: Callable[[Fraction, int], Fraction] = _up
    if rounding.mode != "up":
        mode = Rounding(rounding.mode)
        digits = lambda number, places: round_to(number, places, mode)  # noqa: E731 - two of a kind
    made = digits(value, rounding.places)
    if made != value:
        trace.step(f"round {rounding.places} {rounding.mode}", where, value, where, made)
        trace.lose(LossKind.ROUND, where, f"{rounding.places} decimals", value - made)
    return made


def _up(value: Fraction, places: int) -> Fraction:
    """Return `value` with at most `places` decimals, away from zero."""
    shift = 10**places
    magnitude = Fraction(-(-abs(value) * shift // 1), shift)
    return magnitude if value >= 0 else -magnitude


def _clipped(value: Fraction, bounds: list[int | float], trace: Trace, where: str) -> Fraction:
    low, high = (Fraction(str(bound)) for bound in bounds)
    made = min(max(value, low), high)
    if made != value:
        trace.step(f"clip {text(low)}..{text(high)}", where, value, where, made)
        trace.lose(LossKind.CLIP, where, "beyond the range", value - made)
    return made

"""What is to be made of a report of measurements, decided by its shape: all but the numbers themselves.

The shape of a sampled value is what the station writes beside its number: measurand, phase, place, unit.
It says whether the value is followed, with which sign and scale, and whether it says what another one
says already. Import is what the station takes from the grid: it becomes negative here, in the generator
frame, and nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import NamedTuple

from translators.canonical.telemetry import Phase, Quality
from translators.errors import DocumentError
from translators.units import Kind, scale10

_SIGNED = {
    "Power.Active.Import": (Kind.POWER, -1),
    "Power.Active.Export": (Kind.POWER, 1),
    "Power.Reactive.Import": (Kind.REACTIVE, -1),
    "Power.Reactive.Export": (Kind.REACTIVE, 1),
    "Voltage": (Kind.VOLTAGE, 1),
    "Frequency": (Kind.FREQUENCY, 1),
    "Current.Import": (Kind.CURRENT, -1),
    "Current.Export": (Kind.CURRENT, 1),
    "SoC": (Kind.PERCENT, 1),
}
_UNITS = {
    Kind.POWER: {"W": 1, "kW": 1000},
    Kind.REACTIVE: {"var": 1, "kvar": 1000},
    Kind.VOLTAGE: {"V": 1},
    Kind.FREQUENCY: {"Hz": 1, "Hertz": 1},
    Kind.CURRENT: {"A": 1},
    Kind.PERCENT: {"Percent": 1},
}
_PHASES = {
    None: Phase.ALL,
    "L1": Phase.L1,
    "L2": Phase.L2,
    "L3": Phase.L3,
    "L1-N": Phase.L1,
    "L2-N": Phase.L2,
    "L3-N": Phase.L3,
}
"""The conductors; line-to-line and neutral values are not followed."""
_SUMMED = frozenset({Kind.POWER, Kind.REACTIVE})
_PLACES = ("Outlet", None, "Cable", "Inlet", "Upstream")
"""Where a value may be measured, best first; None is the default, Outlet. Body and car are left out."""
_PLACES_OF_CHARGE = ("EV", *_PLACES)
"""Where a state of charge may be measured: it is the car's wherever it is told."""
_DOUBTFUL = frozenset({"Interruption.Begin", "Interruption.End"})
_MULTIPLIERS = range(-30, 31)
MILLION = 10**6
_REMEMBERED = 256
"""Plans that are kept: a station model has a few, whatever the number of its stations."""
_LONGEST = 64
"""Values of one instant beyond which a plan is not worth its memory."""


type Shape = tuple[str | None, str | None, str | None, str | None, str | None, int | None, bool]
"""measurand, phase, location, context, unit, multiplier (None where absent); whether it is signed"""


def bare(shape: Shape) -> Shape:
    """Return the shape of a value whose number is left out: what its meter signed of it stays."""
    return None, None, None, None, None, None, shape[-1]


class Row(NamedTuple):
    """One sample: a number of those followed, times a factor, by a divisor."""

    kind: Kind
    phase: Phase
    quality: Quality
    at: int
    factor: int
    divisor: int


class Sum(NamedTuple):
    """One sample of several numbers: each of those followed times its factor, together by a divisor."""

    kind: Kind
    phase: Phase
    quality: Quality
    terms: tuple[tuple[int, int], ...]
    divisor: int


class OddValue(NamedTuple):
    """A value that cannot be read, and why; `at` counts the values."""

    at: int
    problem: str
    value: object


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of the values of one instant: `followed` and `signed` say which of them count.

    Divisors are of numbers in millionths.
    """

    followed: tuple[int, ...]
    rows: tuple[Row, ...]
    sums: tuple[Sum, ...]
    odd: tuple[OddValue, ...]
    signed: tuple[int, ...]


def plan_of(shapes: tuple[Shape, ...]) -> Plan:
    """Return the plan for values of these shapes."""
    return _known(shapes) if len(shapes) <= _LONGEST else _planned(shapes)


@dataclass(frozen=True, slots=True)
class _Term:
    """One followed number with its sign and scale; `place` ranks where it was measured, 0 is best."""

    at: int
    factor: Fraction
    doubtful: bool
    place: int


type _Series = dict[Phase, _Term]


def _planned(shapes: tuple[Shape, ...]) -> Plan:
    series: defaultdict[str, _Series] = defaultdict(dict)
    followed: list[int] = []
    odd: list[OddValue] = []
    for at, (measurand, conductor, place, context, unit, multiplier, _) in enumerate(shapes):
        phase = _PHASES.get(conductor)
        places = _PLACES_OF_CHARGE if measurand == "SoC" else _PLACES
        if measurand not in _SIGNED or phase is None or place not in places:
            continue
        try:
            factor = _factor(measurand, unit, multiplier or 0)
        except DocumentError as error:
            odd.append(OddValue(at, error.problem, error.value))
            continue
        term = _Term(len(followed), factor, context in _DOUBTFUL, places.index(place))
        followed.append(at)
        known = series[measurand].get(phase)
        if known is None or term.place <= known.place:
            series[measurand][phase] = term
    signed = tuple(at for at, shape in enumerate(shapes) if shape[-1])
    rows = [_row(*key, terms) for key, terms in _parts(series).items()]
    return Plan(
        tuple(followed),
        tuple(row for row in rows if isinstance(row, Row)),
        tuple(row for row in rows if isinstance(row, Sum)),
        tuple(odd),
        signed,
    )


_known = lru_cache(maxsize=_REMEMBERED)(_planned)


def _factor(measurand: str, unit: str | None, multiplier: int) -> Fraction:
    """Return what a number is multiplied with, sign and all."""
    kind, sign = _SIGNED[measurand]
    sizes = _UNITS[kind]
    size = sizes.get(next(iter(sizes)) if unit is None else unit)
    if size is None:
        raise DocumentError(f"is no unit of {measurand}", value=unit)
    if multiplier not in _MULTIPLIERS:
        raise DocumentError("is no multiplier of a unit", value=multiplier)
    return scale10(sign * size, int(multiplier))


def _parts(series: Mapping[str, _Series]) -> Mapping[tuple[Kind, Phase], list[_Term]]:
    """Return what makes one sample together: export less import of a kind and phase."""
    parts: defaultdict[tuple[Kind, Phase], list[_Term]] = defaultdict(list)
    for measurand, phases in series.items():
        kind, _ = _SIGNED[measurand]
        for phase, term in phases.items():
            parts[kind, phase].append(term)
        if Phase.ALL not in phases:
            parts[kind, Phase.ALL] += _whole(kind, phases.values())
    return parts


def _whole(kind: Kind, phases: Iterable[_Term]) -> list[_Term]:
    """Return the terms of what the phases make together: their sum (power) or mean (voltage)."""
    terms = list(phases)
    share = 1 if kind in _SUMMED else len(terms)
    return [replace(term, factor=term.factor / share) for term in terms]


def _row(kind: Kind, phase: Phase, terms: list[_Term]) -> Row | Sum:
    good = not any(term.doubtful for term in terms)
    quality = Quality.GOOD if good else Quality.QUESTIONABLE
    common = lcm(*(term.factor.denominator for term in terms))
    (at, factor), *others = [(term.at, int(term.factor * common)) for term in terms]
    if others:
        return Sum(kind, phase, quality, ((at, factor), *others), common * MILLION)
    return Row(kind, phase, quality, at, factor, common * MILLION)

"""Samples of an interval as one value per quantity: what a utility is told of a whole station."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind

_SUMMED = frozenset({Kind.POWER, Kind.REACTIVE, Kind.APPARENT, Kind.CURRENT})
"""Quantities that add up over phases and EVSEs; the mean of others is told."""


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of one quantity of a station over an interval, in SI units."""

    kind: Kind
    value: Fraction
    quality: Quality = Quality.GOOD


def averages(samples: Iterable[Sample], kinds: Iterable[Kind]) -> tuple[Average, ...]:
    """Return the mean of each of `kinds` over the samples, at most one each, in their order.

    A sample of the whole station counts before those of EVSEs, a sum over phases before single
    phases; otherwise powers add up and voltages and frequencies are averaged. A quantity with a
    questionable sample is questionable.
    """
    kept = list(samples)
    found = []
    for kind in kinds:
        mine = [sample for sample in kept if sample.kind is kind]
        if mine:
            bad = any(sample.quality is not Quality.GOOD for sample in mine)
            quality = Quality.QUESTIONABLE if bad else Quality.GOOD
            found.append(Average(kind, _station(mine, adds=kind in _SUMMED), quality))
    return tuple(found)


def _station(samples: list[Sample], *, adds: bool) -> Fraction:
    by_evse: defaultdict[int | None, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_evse[sample.evse].append(sample)
    if None in by_evse:
        return _evse(by_evse[None], adds=adds)
    return _together([_evse(group, adds=adds) for group in by_evse.values()], adds=adds)


def _evse(samples: list[Sample], *, adds: bool) -> Fraction:
    by_phase: defaultdict[Phase, list[Fraction]] = defaultdict(list)
    for sample in samples:
        by_phase[sample.phase].append(sample.value)
    if Phase.ALL in by_phase:
        return _mean(by_phase[Phase.ALL])
    return _together([_mean(values) for values in by_phase.values()], adds=adds)


def _together(values: list[Fraction], *, adds: bool) -> Fraction:
    return sum(values, Fraction(0)) if adds else _mean(values)


def _mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)

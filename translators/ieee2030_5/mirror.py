"""Measured values as IEEE 2030.5 mirrors them: one MirrorUsagePoint, a reading per quantity and interval.

Sign: canonical +P exports and +Q injects. Readings of W and var are told with flowDirection 19
(reverse: from the device to the grid) and a signed value, so a positive value exports and the numbers
keep their sign; a negative one is power that the device takes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from translators.canonical.telemetry import Phase, Quality, Sample
from translators.ieee2030_5.elements import branch, leaf, seconds
from translators.ieee2030_5.wire import Resource
from translators.units import Kind

ROLE_DEVICE = "0049"  # RoleFlagsType: mirror, DER, submeter
_EXAMPLE_PEN = "00007ED9"  # low 32 bits of an mRID; RFC 5612 keeps 32473 for documentation
_AVERAGE = 2  # DataQualifierType
_POWER = 37  # KindType
_ELECTRICITY = 1  # CommodityType: secondary metered
_INSTANTANEOUS = 12  # AccumulationBehaviourType
_VALID, _QUESTIONABLE = "0001", "0010"  # QualityFlags bits 0 and 4
_LARGEST = 1 << 47
_REVERSE = 19  # FlowDirectionType


@dataclass(frozen=True, slots=True)
class _Quantity:
    uom: int
    multiplier: int
    description: str
    directed: bool


QUANTITIES = {
    Kind.POWER: _Quantity(38, 0, "active power", directed=True),
    Kind.REACTIVE: _Quantity(63, 0, "reactive power", directed=True),
    Kind.VOLTAGE: _Quantity(29, -1, "voltage", directed=False),
    Kind.FREQUENCY: _Quantity(33, -3, "frequency", directed=False),
}


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of one quantity of a station over a post interval."""

    kind: Kind
    value: Fraction
    quality: Quality = Quality.GOOD


def point_mrid(lfdi: str) -> str:
    """Return the mRID of a device's MirrorUsagePoint: the same after every restart."""
    return _mrid(lfdi, "MirrorUsagePoint")


def usage_point(lfdi: str, interval_s: int, post_rate_s: int | None = None) -> Resource:
    """Return the MirrorUsagePoint of a device with the types of its readings, and no reading yet."""
    return branch(
        "MirrorUsagePoint",
        leaf("mRID", point_mrid(lfdi)),
        leaf("description", "station"),
        leaf("roleFlags", ROLE_DEVICE),
        leaf("serviceCategoryKind", 0),
        leaf("status", 1),
        leaf("deviceLFDI", lfdi),
        *(_meter(lfdi, kind, interval_s) for kind in QUANTITIES),
        None if post_rate_s is None else leaf("postRate", post_rate_s),
    )


def reading(lfdi: str, average: Average, start: datetime, duration_s: int) -> Resource:
    """Return the MirrorMeterReading of one average; `start` is the utility's time."""
    quantity = QUANTITIES[average.kind]
    good = average.quality is Quality.GOOD
    value = round(average.value / Fraction(10) ** quantity.multiplier)
    return branch(
        "MirrorMeterReading",
        leaf("mRID", _mrid(lfdi, quantity.description)),
        branch(
            "Reading",
            leaf("qualityFlags", _VALID if good else _QUESTIONABLE),
            branch(
                "timePeriod", leaf("duration", max(duration_s, 1)), leaf("start", seconds(start))
            ),
            leaf("value", max(-_LARGEST, min(_LARGEST, value))),
        ),
    )


def averages(samples: Iterable[Sample]) -> tuple[Average, ...]:
    """Return the mean of each quantity over the samples, at most one each, in a fixed order.

    A sample of the whole station counts before those of EVSEs, a sum over phases before single
    phases; otherwise powers add up and voltages and frequencies are averaged. A quantity with a
    questionable sample is questionable.
    """
    kept = list(samples)
    found = []
    for kind, quantity in QUANTITIES.items():
        mine = [sample for sample in kept if sample.kind is kind]
        if mine:
            bad = any(sample.quality is not Quality.GOOD for sample in mine)
            quality = Quality.QUESTIONABLE if bad else Quality.GOOD
            found.append(Average(kind, _station(mine, adds=quantity.directed), quality))
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


def _meter(lfdi: str, kind: Kind, interval_s: int) -> Resource:
    quantity = QUANTITIES[kind]
    return branch(
        "MirrorMeterReading",
        leaf("mRID", _mrid(lfdi, quantity.description)),
        leaf("description", quantity.description),
        branch(
            "ReadingType",
            leaf("accumulationBehaviour", _INSTANTANEOUS),
            leaf("commodity", _ELECTRICITY),
            leaf("dataQualifier", _AVERAGE),
            leaf("flowDirection", _REVERSE) if quantity.directed else None,
            leaf("intervalLength", interval_s),
            leaf("kind", _POWER),
            leaf("phase", 0),
            leaf("powerOfTenMultiplier", quantity.multiplier),
            leaf("uom", quantity.uom),
        ),
    )


def _mrid(lfdi: str, what: str) -> str:
    """Return a stable mRID: 96 bits of a digest, then the PEN."""
    digest = hashlib.sha256(f"{lfdi}/{what}".encode()).hexdigest()
    return digest[:24].upper() + _EXAMPLE_PEN

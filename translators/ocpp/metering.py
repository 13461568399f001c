"""`meterValue` of MeterValues and TransactionEvent to samples, and what the meter signed of it.

Theory of operation: a station's reports have one shape, again and again; what it means is decided once
(`metering_plan`). A report is then a few products of whole numbers, and no fraction is made before
somebody asks for one. A value that cannot be read is left out and named; its neighbours live on.

Numbers are the decimals of the wire, exactly, up to 15 significant digits. Of more, JSON promises a double
(RFC 8259, 6), and its shortest decimal counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from translators.canonical.telemetry import Sample, SignedReading
from translators.errors import DocumentError
from translators.ocpp.metering_plan import MILLION, OddValue, Plan, Shape, bare, plan_of
from translators.ocpp.wire import Json, instant

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE](\+?[0-9]{1,2}|-[0-9]{1,3}))?")
"""What is larger is of no meter, and no double would hold it, times its multiplier, and squared."""
_LARGE = 10**9
"""Below it, millionths have 15 digits at most: each has a double of its own."""
_NO_UNIT: Json = {}
_MEASURAND = "Energy.Active.Import.Register"
_CONTEXT = "Sample.Periodic"


class Samples(NamedTuple):
    """What could be read of a report, a line for what could not, and what its meter signed."""

    samples: tuple[Sample, ...]
    problems: tuple[str, ...] = ()
    signed: tuple[SignedReading, ...] = ()


def samples(
    station: str, evse: int | None, meter_values: Sequence[Json], transaction: str | None = None
) -> Samples:
    """Return the samples of `meterValue` entries of sound schema.

    Import and export of one instant are one value; what a station says twice of it (by two contexts, or
    at two places) counts once.
    """
    read: list[Sample] = []
    problems: list[str] = []
    signed: list[SignedReading] = []
    for at, entries in _by_instant(meter_values, problems).items():
        values = _values(meter_values, entries)
        plan, numbers = _read(values)
        read += made(station, evse, at, plan, numbers)
        for odd in plan.odd:
            where = _where(meter_values, entries, odd.at)
            problems.append(str(DocumentError(odd.problem, where=where, value=odd.value)))
        signed += [_signed(station, evse, at, values[place], transaction) for place in plan.signed]
    return Samples(tuple(read), tuple(problems), tuple(signed))


def made(
    station: str, evse: int | None, at: datetime, plan: Plan, numbers: Sequence[int | Fraction]
) -> list[Sample]:
    """Return the samples of one instant; `numbers` are those that the plan follows, in millionths."""
    found = [
        Sample(station, evse, kind, numbers[place] * factor, at, phase, quality, divisor)
        for kind, phase, quality, place, factor, divisor in plan.rows
    ]
    for kind, phase, quality, terms, divisor in plan.sums:
        number: int | Fraction = 0
        for place, factor in terms:
            number += numbers[place] * factor
        found.append(Sample(station, evse, kind, number, at, phase, quality, divisor))
    return found


def shapes_of(values: Sequence[Json]) -> tuple[Shape, ...]:
    """Return what sampled values say beside their numbers."""
    return tuple(
        [
            (
                value.get("measurand"),
                value.get("phase"),
                value.get("location"),
                value.get("context"),
                (unit := value.get("unitOfMeasure", _NO_UNIT)).get("unit"),
                unit.get("multiplier"),
                "signedMeterValue" in value,
            )
            for value in values
        ]
    )


def _by_instant(
    meter_values: Sequence[Json], problems: list[str]
) -> Mapping[datetime, Sequence[int]]:
    """Return the entries of each instant; an entry without one is named."""
    found: dict[datetime, list[int]] = {}
    for number, entry in enumerate(meter_values):
        try:
            at = instant(entry["timestamp"])
        except DocumentError as error:
            where = f"meterValue[{number}]/timestamp"
            problems.append(str(DocumentError(error.problem, where=where, value=error.value)))
        else:
            found.setdefault(at, []).append(number)
    return found


def _values(meter_values: Sequence[Json], entries: Sequence[int]) -> Sequence[Json]:
    """Return the sampled values of the entries of one instant."""
    if len(entries) == 1:
        only: list[Json] = meter_values[entries[0]]["sampledValue"]
        return only
    return [value for number in entries for value in meter_values[number]["sampledValue"]]


def _where(meter_values: Sequence[Json], entries: Iterable[int], place: int) -> str:
    """Return where one of the values of `_values` stands in the message."""
    paths = [
        f"meterValue[{number}]/sampledValue[{index}]"
        for number in entries
        for index in range(len(meter_values[number]["sampledValue"]))
    ]
    return paths[place]


def _read(values: Sequence[Json]) -> tuple[Plan, Sequence[int | Fraction]]:
    """Return the plan, and the numbers that it follows, in millionths."""
    shapes = shapes_of(values)
    plan = plan_of(shapes)
    numbers = _millionths(values, plan.followed)
    return _exactly(values, shapes, plan) if numbers is None else (plan, numbers)


def _millionths(values: Sequence[Json], followed: Iterable[int]) -> list[int] | None:
    """Return numbers in millionths, None where one has more decimals, is larger or is none.

    The double nearest to `n / 10**6` is that of no other decimal of up to 15 digits: where it is the
    double that came, `n` millionths are what the wire had.
    """
    numbers = []
    for place in followed:
        value = values[place]["value"]
        if (type(value) is not float and type(value) is not int) or not -_LARGE < value < _LARGE:
            return None
        number = round(value * 1e6)
        if number / MILLION != value:
            return None
        numbers.append(number)
    return numbers


def _exactly(
    values: Sequence[Json], shapes: tuple[Shape, ...], plan: Plan
) -> tuple[Plan, Sequence[Fraction]]:
    """Return the same for numbers of any size that a meter could show; what is beyond it is no number."""
    texts = {place: str(values[place]["value"]) for place in plan.followed}
    odd = [place for place, text in texts.items() if _NUMBER.fullmatch(text) is None]
    if odd:
        left = tuple(bare(shape) if at in odd else shape for at, shape in enumerate(shapes))
        named = [OddValue(place, "is no number", values[place]["value"]) for place in odd]
        plan = replace(plan_of(left), odd=(*plan.odd, *named))
    return plan, [Fraction(texts[place]) * MILLION for place in plan.followed]


def _signed(
    station: str, evse: int | None, at: datetime, value: Json, transaction: str | None
) -> SignedReading:
    given = value["signedMeterValue"]
    return SignedReading(
        station=station,
        evse=evse,
        at=at,
        data=given["signedMeterData"],
        encoding=given["encodingMethod"],
        method=given.get("signingMethod"),
        public_key=given.get("publicKey"),
        measurand=value.get("measurand", _MEASURAND),
        context=value.get("context", _CONTEXT),
        transaction=transaction,
    )

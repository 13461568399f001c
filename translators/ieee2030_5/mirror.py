"""Measured values as IEEE 2030.5 mirrors them: one MirrorUsagePoint, a reading per quantity and interval.

What a reading is called, and how its number is written, stands in the rules of the book; here are the
names (mRID) and the order of the documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

from translators.canonical.averages import Average
from translators.canonical.averages import averages as averages_of
from translators.canonical.commands import Protocol, Revision
from translators.canonical.telemetry import Phase, Sample
from translators.ieee2030_5.elements import branch, leaf, members, tree, whole
from translators.ieee2030_5.wire import Resource
from translators.rules import facts
from translators.rules.book import Book
from translators.rules.facts import Facts
from translators.rules.trace import Translation
from translators.units import Kind

_EXAMPLE_PEN = "00007ED9"  # low 32 bits of an mRID; RFC 5612 keeps 32473 for documentation
_METER = "MirrorMeterReading"


def point_mrid(lfdi: str) -> str:
    """Return the mRID of a device's MirrorUsagePoint: the same after every restart."""
    return _mrid(lfdi, "MirrorUsagePoint")


def usage_point(
    book: Book, revision: Revision, lfdi: str, interval_s: int, post_rate_s: int | None = None
) -> Resource:
    """Return the MirrorUsagePoint of a device with the types of its readings, and no reading yet."""
    rate = None if post_rate_s is None else Fraction(post_rate_s)
    known = Facts("device", {"point": point_mrid(lfdi), "device": lfdi, "post_rate": rate})
    own = whole(members(book, revision, "MirrorUsagePoint", known))
    point = tree("MirrorUsagePoint", own)
    meters = [_meter(book, revision, lfdi, kind, interval_s) for kind in mirrored(book, revision)]
    rates = tuple(point.every("postRate"))
    others = (child for child in point.children if child not in rates)
    return branch("MirrorUsagePoint", *others, *meters, *rates)


def reading(
    book: Book, revision: Revision, lfdi: str, average: Average, span: tuple[datetime, int]
) -> Translation[Resource]:
    """Return the MirrorMeterReading of one average; `span` is its start in utility time, and seconds.

    Power and reactive power keep their sign, + exports and + injects, as `flowDirection` says.
    """
    told = members(book, revision, _METER, facts.measurement(average, *span))
    made = whole(told)
    described = tree(_METER, made)
    document = branch(
        _METER, leaf("mRID", _meter_mrid(lfdi, described)), *described.every("Reading")
    )
    return Translation(document, told.steps, told.losses)


def mirrored(book: Book, revision: Revision) -> tuple[Kind, ...]:
    """Return the quantities that the book's rules mirror, in the order of the rules."""
    rules = book.reports.get((Protocol.IEEE2030_5, revision, _METER), ())
    return tuple(Kind(rule.model.match["kind"]) for rule in rules)


def averages(book: Book, revision: Revision, samples: Iterable[Sample]) -> tuple[Average, ...]:
    """Return the mean of each quantity that is mirrored over the samples."""
    return averages_of(samples, mirrored(book, revision))


def _meter(book: Book, revision: Revision, lfdi: str, kind: Kind, interval_s: int) -> Resource:
    values = {"kind": kind.value, "phase": Phase.ALL.value, "duration": Fraction(interval_s)}
    own = whole(members(book, revision, _METER, Facts("measurement", values)))
    told = tree(_METER, own)
    return branch(_METER, leaf("mRID", _meter_mrid(lfdi, told)), *told.children)


def _meter_mrid(lfdi: str, told: Resource) -> str:
    return _mrid(lfdi, told.text_at("description"))


def _mrid(lfdi: str, what: str) -> str:
    """Return a stable mRID: 96 bits of a digest, then the PEN."""
    digest = hashlib.sha256(f"{lfdi}/{what}".encode()).hexdigest()
    return digest[:24].upper() + _EXAMPLE_PEN

"""What was measured at a station or site over the intervals that are reported on: exact sums.

A sample counts in every interval that holds its instant, however late it comes. An interval in which nothing
was measured for half an hour is questionable. What a station did is that at the interval's end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from translators.canonical.averages import Average, averages
from translators.canonical.capability import StationProfile
from translators.canonical.codec import decode, encode
from translators.canonical.status import StationStatus
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind

_BIN_S = 1800
"""How long an interval may be without any sample before it is questionable."""
_LATELY = timedelta(seconds=900)
"""How old a value may be that says what a station does now."""

_SOON = timedelta(minutes=1)
"""How long after an interval has ended a station is taken to do what it did then."""

type Key = tuple[datetime, datetime]
"""Where an interval begins and ends."""
type _Place = tuple[Kind, int | None, Phase]


@dataclass(slots=True)
class _Tally:
    """What samples of one place and kind add up to; `bad` where one of them is questionable."""

    total: Fraction = Fraction(0)
    count: int = 0
    bad: bool = False


@dataclass(slots=True)
class Span:
    """One interval: sums by place for the kinds that are asked of it, and what the station did at its end."""

    start: datetime
    end: datetime
    kinds: set[Kind] = field(default_factory=set)
    tallies: dict[_Place, _Tally] = field(default_factory=dict)
    seen: dict[Kind, int] = field(default_factory=dict)
    """Which parts of about half an hour hold a sample, one bit each."""
    state: StationStatus | None = None
    count: int = 0
    """How many samples came."""

    def take(self, sample: Sample) -> bool:
        """Count a sample in where it is of this interval; say whether it is."""
        if sample.kind not in self.kinds or not self.start <= sample.at < self.end:
            return False
        tally = self.tallies.setdefault((sample.kind, sample.evse, sample.phase), _Tally())
        tally.total += sample.value
        tally.count += 1
        tally.bad |= sample.quality is not Quality.GOOD
        passed = (sample.at - self.start) * self._bins // (self.end - self.start)
        self.seen[sample.kind] = self.seen.get(sample.kind, 0) | 1 << passed
        self.count += 1
        return True

    def average(self, station: str, kind: Kind) -> Average | None:
        """Return the mean of one quantity, None where nothing was measured of it."""
        means = [
            _mean(station, place, tally, self.start)
            for place, tally in self.tallies.items()
            if place[0] is kind
        ]
        found = averages(means, (kind,))
        if not found:
            return None
        whole = self.seen.get(kind, 0) == (1 << self._bins) - 1
        return found[0] if whole else replace(found[0], quality=Quality.QUESTIONABLE)

    @property
    def _bins(self) -> int:
        return max(1, int((self.end - self.start).total_seconds()) // _BIN_S)

    def document(self) -> dict[str, Any]:
        """Return what must be known after a restart."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "kinds": sorted(kind.value for kind in self.kinds),
            "tallies": [
                [kind.value, evse, phase.value, str(tally.total), tally.count, tally.bad]
                for (kind, evse, phase), tally in self.tallies.items()
            ],
            "seen": {kind.value: f"{bits:x}" for kind, bits in self.seen.items()},
            "state": None if self.state is None else encode(self.state),
            "count": self.count,
        }


def span_of(document: Mapping[str, Any]) -> Span:
    """Return the interval that `Span.document` described."""
    state = document["state"]
    return Span(
        datetime.fromisoformat(document["start"]),
        datetime.fromisoformat(document["end"]),
        {Kind(kind) for kind in document["kinds"]},
        {
            (Kind(kind), evse, Phase(phase)): _Tally(Fraction(total), count, bad)
            for kind, evse, phase, total, count, bad in document["tallies"]
        },
        {Kind(kind): int(bits, 16) for kind, bits in document["seen"].items()},
        None if state is None else decode(state, StationStatus),
        document["count"],
    )


@dataclass(slots=True)
class Subject:
    """A station or site that is told of: what it is, does and showed, and the intervals that are open."""

    id: str
    state: StationStatus | None = None
    profile: StationProfile | None = None
    since: datetime | None = None
    """When its state was heard first in this run."""
    sessions: frozenset[int] | None = None
    """EVSEs where a transaction runs, None where that was not told."""
    spans: dict[Key, Span] = field(default_factory=dict)
    newest: dict[_Place, Sample] = field(default_factory=dict)

    def open(self, key: Key, kind: Kind | None) -> None:
        """Follow an interval from now on; `kind` is what is asked of it, None for what the station does."""
        span = self.spans.setdefault(key, Span(*key))
        if kind is not None:
            span.kinds.add(kind)

    def take(self, samples: Iterable[Sample]) -> set[Key]:
        """Count samples in; return which intervals hold more than before."""
        touched: set[Key] = set()
        for sample in samples:
            place = sample.kind, sample.evse, sample.phase
            before = self.newest.get(place)
            if before is None or before.at <= sample.at:
                self.newest[place] = sample
            touched |= {key for key, span in self.spans.items() if span.take(sample)}
        return touched

    def settle(self, key: Key, utc: datetime) -> None:
        """Keep what the station does as what it did at the end of an interval.

        What it did before anything was heard of it, or long ago, is not known.
        """
        span = self.spans.get(key)
        if span is None or span.state is not None or self.since is None:
            return
        if self.since <= span.end and utc - span.end <= _SOON:
            span.state = self.doing(span.end)

    def doing(self, at: datetime) -> StationStatus | None:
        """Return what it does about an instant, with the power and charge that it showed; None if unknown."""
        if self.state is None:
            return None
        power = self._now(Kind.POWER, at)
        charge = [s for s in self._lately(Kind.PERCENT, at) if s.quality is Quality.GOOD]
        # of several batteries the charge together is not known without their sizes
        soc = charge[0].value / 100 if len(charge) == 1 else None
        return replace(self.state, at=at, power=power, state_of_charge=soc)

    def _now(self, kind: Kind, at: datetime) -> Fraction | None:
        found = averages(self._lately(kind, at), (kind,))
        good = [it.value for it in found if it.quality is Quality.GOOD]
        return good[0] if good else None

    def _lately(self, kind: Kind, at: datetime) -> list[Sample]:
        return [
            sample
            for place, sample in self.newest.items()
            if place[0] is kind and abs(at - sample.at) <= _LATELY
        ]


def _mean(station: str, place: _Place, tally: _Tally, at: datetime) -> Sample:
    """Return the samples of a place as one that says their mean."""
    kind, evse, phase = place
    quality = Quality.QUESTIONABLE if tally.bad else Quality.GOOD
    return Sample(station, evse, kind, tally.total / tally.count, at, phase, quality)

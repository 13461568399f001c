"""What the meters of a station show: the newest values of each EVSE, and when they were true.

A station's clock may be wrong, and what it could not tell in time it tells later. So the instant of a
sample is taken relative to the least delay seen since the station connected, and what comes later than
that by more than a moment is kept but judges nothing. Where a clock is set meanwhile, the station's or our
own, all samples would be late for ever, or older than what is known: then what was known of it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from translators.canonical.capability import Evse
from translators.canonical.telemetry import Phase, Quality, Sample
from translators.units import Kind

STATION = 0
"""The place of the main meter; a sample without an EVSE belongs to it."""
TOGETHER_S = 2.0
"""Values of one place that are no further apart than this are of one instant."""
GAP_S = 900.0
"""For how long a value that nobody renews still counts."""
_LATE_S = 10.0
"""A sample that is later than others were by more than this was kept back."""
_DROP_S = 5.0
"""Where the delay falls by more than this, what came before was kept back."""
_SET_S = 300.0
"""Where all that comes is late for longer than this, a clock was set: nothing is kept back so long."""


_CHARGE_S = 900.0
"""How long a state of charge is good for."""


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value: `at` in seconds of our own clock. Its number is made when it is asked for."""

    sample: Sample
    at: float

    @property
    def value(self) -> float:
        """Return the number in SI units: +P exports, +Q injects."""
        return float(self.sample.value)


@dataclass(slots=True)
class Meters:
    """The newest good value by place and kind; `fresh_at` is that of the newest in time, or None."""

    places: dict[int, dict[Kind, Value]] = field(default_factory=dict)
    earlier: dict[int, dict[Kind, Value]] = field(default_factory=dict)
    charges: dict[int, Value] = field(default_factory=dict)
    """The state of charge by place, in per cent: told less often than what flows."""
    fresh_at: float | None = None
    _delay_s: float | None = None
    _late_since: float | None = None
    """When the first came of those that are late, since one was in time."""

    def restarted(self) -> None:
        """The station is new here: its clock may have been set, what it showed is over."""
        self.places.clear()
        self.earlier.clear()
        self.charges.clear()
        self.fresh_at = self._delay_s = self._late_since = None

    def take(self, samples: Iterable[Sample], evses: Sequence[Evse], now: datetime) -> float | None:
        """Take samples in; return the instant of the newest that is newer than all before, and in time.

        Samples of other EVSEs than these show nothing: a station may make up any number of them.
        """
        newest, received = None, now.timestamp()
        if self._clock_was_set(received):
            self.restarted()
        told: datetime | None = None
        at, in_time = 0.0, False
        for sample in samples:
            if sample.phase is not Phase.ALL:
                continue
            if sample.at is not told:
                told = sample.at
                at, in_time = self._placed(told.timestamp(), received)
            kept = self._has(sample, evses) and self._keep(sample, at)
            if kept and in_time and (self.fresh_at is None or at > self.fresh_at):
                newest = self.fresh_at = at
        return newest

    def _clock_was_set(self, received: float) -> bool:
        """Say whether ours went back behind what is known, or the station's behind all that is in time."""
        back = self.fresh_at is not None and self.fresh_at > received + _LATE_S
        return back or (self._late_since is not None and received - self._late_since > _SET_S)

    def _has(self, sample: Sample, evses: Sequence[Evse]) -> bool:
        """Say whether the place of a sample is one of the station's."""
        place = sample.evse or STATION
        known = place == STATION or place in self.places
        return known or any(evse.id == place for evse in evses)

    def _keep(self, sample: Sample, at: float) -> bool:
        """Know a sample where it is good and newer than what is known of its kind; say whether it is."""
        place, kind = sample.evse or STATION, sample.kind
        if kind is Kind.PERCENT:
            self._note_charge(place, sample, at)
            return False
        known = self.places.setdefault(place, {})
        before = known.get(kind)
        if before is not None:
            if before.sample.at >= sample.at:
                return False
            self.earlier.setdefault(place, {})[kind] = before
        if sample.quality is not Quality.GOOD:
            known.pop(kind, None)
            return False
        known[kind] = Value(sample, at)
        return True

    def _note_charge(self, place: int, sample: Sample, at: float) -> None:
        """Know a state of charge; it moves slowly, and what flows is not judged by its instant."""
        before = self.charges.get(place)
        newer = before is None or before.sample.at < sample.at
        if newer and sample.quality is Quality.GOOD:
            self.charges[place] = Value(sample, at)

    def charge(self, place: int, at: float) -> float | None:
        """Return the state of charge at a place about an instant, in per cent; None where it is not known."""
        known = self.charges.get(place)
        return known.value if known is not None and at - known.at <= _CHARGE_S else None

    def _placed(self, told: float, received: float) -> tuple[float, bool]:
        """Return the instant of our clock that a station's instant is, and whether it came in time."""
        delay, least = received - told, self._delay_s
        self._delay_s = delay if least is None else min(least, delay)
        if least is None:
            in_time = abs(delay) <= _LATE_S
        else:
            in_time = least - _DROP_S <= delay <= self._delay_s + _LATE_S
        if in_time:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = received
        return told + self._delay_s, in_time

    def at(self, place: int) -> dict[Kind, Value]:
        """Return what is known of a place at its newest instant."""
        return _of_one_instant(self.places.get(place, {}))

    def before(self, place: int) -> dict[Kind, Value]:
        """Return what was known of a place before that."""
        return _of_one_instant(self.earlier.get(place, {}))


def _of_one_instant(known: Mapping[Kind, Value]) -> dict[Kind, Value]:
    """Return the values that belong to the newest instant."""
    newest = max((value.at for value in known.values()), default=0.0)
    return {kind: value for kind, value in known.items() if newest - value.at <= TOGETHER_S}


type Flow = tuple[float | None, float | None]
"""W and var; None is not known."""


@dataclass(slots=True)
class Course:
    """What flowed since an event began: sums over time, and the last value of each kind (W, var)."""

    before: tuple[int | None, int | None]
    at: float
    last: Flow
    seconds: float = 0.0
    sums: tuple[float, float] = (0.0, 0.0)

    def move(self, at: float, flow: Flow) -> None:
        """Go on to an instant, at which `flow` was measured."""
        passed = min(max(0.0, at - self.at), GAP_S)
        self.seconds += passed
        first, second = ((value or 0.0) * passed for value in self.last)
        self.sums = self.sums[0] + first, self.sums[1] + second
        self.at, self.last = max(at, self.at), flow

"""Whether a station does what it accepted: measured against commanded.

Theory of operation: what a control asks for (`aims`) is followed over time by a `Track`, which knows between
which values the station may be by now: it starts anywhere within its rating and nears the aim as a
first-order response with the control's own response time does, or as its gradient lets it. A station that
is quicker is inside as well. A measured value outside is a strike; two in a row make the function
`not followed`, one inside ends that. So nothing is judged before it had time to happen, and what depends on
voltage, frequency or power may lag behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.core.meters import STATION
from gateway.core.plates import Plate
from gateway.core.polyline import Range
from gateway.core.shown import Aim, Sense
from translators.canonical.capability import StationProfile
from translators.units import Kind

STRIKES = 2
LATENCY_S = 2.0
"""What passes between a command, or a move of the grid, and the first effect on the meter."""
_TENTH = 0.1


@dataclass(frozen=True, slots=True)
class Bound:
    """What a measured value should be: between low and high (W or var), None is open.

    `own` is the range of the aim alone, by now; beside others it may be less that is asked. `stops`: nothing
    may flow.
    """

    kind: Kind
    sense: Sense
    low: float | None
    high: float | None
    measured: float
    own: Range
    slack: float
    stops: bool = False

    @property
    def holds(self) -> bool:
        """Say whether the measured value lies inside."""
        above = self.low is None or self.measured >= self.low
        return above and (self.high is None or self.measured <= self.high)


@dataclass(slots=True)
class Track:
    """One function at one place: between which values it may be by now, and how it was judged.

    Instants in seconds of our own clock. `source` is what it follows: something else begins anew.
    """

    source: object
    at: float
    low: float
    high: float
    recent: list[tuple[float, float, float]] = field(default_factory=list)
    judged_at: float = 0.0
    strikes: int = 0
    unfollowed: bool = False

    def move(self, aim: Aim, at: float, rate: float | None) -> None:
        """Go on to `at`, where `aim` is what is asked; `rate` is the gradient in W/s, if any."""
        passed = max(0.0, at - self.at)
        self.recent.append((at, aim.low, aim.high))
        while len(self.recent) > 1 and self.recent[1][0] <= at - LATENCY_S:
            del self.recent[0]
        low, high = min(r[1] for r in self.recent), max(r[2] for r in self.recent)
        left = _TENTH ** (passed / aim.response_s) if aim.response_s > 0 else 0.0
        step = rate * passed if aim.ramped and rate is not None else None
        self.low = min(low, _nearer(self.low, low, left, step))
        self.high = max(high, _nearer(self.high, high, left, step))
        self.at = max(self.at, at)

    def settled(self, sense: Sense, slack: float) -> bool:
        """Say whether it had its time: only then is a value inside a sign that the station follows."""
        reached = min(r[1] for r in self.recent), max(r[2] for r in self.recent)
        below = sense is Sense.CEILING or self.low >= reached[0] - slack
        return below and (sense is Sense.FLOOR or self.high <= reached[1] + slack)

    def judge(self, at: float, *, holds: bool) -> bool:
        """Take one judgement in; say whether the verdict changed."""
        before = self.unfollowed
        self.judged_at = at
        self.strikes = 0 if holds else self.strikes + 1
        self.unfollowed = not holds and (before or self.strikes >= STRIKES)
        return before is not self.unfollowed

    def bound(self, aim: Aim, measured: float, slack: float) -> Bound:
        """Return what is asked of a measured value by now, within `slack`."""
        low = None if aim.sense is Sense.CEILING else self.low - slack
        high = None if aim.sense is Sense.FLOOR else self.high + slack
        stops = aim.kind is Kind.POWER and aim.sense is Sense.TARGET and aim.low == aim.high == 0.0
        return Bound(aim.kind, aim.sense, low, high, measured, (self.low, self.high), slack, stops)


def _nearer(value: float, goal: float, left: float, step: float | None) -> float:
    """Return where a value stands that nears a goal: of the distance `left` remains, or more."""
    nearer = goal + (value - goal) * left
    if step is None:
        return nearer
    ramped = value + step if value < goal else value - step
    passed = abs(ramped - value) >= abs(goal - value)
    return nearer if passed else max((nearer, ramped), key=lambda found: abs(found - goal))


def together(bounds: Sequence[Bound]) -> list[Bound]:
    """Return what each bound of one place still asks for beside the others, in their order.

    A station does one thing at a time. Of several targets for one quantity (a power factor beside a
    volt-var curve) it may follow any; where a limit lies short of a target, it goes as far as the limit.
    """
    return [
        _beside(bound, [other for other in bounds if other.kind is bound.kind]) for bound in bounds
    ]


def _beside(bound: Bound, others: Sequence[Bound]) -> Bound:
    low, high = bound.low, bound.high
    # where nothing may flow, nothing else excuses
    if bound.sense is Sense.TARGET and not bound.stops:
        targets = [other for other in others if other.sense is Sense.TARGET]
        low = min(other.own[0] for other in targets)
        high = max(other.own[1] for other in targets)
    if low is not None:
        ceilings = [o.own[0] for o in others if o.sense is Sense.CEILING]
        low = min([low + bound.slack * (bound.sense is Sense.FLOOR), *ceilings]) - bound.slack
    if high is not None:
        floors = [o.own[1] for o in others if o.sense is Sense.FLOOR]
        high = max([high - bound.slack * (bound.sense is Sense.CEILING), *floors]) + bound.slack
    return replace(bound, low=low, high=high)


def within_apparent(bound: Bound, other: float | None, most: float) -> Bound:
    """Return a target opened toward zero where apparent power is used up by P and Q together.

    `other` is the measured other one of both, `most` the rating in VA.
    """
    if other is None or bound.sense is not Sense.TARGET:
        return bound
    if (bound.measured**2 + other**2) ** 0.5 < most - bound.slack:
        return bound
    low = None if bound.low is None else min(bound.low, -bound.slack)
    high = None if bound.high is None else max(bound.high, bound.slack)
    return replace(bound, low=low, high=high)


type Key = tuple[str, str, int]
"""Control id, function, place."""


@dataclass(slots=True)
class Watch:
    """What is followed at one station, and since when it can be: seconds of our own clock.

    `since` says when a control was known to run; `disturbed` when a session or a trip began all anew,
    `left_at` and `returned` when the last trip began and was over, `swept_at` when all was judged last.
    `excused` says why what is in force cannot be followed now, `bounded` why what is not done wholly is not
    held against it; `tripped` are alarms of trips that go on.
    `away_until`: so long may a place stay off after the grid was abnormal; `beyond`: since when a trip curve
    is exceeded there, without a break, and when that was seen last; `bad_at`: when the grid there was last
    too bad to return.
    """

    tracks: dict[Key, Track] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    disturbed: float = 0.0
    returned: float = 0.0
    left_at: float = 0.0
    excused: dict[Key, str] = field(default_factory=dict)
    bounded: dict[Key, str] = field(default_factory=dict)
    tripped: frozenset[str] = frozenset()
    swept_at: float = 0.0
    away_until: dict[int, float] = field(default_factory=dict)
    beyond: dict[Key, tuple[float, float]] = field(default_factory=dict)
    bad_at: dict[Key, float] = field(default_factory=dict)
    plates: tuple[StationProfile, Mapping[int, Plate]] | None = None

    def disturb(self, at: float) -> None:
        """Begin anew: what holds from now on is not what was."""
        self.disturbed = max(self.disturbed, at)
        for track in self.tracks.values():
            track.source = None

    def forget(self, control_id: str) -> None:
        """Know nothing more of a control that is not held any longer."""
        self.since.pop(control_id, None)
        for known in (self.beyond, self.bad_at, self.bounded):
            for key in [key for key in known if key[0] == control_id]:
                del known[key]

    def away(self, place: int, at: float) -> str:
        """Return why a place may be off at an instant, empty where it may not."""
        if self.tripped:
            return f"tripped by {', '.join(sorted(self.tripped))}"
        whole = place == STATION
        until = [end for number, end in self.away_until.items() if whole or number == place]
        return "the grid was abnormal" if any(at < end for end in until) else ""

    @property
    def unfollowed(self) -> bool:
        """Say whether the station accepted anything that it does not do."""
        return any(track.unfollowed for track in self.tracks.values())

    def keep(self, keys: frozenset[Key]) -> None:
        """Forget what is in force no more."""
        for key in [key for key in self.tracks if key not in keys]:
            del self.tracks[key]

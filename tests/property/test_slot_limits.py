"""Limits of several commands at one station: whatever is served, the tightest that holds is in force."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.events import Withdrawal
from gateway.core.lifecycle import ENDED
from support.engine_bench import a_command, a_default, limit, the_book
from support.engine_worlds import Claim, Life, Reference, minute
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlOutcome as Told

BOOK = cache(the_book)
TERMINAL = {Told.COMPLETED, Told.NO_PARTICIPATION, Told.CANCELLED, Told.SUPERSEDED, Told.LATE}
RATED_DISCHARGE = 20000
SLOTS = {
    "charge": (LimitOn.IMPORT, LimitOn.LOAD),
    "discharge": (LimitOn.EXPORT, LimitOn.GENERATION),
}


@dataclass(frozen=True)
class Serve:
    """The utility serves an event: new, or the next edition; minutes from now."""

    mrid: str
    limits: dict
    primacy: int
    created: int
    start: int
    minutes: int


@dataclass(frozen=True)
class ServeDefault:
    mrid: str
    limits: dict
    primacy: int


@dataclass(frozen=True)
class Withdraw:
    mrid: str


@dataclass(frozen=True)
class Pass:
    minutes: int


@dataclass(frozen=True)
class Silence:
    """The answer to the next call is lost; `arrived` says whether the call was."""

    arrived: bool


@dataclass
class Story:
    """One life, and which limits the utility means to hold, by its own reckoning."""

    life: Life = field(default_factory=lambda: Life(BOOK()))
    reference: Reference = field(default_factory=Reference)
    events: dict = field(default_factory=dict)
    defaults: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)
    now: int = 0
    silent: bool | None = None
    asked_again: int = 0
    """The minute by which a lost answer has been asked for once more."""

    def play(self, step):
        match step:
            case Serve():
                self._serve(step)
            case ServeDefault(mrid=mrid, limits=limits, primacy=primacy):
                self.defaults[mrid] = (primacy, limits)
                self.life.receive(
                    a_default(mrid, *controls(limits), primacy=primacy, version=self._next(mrid))
                )
            case Withdraw(mrid=mrid):
                self.life.withdraw(mrid, Withdrawal.CANCELLED)
                self.defaults.pop(mrid, None)
                self.reference.cancel(mrid)
            case Silence(arrived=arrived):
                self.silent = arrived
        if self.life.bench.outstanding():
            self.asked_again = self.now + (self.silent is not None)
            self.life.pump(self.silent)
            self.silent = None
        self.settled()
        if isinstance(step, Pass):
            for _ in range(step.minutes):
                self.now += 1
                self.life.advance(self.now)
                self.reference.advance(self.now)
                self.settled()

    def _next(self, mrid):
        self.versions[mrid] = self.versions.get(mrid, -1) + 1
        return self.versions[mrid]

    def _serve(self, step):
        start, end = self.now + step.start, self.now + step.start + step.minutes
        known = self.reference.claims.get(step.mrid)
        over = known is not None and self.reference.over(step.mrid)
        self.life.receive(
            a_command(
                step.mrid,
                *controls(step.limits),
                start=start,
                minutes=step.minutes,
                primacy=step.primacy,
                created=minute(step.created - 60),
                version=self._next(step.mrid),
            )
        )
        claim = Claim(frozenset(step.limits), step.primacy, step.created, start, end)
        self.reference.receive(step.mrid, claim)
        if not over:
            self.events[step.mrid] = step.limits

    def meant(self, function):
        """Return the watts that hold for a function now."""
        holder = self.reference.holders(function).get(self.now)
        if holder is not None:
            return self.events[holder][function]
        defined = sorted((p, m) for m, (p, limits) in self.defaults.items() if function in limits)
        if defined:
            return self.defaults[defined[0][1]][1][function]
        return math.inf

    def settled(self):
        self.life.pump()
        for slot, functions in SLOTS.items():
            told = [self.meant(function) for function in functions]
            bound = in_force(self.life, slot)
            assert bound <= min(told), (slot, self.now, bound, told)
            if self._plain(functions):
                assert bound == min(told), (slot, self.now, bound, told)

        for mrid, limits in self.events.items() if self.now >= self.asked_again else ():
            if all(self.reference.holders(name).get(self.now) == mrid for name in limits):
                assert Told.STARTED in self.life.bench.told(mrid), (mrid, self.now)

    def _plain(self, functions):
        """Say whether nothing has to count before its time: a default, or a command's second limit."""
        defined = [limits for _, limits in self.defaults.values()]
        whole = [limits for limits in self.events.values() if set(functions) <= limits.keys()]
        return not whole and not any(set(functions) & limits.keys() for limits in defined)


def controls(limits):
    return [limit(on, watts) for on, watts in sorted(limits.items())]


def in_force(life, slot):
    """Return the bound that the station obeys, in watts."""
    if slot == "discharge":
        active = life.station.active.get("LimitMaxDischarge")
        return (
            math.inf
            if active is None
            else active.body["pctMaxDischargePower"] * RATED_DISCHARGE / 100
        )
    profiles = [payload["chargingProfile"] for payload in life.profiles.values()]
    now = life.bench.now
    valid = [p for p in profiles if covers(p["chargingSchedule"][0], now)]
    best = max(valid, key=lambda p: p["stackLevel"], default=None)
    return (
        math.inf
        if best is None
        else best["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
    )


def covers(schedule, now):
    start = datetime.fromisoformat(schedule["startSchedule"])
    return start <= now and (
        "duration" not in schedule or now < start + timedelta(seconds=schedule["duration"])
    )


limits_of = st.dictionaries(
    st.sampled_from(LimitOn),
    st.integers(1, 9).map(lambda kilo: kilo * 1000),
    min_size=1,
    max_size=3,
)
serves = st.builds(
    Serve,
    mrid=st.sampled_from(("M1", "M2", "M3")),
    limits=limits_of,
    primacy=st.integers(1, 3),
    created=st.integers(1, 3),
    start=st.integers(-5, 15),
    minutes=st.integers(1, 30),
)
defaults = st.builds(ServeDefault, st.sampled_from(("D1", "D2")), limits_of, st.integers(1, 3))
withdrawals = st.builds(Withdraw, st.sampled_from(("M1", "M2", "M3", "D1", "D2")))
silences = st.builds(Silence, st.booleans())
passing = st.builds(Pass, st.integers(1, 15))
steps = st.lists(
    st.one_of(serves, serves, passing, passing, withdrawals, defaults, silences), max_size=10
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_no_limit_in_force_is_looser_than_one_that_holds_now(steps):
    story = Story()
    for step in steps:
        story.play(step)
    story.play(Pass(62))
    records = story.life.bench.engine.world.records["CS1"].values()
    for record in records:
        if not record.command.is_default:
            assert record.state in ENDED
            assert len(TERMINAL & record.told) == 1

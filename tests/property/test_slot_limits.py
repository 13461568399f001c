"""Limits of several commands at one station: whatever is served, the tightest that holds is in force."""

import math
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.events import Withdrawal
from gateway.core.lifecycle import ENDED
from support.engine_bench import a_command, a_default, limit, the_book
from support.engine_worlds import Claim, Life, Reference, covers, minute
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlOutcome as Told

BOOK = cache(the_book)
TERMINAL = {Told.COMPLETED, Told.NO_PARTICIPATION, Told.CANCELLED, Told.SUPERSEDED, Told.LATE}
RATED_DISCHARGE = 20000
OFFSETS = {"dso": 0, "iso": 60}
"""What the clock of each utility is ahead, in minutes."""
LATE = {name: timedelta(minutes=ahead) for name, ahead in OFFSETS.items() if ahead}
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
    utility: str


@dataclass(frozen=True)
class ServeDefault:
    mrid: str
    limits: dict
    primacy: int
    utility: str


@dataclass(frozen=True)
class Withdraw:
    mrid: str
    utility: str


@dataclass(frozen=True)
class Pass:
    minutes: int


@dataclass(frozen=True)
class Silence:
    """The answer to the next call is lost; `arrived` says whether the call was."""

    arrived: bool


@dataclass
class Story:
    """One life, and which limits each utility means to hold, by its own reckoning."""

    life: Life = field(default_factory=lambda: Life(BOOK(), tuple(OFFSETS), LATE))
    references: dict = field(default_factory=lambda: {name: Reference() for name in OFFSETS})
    events: dict = field(default_factory=dict)
    """Limits by utility and mRID."""
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
            case ServeDefault(mrid=mrid, utility=utility):
                self.defaults[utility, mrid] = (step.primacy, step.limits)
                self.life.receive(
                    a_default(
                        mrid,
                        *controls(step.limits),
                        utility=utility,
                        primacy=step.primacy,
                        version=self._next(utility, mrid),
                    )
                )
            case Withdraw(mrid=mrid, utility=utility):
                self.life.withdraw(mrid, Withdrawal.CANCELLED, utility)
                self.defaults.pop((utility, mrid), None)
                self.references[utility].cancel(mrid)
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
                for reference in self.references.values():
                    reference.advance(self.now)
                self.settled()

    def _next(self, *name):
        self.versions[name] = self.versions.get(name, -1) + 1
        return self.versions[name]

    def _serve(self, step):
        start, end = self.now + step.start, self.now + step.start + step.minutes
        reference = self.references[step.utility]
        known = reference.claims.get(step.mrid)
        over = known is not None and reference.over(step.mrid)
        self.life.receive(
            a_command(
                step.mrid,
                *controls(step.limits),
                start=start + OFFSETS[step.utility],
                minutes=step.minutes,
                utility=step.utility,
                primacy=step.primacy,
                created=minute(step.created - 60),
                version=self._next(step.utility, step.mrid),
            )
        )
        claim = Claim(frozenset(step.limits), step.primacy, step.created, start, end)
        reference.receive(step.mrid, claim)
        if not over:
            self.events[step.utility, step.mrid] = step.limits

    def meant(self, function):
        """Return the watts that hold for a function now: the tightest of what each utility means."""
        return min(self._meant(utility, function) for utility in self.references)

    def _meant(self, utility, function):
        holder = self.references[utility].holders(function).get(self.now)
        if holder is not None:
            return self.events[utility, holder][function]
        defined = sorted(
            (primacy, mrid)
            for (name, mrid), (primacy, limits) in self.defaults.items()
            if name == utility and function in limits
        )
        if defined:
            return self.defaults[utility, defined[0][1]][1][function]
        return math.inf

    def settled(self):
        self.life.pump()
        for slot, functions in SLOTS.items():
            told = [self.meant(function) for function in functions]
            bound = in_force(self.life, slot)
            assert bound <= min(told), (slot, self.now, bound, told)
            if self._plain(functions):
                assert bound == min(told), (slot, self.now, bound, told)

        for key, limits in self.events.items() if self.now >= self.asked_again else ():
            if all(self._holds(*key, name) for name in limits):
                assert Told.STARTED in self._record(*key).told, (key, self.now)

    def _holds(self, utility, mrid, function):
        return self.references[utility].holders(function).get(self.now) == mrid

    def _record(self, utility, mrid):
        return self.life.bench.engine.world.records["CS1"][f"{utility}/CS1/{mrid}"]

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


limits_of = st.dictionaries(
    st.sampled_from(LimitOn),
    st.integers(1, 9).map(lambda kilo: kilo * 1000),
    min_size=1,
    max_size=3,
)
utilities = st.sampled_from(("dso", "dso", "iso"))
serves = st.builds(
    Serve,
    mrid=st.sampled_from(("M1", "M2", "M3")),
    limits=limits_of,
    primacy=st.integers(1, 3),
    created=st.integers(1, 3),
    start=st.integers(-5, 15),
    minutes=st.integers(1, 30),
    utility=utilities,
)
defaults = st.builds(
    ServeDefault, st.sampled_from(("D1", "D2")), limits_of, st.integers(1, 3), utilities
)
withdrawals = st.builds(Withdraw, st.sampled_from(("M1", "M2", "M3", "D1", "D2")), utilities)
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

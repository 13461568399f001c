"""Setpoints of two utilities at one transaction: that of the one with precedence, within all limits."""

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.events import TransactionsChanged, Withdrawal
from support.engine_bench import a_command, limit, the_book
from support.engine_worlds import Claim, Life, Reference, covers, minute
from translators.canonical.capability import Transaction
from translators.canonical.controls import ActiveSetpoint, LimitOn, Quantity
from translators.units import parse_unit

BOOK = cache(the_book)
OFFSETS = {"dso": 0, "iso": 60}
"""What the clock of each utility is ahead, in minutes; the first one has precedence."""
RATED = 20_000


@dataclass(frozen=True)
class Serve:
    """A utility serves an event; `watts` is its setpoint (+ exports), `limits` are kW by what they bound."""

    utility: str
    mrid: str
    watts: int | None
    limits: dict
    start: int
    minutes: int


@dataclass(frozen=True)
class Withdraw:
    utility: str
    mrid: str


@dataclass(frozen=True)
class Pass:
    minutes: int


class Story:
    """One life with a running transaction, and what each utility asks of it."""

    def __init__(self):
        late = {name: timedelta(minutes=ahead) for name, ahead in OFFSETS.items() if ahead}
        self.life = Life(BOOK(), tuple(OFFSETS), late)
        self.life.hear(TransactionsChanged("CS1", (Transaction(1, "tx-1"),)))
        self.references = {name: Reference() for name in OFFSETS}
        self.events = {}
        self.now = self.created = 0

    def play(self, step):
        match step:
            case Serve():
                self._serve(step)
            case Withdraw(utility=utility, mrid=mrid):
                self.life.withdraw(mrid, Withdrawal.CANCELLED, utility)
                self.references[utility].cancel(mrid)
            case Pass(minutes=minutes):
                self.now += minutes
                self.life.advance(self.now)
                for reference in self.references.values():
                    reference.advance(self.now)
        self.life.pump()
        assert self.followed() == self.meant(), (step, self.now)

    def _serve(self, step):
        """Serve an event under a name of its own: the newest holds what it asks for."""
        self.created += 1
        mrid = f"{step.mrid}-{self.created}"
        controls = [limit(on, 1000 * kilo) for on, kilo in sorted(step.limits.items())]
        functions = set(step.limits)
        if step.watts is not None:
            controls.append(ActiveSetpoint(Quantity(Fraction(step.watts), parse_unit("W"))))
            functions.add("setpoint")
        if not functions:
            return
        start = self.now + step.start
        self.life.receive(
            a_command(
                mrid,
                *controls,
                start=start + OFFSETS[step.utility],
                minutes=step.minutes,
                utility=step.utility,
                created=minute(self.created - 60),
            )
        )
        claim = Claim(frozenset(functions), 10, self.created, start, start + step.minutes)
        self.references[step.utility].receive(mrid, claim)
        self.events[step.utility, mrid] = step

    def holder(self, utility, function):
        mrid = self.references[utility].holders(function).get(self.now)
        return None if mrid is None else self.events[utility, mrid]

    def meant(self):
        """Return the watts that the transaction should follow now, None where nobody asks for any."""
        asked = [held.watts for name in OFFSETS if (held := self.holder(name, "setpoint"))]
        if not asked:
            return None
        bounds = {on: [RATED] for on in LimitOn}
        for name in OFFSETS:
            for on in LimitOn:
                if held := self.holder(name, on):
                    bounds[on].append(1000 * held.limits[on])
        out = min(*bounds[LimitOn.EXPORT], *bounds[LimitOn.GENERATION])
        into = min(*bounds[LimitOn.IMPORT], *bounds[LimitOn.LOAD])
        return max(-into, min(out, asked[0]))

    def followed(self):
        """Return what the transaction follows: of its profiles that hold now the highest level."""
        profiles = [payload["chargingProfile"] for payload in self.life.profiles.values()]
        valid = [
            profile
            for profile in profiles
            if profile["chargingProfilePurpose"] == "TxProfile"
            and covers(profile["chargingSchedule"][0], self.life.bench.now)
        ]
        if not valid:
            return None
        best = max(valid, key=lambda profile: profile["stackLevel"])
        return -best["chargingSchedule"][0]["chargingSchedulePeriod"][0]["setpoint"]


utilities = st.sampled_from(sorted(OFFSETS))
names = st.sampled_from(("A", "B"))
serves = st.builds(
    Serve,
    utility=utilities,
    mrid=names,
    watts=st.none() | st.integers(-9, 9).map(lambda kilo: 1000 * kilo),
    limits=st.dictionaries(st.sampled_from(LimitOn), st.integers(1, 9), max_size=2),
    start=st.integers(-5, 10),
    minutes=st.integers(1, 30),
)
withdrawals = st.builds(
    Withdraw, utilities, st.builds(lambda name, n: f"{name}-{n}", names, st.integers(1, 6))
)
passing = st.builds(Pass, st.integers(1, 15))
steps = st.lists(st.one_of(serves, serves, passing, passing, withdrawals), max_size=10)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_the_transaction_follows_who_has_precedence_within_every_limit(steps):
    story = Story()
    for step in steps:
        story.play(step)

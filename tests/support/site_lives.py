"""Generated lives of a site: envelopes come and go, stations join, leave, forget, and calls are lost."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from hypothesis import strategies as st

from gateway.core.allocation import Policy
from support.engine_bench import NOON, limit
from support.site_worlds import SiteWorld, a_member, for_the_site, site_rules
from translators.canonical.controls import LimitOn, LimitScope, Quantity
from translators.units import parse_unit

STATIONS = ("CS1", "CS2", "CS3", "CS4")
LIMITS = {
    "E1": limit(LimitOn.IMPORT),
    "E2": limit(LimitOn.LOAD),
    "E3": replace(limit(LimitOn.IMPORT), scope=LimitScope.DEVICE),
}
"""Three functions, so that one utility's events hold together."""
FATES = ("ok", "ok", "lost", "mute", "late", "reject")
RATINGS = (7000, 11000, 22000)


@dataclass(frozen=True)
class Serve:
    """The utility serves a limit: seconds from now, and how long."""

    mrid: str
    watts: int
    start: int
    seconds: int


@dataclass(frozen=True)
class Withdraw:
    mrid: str


@dataclass(frozen=True)
class Join:
    name: str
    forgets: bool


@dataclass(frozen=True)
class Leave:
    name: str


@dataclass(frozen=True)
class Fate:
    """What becomes of the next call to a station."""

    name: str
    fate: str


@dataclass(frozen=True)
class Answer:
    """What was late arrives."""

    name: str


@dataclass(frozen=True)
class Wait:
    seconds: int


@dataclass(frozen=True)
class Restart:
    """The gateway's process ends, and another one continues."""


names = st.sampled_from(STATIONS)
steps = st.one_of(
    st.builds(
        Serve,
        st.sampled_from(("E1", "E2", "E3")),
        st.sampled_from((0, 4000, 6000, 13000, 20000, 31000, 50000)),
        st.sampled_from((-30, 0, 5, 60)),
        st.sampled_from((60, 300, 3600)),
    ),
    st.builds(Withdraw, st.sampled_from(("E1", "E2", "E3"))),
    st.builds(Join, names, st.booleans()),
    st.builds(Leave, names),
    st.builds(Fate, names, st.sampled_from(FATES)),
    st.builds(Answer, names),
    st.builds(Wait, st.sampled_from((1, 20, 90, 600))),
    st.just(Restart()),
)


@st.composite
def lives(draw, most=14):
    """A policy, ratings with minima, and what happens."""
    policy = draw(st.sampled_from(Policy))
    least = draw(st.sampled_from((0, 4140)))
    ratings = tuple(draw(st.sampled_from(RATINGS)) for _ in STATIONS)
    return policy, least, ratings, draw(st.lists(steps, min_size=2, max_size=most))


@dataclass
class Life:
    """One world at whose every step the sum is judged."""

    policy: Policy
    least: int
    ratings: tuple
    world: SiteWorld = field(init=False)
    versions: dict = field(default_factory=dict)

    def __post_init__(self):
        members = (
            a_member(name, watts, least=Fraction(self.least), priority=n)
            for n, (name, watts) in enumerate(zip(STATIONS, self.ratings, strict=True))
        )
        self.world = SiteWorld(site_rules(*members, policy=self.policy))
        self.world.join(*STATIONS[:2])

    def play(self, step):
        world = self.world
        match step:
            case Serve():
                self.serve(step)
            case Withdraw(mrid=mrid):
                world.withdraw(mrid)
            case Join(name=name, forgets=forgets):
                world.join(name, forgets=forgets)
            case Leave(name=name):
                world.leave(name)
            case Fate(name=name, fate=fate):
                if world.chargers[name].online:
                    world.chargers[name].fates.append(fate)
            case Answer(name=name):
                self.answer(name)
            case Wait(seconds=seconds):
                world.wait(seconds)
            case Restart():
                world.restart()

    def serve(self, step):
        """Serve an event under an mRID of its own: what it replaces is withdrawn first."""
        number = self.versions[step.mrid] = self.versions.get(step.mrid, 0) + 1
        if number > 1:
            self.world.withdraw(f"{step.mrid}-{number - 1}")
        start, length = step.start / 60, step.seconds / 60
        offset = (self.world.now - NOON).total_seconds() / 60
        self.world.serve(
            for_the_site(
                f"{step.mrid}-{number}",
                replace(LIMITS[step.mrid], value=Quantity(Fraction(step.watts), parse_unit("W"))),
                start=offset + start,
                minutes=length,
                created=self.world.now,
            )
        )

    def answer(self, name):
        fates = self.world.chargers[name].fates
        if fates and fates[0] == "late":
            fates[0] = "ok"
            self.world.flow()

    def calm(self):
        """Let all faults end: everybody is here, and nothing is lost any more."""
        for charger in self.world.chargers.values():
            charger.fates.clear()
        self.world.flow()
        self.world.wait(1)
        for name in STATIONS:
            self.world.leave(name)
            self.world.join(name)
        self.world.wait(30)

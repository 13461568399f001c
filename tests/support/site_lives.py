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


WATTS = (0, 4000, 6000, 13000, 20000, 31000, 50000)
STEPS = {
    "serve": lambda pick: Serve(
        pick(tuple(LIMITS)), pick(WATTS), pick((-30, 0, 5, 60)), pick((60, 300, 3600))
    ),
    "withdraw": lambda pick: Withdraw(pick(tuple(LIMITS))),
    "join": lambda pick: Join(pick(STATIONS), pick((False, True))),
    "leave": lambda pick: Leave(pick(STATIONS)),
    "fate": lambda pick: Fate(pick(STATIONS), pick(FATES)),
    "answer": lambda pick: Answer(pick(STATIONS)),
    "wait": lambda pick: Wait(pick((1, 20, 90, 600))),
    "restart": lambda _: Restart(),
}
"""What may happen, by a function that picks one of several."""


def a_life(pick, length):
    """Return a policy, the minimum of each station, ratings, and what happens."""
    ratings = tuple(pick(RATINGS) for _ in STATIONS)
    story = [STEPS[pick(tuple(STEPS))](pick) for _ in range(length)]
    return pick(tuple(Policy)), pick((0, 4140)), ratings, story


@st.composite
def lives(draw, most=14):
    """Return a life that can be shrunk."""
    return a_life(lambda options: draw(st.sampled_from(options)), draw(st.integers(2, most)))


def live_through(policy, least, ratings, story):
    """Let a life happen, each growth judged on the way; return the world after all faults are over."""
    lived = Life(policy, least, ratings)
    for step in story:
        lived.play(step)
    lived.calm()
    world = lived.world
    envelope = world.envelope(world.now)
    if envelope is not None:
        assert world.total() <= envelope, "faults are over, and the sum is above the envelope"
        unused = world.tightest_soon() - world.total()
        assert least or unused < 1 or world.total() == sum(ratings), "what is free is not used"
    assert any(world.site.excess.values()) is False, "nothing is away, and there is an excess"
    return world


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

"""Generated sequences of events: what holds whatever utilities, stations and the line do."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.dispatch import wanted
from gateway.core.events import Withdrawal
from gateway.core.lifecycle import ENDED
from gateway.core.planning import instant, propose
from support.engine_bench import a_command, a_default, limit, pf, the_book
from support.engine_worlds import Claim, Life, Reference, expected_running, minute
from support.recorded import RecordedLife, decisions, recording
from translators.canonical.controls import FixedVar, Quantity
from translators.canonical.telemetry import ControlOutcome as Told
from translators.rules.memo import Memo
from translators.units import Base, percent

TERMINAL = {
    Told.COMPLETED,
    Told.NO_PARTICIPATION,
    Told.CANCELLED,
    Told.SUPERSEDED,
    Told.LATE,
}
CONTROLS = {
    "FixedPowerFactor.injecting": pf(),
    "FixedVar": FixedVar(Quantity(pf("1").displacement * 40, percent(Base.MAX_VAR))),
    "import": limit(watts=7000),
}
MRIDS = ("M1", "M2", "M3", "M4")


BOOK = cache(the_book)


@dataclass(frozen=True)
class Serve:
    """The utility serves a command: new, or the next edition of a known one; minutes from now."""

    mrid: str
    functions: frozenset
    primacy: int
    created: int
    start: int
    minutes: int


@dataclass(frozen=True)
class ServeDefault:
    mrid: str
    primacy: int


@dataclass(frozen=True)
class Withdraw:
    mrid: str
    reason: Withdrawal = Withdrawal.CANCELLED


@dataclass(frozen=True)
class Pass:
    minutes: int
    tick_first: bool = False


@dataclass(frozen=True)
class Line:
    up: bool


@dataclass(frozen=True)
class Silence:
    """The answers to the next calls are lost; `arrived` says whether the calls were."""

    arrived: bool


serves = st.builds(
    Serve,
    mrid=st.sampled_from(MRIDS),
    functions=st.sets(st.sampled_from(sorted(CONTROLS)), min_size=1).map(frozenset),
    primacy=st.integers(1, 3),
    created=st.integers(1, 3),
    start=st.integers(-5, 20),
    minutes=st.integers(1, 30),
)
withdrawals = st.builds(Withdraw, st.sampled_from([*MRIDS, "D1", "D2"]))
passing = st.builds(Pass, st.integers(1, 15), st.booleans())
defaults = st.builds(ServeDefault, st.sampled_from(["D1", "D2"]), st.integers(1, 3))
lines = st.builds(Line, st.booleans())
silences = st.builds(Silence, st.booleans())
any_withdrawals = st.builds(
    Withdraw, st.sampled_from([*MRIDS, "D1"]), st.sampled_from(sorted(Withdrawal))
)
quiet_steps = st.one_of(serves, serves, passing, passing, withdrawals, defaults, silences)
all_steps = st.one_of(serves, serves, passing, passing, any_withdrawals, defaults, silences, lines)


class Story:
    """Plays steps to one life, or to several alike, beside the reference."""

    def __init__(self, *lives):
        self.lives = lives
        self.reference = Reference()
        self.now = 0
        self.versions = {}
        self.silent = None

    def play(self, step):
        match step:
            case Serve():
                self._serve(step)
            case ServeDefault(mrid=mrid, primacy=primacy):
                self._each(lambda life: life.receive(a_default(mrid, pf("0.98"), primacy=primacy)))
            case Withdraw(mrid=mrid, reason=reason):
                self._each(lambda life: life.withdraw(mrid, reason))
                self.reference.cancel(mrid)
            case Line(up=True):
                self._each(Life.connect)
            case Line(up=False):
                self._each(Life.disconnect)
            case Silence(arrived=arrived):
                self.silent = arrived
            case Pass(minutes=minutes, tick_first=tick_first):
                self.now += minutes
                for life in self.lives:
                    life.advance(self.now, tick_first=tick_first)
                self.reference.advance(self.now)

    def _each(self, action):
        for life in self.lives:
            action(life)
            life.pump(self.silent if life.bench.outstanding() else None)
        self.silent = None

    def _serve(self, step):
        start, end = self.now + step.start, self.now + step.start + step.minutes
        self.versions[step.mrid] = version = self.versions.get(step.mrid, -1) + 1
        command = a_command(
            step.mrid,
            *[CONTROLS[name] for name in sorted(step.functions)],
            start=start,
            minutes=step.minutes,
            primacy=step.primacy,
            created=minute(step.created - 60),
            version=version,
        )
        self._each(lambda life: life.receive(command))
        claim = Claim(step.functions, step.primacy, step.created, start, end)
        self.reference.receive(step.mrid, claim)


def finish(story):
    """Bring everything to its end: the line up, every interval over."""
    story.play(Line(True))
    story.play(Pass(80))
    story.play(Pass(1))


relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(steps=st.lists(quiet_steps, max_size=10))
def test_the_station_runs_what_primacy_and_age_say(steps):
    story = Story(life := Life(BOOK()))
    for step in steps:
        story.play(step)
        assert life.running() == expected_running(story.reference), step


@relaxed
@given(steps=st.lists(all_steps, max_size=12))
def test_every_command_ends_with_one_last_word_and_leaves_nothing_behind(steps):
    story = Story(life := Life(BOOK()))
    for step in steps:
        story.play(step)
    finish(story)
    records = life.bench.engine.world.records["CS1"].values()
    for record in records:
        if not record.command.is_default:
            assert record.state in ENDED
            assert len(TERMINAL & record.told) == 1
    assert all(entry.desired.is_default for entry in life.state.ledger.entries.values())
    assert all(item.is_default for item in life.station.held)
    assert life.profiles == {}
    assert life.bench.engine.quiet


@relaxed
@given(
    before=st.lists(all_steps, max_size=8),
    last=serves,
    silence=st.sampled_from([None, True, False]),
    after=st.lists(all_steps, max_size=6),
)
def test_a_life_after_a_crash_ends_where_an_uninterrupted_one_does(before, last, silence, after):
    story = Story(life := Life(BOOK()))
    for step in before:
        story.play(step)
    if silence is not None:
        story.play(Silence(silence))
    story.play(last)
    twin = life.restarted()
    both = Story(life, twin)
    both.now, both.versions, both.reference = story.now, story.versions, story.reference
    for step in after:
        both.play(step)
        assert twin.picture() == life.picture()
        assert set(twin.owed) == set(life.owed)
    finish(both)
    assert twin.picture() == life.picture()


class Anew:
    """Plans that are made anew each time, for the station that asks."""

    @staticmethod
    def wanted(lines, scene):
        return wanted(lines, scene)


class Forgetful(Life):
    """A life whose engine plans and translates anew at every event."""

    def begin(self):
        self.bench.engine.world.plans = Anew()

    def hear(self, event):
        self.bench.engine.world.translator._memo = Memo()
        return super().hear(event)


@relaxed
@given(steps=st.lists(all_steps, max_size=12))
def test_an_engine_that_remembers_its_plans_decides_as_one_that_does_not(steps):
    story = Story(life := Life(BOOK()), fresh := Forgetful(BOOK()))
    for step in steps:
        story.play(step)
        assert life.bench.effects == fresh.bench.effects, step


@settings(relaxed, max_examples=25)
@given(steps=st.lists(all_steps, max_size=12))
def test_a_recorded_life_decides_the_same_once_more_byte_for_byte(steps):
    with TemporaryDirectory() as name:
        with recording(Path(name), BOOK()) as engine:
            story = Story(life := RecordedLife(engine, BOOK()))
            for step in steps:
                story.play(step)
            finish(story)
        again = decisions(Path(name))
    assert [decision.same for decision in again] == [True] * len(again)
    effects = [effect for decision in again[1:] for effect in decision.effects]
    assert effects == life.bench.effects


class Watched(Life):
    """A life at whose plan somebody looks after every event."""

    def hear(self, event):
        effects = super().hear(event)
        world = self.bench.engine.world
        propose(world, instant(world, self.bench.now))
        return effects


@settings(relaxed, max_examples=20)
@given(steps=st.lists(all_steps, max_size=10))
def test_who_looks_at_a_plan_changes_nothing_that_is_decided_later(steps):
    story = Story(life := Life(BOOK()), watched := Watched(BOOK()))
    for step in steps:
        story.play(step)
        assert life.bench.effects == watched.bench.effects, step

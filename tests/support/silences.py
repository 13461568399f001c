"""A utility that falls silent at random and comes back, against the engine; judged by its words alone.

The judge knows settings, words, events and starts of the gateway, and shares no code with the engine.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.core.effects import SendToStation
from gateway.core.engine import Engine
from gateway.core.events import (
    CommandReceived,
    ControlsReported,
    Now,
    ReplyStatus,
    StationConnected,
    StationReplied,
    Tick,
    UtilityHeard,
)
from gateway.core.failsafe import FailSafe, UtilityRules
from gateway.core.ledger import EntryState
from gateway.core.station import StationRules
from support.engine_bench import NOON, Bench, a_command, a_profile, limit
from translators.canonical.commands import Interval
from translators.canonical.controls import LimitOn

LATE_S = 1.0
"""How late the gateway may notice, as long as its heart beats once a second."""
EARLY_S = 0.001
"""What is kept of an instant over a restart is cut to microseconds."""
SAFE_W, SAFE_PCT = 1_000, 5
JUMPS = (3600, -3600, 86_400, -86_400, -1.8e9)


@dataclass
class Settings:
    """What the settings of one life say, in seconds; `poll_s` is what the utility asks for."""

    poll_s: float
    silent_s: float
    limited_s: float
    return_s: float


@dataclass
class Judge:
    """Says by words alone how things have to stand."""

    settings: Settings
    word: float = 0.0
    row: float | None = None
    silent: bool = False
    limited: bool = False
    events: list = field(default_factory=list)
    """Starts and ends of events with an end."""

    def heard(self, at):
        gap = at - self.word
        if self.silent:
            broken = self.row is None or gap >= self.settings.silent_s
            self.row = at if broken else self.row
            if at - self.row >= self.settings.return_s:
                self.silent = self.limited = False
        self.word = at

    def falls_at(self):
        """Return when it is silent unless a word comes."""
        return self.word + self.settings.silent_s

    def limits_at(self):
        """Return when the fail-safe holds unless a word comes, as far as one can say now."""
        falls = self.falls_at()
        ends = [end for start, end in self.events if start <= falls]
        return max([falls, self.word + self.settings.limited_s, *ends])

    def passed(self, at):
        """Let time pass; return what has become due since, and when."""
        due = {}
        if not self.silent and at >= self.falls_at():
            due["entered"], self.silent, self.row = self.falls_at(), True, None
        if self.silent and not self.limited and at >= self.limits_at():
            due["limited"], self.limited = self.limits_at(), True
        return due


class Life:
    """One gateway, its station, and a utility that speaks as the dice say."""

    def __init__(self, book, dice):
        self.book, self.dice = book, dice
        poll = dice.choice([1.0, 5.0, 20.0])
        self.settings = Settings(
            poll_s=poll,
            silent_s=dice.choice([3 * poll, poll + 4]),
            limited_s=dice.choice([0.0, 4 * poll, 90.0]),
            return_s=dice.choice([0.9 * poll, 2.5 * poll]),
        )
        self.judge = Judge(self.settings)
        self.seconds, self.jumped = 0.0, 0.0
        self.due, self.told, self.problems = [], [], []
        self.differs_since = None
        self.numbers, self.endless = 0, False
        self.bench = Bench(self._engine())
        self.begin()

    def _engine(self):
        given = self.settings
        rules = UtilityRules(
            None if given.silent_s == 3 * given.poll_s else given.silent_s,
            None if given.return_s == 0.9 * given.poll_s else given.return_s,
            given.poll_s,
        )
        safe = FailSafe((limit(LimitOn.EXPORT, SAFE_W),), max(0.001, given.limited_s))
        stations = [StationRules("CS1", ("dso",), fail_safe=safe)]
        return Engine(self.book, stations, {"dso": rules})

    @property
    def now(self):
        utc = NOON + timedelta(seconds=self.seconds + self.jumped)
        return Now(utc, self.seconds, {"dso": timedelta(seconds=-self.jumped)})

    def hear(self, event):
        """Let the engine hear it; every call is accepted at once."""
        effects = self.bench.take(self.bench.engine.handle(event, self.now))
        self._count(effects)
        for call in [e for e in effects if isinstance(e, SendToStation)]:
            self.hear(StationReplied("CS1", call.request_id, ReplyStatus.ACCEPTED))

    def _count(self, effects):
        for effect in effects:
            kind = getattr(effect, "kind", "")
            if kind.startswith("failsafe."):
                self.told.append((kind.removeprefix("failsafe."), self.seconds))

    def begin(self):
        """Start, from what was kept; what the station holds is what we know that it holds."""
        self._count(self.bench.take(self.bench.engine.restore(self.bench.kept, self.now)))
        self.hear(StationConnected("CS1", a_profile()))
        state = self.bench.engine.world.stations["CS1"]
        self.hear(ControlsReported("CS1", state.reading, (), complete=False))

    def restart(self):
        """End, and start again after a while."""
        self.seconds += self.dice.uniform(0, 20)
        self.judge.row = None
        if not self.judge.silent:
            self.judge.word = self.seconds  # it may yet be heard
        self.bench = Bench(self._engine(), kept=self.bench.kept)
        self.begin()
        due = self.judge.passed(self.seconds)
        self._due(dict.fromkeys(due, self.seconds))  # nobody was there before

    def ask(self):
        """Let the utility ask for an export limit, now or soon; not where one has yet to end."""
        if any(end >= self.seconds for _, end in self.judge.events) or self.endless:
            return
        self.numbers += 1
        begin = NOON + timedelta(seconds=int(self.seconds) + self.dice.choice([0, 0, 15]))
        end = begin + timedelta(seconds=self.dice.randrange(5, 90))
        self.endless = self.dice.random() < 0.05
        interval = Interval(begin, None if self.endless else end)
        command = a_command(f"M{self.numbers}", limit(LimitOn.EXPORT, 9000), interval=interval)
        self.hear(CommandReceived(command))
        if interval.end is not None:
            self.judge.events.append(((begin - NOON).total_seconds(), (end - NOON).total_seconds()))

    def speak(self):
        """Let the utility say a word."""
        was = self.judge.silent
        self._due(self.judge.passed(self.seconds))
        self.judge.heard(self.seconds)
        self.hear(UtilityHeard("dso", "CS1", self.settings.poll_s))
        self._due({"left": self.seconds} if was and not self.judge.silent else {})

    def wait(self, seconds):
        """Let time pass; the heart beats at least once a second."""
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds = min(end, self.seconds + self.dice.uniform(0.3, LATE_S))
            self.hear(Tick())
            self._due(self.judge.passed(self.seconds))

    def _due(self, due):
        """Note what is due, and look at what the station holds."""
        self.due += due.items()
        if self.holds() is self.judge.limited:
            self.differs_since = None
        elif self.differs_since is None:
            self.differs_since = self.seconds
        elif self.seconds - self.differs_since > LATE_S:
            self.problems.append(f"holds {self.holds()} at {self.seconds:.1f} s")

    def judged(self):
        """Return how often each kind was told, and told in time; and what was wrong."""
        told = Counter({"lives": 1})
        if [kind for kind, _ in self.due] != [kind for kind, _ in self.told]:
            self.problems.append(f"told {self.told}, due {self.due}")
        for (kind, at), (_, seconds) in zip(self.due, self.told, strict=False):
            told[f"{kind} due"] += 1
            told[f"{kind} in time"] += -EARLY_S <= seconds - at <= LATE_S
        return told, self.problems

    def holds(self):
        """Say whether the station holds an export limit as tight as the fail-safe, whoever's it is."""
        entries = self.bench.engine.world.stations["CS1"].ledger.entries.values()
        held = [
            e.desired for e in entries if e.state is EntryState.HELD and not e.expired(self.now.utc)
        ]
        begun = [d for d in held if d.start <= self.now.utc]
        return any(
            d.payload["limitMaxDischarge"]["pctMaxDischargePower"] <= SAFE_PCT for d in begun
        )


def one(book, dice):
    """Play one life; return what was told, how often, and what was wrong."""
    life = Life(book, dice)
    poll = life.settings.poll_s
    restarts = dice.random() < 0.5
    for _ in range(dice.randrange(3, 9)):
        for _ in range(dice.randrange(1, 6)):  # heard, as a utility that is polled
            life.wait(poll * dice.uniform(0.95, 1.05))
            life.speak()
        if dice.random() < 0.6:
            life.ask()
        if restarts and dice.random() < 0.4:
            life.restart()
        if not restarts and dice.random() < 0.3:
            life.jumped += dice.choice(JUMPS)
        life.wait(dice.choice([0.5, 1.1, 2, 6]) * life.settings.silent_s)
        if restarts and dice.random() < 0.3:
            life.restart()
        for _ in range(dice.choice([0, 0, 2])):  # words that are too few
            life.speak()
            life.wait(life.settings.silent_s * dice.uniform(0.9, 1.3))
    return life.judged()


def played(book, silences, seed):
    """Play lives until so many silences were entered; return what was told and what was wrong."""
    dice = random.Random(seed)  # noqa: S311 - a seed that repeats
    told, problems = Counter(), []
    while told["entered due"] < silences:
        number = told["lives"]
        found, wrong = one(book, dice)
        told += found
        problems += [f"life {number}: {problem}" for problem in wrong]
    return told, problems

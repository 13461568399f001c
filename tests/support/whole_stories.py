"""Random stories of a whole gateway, from one seed each."""

import random
import traceback
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from gateway.core.events import (
    CommandReceived,
    CommandWithdrawn,
    ResponsePosted,
    TransactionsChanged,
    UtilityHeard,
    Withdrawal,
)
from gateway.core.orders import (
    CommissioningOrdered,
    HoldChanged,
    ParticipationChanged,
    PlanOrdered,
    RulesReplaced,
)
from gateway.core.planning import instant, propose
from support.engine_bench import a_command, a_default, limit, pf, the_book
from support.otherbooks import coarse, without_var
from support.site_worlds import SITE
from support.whole import World
from support.whole_ends import calm
from support.whole_stations import MEMBERS_OF_SITE, STATIONS, UTILITIES, a_setup
from translators.canonical.capability import Transaction
from translators.canonical.commands import Interval, Target
from translators.canonical.controls import (
    ActiveSetpoint,
    FixedVar,
    LimitOn,
    Quantity,
)
from translators.units import Base, parse_unit, percent

MRIDS = ("M1", "M2", "M3", "M4")
PLACES = ("CS1", "CS1", "CS2", SITE, SITE)
CONTROLS = {
    "pf": lambda _: pf(),
    "var": lambda draw: FixedVar(Quantity(Fraction(draw.choice((-40, 40))), percent(Base.MAX_VAR))),
    "set": lambda draw: ActiveSetpoint(
        Quantity(Fraction(draw.choice((-30000, -6000, 4000, 50000))), parse_unit("W"))
    ),
    "import": lambda draw: limit(LimitOn.IMPORT, draw.choice((0, 3000, 7000, 20000, 40000))),
    "export": lambda draw: limit(LimitOn.EXPORT, draw.choice((0, 3000, 40000))),
}


class Story:
    """What happens to one world, as the dice say."""

    def __init__(self, seed):
        self.draw = random.Random(seed)  # noqa: S311 - draws that can be made again
        self.books = {book.digest: book for book in (the_book(), coarse(), without_var())}
        self.world = World(
            a_setup(self.draw), self.books.__getitem__, self.draw.choice((0, 0, 5000))
        )
        self.versions = Counter()
        self.happened = []
        for name in STATIONS:
            self.world.connect(name)
        self.steps = (
            [self.serve] * 6
            + [self.bound] * 2
            + [self.spend] * 6
            + [self.speak] * 2
            + [
                self.withdraw,
                self.default,
                self.fail,
                self.fail,
                self.answer,
                self.leave,
                self.join,
                self.join,
                self.hold,
                self.release,
                self.release,
                self.opt,
                self.commission,
                self.step_clock,
                self.restart,
                self.rules,
                self.plan,
                self.show,
                self.show,
                self.post,
                self.car,
            ]
        )

    def play(self, count, steps=()):
        """Let so many things happen, of all or of these, and come to an end."""
        for _ in range(count):
            step = self.draw.choice(steps or self.steps)
            self.happened.append(step.__name__)
            step()
        self.happened.append("calm")
        calm(self)

    def note(self, *words):
        self.happened[-1] += f" {words}"

    def serve(self):
        """Let a utility serve a new event, or the next edition of one."""
        draw, world = self.draw, self.world
        utility, mrid = draw.choice(UTILITIES), draw.choice(MRIDS)
        place = draw.choice(PLACES)
        if place != "CS1":
            utility = "dso"
        names = sorted(draw.sample(sorted(CONTROLS), draw.randint(1, 2)))
        start, seconds = draw.choice((-60, 0, 5, 60, 300)), draw.choice((60, 300, 1800))
        self.note(utility, place, mrid, names, start, seconds)
        places = [place]
        if place == "CS1" and utility == "dso" and draw.random() < 0.6:
            places = ["CS1", "CS2"]
        self.versions[utility, mrid] += 1
        begin = world.utility_now(utility) + timedelta(seconds=start)
        controls = [CONTROLS[name](draw) for name in names]
        primacy = draw.randint(1, 3)
        for name in places:
            command = a_command(
                mrid,
                *controls,
                utility=utility,
                target=Target(name),
                primacy=primacy,
                interval=Interval(begin, begin + timedelta(seconds=seconds)),
                created=world.utility_now(utility),
                version=self.versions[utility, mrid],
            )
            world.hear(CommandReceived(command))
        world.flow()

    def bound(self):
        """Let the utility bound the site by an event that nothing else of it stands before."""
        draw = self.draw
        watts, start = draw.choice((0, 4000, 13000, 30000)), draw.choice((0, 0, 60))
        seconds = draw.choice((60, 600, 1800))
        self.note(watts, start, seconds)
        self.envelop(SITE, watts, start, seconds)

    def envelop(self, place, watts, start=0, seconds=600):
        """Serve a limit of import that stands first; what it replaces is withdrawn before."""
        world = self.world
        world.hear(
            CommandWithdrawn("dso", place, f"E{self.versions[place, 'E']}", Withdrawal.CANCELLED)
        )
        world.judge.cut(world.true_s)
        self.versions[place, "E"] += 1
        begin = world.utility_now("dso") + timedelta(seconds=start)
        command = a_command(
            f"E{self.versions[place, 'E']}",
            limit(LimitOn.IMPORT, watts),
            target=Target(place),
            primacy=0,
            interval=Interval(begin, begin + timedelta(seconds=seconds)),
            created=world.utility_now("dso"),
        )
        if place == SITE and world.setup.utilities["dso"].starts:
            begun = world.true_s + start
            world.judge.envelopes.append((begun, begun + seconds, watts))
        world.hear(CommandReceived(command))
        world.flow()

    def default(self):
        draw = self.draw
        place = draw.choice(("CS1", "CS2", SITE))
        control = draw.choice((pf("0.98"), limit(LimitOn.IMPORT, 9000)))
        command = a_default(f"D-{place}", control, target=Target(place), primacy=draw.randint(1, 3))
        self.versions[place] += 1
        self.note(place, control)
        self.world.hear(CommandReceived(replace(command, version=self.versions[place])))
        self.world.flow()

    def withdraw(self):
        draw = self.draw
        place, mrid, utility = draw.choice(PLACES), draw.choice(MRIDS), draw.choice(UTILITIES)
        if draw.random() < 0.1:
            mrid = f"D-{place}"
        reason = draw.choice(tuple(Withdrawal))
        self.note(utility, place, mrid, reason)
        self.world.hear(CommandWithdrawn(utility, place, mrid, reason))
        self.world.flow()

    def fail(self):
        name, fate = (
            self.draw.choice(tuple(STATIONS)),
            self.draw.choice(("lost", "mute", "late", "reject")),
        )
        self.note(name, fate)
        if self.world.stations[name].online:
            self.world.stations[name].fates.append(fate)

    def answer(self):
        for station in self.world.stations.values():
            if station.fates and station.fates[0] == "late":
                station.fates[0] = "ok"
        self.world.flow()

    def leave(self):
        name = self.draw.choice(tuple(STATIONS))
        self.note(name)
        self.world.disconnect(name)

    def join(self):
        name, forgets = self.draw.choice(tuple(STATIONS)), self.draw.random() < 0.3
        self.note(name, forgets)
        self.world.connect(name, forgets=forgets)

    def hold(self):
        name = self.draw.choice(("", "CS1", "CS2", "CS3"))
        release = self.draw.choice((True, False))
        self.note(name, release)
        self.world.hear(HoldChanged(True, "test", "ann", release=release, station=name))
        self.world.flow()

    def release(self):
        names = [name for name in self.world.judge.holds if name == "" or self.draw.random() < 0.8]
        self.note(*names)
        for name in names:
            self.world.hear(HoldChanged(False, "test", "ann", station=name))
        self.world.flow()

    def opt(self):
        out, mrid = self.draw.random() < 0.6, self.draw.choice(MRIDS)
        names = self.draw.choice(
            (frozenset(), frozenset({"CS1"}), frozenset({SITE}), frozenset({"CS2"}))
        )
        self.note(out, mrid, sorted(names))
        self.world.hear(ParticipationChanged(mrid, out, "test", "ann", stations=names))
        self.world.flow()

    def commission(self):
        name = self.draw.choice(("CS1", "CS2", "CS3"))
        self.note(name)
        self.world.hear(CommissioningOrdered(name, "test", "ann"))
        self.world.flow()

    def step_clock(self):
        world = self.world
        seconds = self.draw.choice((-3600, -60, 3, 60, 3600, 86400))
        self.note(seconds)
        world.jumped += timedelta(seconds=seconds)
        world.clocks_known = False
        if self.draw.random() < 0.7:
            world.measure()
        for station in world.stations.values():
            station.listen(world.now)
        world.wait(1)
        world.measure()
        world.wait(1)

    def restart(self):
        self.world.restart()

    def rules(self):
        book, at_once = (
            self.draw.choice(tuple(self.books.values())),
            self.draw.choice((True, False)),
        )
        self.note(book.digest[:6], at_once)
        self.world.hear(RulesReplaced(book, at_once))
        self.world.setup = replace(self.world.setup, rules=book.digest)
        self.world.flow()

    def plan(self):
        known = self.world.engine.world
        found = propose(known, instant(known, self.world.now))
        digest = found.digest if self.draw.random() < 0.7 else "other"
        self.world.hear(PlanOrdered(digest, "test", "ann"))
        self.world.flow()

    def show(self):
        self.world.show()

    def speak(self):
        """Let the utilities be heard once, or for a while."""
        names = self.draw.choice((UTILITIES, ("dso",)))
        for _ in range(self.draw.choice((1, 4))):
            for name in names:
                for place in ("CS1", "CS2", SITE):
                    self.world.hear(UtilityHeard(name, place, 30.0, timed=True))
            self.world.flow()
            self.world.wait(20)

    def post(self):
        for key in sorted(self.world.kept_responses()):
            if self.draw.random() < 0.7:
                self.world.hear(ResponsePosted(key, self.draw.random() < 0.9))

    def car(self):
        name = self.draw.choice(("CS1", *MEMBERS_OF_SITE))
        station = self.world.stations[name]
        station.charging = not station.charging
        self.note(name, station.charging)
        if not station.charging:
            station.profiles = {
                key: payload
                for key, payload in station.profiles.items()
                if payload["chargingProfile"]["chargingProfilePurpose"] != "TxProfile"
            }
        if station.online:
            running = (Transaction(1, f"T-{name}"),) if station.charging else ()
            self.world.hear(TransactionsChanged(name, running))
        self.world.flow()

    def spend(self):
        seconds = self.draw.choice((1, 10, 40, 100, 400, 2000))
        self.note(seconds)
        self.world.wait(seconds)

    def speaks(self, *places):
        for place in places:
            for utility in UTILITIES:
                self.world.hear(UtilityHeard(utility, place, 30.0, timed=True))
        self.world.flow()


def played(seeds, steps):
    """Return what was wrong in stories, by seed, and how often what happened."""
    wrong, tally = {}, Counter()
    for seed in seeds:
        story = None
        try:
            story = Story(seed)
            story.play(steps)
        except Exception:  # noqa: BLE001 - whatever goes wrong in a story is what is looked for
            told = [] if story is None else story.happened
            wrong[seed] = traceback.format_exc(limit=-6) + "\n" + "\n".join(told[-60:])
        if story is not None:
            tally.update(story.world.judge.tally)
    return wrong, tally

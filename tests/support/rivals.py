"""Several utilities for one station, minute by minute: who should hold what, with no look at the engine.

Each utility has a `Reference` of its own commands in our minutes. Where two ask at one minute for what a
station can do for one alone (`CONFLICTS`), the one that stands first has it.
"""

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache

from gateway.core.agenda import Line, agenda
from gateway.core.events import Withdrawal
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord
from support.engine_bench import a_command, a_default, limit, pf, the_book
from support.engine_worlds import TYPES, Claim, Life, Reference, minute
from translators.canonical.commands import Revision
from translators.canonical.controls import FixedVar, Quantity, function_of
from translators.canonical.telemetry import ControlOutcome as Told
from translators.chain import control_id
from translators.units import Base, percent

UTILITIES = ("dso", "iso", "agg")
CONTROLS = {
    "FixedPowerFactor.injecting": pf(),
    "FixedVar": FixedVar(Quantity(pf("1").displacement * 40, percent(Base.MAX_VAR))),
    "import": limit(watts=7000),
}
FUNCTIONS = {name: function_of(control) for name, control in CONTROLS.items()}
CONFLICTS = {
    ("FixedPowerFactor.injecting", "FixedPowerFactor.injecting"),
    ("FixedPowerFactor.injecting", "FixedVar"),
    ("FixedVar", "FixedPowerFactor.injecting"),
    ("FixedVar", "FixedVar"),
}
LAST = 80
"""Minutes after which every command of a story is over."""
BOOK = cache(the_book)


@dataclass
class Rivals:
    """The utilities in order of precedence, and which of their commands were overruled for good."""

    references: dict
    overruled: set = field(default_factory=set)

    def held(self):
        """Return by minute who holds what: (utility, function) to mRID."""
        own = {
            (utility, function): reference.holders(function)
            for utility, reference in self.references.items()
            for function in CONTROLS
        }
        minutes = {number for holders in own.values() for number in holders}
        return {number: self._at(own, number) for number in minutes}

    @staticmethod
    def _at(own, number):
        held = {}
        for (utility, function), holders in own.items():
            mrid = holders.get(number)
            taken = any(u != utility and (function, other) in CONFLICTS for u, other in held)
            if mrid is not None and not taken:
                held[utility, function] = mrid
        return held

    def step(self):
        """Let this minute decide whose command has nothing left to its end."""
        for reference in self.references.values():
            reference.step()
        if len(self.references) == 1:
            return
        held = self.held()
        for utility, reference in self.references.items():
            ahead = {
                mrid
                for number, at in held.items()
                for (name, _), mrid in at.items()
                if name == utility and number >= reference.now
            }
            rivals = {other for name, other in held.get(reference.now, {}) if name != utility}
            for mrid, claim in reference.claims.items():
                gone = not reference.over(mrid) and mrid not in ahead
                left = {f for f in claim.functions if (mrid, f) not in reference.lost}
                pairs = {(function, rival) for function in left for rival in rivals}
                if claim.start <= reference.now and gone and pairs & CONFLICTS:
                    self.overruled.add((utility, mrid))
                    reference.lost |= {(mrid, function) for function in claim.functions}

    def receive(self, utility, mrid, claim):
        self.references[utility].receive(mrid, claim)
        self.step()

    def cancel(self, utility, mrid):
        self.references[utility].cancel(mrid)
        self.step()

    def advance(self, to):
        now = next(iter(self.references.values())).now
        for number in range(now + 1, to + 1):
            for reference in self.references.values():
                reference.now = number
            self.step()

    def running(self):
        """Return what the station should run now, by control type."""
        first, *_ = self.references
        now = self.references[first].now
        found = {}
        for (utility, function), mrid in self.held().get(now, {}).items():
            if function in TYPES:
                name = mrid if utility == first else f"{utility}/{mrid}"
                found[TYPES[function]] = control_id(name, "CS1", TYPES[function])
        return found


class Story:
    """One engine and its station, and what random utilities want of them."""

    def __init__(self, seed):
        self.draw = random.Random(seed)  # noqa: S311 - draws that can be made again
        self.utilities = UTILITIES[: self.draw.choice((1, 2, 2, 3))]
        self.offsets = {name: self.draw.choice((0, -7, 60)) for name in self.utilities[1:]}
        apart = {name: timedelta(minutes=offset) for name, offset in self.offsets.items()}
        self.life = Life(BOOK(), self.utilities, apart)
        self.rivals = Rivals({name: Reference() for name in self.utilities})
        self.versions = Counter()
        self.now = 0
        self.silent = None

    def differences(self, steps):
        """Play so many steps and all that follows; yield what the station does otherwise than it should."""
        weighted = [self.serve] * 3 + [self.spend] * 3
        weighted += [self.withdraw, self.default, self.hush, self.restart]
        for number in range(steps):
            step = self.draw.choice(weighted)
            step()
            running, expected = self.life.running(), self.rivals.running()
            if running != expected:
                yield f"step {number} {step.__name__}: runs {running}, should run {expected}"
        self.to(self.now + LAST)
        yield from self._ends()

    def serve(self):
        """Let a utility serve a new command, or the next edition of one."""
        draw, utility = self.draw, self.draw.choice(self.utilities)
        mrid = draw.choice(("M1", "M2", "M3"))
        functions = frozenset(draw.sample(sorted(CONTROLS), draw.randint(1, len(CONTROLS))))
        primacy, created = draw.randint(1, 3), draw.randint(1, 3)
        start, minutes = self.now + draw.randint(-5, 10), draw.randint(1, 30)
        command = a_command(
            mrid,
            *[CONTROLS[name] for name in sorted(functions)],
            start=start + self.offsets.get(utility, 0),
            minutes=minutes,
            utility=utility,
            primacy=primacy,
            created=minute(created - 60),
            version=self.versions[utility, mrid],
        )
        self.versions[utility, mrid] += 1
        self._do(lambda: self.life.receive(command))
        claim = Claim(functions, primacy, created, start, start + minutes)
        self.rivals.receive(utility, mrid, claim)

    def withdraw(self):
        utility, mrid = self.draw.choice(self.utilities), self.draw.choice(("M1", "M2", "M3", "D"))
        self._do(lambda: self.life.withdraw(mrid, Withdrawal.CANCELLED, utility))
        self.rivals.cancel(utility, mrid)

    def default(self):
        utility = self.draw.choice(self.utilities)
        command = a_default("D", pf("0.98"), utility=utility, primacy=self.draw.randint(1, 3))
        self._do(lambda: self.life.receive(command))

    def hush(self):
        """Let the answers to the next calls be lost, with or without the calls."""
        self.silent = self.draw.choice((True, False))

    def restart(self):
        """Let another process go on from what was kept."""
        self.life = self.life.restarted()

    def spend(self):
        self.to(self.now + self.draw.randint(1, 15))

    def to(self, now):
        """Let time pass."""
        self.now = now
        self.life.advance(now, tick_first=self.draw.choice((True, False)))
        self.rivals.advance(now)

    def _do(self, action):
        action()
        self.life.pump(self.silent if self.life.bench.outstanding() else None)
        self.silent = None

    def _ends(self):
        for record in self.life.bench.engine.world.records["CS1"].values():
            if record.command.is_default:
                continue
            lost = (record.utility, record.command.mrid) in self.rivals.overruled
            told = Told.OVERRULED in record.told
            if not record.over or (record.state is State.OVERRULED) is not lost or told is not lost:
                yield f"{record.key} ends as {record.state}, overruled should be {lost}"
        left = [e for e in self.life.state.ledger.entries.values() if not e.desired.is_default]
        if left or self.life.profiles:
            yield f"left behind: {left} {self.life.profiles}"


def a_schedule(draw):
    """Return random commands of utilities as the engine has them, and as `Rivals` do."""
    lines, rivals = [], Rivals({})
    for utility in UTILITIES[: draw.choice((1, 2, 2, 3))]:
        offset, resume = draw.choice((0, -7, 60)), draw.choice((True, False))
        reference = rivals.references[utility] = Reference(resume=resume)
        records = []
        for number in range(draw.randint(1, 4)):
            functions = frozenset(draw.sample(sorted(CONTROLS), draw.randint(1, len(CONTROLS))))
            start, minutes = draw.randint(0, 20), draw.randint(1, 20)
            claim = Claim(functions, draw.randint(1, 3), draw.randint(1, 3), start, start + minutes)
            reference.claims[f"M{number}"] = claim
            command = a_command(
                f"M{number}",
                *[CONTROLS[name] for name in sorted(functions)],
                start=start + offset,
                minutes=minutes,
                utility=utility,
                primacy=claim.primacy,
                created=minute(claim.created),
            )
            revision = Revision.IEEE2030_5_2023 if resume else Revision.IEEE2030_5_2018
            command = replace(command, origin=replace(command.origin, revision=revision))
            records.append(CommandRecord(command, State.SCHEDULED))
        lines.append(Line(utility, timedelta(minutes=offset), tuple(records)))
    return lines, rivals


def arbitrated(count, seed):
    """Return the minutes of so many schedules in which `agenda` and `Rivals` differ, each with its seed."""
    found = []
    for number in range(count):
        name = f"{seed}/{number}"
        lines, rivals = a_schedule(random.Random(name))  # noqa: S311 - as above
        held, segments = rivals.held(), agenda(lines).segments
        for at in range(42):
            expected = {(u, FUNCTIONS[f], m) for (u, f), m in held.get(at, {}).items()}
            now = {
                (utility, function, mrid)
                for function, spans in segments.items()
                for span in spans
                if span.interval.covers(minute(at))
                for utility, _, mrid in [span.key.split("/")]
            }
            if now != expected:
                found.append((name, f"minute {at}: {now ^ expected}"))
    return found


def played(count, seed, steps=10):
    """Return the differences of so many stories, each with its seed, and how often each outcome was told."""
    found, told = [], Counter()
    for number in range(count):
        story = Story(f"{seed}/{number}")
        found += [(f"{seed}/{number}", text) for text in story.differences(steps)]
        records = story.life.bench.engine.world.records["CS1"].values()
        told.update(outcome.value for record in records for outcome in record.told)
    return found, told

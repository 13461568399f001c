"""A station that follows two utilities: `dso` has precedence over `iso`."""

from datetime import timedelta
from fractions import Fraction

from support.engine_bench import NOON, Bench, a_command, an_engine
from translators.canonical.controls import ActiveSetpoint, FixedVar, Quantity
from translators.units import Base, parse_unit, percent

HOUR = timedelta(hours=1)


def fixed_var(value=40):
    return FixedVar(Quantity(Fraction(value), percent(Base.MAX_VAR)))


def watts(value):
    return ActiveSetpoint(Quantity(Fraction(value), parse_unit("W")))


def weak(mrid="W", *controls, **changes):
    """Return a command of the utility without precedence."""
    return a_command(mrid, *controls, utility="iso", **changes)


def followed_by_two(book, profile=None):
    """Return a bench whose station is connected and holds nothing; the clock of `iso` is an hour fast."""
    made = Bench(an_engine(book, "dso", "iso"), others={"iso": HOUR})
    made.connect(profile)
    return made


def theirs(start):
    """Return minutes after noon of our clock as those of `iso`."""
    return start + 60


def held(bench):
    """Return start and minutes of what each DER control of the ledger is to be, by command."""
    entries = bench.engine.world.stations["CS1"].ledger.entries.values()
    return {
        entry.desired.command.rpartition("/")[2]: (
            None
            if entry.desired.start is None
            else (entry.desired.start - NOON).total_seconds() / 60,
            None if entry.desired.end is None else (entry.desired.end - NOON).total_seconds() / 60,
        )
        for entry in entries
    }


def state_of(bench, mrid, utility="iso"):
    return bench.engine.world.records["CS1"][f"{utility}/CS1/{mrid}"].state


def run(bench, mrid, utility="iso"):
    """Answer what is open, and let the control of a command start."""
    bench.reply()
    entries = bench.engine.world.stations["CS1"].ledger.of_command(f"{utility}/CS1/{mrid}")
    for entry in entries:
        bench.notice(entry.desired.id)
    bench.reply()

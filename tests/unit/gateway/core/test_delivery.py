"""What a station delivered while an event was in force, beside what flowed before."""

from dataclasses import asdict
from fractions import Fraction

import pytest

from gateway.core.effects import Table
from gateway.core.events import CommandWithdrawn, SamplesTaken, Withdrawal
from gateway.core.meters import GAP_S
from gateway.core.records import from_document
from support.engine_bench import a_command
from support.followed import Side, options
from translators.canonical.controls import (
    ActiveSetpoint,
    FixedVar,
    Quantity,
    RelativeActiveSetpoint,
)
from translators.canonical.telemetry import Sample
from translators.units import Kind, parse_unit


def q(value, unit="W"):
    return Quantity(Fraction(value), parse_unit(unit))


@pytest.fixture
def side(book):
    side = Side(book, options(demand_w=3_000.0))
    side.core.plug(side.seconds, present=True)
    side.run(5)
    return side


def record(side, mrid="M1"):
    return side.bench.engine.world.records["CS1"][f"dso/CS1/{mrid}"]


def test_a_setpoint_is_delivered_against_what_flowed_before(side):
    side.hears(a_command("M1", ActiveSetpoint(q(-8_000)), start=side.minute + 0.1, minutes=2))
    side.run(150)
    found = record(side).delivered
    assert (found.watts, found.watts_before, found.var) == (-8_000, -3_000, 0)
    assert 100 <= found.seconds <= 120
    (told,) = side.bench.audited("command.delivered")
    assert told.details["watts"] == -8_000


def test_var_is_delivered_too(side):
    side.hears(a_command("M1", FixedVar(q(2_000, "var")), start=side.minute + 0.1, minutes=2))
    side.run(150)
    found = record(side).delivered
    assert (found.var, found.var_before, found.watts) == (2_000, 0, -3_000)


def test_a_frozen_baseline_is_what_flowed_before(side):
    relative = RelativeActiveSetpoint(q(-2_000))
    side.hears(a_command("M1", relative, start=side.minute + 0.2, minutes=2))
    side.run(160)
    found = record(side)
    assert found.baseline.watts == -3_000
    assert (found.delivered.watts_before, found.delivered.watts) == (-3_000, -5_000)


def test_a_cancelled_event_tells_what_it_delivered_until_then(side):
    side.hears(a_command("M1", ActiveSetpoint(q(-8_000)), start=side.minute + 0.1, minutes=60))
    side.run(60)
    side.bench.hear(CommandWithdrawn("dso", "CS1", "M1", Withdrawal.CANCELLED))
    side.run(5)
    assert record(side).state == "cancelled"
    assert record(side).delivered.seconds < 70


def test_what_never_ran_delivered_nothing(side):
    side.hears(a_command("M1", ActiveSetpoint(q(-8_000)), start=side.minute + 5, minutes=60))
    side.run(5)
    side.bench.hear(CommandWithdrawn("dso", "CS1", "M1", Withdrawal.CANCELLED))
    side.run(5)
    assert record(side).delivered is None


def test_it_is_kept_with_the_event(side):
    side.hears(a_command("M1", ActiveSetpoint(q(-8_000)), start=side.minute + 0.1, minutes=1))
    side.run(90)
    kept = side.bench.kept[Table.COMMANDS][record(side).key]
    assert asdict(from_document(kept).delivered) == asdict(record(side).delivered)
    del kept["delivered"]  # as earlier releases kept it
    assert from_document(kept).delivered is None


def running(ready):
    """Let an event run at a station whose meters the test reads."""
    ready.command(a_command("M1", FixedVar(q(2_000, "var")), start=1, minutes=120))
    ready.reply()
    ready.at(1)
    ready.notice(ready.control_id())


def measured(ready, minute, *values):
    ready.at(minute)
    samples = tuple(Sample("CS1", evse, kind, Fraction(v), ready.now) for evse, kind, v in values)
    ready.hear(SamplesTaken("CS1", samples))


P, Q = Kind.POWER, Kind.REACTIVE


def delivered(ready):
    ready.at(122)
    return ready.engine.world.records["CS1"]["dso/CS1/M1"].delivered


def test_a_gap_is_not_filled_and_shows_in_the_seconds(ready):
    running(ready)
    measured(ready, 2, (1, P, -1000))
    measured(ready, 3, (1, P, -3000))
    measured(ready, 63, (1, P, -3000))
    found = delivered(ready)
    assert found.seconds == 60 + GAP_S
    assert found.watts == round((-1000 * 60 - 3000 * GAP_S) / (60 + GAP_S))


def test_a_main_meter_counts_where_evses_have_none(ready):
    running(ready)
    measured(ready, 2, (None, P, -1000), (None, Q, 500))
    measured(ready, 3, (None, P, -1000), (None, Q, 500))
    assert (delivered(ready).watts, delivered(ready).var) == (-1000, 500)


def test_evses_add_up_and_their_main_meter_is_not_counted_twice(ready):
    running(ready)
    measured(ready, 2, (None, P, -1000), (1, P, -1000))
    measured(ready, 3, (None, P, -1000), (1, P, -1000))
    found = delivered(ready)
    assert (found.watts, found.var, found.watts_before) == (-1000, None, None)


def test_one_value_alone_is_no_mean(ready):
    running(ready)
    measured(ready, 2, (1, P, -1000))
    assert (delivered(ready).watts, delivered(ready).seconds) == (None, 0)

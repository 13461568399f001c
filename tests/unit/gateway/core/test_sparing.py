"""A setpoint that is not reached: by the car's choice, or because the station does nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from gateway.core.effects import Persist
from gateway.core.events import CarSuspended, SamplesTaken, TransactionsChanged
from gateway.core.following import Bound
from gateway.core.shown import Sense
from gateway.core.sparing import spared
from gateway.core.station import StationRules, StationState, continue_from, station_document
from gateway.simulators.station_core import PROFILES
from gateway.simulators.station_options import Personality
from support.engine_bench import a_command
from support.followed import Side, options
from translators.canonical.capability import Transaction
from translators.canonical.controls import (
    ActiveSetpoint,
    FixedVar,
    LimitOn,
    PowerLimit,
    Quantity,
    StorageTarget,
)
from translators.canonical.telemetry import Sample
from translators.units import Kind, parse_unit

W = parse_unit("W")
SETPOINT = ActiveSetpoint(Quantity(Fraction(-9000), W))
CHARGE, DISCHARGE = (-9000.0, -9000.0), (9000.0, 9000.0)


def a_bound(own, measured, sense=Sense.TARGET):
    slack = 500.0
    return Bound(Kind.POWER, sense, own[0] - slack, own[1] + slack, measured, own, slack)


SPARED = {
    "full, nothing": (CHARGE, 0, 100, False, True),
    "nearly full, a part": (CHARGE, -3000, 85, False, True),
    "half full, a part": (CHARGE, -3000, 50, False, False),
    "half full, nothing": (CHARGE, 0, 50, False, False),
    "full, the wrong way": (CHARGE, 3000, 100, False, False),
    "full, too much": (CHARGE, -12000, 100, False, False),
    "empty, nothing": (DISCHARGE, 0, 5, False, True),
    "empty, a part": (DISCHARGE, 3000, 15, False, True),
    "full, does not discharge": (DISCHARGE, 0, 100, False, False),
    "empty, does not charge": (CHARGE, 0, 5, False, False),
    "empty, the wrong way": (DISCHARGE, -3000, 5, False, False),
    "not known, a part": (CHARGE, -3000, None, False, True),
    "not known, a part of discharge": (DISCHARGE, 3000, None, False, True),
    "not known, nothing": (CHARGE, 0, None, False, False),
    "the car wants nothing": (CHARGE, 0, None, True, True),
    "the car wants nothing, half full": (DISCHARGE, 0, 50, True, True),
    "the car wants nothing, and charges": (CHARGE, -3000, 50, True, False),
}


@pytest.mark.parametrize(
    ("own", "measured", "charge", "suspended", "so"), SPARED.values(), ids=SPARED
)
def test_a_setpoint_is_left_short_by_the_car_or_by_the_station(
    own, measured, charge, suspended, so
):
    reason = spared(SETPOINT, a_bound(own, measured), charge, suspended=suspended)
    assert bool(reason) is so


@pytest.mark.parametrize(
    "control",
    [FixedVar(Quantity(Fraction(10), W)), PowerLimit(LimitOn.LOAD, Quantity(Fraction(1), W))],
)
def test_only_setpoints_depend_on_the_storage(control):
    assert spared(control, a_bound(CHARGE, 0), 100, suspended=True) == ""


def test_what_is_told_as_a_limit_is_kept_by_taking_less():
    assert spared(SETPOINT, a_bound(CHARGE, 0, Sense.FLOOR), 100, suspended=False) == ""


def side_with(book, watts, *, soc=50.0, tells_soc=True, ignores=(), **changes):
    """Return a station with a car at a state of charge, that was asked for a setpoint."""
    side = Side(book, options(soc_pct=soc, **changes), tells_soc=tells_soc)
    side.core.personality = Personality(ignores=frozenset(ignores))
    side.run(3)
    control = ActiveSetpoint(Quantity(Fraction(watts), W))
    side.hears(a_command("M1", control, start=side.minute + 1 / 60))
    return side


def bounded(side):
    return [record.details["reason"] for record in side.bench.audited("control.bounded")]


@pytest.mark.parametrize(
    ("watts", "soc", "reason"),
    [(-9000, 100.0, "the storage is nearly full"), (9000, 0.0, "the storage is nearly empty")],
)
def test_a_full_or_empty_car_is_told_once_and_is_no_fault(book, watts, soc, reason):
    side = side_with(book, watts, soc=soc)
    side.run(60)
    assert (side.not_followed, bounded(side)) == ([], [reason])
    assert not side.reports[-1].faulted
    record = next(iter(side.bench.engine.world.records["CS1"].values()))
    assert (record.followed, record.ignored) == (frozenset(), frozenset())


def test_a_car_with_room_that_takes_nothing_is_found(book):
    side = side_with(book, -9000, soc=50.0, ignores={PROFILES})
    side.run(60)
    assert side.not_followed == ["ActiveSetpoint"]


def test_who_does_nothing_and_tells_no_state_of_charge_is_found(book):
    side = side_with(book, -9000, tells_soc=False, ignores={PROFILES})
    side.run(60)
    assert side.not_followed == ["ActiveSetpoint"]


def test_who_does_a_part_and_tells_no_state_of_charge_is_bounded(book):
    side = side_with(book, -9000, tells_soc=False, ignores={PROFILES}, demand_w=3000)
    side.run(60)
    assert side.not_followed == []
    assert len(bounded(side)) == 1


def test_a_car_that_says_that_it_wants_nothing_is_no_fault_until_it_does_again(book):
    side = side_with(book, -9000, tells_soc=False, ignores={PROFILES})
    side.bench.hear(CarSuspended("CS1", 1, suspended=True))
    side.run(60)
    assert (side.not_followed, bounded(side)) == ([], ["the car takes and gives nothing now"])
    side.bench.hear(CarSuspended("CS1", 1, suspended=False))
    side.run(60)
    assert side.not_followed == ["ActiveSetpoint"]


def test_a_fault_ends_when_it_turns_out_that_the_car_is_full(book):
    side = side_with(book, -9000, soc=100.0, tells_soc=False)
    side.run(30)
    assert side.reports[-1].faulted
    side.tells_soc = True
    side.run(10)
    assert not side.reports[-1].faulted
    assert side.bench.audited("control.followed_again") == []


def test_what_a_car_wants_is_kept_over_restarts_and_leaves_with_it(ready):
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    ready.hear(CarSuspended("CS1", 1, suspended=True))
    state = ready.engine.world.stations["CS1"]
    after = StationState(StationRules("CS1", "dso"))
    continue_from(after, station_document(state))
    assert after.suspended == {1}
    ready.hear(TransactionsChanged("CS1", ()))
    assert state.suspended == frozenset()


def test_a_state_that_was_kept_before_cars_said_what_they_want_is_read(ready):
    document = station_document(ready.engine.world.stations["CS1"])
    del document["suspended"]
    after = StationState(StationRules("CS1", "dso"))
    continue_from(after, document)
    assert after.suspended == frozenset()


def test_power_of_the_storage_is_bounded_as_a_setpoint_is():
    target = StorageTarget(replace(SETPOINT.value))
    assert spared(target, a_bound(CHARGE, 0), 100, suspended=False)


def test_a_full_car_says_nothing_of_the_one_at_the_next_evse(book):
    side = Side(book, options(evses=2, soc_pct=50.0))
    side.core.plug(side.seconds, present=False, evse=1)
    side.core.personality = Personality(ignores=frozenset({PROFILES}))
    side.run(3)
    full = Sample("CS1", 1, Kind.PERCENT, 100, datetime.fromtimestamp(side.seconds, UTC))
    side.bench.hear(SamplesTaken("CS1", (full,)))
    control = ActiveSetpoint(Quantity(Fraction(-9000), W))
    side.hears(a_command("M1", control, start=side.minute + 1 / 60))
    side.run(60)
    found = side.bench.audited("control.not_followed")
    assert [record.details["evse"] for record in found] == [2]


def test_what_a_car_says_again_changes_nothing(ready):
    ready.hear(CarSuspended("CS1", 1, suspended=False))
    kept = [e for e in ready.effects if isinstance(e, Persist)]
    ready.hear(CarSuspended("CS1", 1, suspended=False))
    assert [e for e in ready.effects if isinstance(e, Persist)] == kept
    assert ready.engine.world.stations["CS1"].suspended == frozenset()

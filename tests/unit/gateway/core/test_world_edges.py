"""Which commands of the past still count, and from which step on a utility's clock moves the plan."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.events import Now
from gateway.core.lifecycle import State
from gateway.core.records import CommandRecord
from gateway.core.translating import Translator
from gateway.core.world import Turn, World
from support.engine_bench import NOON, a_command, a_default


def a_turn(book, *records, known_s=None, measured_s=None):
    world = World(Translator(book))
    world.records["CS1"] = {record.key: record for record in records}
    if known_s is not None:
        world.offsets["dso"] = timedelta(seconds=known_s)
    measured = {} if measured_s is None else {"dso": timedelta(seconds=measured_s)}
    return Turn(world, Now(NOON, 0.0, measured))


def a_record(mrid, start, end, state=State.ACTIVE):
    """Return a command from `start` to `end`, in minutes after noon."""
    return CommandRecord(a_command(mrid, start=start, minutes=end - start), state)


def past(end, mrid="P"):
    return a_record(mrid, -60, end, State.COMPLETED)


def counting(turn):
    return {record.command.mrid for record in turn.scheduled("CS1").get("dso", ())}


@pytest.mark.parametrize(("end", "counts"), [(9, False), (10, False), (11, True), (29, True)])
def test_what_is_over_counts_where_it_reached_into_the_first_command_that_lives(book, end, counts):
    turn = a_turn(book, a_record("B", 30, 60), a_record("A", 10, 60), past(end))
    assert counting(turn) == {"A", "B"} | ({"P"} if counts else set())


def test_beside_defaults_alone_nothing_that_is_over_counts(book):
    assert counting(a_turn(book, CommandRecord(a_default()), past(50))) == {"D1"}


def test_a_default_that_is_over_never_counts(book):
    gone = CommandRecord(a_default("D2"), State.CANCELLED)
    assert counting(a_turn(book, a_record("A", 10, 60), gone)) == {"A"}


def test_an_endless_command_that_was_withdrawn_counts_to_its_withdrawal(book):
    endless = past(50)
    command = replace(endless.command, interval=replace(endless.command.interval, end=None))
    withdrawn = replace(endless, command=command, withdraw_at=NOON + timedelta(minutes=20))
    assert counting(a_turn(book, a_record("A", 10, 60), withdrawn)) == {"A", "P"}
    assert counting(a_turn(book, a_record("A", 20, 60), withdrawn)) == {"A"}


@pytest.mark.parametrize(
    ("known", "measured", "used"),
    [
        (None, None, None),
        (None, 0.4, 0),
        (None, -2.6, -3),
        (5, None, 5),
        (5, 6, 5),
        (5, 4, 5),
        (5, 6.001, 6),
        (5, 3.9, 4),
        (0, -7, -7),
    ],
)
def test_a_clock_moves_the_plan_by_whole_seconds_once_it_moved_by_more_than_one(
    book, known, measured, used
):
    turn = a_turn(book, known_s=known, measured_s=measured)
    offset = turn.offset("dso")
    assert offset == (None if used is None else timedelta(seconds=used))
    assert turn.utility_now("dso") == NOON + (offset or timedelta())

"""Until when a command is remembered, and its interval where draws and a withdrawal meet."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.records import CommandRecord, forgettable
from support.engine_bench import NOON, a_command
from translators.canonical.commands import Interval, Randomization

WEEK, INSTANT = timedelta(days=7), timedelta(microseconds=1)


def a_record(*, withdrawn=None, **draws):
    """Return a record of a command from noon to one o'clock; `withdrawn` is minutes after noon."""
    command = a_command(start=0, minutes=60, randomization=Randomization(**draws))
    at = None if withdrawn is None else NOON + timedelta(minutes=withdrawn)
    return CommandRecord(command, withdraw_at=at)


def minutes(interval):
    return tuple(None if at is None else (at - NOON) / timedelta(minutes=1) for at in interval)


@pytest.mark.parametrize(
    ("record", "ends"),
    [
        (a_record(), 60),
        (a_record(start_draw_s=60), 61),
        (a_record(withdrawn=30), 60),
        (a_record(withdrawn=90), 90),
    ],
    ids=["by itself", "after its draw", "withdrawn before", "withdrawn after"],
)
def test_a_command_is_remembered_for_a_week_after_its_end(record, ends):
    week_after = NOON + timedelta(minutes=ends) + WEEK
    assert not forgettable(record, week_after - INSTANT)
    assert forgettable(record, week_after)


@pytest.mark.parametrize(
    ("draws", "planned"),
    [
        ({}, (0, 60)),
        ({"start_draw_s": 120}, (2, 62)),
        ({"start_draw_s": -120}, (-2, 58)),
        ({"duration_draw_s": 120}, (0, 62)),
        ({"start_draw_s": 60, "duration_draw_s": -180}, (1, 58)),
        ({"duration_draw_s": -7200}, (0, 0)),
    ],
)
def test_draws_shift_the_start_and_the_length(draws, planned):
    interval = a_record(**draws).planned
    assert minutes((interval.start, interval.end)) == planned


@pytest.mark.parametrize(
    ("withdrawn", "interval"),
    [(-5, (0, 0)), (0, (0, 0)), (30, (0, 30)), (60, (0, 60)), (90, (0, 60))],
)
def test_a_withdrawal_cuts_what_is_left(withdrawn, interval):
    found = a_record(withdrawn=withdrawn).interval
    assert minutes((found.start, found.end)) == interval


def test_a_withdrawal_ends_what_has_no_end():
    record = a_record(withdrawn=30)
    endless = replace(record, command=replace(record.command, interval=Interval(NOON, None)))
    assert minutes((endless.interval.start, endless.interval.end)) == (0, 30)

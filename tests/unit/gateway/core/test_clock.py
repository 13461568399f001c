"""Our own clock: where it is set, it is said."""

from datetime import timedelta

import pytest

from gateway.core.events import Now, Tick
from support.engine_bench import NOON, a_command


def at(bench, wall_s, monotonic_s):
    """Let an event come at so many seconds of the wall clock, and of time that passed."""
    offsets = {"dso": timedelta()}
    now = Now(NOON + timedelta(seconds=wall_s), monotonic_s, offsets)
    return bench.take(bench.engine.handle(Tick(), now))


@pytest.mark.parametrize("jump_s", [2.5, -2.5, 3600, -86_400, -1.8e9])
def test_a_clock_that_was_set_is_told_once(bench, jump_s):
    at(bench, 0, 0)
    at(bench, 10, 10)
    at(bench, 20 + jump_s, 20)
    at(bench, 30 + jump_s, 30)
    (told,) = bench.audited("clock.jumped")
    assert float(told.details["seconds"]) == pytest.approx(jump_s)


@pytest.mark.parametrize("apart_s", [0, 1.9, -1.9])
def test_what_a_clock_gains_or_loses_is_no_jump(bench, apart_s):
    at(bench, 0, 0)
    at(bench, 3600 + apart_s, 3600)
    assert bench.audited("clock.jumped") == []


def test_a_jump_of_an_hour_moves_no_event_of_a_utility_whose_clock_did_not_jump(ready):
    ready.command(a_command("M1", start=10))
    ready.reply()
    sent = len(ready.calls())
    ready.offset = timedelta(hours=-1)
    ready.at(60)
    assert len(ready.calls()) > sent
    again = ready.calls("SetDERControl")[-1]
    assert again.payload["fixedPFInject"]["startTime"] == "2026-12-01T13:10:00Z"


def test_the_first_event_knows_no_time_before(bench):
    at(bench, 12_345, 1)
    assert bench.audited("clock.jumped") == []

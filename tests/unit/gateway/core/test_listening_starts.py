"""Silences over starts of the gateway and steps of its clock, and what settings say of known events."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.events import Now, ReplyStatus, StationReplied, Tick, Withdrawal
from gateway.core.failsafe import FailSafe, Stage
from gateway.core.ledger import EntryState
from support.engine_bench import NOON, a_command, limit
from support.heard import (
    RULES,
    SAFE,
    a_bench,
    born_anew,
    exports,
    kinds,
    stage,
    until,
    word,
)
from translators.canonical.controls import LimitOn


def test_the_fail_safe_outlives_a_restart(heard, book):
    until(heard, 11)
    fresh = born_anew(heard, book)
    assert stage(fresh) is Stage.LIMITED
    assert exports(fresh) == [7.5]
    assert kinds(fresh) == []
    word(fresh, 12)
    word(fresh, 13)
    assert exports(fresh) == []


def set_clock(bench, hours):
    """Set our clock: the utility's time goes on, and so do seconds that nobody sets."""
    before = (bench.now - NOON).total_seconds()
    bench.now += timedelta(hours=hours)
    bench.offset -= timedelta(hours=hours)
    now = Now(bench.now, before, {"dso": bench.offset})
    bench.take(bench.engine.handle(Tick(), now))
    for call in bench.outstanding():
        reply = StationReplied("CS1", call.request_id, ReplyStatus.ACCEPTED)
        bench.take(bench.engine.handle(reply, now))


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_the_fail_safe_holds_where_our_clock_is_set(heard, hours):
    until(heard, 11)
    set_clock(heard, hours)
    (entry,) = heard.engine.world.stations["CS1"].ledger.entries.values()
    assert entry.state is EntryState.HELD
    assert entry.desired.start == NOON + timedelta(minutes=10, hours=hours)


def test_the_fail_safe_holds_where_our_clock_was_set_back_between_two_runs(heard, book):
    until(heard, 11)
    heard.now -= timedelta(days=1)
    fresh = born_anew(heard, book)
    assert stage(fresh) is Stage.LIMITED
    started = [
        e.desired.start
        for e in fresh.engine.world.stations["CS1"].ledger.entries.values()
        if e.state is EntryState.HELD
    ]
    assert started == [fresh.now]


@pytest.mark.parametrize(
    ("safe", "held"),
    [(FailSafe(), []), (replace(SAFE, controls=(limit(LimitOn.EXPORT, 3000),)), [15])],
)
def test_other_settings_at_a_restart_hold_at_once(heard, book, safe, held):
    until(heard, 11)
    heard.now += timedelta(seconds=5)
    assert exports(born_anew(heard, book, safe=safe)) == held


def test_a_restart_makes_nobody_silent_who_may_yet_be_heard(heard, book):
    heard.now = NOON + timedelta(hours=5)
    fresh = born_anew(heard, book)
    until(fresh, 300.8)
    assert kinds(fresh) == []
    until(fresh, 301)
    assert kinds(fresh) == ["failsafe.entered"]
    until(fresh, 309)
    assert kinds(fresh) == ["failsafe.entered", "failsafe.limited"]


def test_a_cold_start_may_begin_with_the_fail_safe(book):
    bench = a_bench(book, safe=replace(SAFE, cold=True))
    bench.connect()
    bench.reply()
    assert exports(bench) == [7.5]
    (told,) = [e for e in bench.audited("failsafe.limited") if e.subject == "CS1"]
    assert told.details["cold"]
    word(bench, 0.1)
    assert exports(bench) == []


def test_a_cold_start_leaves_stations_what_they_hold(book, heard):
    heard.command(a_command("M1", limit(LimitOn.EXPORT, 10_000), start=0, minutes=300))
    heard.reply()
    assert exports(born_anew(heard, book)) == [50]


@pytest.mark.parametrize(("starts", "held"), [(True, [50]), (False, [])])
def test_whether_known_events_begin_in_a_silence_is_a_setting(book, starts, held):
    bench = a_bench(book, rules=replace(RULES, starts=starts), safe=FailSafe())
    bench.connect()
    word(bench)
    bench.command(a_command("M1", limit(LimitOn.EXPORT, 10_000), start=5, minutes=60))
    bench.reply()
    assert exports(bench) == [50]
    until(bench, 6)
    assert exports(bench) == held
    word(bench, 7)
    assert exports(bench) == [50]


def test_an_event_that_never_began_in_a_silence_is_answered_with_no_participation(book):
    bench = a_bench(book, rules=replace(RULES, starts=False))
    bench.connect()
    word(bench)
    bench.command(a_command("M1", limit(LimitOn.EXPORT, 10_000), start=5, minutes=10))
    bench.reply()
    until(bench, 16)
    assert [outcome.value for outcome in bench.told()] == ["received", "no_participation"]


def test_what_runs_goes_on_where_known_events_do_not_begin(book):
    bench = a_bench(book, rules=replace(RULES, starts=False), safe=FailSafe())
    bench.connect()
    word(bench)
    bench.command(a_command("M1", limit(LimitOn.EXPORT, 10_000), start=1, minutes=60))
    bench.reply()
    until(bench, 10)
    assert stage(bench) is Stage.SILENT
    assert exports(bench) == [50]


@pytest.mark.parametrize("reason", sorted(Withdrawal))
def test_an_event_that_may_not_begin_can_be_withdrawn(book, reason):
    bench = a_bench(book, replace(RULES, starts=False))
    bench.connect()
    word(bench)
    bench.command(a_command("M1", start=60))
    until(bench, 5)
    bench.withdraw("M1", reason)
    bench.reply()
    assert bench.engine.world.records["CS1"]["dso/CS1/M1"].over

"""A utility's clock of an earlier run: events go by it for a while, and then no new one begins."""

from datetime import timedelta

import pytest

from gateway.core.engine import Engine
from gateway.core.events import Now, Tick, UtilityHeard
from gateway.core.failsafe import UtilityRules
from gateway.core.station import StationRules
from support.engine_bench import NOON, Bench, a_command, a_default, held_from, limit
from translators.canonical.controls import LimitOn

KEPT_S = 6 * 3600
AHEAD = timedelta(minutes=5)


def an_engine(book):
    rules = UtilityRules(silent_s=10**6, keep_offset_s=KEPT_S)
    return Engine(book, [StationRules("CS1", ("dso",))], {"dso": rules})


def timed(bench):
    bench.hear(UtilityHeard("dso", "CS1", 300.0, timed=True))


@pytest.fixture
def known(book):
    """A bench whose utility's clock is five minutes ahead, and was read at noon."""
    bench = Bench(an_engine(book), offset=AHEAD)
    bench.connect()
    timed(bench)
    return bench


def born_anew(bench, book, held=()):
    """Return a gateway that continues from what was kept and has not met the utility yet."""
    fresh = Bench(an_engine(book), bench.now, None, kept=bench.kept)
    monotonic = (bench.now - NOON).total_seconds()
    fresh.take(fresh.engine.restore(bench.kept, Now(bench.now, monotonic)))
    fresh.connect(held=held)
    return fresh


def starts(bench):
    calls = bench.calls("SetDERControl")
    return [c.payload["limitMaxDischarge"].get("startTime") for c in calls]


def an_event(mrid="M1", **changes):
    return a_command(mrid, limit(LimitOn.EXPORT), **changes)


def test_known_events_begin_by_the_stored_offset(known, book):
    known.command(an_event(start=60))
    fresh = born_anew(known, book)
    assert starts(fresh) == ["2026-12-01T12:55:00Z"]


def test_what_had_not_begun_is_taken_back_when_the_offset_is_too_old(known):
    known.command(an_event(start=60 * 8))
    known.reply()
    known.offset = None
    known.at(60 * 6 - 1)
    assert known.audited("clock.unknown") == []
    known.at(60 * 6)
    (told,) = known.audited("clock.unknown")
    assert told.details["age_s"] == KEPT_S
    assert known.calls()[-1].action == "ClearDERControl"
    known.reply()
    known.at(60 * 8)
    assert known.told()[-1].value == "received"
    known.at(60 * 9)
    assert known.told()[-1].value == "no_participation"


def test_what_runs_goes_on_to_its_end_by_the_old_offset(known):
    known.command(an_event(start=60 * 5, minutes=120))
    known.reply()
    known.offset = None
    known.at(60 * 6 + 54)
    assert [c.action for c in known.calls()] == ["SetDERControl"]
    known.at(60 * 6 + 55)
    (record,) = known.engine.world.records["CS1"].values()
    assert record.over


def test_defaults_need_no_clock(known):
    known.command(a_default("D1", limit(LimitOn.EXPORT)))
    known.reply()
    known.offset = None
    known.at(60 * 7)
    assert [c.action for c in known.calls()] == ["SetDERControl"]


def test_an_event_that_comes_while_the_clock_is_unknown_waits_for_it(known):
    known.offset = None
    known.at(60 * 6)
    known.command(an_event(start=60 * 6 + 20))
    assert known.calls() == []
    known.offset = AHEAD
    known.now += timedelta(minutes=30)
    timed(known)
    assert len(known.audited("clock.known")) == 1
    assert starts(known) == ["2026-12-01T18:15:00Z"]


def test_a_clock_that_is_read_again_and_again_never_ages(known):
    known.command(an_event(start=60 * 24))
    known.reply()
    for hour in range(1, 24):
        known.now = NOON + timedelta(hours=hour)
        timed(known)
    assert known.audited("clock.unknown") == []
    assert len(known.calls()) == 1


def test_age_counts_over_restarts(known, book):
    known.command(an_event(start=60 * 8))
    known.reply()
    known.now = NOON + timedelta(hours=7)
    fresh = born_anew(known, book, held=[held_from(known.calls()[0])])
    fresh.hear(Tick())
    assert len(fresh.audited("clock.unknown")) == 1
    assert fresh.calls()[-1].action == "ClearDERControl"


def test_a_step_of_our_own_clock_makes_no_offset_older(known):
    known.now += timedelta(days=3)
    known.engine.handle(Tick(), Now(known.now, 10.0, {"dso": AHEAD - timedelta(days=3)}))
    assert known.audited("clock.unknown") == []


def test_an_offset_that_was_kept_without_its_age_counts_from_the_start(known, book):
    kept = {table: dict(documents) for table, documents in known.kept.items()}
    kept = {
        name: {k: v for k, v in doc.items() if k != "at"} for name, doc in kept["utilities"].items()
    }
    known.kept["utilities"] = kept
    known.command(an_event(start=60 * 24))
    known.now = NOON + timedelta(hours=20)
    fresh = born_anew(known, book)
    assert fresh.audited("clock.unknown") == []
    assert len(starts(fresh)) == 1

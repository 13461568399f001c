"""A utility that falls silent, through the engine: events run out, defaults hold, then the fail-safe."""

from dataclasses import replace
from datetime import timedelta

from gateway.core.effects import Persist
from gateway.core.engine import Engine
from gateway.core.events import Now, UtilityHeard
from gateway.core.failsafe import Stage
from gateway.core.listening import passed
from gateway.core.orders import HoldChanged
from gateway.core.station import StationRules
from gateway.core.world import Turn
from support.engine_bench import NOON, Bench, a_command, a_default, limit, pf
from support.heard import (
    FLOOR,
    RULES,
    SAFE,
    a_bench,
    exports,
    kinds,
    moment,
    stage,
    until,
    word,
)
from translators.canonical.commands import Interval, Origin, Protocol, Revision
from translators.canonical.controls import LimitOn


def test_a_silent_utility_is_told_in_the_second_it_is_due(heard):
    until(heard, 2.98, step_s=1)
    assert kinds(heard) == []
    until(heard, 3, step_s=1)
    (told,) = [e for e in heard.audited("failsafe.entered") if e.subject == "CS1"]
    assert (told.actor, told.details["silence_s"]) == ("dso", 180)
    assert stage(heard) is Stage.SILENT


def test_what_runs_goes_on_to_its_end_then_the_default_then_the_fail_safe(heard):
    heard.command(a_default("D1", limit(LimitOn.EXPORT, 4000)))
    heard.command(a_command("M1", limit(LimitOn.EXPORT, 10_000), start=0, minutes=30))
    heard.reply()
    until(heard, 20)
    assert stage(heard) is Stage.SILENT
    assert exports(heard) == [50, 20]
    until(heard, 30.5)
    assert kinds(heard) == ["failsafe.entered", "failsafe.limited"]
    assert exports(heard) == [7.5, 20]


def test_the_fail_safe_is_the_gateways_own_command_and_shows_as_one(heard):
    until(heard, 11)
    (record,) = heard.engine.world.records["CS1"].values()
    assert record.command.origin.utility == "failsafe:dso"
    assert record.command.controls == (FLOOR,)
    assert record.command.interval == Interval(NOON + timedelta(minutes=10), None)


def test_an_event_without_end_is_not_waited_for(heard):
    wide = a_command("M1", limit(LimitOn.EXPORT, 10_000), interval=Interval(NOON, None))
    heard.command(wide)
    heard.reply()
    until(heard, 11)
    assert stage(heard) is Stage.LIMITED
    assert min(exports(heard)) == 7.5


def test_an_event_that_began_in_the_silence_is_not_waited_for_and_bound_by_the_fail_safe(heard):
    heard.command(a_command("M1", limit(LimitOn.EXPORT, 10_000), start=5, minutes=60))
    heard.reply()
    until(heard, 9)
    assert exports(heard) == [50]
    until(heard, 11)
    assert stage(heard) is Stage.LIMITED
    assert min(exports(heard)) == 7.5


def test_a_tighter_event_is_not_loosened_by_the_fail_safe(heard):
    tight = a_command("M1", limit(LimitOn.EXPORT, 400), interval=Interval(NOON, None))
    heard.command(tight)
    heard.reply()
    until(heard, 11)
    assert min(exports(heard)) == 2


def test_the_fail_safe_ends_when_the_utility_was_heard_for_a_time(heard):
    until(heard, 11)
    word(heard, 12)
    until(heard, 12.5)
    assert stage(heard) is Stage.LIMITED
    assert exports(heard) == [7.5]
    word(heard, 13)
    assert stage(heard) is Stage.HEARD
    assert exports(heard) == []
    assert kinds(heard) == ["failsafe.entered", "failsafe.limited", "failsafe.left"]


def test_a_utility_that_comes_and_goes_does_not_make_the_fail_safe_flap(heard):
    until(heard, 11)
    for minute in range(12, 60, 4):
        word(heard, minute)
        until(heard, minute + 3.5)
    assert kinds(heard) == ["failsafe.entered", "failsafe.limited"]
    assert len(heard.calls("SetDERControl")) == 1


def test_what_a_utility_asks_for_on_its_return_counts_at_once(heard):
    until(heard, 11)
    word(heard, 12)
    heard.command(a_command("M1", limit(LimitOn.EXPORT, 200), start=12))
    heard.reply()
    assert stage(heard) is Stage.LIMITED
    assert min(exports(heard)) == 1


def test_a_silence_of_one_station_is_none_of_another(heard):
    for minute in range(1, 12):
        word(heard, minute, station="CS2")
    assert stage(heard) is Stage.LIMITED
    assert stage(heard, "CS2") is Stage.HEARD
    assert kinds(heard, "CS2") == []


def test_a_second_silence_is_a_new_one(heard):
    until(heard, 11)
    word(heard, 12)
    word(heard, 13)
    until(heard, 24)
    assert kinds(heard)[3:] == ["failsafe.entered", "failsafe.limited"]
    assert exports(heard) == [7.5]


def test_a_hold_holds_the_fail_safe_back_too(heard):
    heard.hear(HoldChanged(on=True, reason="works", actor="op"))
    until(heard, 11)
    assert stage(heard) is Stage.LIMITED
    assert exports(heard) == []
    heard.hear(HoldChanged(on=False, reason="done", actor="op"))
    heard.reply()
    assert exports(heard) == [7.5]


def test_words_of_strangers_change_nothing(heard):
    before = dict(heard.engine.world.hearings)
    heard.hear(UtilityHeard("other", "CS1", 60.0))
    heard.hear(UtilityHeard("dso", "CS9", 60.0))
    assert heard.engine.world.hearings == before


def test_a_word_is_kept_once_a_poll(heard):
    before = len(heard.effects)
    for second in range(1, 150):
        word(heard, second / 60)
    kept = [e for e in heard.effects[before:] if isinstance(e, Persist)]
    assert [effect.key for effect in kept] == ["dso/CS1", "dso/CS1"]


def a_bench_of_two(book):
    """Return a bench whose station follows two utilities, of which `tso` is heard every minute."""
    station = StationRules("CS1", ("dso", "tso"), fail_safe=SAFE)
    bench = Bench(Engine(book, [station], {"dso": RULES, "tso": replace(RULES, silent_s=10**6)}))
    bench.engine.world.offsets["tso"] = timedelta()
    bench.take(bench.engine.restore(bench.kept, moment(bench)))
    bench.connect()
    word(bench)
    return bench


def of_tso(mrid, *controls, **changes):
    origin = Origin("tso", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018)
    return a_command(mrid, *controls, origin=origin, **changes)


def test_what_another_utility_asks_for_goes_on_within_the_fail_safe(book):
    bench = a_bench_of_two(book)
    bench.command(of_tso("T1", limit(LimitOn.EXPORT, 10_000), start=0, minutes=120))
    bench.command(of_tso("T2", pf(), start=0, minutes=120))
    bench.reply()
    until(bench, 9)
    assert exports(bench) == [50]
    until(bench, 11)
    assert bench.calls("SetDERControl")[-1].payload["limitMaxDischarge"]["priority"] == 0
    bench.notice(bench.control_id())
    bench.reply()
    assert exports(bench) == [7.5]
    word(bench, 12)
    word(bench, 13)
    assert exports(bench) == [50]
    assert [e.kind for e in bench.audited("command.superseded")] == []


def test_events_of_another_utility_begin_while_one_is_silent(book):
    bench = a_bench_of_two(book)
    bench.engine.world.utilities["dso"] = replace(RULES, starts=False)
    bench.command(a_command("M1", pf(), start=5, minutes=60))
    bench.command(of_tso("T1", limit(LimitOn.EXPORT, 10_000), start=5, minutes=60))
    bench.reply()
    until(bench, 6)
    assert exports(bench) == [50]
    assert len(bench.calls("ClearDERControl")) == 1


def test_a_clock_that_is_unknown_is_that_of_its_own_stations(book):
    rules = {"dso": replace(RULES, silent_s=10**6, keep_offset_s=60)}
    stations = [StationRules("CS1", ("dso",)), StationRules("CS2", ("tso",))]
    bench = Bench(Engine(book, stations, rules))
    word(bench, timed=True)
    bench.at(2)
    assert [e.subject for e in bench.audited("clock.unknown")] == ["dso"]


def test_a_time_that_no_offset_came_of_is_not_kept(book):
    bench = a_bench(book, offset=None)
    word(bench, timed=True)
    assert bench.kept["utilities"] == {}


def test_stations_are_brought_to_their_fail_safe_in_the_order_of_the_settings(book):
    """Else the same day would be decided in another order by another process."""
    names = [f"CS{number}" for number in range(1, 10)]
    rules = [StationRules(name, ("dso",), fail_safe=SAFE) for name in names]
    engine = Engine(book, rules, {"dso": RULES})
    engine.restore({}, Now(NOON, 0.0))
    later = Now(NOON + timedelta(hours=1), 3600.0)
    assert list(passed(Turn(engine.world, later))) == names


def test_a_hold_with_release_does_not_take_the_fail_safe_back(heard):
    until(heard, 11)
    assert exports(heard) == [7.5]
    heard.hear(HoldChanged(on=True, reason="works", actor="op", release=True))
    heard.reply()
    assert exports(heard) == [7.5]
    assert not heard.audited("command.declined")

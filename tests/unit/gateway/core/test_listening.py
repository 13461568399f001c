"""A utility that falls silent, through the engine: events run out, defaults hold, then the fail-safe."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.effects import Persist
from gateway.core.engine import Engine
from gateway.core.events import HoldChanged, Now, ReplyStatus, StationReplied, Tick, UtilityHeard
from gateway.core.failsafe import FailSafe, Stage, UtilityRules
from gateway.core.ledger import EntryState
from gateway.core.listening import passed
from gateway.core.station import StationRules
from gateway.core.world import Turn
from support.engine_bench import NOON, Bench, a_command, a_default, limit, pf
from translators.canonical.commands import Interval, Origin, Protocol, Revision
from translators.canonical.controls import LimitOn, LimitScope, PowerLimit, Quantity
from translators.units import parse_unit

RULES = UtilityRules(silent_s=180, return_s=60, poll_s=60)
FLOOR = PowerLimit(
    LimitOn.EXPORT, Quantity(Fraction(1500), parse_unit("W")), LimitScope.CONNECTION_POINT
)
SAFE = FailSafe((FLOOR,), after_s=600)


def a_bench(book, rules=RULES, safe=SAFE, **changes):
    stations = [StationRules(name, ("dso",), fail_safe=safe) for name in ("CS1", "CS2")]
    bench = Bench(Engine(book, stations, {"dso": rules}), **changes)
    bench.take(bench.engine.restore(bench.kept, moment(bench)))
    return bench


def moment(bench):
    offsets = {} if bench.offset is None else {"dso": bench.offset}
    return Now(bench.now, (bench.now - NOON).total_seconds(), offsets)


def born_anew(bench, book, **changes):
    """Return a gateway that continues from what was kept, its station connected and read back."""
    fresh = a_bench(book, now=bench.now, offset=bench.offset, kept=bench.kept, **changes)
    fresh.connect()
    fresh.reply()
    return fresh


def word(bench, minute=None, station="CS1", *, timed=False):
    if minute is not None:
        bench.now = NOON + timedelta(minutes=minute)
    bench.hear(UtilityHeard("dso", station, 60.0, timed))
    bench.reply()


def stage(bench, station="CS1"):
    return bench.engine.world.hearings["dso", station].stage


def exports(bench):
    """Return the export limits that the station holds now, in per cent, defaults last."""
    entries = bench.engine.world.stations["CS1"].ledger.entries.values()
    held = [e.desired for e in entries if e.state is EntryState.HELD and not e.expired(bench.now)]
    found = [d for d in held if "limitMaxDischarge" in d.payload]
    ordered = sorted(found, key=lambda desired: desired.is_default)
    return [d.payload["limitMaxDischarge"]["pctMaxDischargePower"] for d in ordered]


def until(bench, minute, step_s=10):
    """Let time pass in steps, every call answered."""
    while bench.now < NOON + timedelta(minutes=minute):
        bench.now += timedelta(seconds=step_s)
        bench.hear(Tick())
        bench.reply()


@pytest.fixture
def heard(book):
    """A bench whose station is connected and whose utility was heard at noon."""
    bench = a_bench(book)
    bench.connect()
    word(bench)
    return bench


def kinds(bench, station="CS1"):
    return [
        effect.kind
        for effect in bench.effects
        if getattr(effect, "kind", "").startswith("failsafe.") and effect.subject == station
    ]


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

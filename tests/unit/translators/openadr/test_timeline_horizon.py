"""How far ahead events of one station are told of, and where random starts are on the line of time."""

from datetime import timedelta

import pytest

from support.lines import after, limits, line
from support.openadr import LIMIT, START, a_context, a_payload, an_event, an_interval
from support.translation import book
from translators.openadr.inbound import ServedStretch
from translators.openadr.wire import event_of


def test_random_starts_are_in_the_times_and_the_same_at_every_reading():
    event = limits("a", 7, 60, period={"randomizeStart": "PT10M"})
    (one,) = line(event, context={"seed": "s"}).stretches
    (again,) = line(event, now=after(45), context={"seed": "s"}).stretches
    assert one == again
    assert one.slot.moved != 0
    assert one.slot.start - after(60) == timedelta(seconds=one.slot.moved)
    assert one.slot.end - one.slot.start == timedelta(minutes=60)


def test_an_interval_whose_random_start_was_late_runs_beyond_its_nominal_end():
    event = limits("a", 7, 0, 60, period={"randomizeStart": "PT50M"})
    seeds = (f"s{n}" for n in range(50))
    late = next(s for s in seeds if line(event, context={"seed": s}).stretches[0].slot.moved > 60)
    (it,) = line(event, now=after(60), context={"seed": late}).stretches
    assert it.slot.end > after(60)


def test_without_a_seed_random_starts_are_left_to_the_engine():
    (it,) = line(limits("a", 7, period={"randomizeStart": "PT10M"})).stretches
    assert (it.slot.moved, it.slot.randomize) == (None, 600)


def test_what_begins_beyond_the_horizon_is_found_at_half_of_it():
    found = line(limits("a", 7), limits("b", 7, 25 * 60))
    assert [it.key for it in found.stretches] == ["a"]
    assert found.rebuild_at == START + timedelta(hours=12)
    later = line(limits("b", 7, 25 * 60), now=found.rebuild_at)
    assert ([it.key for it in later.stretches], later.rebuild_at) == (["b"], None)


def test_only_the_next_stretches_are_told():
    short = an_event(*[an_interval(a_payload(LIMIT, n + 1)) for n in range(600)])
    found = line(short | {"intervalPeriod": {"start": START.isoformat(), "duration": "PT1M"}})
    assert len(found.stretches) == 96
    assert found.rebuild_at == after(48)


def test_short_intervals_that_give_way_are_looked_at_again_before_they_resume():
    period = {"start": START.isoformat(), "duration": "PT10S"}
    short = an_event(an_interval(), id="short", intervalPeriod=period, duration="P2D")
    found = line(short, limits("best", 3, 0, 240, priority=1))
    assert [it.key for it in found.stretches] == ["best"]
    reach = timedelta(seconds=10 * 1024)
    assert START < found.rebuild_at < START + reach / 2


def test_a_crowd_of_seconds_is_looked_at_once_a_minute():
    short = an_event(*[an_interval(a_payload(LIMIT, n + 1)) for n in range(600)])
    found = line(short | {"intervalPeriod": {"start": START.isoformat(), "duration": "PT1S"}})
    assert found.rebuild_at == after(1)


def test_a_random_span_of_thousands_of_years_hides_no_neighbour():
    wild = limits("wild", 7, period={"randomizeStart": "P1000000D"})
    found = line(wild, limits("tame", 9, priority=1), context={"seed": "site"})
    assert "tame" in {it.key for it in found.stretches}
    assert found.refusals == {}


def test_a_start_that_moves_out_of_the_calendar_stays():
    event = limits("a", 7, period={"start": "9999-12-31T22:59:59Z", "randomizeStart": "PT20H"})
    seeds = (f"s{n}" for n in range(50))
    known = {"now": START.replace(year=9999, month=12, day=31), "horizon": timedelta(hours=9)}
    found = [line(event, context={"seed": seed}, **known).stretches for seed in seeds]
    moved = {it[0].slot.moved for it in found if it}
    assert None in moved


def test_a_drawn_start_is_drawn_once():
    event = limits("a", 7, 60, period={"randomizeStart": "PT10M"})
    (it,) = line(event, context={"seed": "s"}).stretches
    read = ServedStretch(event_of(event), a_context(seed="s"), it).read(book())
    (command,) = read.value
    assert (command.randomization.start_s, command.randomization.start_draw_s) == (0, None)
    assert command.interval.start == it.slot.start
    assert any("randomizeStart" in repr(step) for step in read.steps)


def test_prices_without_end_keep_no_limit_out_of_sight():
    endless = {"kind": "PRICE", "units": "KWH", "period": {"duration": "P9999Y"}}
    prices = [limits(f"p{number}", 0.1, -60, **endless) for number in range(120)]
    found = line(*prices, limits("limit", 5, 30, 60))
    assert len(found.stretches) == 96
    assert found.stretches[-1].key == "limit"


@pytest.mark.parametrize("seed", [f"s{number}" for number in range(4)])
def test_short_intervals_are_found_however_far_they_were_moved(seed):
    intervals = [an_interval(a_payload(LIMIT, number % 9 + 1)) for number in range(5_000)]
    period = {"start": START.isoformat(), "duration": "PT2S", "randomizeStart": "PT1H"}
    found = line(an_event(*intervals, intervalPeriod=period), now=after(80), context={"seed": seed})
    assert len(found.stretches) == 96
    assert found.stretches[0].slot.start <= after(80) < found.stretches[0].slot.end

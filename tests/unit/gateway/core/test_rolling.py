"""Commands without an end: what a station is told of them, and how that is put off."""

from datetime import timedelta

import pytest

from gateway.core.rolling import put_off_at, told_until
from support.engine_bench import NOON, a_command, held_from, limit, pf
from translators.canonical.commands import Interval
from translators.canonical.controls import LimitOn

DAY = timedelta(days=1)
ENDLESS = Interval(NOON, None)


@pytest.mark.parametrize(
    ("now", "end"), [(-5, 1), (0, 1), (0.49, 1), (0.5, 1.5), (0.99, 1.5), (1, 2), (1000, 1001)]
)
def test_the_end_lies_ahead_by_half_the_span_at_least(now, end):
    assert told_until(ENDLESS, [pf()], NOON + now * DAY) == NOON + end * DAY
    assert told_until(ENDLESS, [limit()], NOON + 30 * now * DAY) == NOON + 30 * end * DAY


@pytest.mark.parametrize("now", [-5, 0, 0.25, 0.5, 7.75])
def test_the_end_is_put_off_when_it_is_due(now):
    now = NOON + now * DAY
    at = put_off_at(ENDLESS, [pf()], now)
    assert at > now
    moment = timedelta(microseconds=1)
    told = [told_until(ENDLESS, [pf()], t) for t in (now, at - moment, at)]
    assert told[0] == told[1] < told[2]


def test_what_has_an_end_keeps_it():
    interval = Interval(NOON, NOON + DAY)
    assert told_until(interval, [pf()], NOON) == NOON + DAY


def test_a_mode_without_end_is_told_for_a_day_and_put_off_before_that_lapses(ready):
    ready.command(a_command("M1", interval=ENDLESS))
    first = ready.calls("SetDERControl")[-1].payload["fixedPFInject"]
    assert (first["startTime"], first["duration"]) == ("2026-12-01T12:00:00Z", 86_400)
    ready.reply()
    ready.notice(ready.control_id())
    ready.at(12 * 60 - 1)
    assert len(ready.calls("SetDERControl")) == 1
    assert ready.engine.world.stations["CS1"].wake_at == NOON + DAY / 2
    ready.at(12 * 60)
    later = ready.calls("SetDERControl")[-1].payload
    assert later["controlId"] == ready.calls("SetDERControl")[0].payload["controlId"]
    assert later["fixedPFInject"]["duration"] == 86_400 + 43_200
    assert [outcome.value for outcome in ready.told()] == ["received", "started"]


def test_an_export_limit_without_end_is_no_default(ready):
    ready.command(a_command("M1", limit(LimitOn.EXPORT), interval=ENDLESS))
    (call,) = ready.calls("SetDERControl")
    assert call.payload["isDefault"] is False
    assert call.payload["limitMaxDischarge"]["duration"] == 30 * 86_400


def test_a_reconnect_repeats_nothing_of_a_command_without_end(ready):
    ready.command(a_command("M1", limit(), interval=ENDLESS))
    ready.reply()
    sent = ready.calls("SetChargingProfile")
    ready.now += timedelta(hours=3)
    ready.connect(held=[held_from(sent[-1])])
    assert ready.calls("SetChargingProfile") == sent

"""What the engine forgets, what it remembers, and when it wants to be woken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.effects import Table, WakeAt
from gateway.core.events import (
    CommandReceived,
    NoticeReceived,
    ReplyStatus,
    StationConnected,
    StationDisconnected,
    Tick,
    Withdrawal,
)
from gateway.core.ledger import MAX_ATTEMPTS, EntryState
from gateway.core.lifecycle import State
from gateway.core.records import RETENTION
from support.engine_bench import NOON, Bench, a_command, a_default, a_profile, an_engine, limit, pf
from translators.canonical.commands import Interval, Target
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlNotice
from translators.canonical.telemetry import ControlOutcome as Told
from translators.rules.trace import Refusal

WEEK_MINUTES = RETENTION / timedelta(minutes=1)


def record_of(bench, mrid="M1"):
    return bench.engine.world.records["CS1"].get(f"dso/CS1/{mrid}")


def complete(bench):
    bench.command(a_command())
    bench.reply()
    bench.at(10)
    bench.notice(bench.control_id())
    bench.at(70)


def test_an_ended_command_is_remembered_so_that_nothing_is_told_twice(ready):
    complete(ready)
    ready.at(70 + WEEK_MINUTES / 2)
    ready.command(a_command())
    assert ready.told() == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_an_ended_command_is_forgotten_after_a_week_with_all_that_belongs_to_it(ready):
    complete(ready)
    ready.at(71 + WEEK_MINUTES)
    ready.command(a_command("M2", start=20 * 24 * 60))
    assert record_of(ready) is None
    assert list(ready.kept[Table.COMMANDS]) == ["dso/CS1/M2"]


def test_what_ended_longer_ago_than_anyone_remembers_is_not_answered(ready):
    ready.command(a_command(start=-WEEK_MINUTES - 70))
    assert ready.told() == []
    assert record_of(ready) is None


def test_a_default_that_is_over_is_forgotten_at_once(ready):
    ready.command(a_default("D1"))
    ready.reply()
    ready.withdraw("D1", Withdrawal.VANISHED)
    ready.reply()
    assert record_of(ready, "D1") is None
    assert ready.kept[Table.COMMANDS] == {}


def test_a_default_that_comes_back_while_it_is_cleared_is_set_again(ready):
    ready.command(a_default("D1"))
    ready.reply()
    ready.withdraw("D1", Withdrawal.VANISHED)
    ready.command(a_default("D1"))
    ready.reply()
    actions = [call.action for call in ready.calls()]
    assert actions == ["SetDERControl", "ClearDERControl", "SetDERControl"]


def test_a_refused_command_ends_with_its_interval(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.REJECTED)
    assert record_of(ready).state is State.REFUSED
    ready.at(70)
    assert record_of(ready).state is State.CLOSED
    assert ready.told() == [Told.RECEIVED, Told.NOT_APPLICABLE]


def test_an_invalid_command_is_told_so_and_never_received(ready):
    refusal = Refusal(Told.INVALID, "VoltVar", "DERCurve", "no points", "csip.volt_var")
    ready.command(a_command(), refusals=(refusal,))
    assert ready.told() == [Told.INVALID]
    assert ready.calls() == []


def untimed(bench):
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    refusal = Refusal(Told.INVALID, "interval", "DERControl/interval", "needs start", "event")
    command = replace(a_command(), controls=(), interval=Interval(begin, None))
    bench.command(command, refusals=(refusal,))


def test_an_event_that_cannot_be_timed_is_invalid_until_a_sound_edition_comes(ready):
    untimed(ready)
    untimed(ready)
    assert (ready.told(), ready.calls()) == ([Told.INVALID], [])
    ready.command(a_command(version=1))
    assert len(ready.calls()) == 1


def test_an_event_that_cannot_be_timed_goes_with_its_withdrawal(ready):
    untimed(ready)
    ready.withdraw(reason=Withdrawal.VANISHED)
    assert record_of(ready).over
    assert ready.told()[0] is Told.INVALID


def test_a_command_without_controls_never_starts(ready):
    ready.command(replace(a_command(), controls=()))
    ready.at(10)
    ready.at(71)
    assert ready.told() == [Told.RECEIVED, Told.NO_PARTICIPATION]


def test_an_event_that_is_dropped_at_its_own_end_is_not_cancelled(ready):
    ready.command(a_command(start=-10, minutes=20))
    ready.reply()
    ready.notice(ready.control_id())
    ready.now = NOON + timedelta(minutes=10, seconds=-1)
    ready.withdraw(reason=Withdrawal.VANISHED)
    ready.at(10)
    assert ready.told()[-1] is Told.COMPLETED


def test_a_newer_version_without_a_change_is_remembered_and_nothing_else(ready):
    ready.command(a_command())
    before = len(ready.calls())
    ready.command(a_command(version=5))
    ready.command(a_command("M1", pf("0.9"), version=4))
    assert len(ready.calls()) == before
    assert len(ready.audited("command.version_fell")) == 1


def test_a_change_to_a_command_that_is_being_cancelled_is_too_late(ready):
    ready.command(a_command())
    ready.reply()
    ready.withdraw()
    ready.command(a_command("M1", pf("0.9"), version=1))
    assert record_of(ready).state is State.CANCELLING
    assert ready.calls()[-1].action == "ClearDERControl"


def test_a_superseded_mark_before_the_start_is_told_at_once(ready):
    ready.command(a_command())
    ready.reply()
    ready.withdraw(reason=Withdrawal.SUPERSEDED)
    assert ready.told()[-1] is Told.SUPERSEDED
    assert ready.calls()[-1].action == "ClearDERControl"


def test_a_mute_station_is_named_once_it_is_given_up(ready):
    ready.command(a_command())
    for _ in range(MAX_ATTEMPTS):
        ready.reply(ReplyStatus.NO_ANSWER)
        ready.report(complete=False)
    assert len(ready.audited("control.unanswered")) == MAX_ATTEMPTS - 1
    assert ready.audited("control.given_up")[0].details["attempts"] == MAX_ATTEMPTS
    ready.connect()
    assert len(ready.calls()) == MAX_ATTEMPTS + 1


def test_an_answer_about_a_command_that_nobody_remembers_changes_no_command(ready):
    ready.command(a_command())
    ready.engine.world.records["CS1"].clear()
    ready.reply(ReplyStatus.REJECTED)
    assert ready.told() == [Told.RECEIVED]


def test_a_vacuous_part_starts_only_when_its_turn_has_come(bench):
    bench.connect(profile_without_der())
    bench.command(a_command("M1", export_limit(), start=-10, minutes=40, primacy=5))
    bench.command(a_command("M2", export_limit(), start=-5, minutes=60))
    assert bench.told("M2") == [Told.RECEIVED]
    bench.at(30)
    assert bench.told("M2") == [Told.RECEIVED, Told.STARTED]


def profile_without_der():
    return a_profile(der=False)


def export_limit():
    return limit(LimitOn.EXPORT)


def test_a_refused_part_leaves_the_limit_to_a_better_command(bench):
    bench.connect(profile_without_der())
    bench.command(a_command("M1", pf(), limit(watts=7000), start=-10, minutes=60))
    bench.reply()
    bench.command(a_command("M2", limit(watts=5000), start=0, minutes=5, primacy=5))
    bench.reply()
    bench.at(6)
    (entry,) = bench.engine.world.stations["CS1"].ledger.of_command("dso/CS1/M1")
    assert entry.state is EntryState.CLEARING


def test_a_command_whose_utility_has_no_clock_yet_is_taken_in_and_waits(book):
    bench = Bench(an_engine(book), offset=None)
    bench.command(a_command())
    assert bench.told() == [Told.RECEIVED]
    assert bench.engine.world.stations["CS1"].wake_at == NOON + timedelta(minutes=10)


def wakes(effects):
    return [effect.utc for effect in effects if isinstance(effect, WakeAt)]


def test_a_tick_that_nobody_waits_for_costs_nothing(ready):
    ready.command(a_command())
    assert ready.at(5) == []


def test_a_tick_settles_only_the_station_that_waits(book):
    bench = Bench(an_engine(book))
    bench.connect()
    bench.command(a_command(start=10))
    bench.hear(CommandReceived(a_command("M2", start=20, target=Target("CS2"))))
    assert wakes(bench.at(10)) == [NOON + timedelta(minutes=70)]


def test_a_clock_that_becomes_known_settles_all_stations_of_its_utility(book):
    bench = Bench(an_engine(book), offset=None)
    bench.connect()
    bench.command(a_command())
    assert bench.calls() == []
    bench.offset = timedelta()
    bench.hear(Tick())
    assert len(bench.calls()) == 1


def test_a_question_to_a_profile_is_asked_again_after_its_pause(ready):
    ready.command(a_command("M1", limit(watts=7000)))
    ready.reply()
    ready.at(10)
    ready.reply(ReplyStatus.NO_ANSWER)
    state = ready.engine.world.stations["CS1"]
    assert state.wake_at == NOON + timedelta(minutes=10, seconds=10)


def test_a_disconnected_station_keeps_its_commands_and_gets_nothing(ready):
    ready.hear(StationDisconnected("CS1"))
    ready.command(a_command())
    assert ready.calls() == []
    assert ready.told() == [Told.RECEIVED]


def test_a_late_end_notice_counts_as_evidence_of_a_start(ready):
    ready.command(a_command())
    ready.reply()
    ready.at(20)
    notice = ControlNotice("CS1", ready.control_id(), started=False, at=ready.now)
    ready.hear(NoticeReceived(notice))
    assert ready.told()[-1] is Told.STARTED


@pytest.mark.parametrize("start", [-5, 10])
def test_a_command_without_end_runs_until_it_is_withdrawn(ready, start):
    begin = NOON + timedelta(minutes=start)
    ready.command(a_command("M1", limit(watts=7000), interval=Interval(begin, None)))
    ready.reply()
    ready.withdraw()
    assert ready.calls()[-1].action == "ClearChargingProfile"
    ready.reply()
    assert ready.told()[-1] is Told.CANCELLED


def test_a_refused_clear_is_tried_again_after_a_reconnect_whatever_the_read_back_told(ready):
    ready.command(a_command())
    ready.reply()
    ready.withdraw()
    ready.reply(ReplyStatus.REJECTED)
    ready.hear(StationConnected("CS1", a_profile()))
    ready.report(complete=False)
    assert [c.action for c in ready.calls()][-2:] == ["ClearDERControl", "ClearDERControl"]

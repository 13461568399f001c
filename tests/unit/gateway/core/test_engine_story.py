"""One command from receipt to its end, as the engine decides it."""

from datetime import timedelta

import pytest

from gateway.core.effects import Audit, Persist, ReadBack, RespondToUtility, SendToStation
from gateway.core.events import ReplyStatus, Withdrawal
from gateway.core.records import CommandRecord
from support.engine_bench import a_command, a_default, a_profile, held_from, limit, pf
from translators.canonical.commands import Randomization, ResponseDuty
from translators.canonical.controls import Excitation, Gradients, IslandPermit, LimitOn
from translators.canonical.telemetry import ControlOutcome as Told


def test_a_station_is_read_back_before_anything_is_sent(bench):
    bench.command(a_command())
    bench.connect()
    kinds = [type(e) for e in bench.effects if isinstance(e, ReadBack | SendToStation)]
    assert kinds == [ReadBack, SendToStation]


def test_a_command_is_durable_and_audited_before_it_is_acknowledged_and_sent(ready):
    effects = ready.command(a_command())
    order = [type(effect) for effect in effects]
    assert order.index(Persist) < order.index(Audit) < order.index(RespondToUtility)
    assert order.index(RespondToUtility) < order.index(SendToStation)
    assert order == sorted(order, key=order.index)


def test_a_future_control_is_sent_at_once_with_its_start_and_duration(ready):
    ready.command(a_command(start=10, minutes=60))
    payload = ready.calls("SetDERControl")[0].payload["fixedPFInject"]
    assert payload == {
        "priority": 10,
        "displacement": 0.95,
        "excitation": True,
        "startTime": "2026-12-01T12:10:00Z",
        "duration": 3600,
    }


def test_a_command_runs_from_receipt_to_completion(ready):
    ready.command(a_command())
    assert ready.told() == [Told.RECEIVED]
    ready.reply()
    ready.at(10)
    assert ready.told() == [Told.RECEIVED]
    ready.notice(ready.control_id())
    assert ready.told() == [Told.RECEIVED, Told.STARTED]
    ready.at(70)
    assert ready.told() == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_accepted_alone_is_no_start(ready):
    ready.command(a_command())
    ready.reply()
    ready.at(40)
    assert Told.STARTED not in ready.told()


def test_a_station_that_never_shows_a_start_did_not_take_part(ready):
    ready.command(a_command())
    ready.reply()
    ready.at(70)
    assert ready.told()[-1] is Told.NO_PARTICIPATION


def test_a_control_that_started_early_by_the_stations_clock_counts_from_our_start(ready):
    ready.command(a_command())
    ready.reply()
    ready.notice(ready.control_id())
    assert Told.STARTED not in ready.told()
    ready.at(10)
    assert ready.told()[-1] is Told.STARTED


@pytest.mark.parametrize("repeat", [1, 2, 3])
def test_the_same_command_served_again_changes_nothing(ready, repeat):
    ready.command(a_command())
    before = len(ready.effects)
    for _ in range(repeat):
        ready.command(a_command(server_time=ready.now + timedelta(minutes=5)))
    news = [e for e in ready.effects[before:] if isinstance(e, Persist | Audit | SendToStation)]
    assert news == []


def test_a_late_command_is_told_so_and_not_executed(ready):
    ready.command(a_command(start=-90, minutes=60))
    assert ready.told() == [Told.LATE]
    assert ready.calls() == []


def test_an_event_that_began_before_it_was_seen_still_runs_to_its_end(ready):
    ready.command(a_command(start=-30, minutes=60))
    assert len(ready.calls("SetDERControl")) == 1


def test_nothing_is_owed_where_the_utility_asked_for_nothing(ready):
    ready.command(a_command(response=ResponseDuty(reply_to="/rsp")))
    ready.reply()
    ready.at(10)
    ready.notice(ready.control_id())
    ready.at(70)
    assert ready.told() == []


def test_nothing_is_owed_without_an_address(ready):
    ready.command(a_command(response=ResponseDuty(received=True, specific=True)))
    assert ready.told() == []


REFUSALS = {
    ReplyStatus.REJECTED: Told.NOT_APPLICABLE,
    ReplyStatus.CALL_ERROR: Told.NOT_APPLICABLE,
    ReplyStatus.NOT_FOUND: Told.NOT_APPLICABLE,
    ReplyStatus.NOT_SUPPORTED: Told.NOT_SUPPORTED,
}


@pytest.mark.parametrize(("status", "outcome"), REFUSALS.items(), ids=str)
def test_a_refusal_by_the_station_reaches_the_utility(ready, status, outcome):
    ready.command(a_command())
    ready.reply(status, reason="no")
    assert ready.told() == [Told.RECEIVED, outcome]
    assert ready.audited("control.refused")[0].details["reason"] == f"{status}: no"


def test_a_refused_control_is_not_sent_again(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.REJECTED)
    ready.at(5)
    assert len(ready.calls()) == 1


def test_a_function_that_the_station_lacks_is_refused_without_a_message(bench):
    bench.connect(a_profile(der=False))
    bench.command(a_command())
    assert bench.calls() == []
    assert bench.told() == [Told.RECEIVED, Told.NOT_SUPPORTED]


def test_where_a_mode_is_refused_a_limit_of_the_same_command_stays(bench):
    bench.connect(a_profile(der=False))
    bench.command(a_command("M1", pf(), limit()))
    assert [c.action for c in bench.calls()] == ["SetChargingProfile"]
    assert bench.told() == [Told.RECEIVED, Told.NOT_SUPPORTED]


def test_where_the_station_refuses_a_limit_its_partner_mode_is_taken_back(ready):
    ready.command(a_command("M1", pf(), limit()))
    profile = ready.calls("SetChargingProfile")[0]
    ready.reply(call=ready.calls("SetDERControl")[0])
    ready.reply(ReplyStatus.REJECTED, call=profile)
    assert [c.action for c in ready.calls()][-1] == "ClearDERControl"
    assert ready.told()[-1] is Told.NOT_APPLICABLE


def test_a_command_that_follows_by_itself_starts_and_ends_without_a_message(bench):
    bench.connect(a_profile(der=False))
    bench.command(a_command("M1", limit(LimitOn.EXPORT)))
    bench.at(10)
    bench.at(70)
    assert bench.calls() == []
    assert bench.told() == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_a_cancelled_command_is_cleared_and_told_after_the_station_let_go(ready):
    ready.command(a_command())
    ready.reply()
    ready.withdraw()
    assert ready.calls()[-1].action == "ClearDERControl"
    assert Told.CANCELLED not in ready.told()
    ready.reply()
    assert ready.told()[-1] is Told.CANCELLED


def test_a_cancel_before_the_station_knew_is_told_at_once(bench):
    bench.command(a_command())
    bench.withdraw()
    assert bench.told() == [Told.RECEIVED, Told.CANCELLED]


def test_a_cancel_while_the_station_is_silent_is_told_at_the_planned_end(ready):
    ready.command(a_command())
    ready.reply()
    ready.withdraw()
    ready.at(70)
    assert ready.told()[-1] is Told.CANCELLED


def test_a_clear_that_the_station_refuses_is_said_plainly_and_tried_after_reconnect(ready):
    ready.command(a_command())
    sent = ready.calls()[0]
    ready.reply()
    ready.withdraw()
    ready.reply(ReplyStatus.REJECTED, reason="busy")
    assert ready.audited("control.clear_failed")[0].details["reason"] == "busy"
    ready.connect(held=[held_from(sent)])
    assert ready.calls()[-1].action == "ClearDERControl"


def test_a_randomised_cancel_ends_within_its_own_span(ready):
    spans = Randomization(start_s=0, duration_s=120)
    ready.command(a_command(start=-5, randomization=spans), draws=(0.0, 0.5))
    ready.reply()
    ready.withdraw(reason=Withdrawal.CANCELLED_RANDOMIZED)
    assert ready.calls()[-1].payload["fixedPFInject"]["duration"] == 5 * 60 + 60
    ready.reply()
    ready.at(2)
    assert ready.told()[-1] is Told.CANCELLED


def test_a_withdrawal_of_something_unknown_changes_nothing(ready):
    assert [e for e in ready.withdraw("M9") if isinstance(e, Persist | SendToStation)] == []


def test_a_second_withdrawal_changes_nothing(ready):
    ready.command(a_command())
    ready.withdraw()
    before = len(ready.calls())
    ready.withdraw()
    assert len(ready.calls()) == before


def test_random_start_and_duration_are_drawn_once_and_kept(ready):
    spans = Randomization(start_s=600, duration_s=-600)
    ready.command(a_command(randomization=spans), draws=(0.5, 0.25))
    first = ready.calls()[0].payload["fixedPFInject"]
    assert (first["startTime"], first["duration"]) == ("2026-12-01T12:15:00Z", 3600 - 150)
    ready.command(a_command(randomization=spans, primacy=5, version=1), draws=(0.9, 0.9))
    record = CommandRecord(a_command(randomization=spans))
    kept = ready.engine.world.records["CS1"][record.key].command.randomization
    assert (kept.start_draw_s, kept.duration_draw_s) == (300, -150)


def test_another_span_is_drawn_anew(ready):
    ready.command(a_command(randomization=Randomization(start_s=600)), draws=(0.5, 0.0))
    ready.command(a_command(randomization=Randomization(start_s=60), version=1), draws=(0.5, 0.0))
    ready.reply()
    assert ready.calls()[-1].payload["fixedPFInject"]["startTime"] == "2026-12-01T12:10:30Z"


def test_a_new_edition_updates_the_control_under_the_same_id(ready):
    ready.command(a_command())
    ready.reply()
    ready.command(a_command("M1", pf("0.9"), version=1))
    first, second = ready.calls("SetDERControl")
    assert first.payload["controlId"] == second.payload["controlId"]
    assert second.payload["fixedPFInject"]["displacement"] == 0.9
    assert ready.told() == [Told.RECEIVED]


def test_an_older_edition_is_ignored_and_audited(ready):
    ready.command(a_command(version=2))
    ready.command(a_command("M1", pf("0.9"), version=1))
    assert len(ready.calls()) == 1
    assert len(ready.audited("command.version_fell")) == 1


def test_a_corrected_edition_revives_a_refused_command(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.REJECTED)
    ready.command(a_command("M1", pf("0.9"), version=1))
    ready.reply()
    ready.at(10)
    ready.notice(ready.control_id())
    assert ready.told() == [Told.RECEIVED, Told.NOT_APPLICABLE, Told.STARTED]


def test_an_edition_of_an_ended_command_is_not_executed(ready):
    ready.command(a_command())
    ready.withdraw()
    ready.reply()
    before = len(ready.calls())
    ready.command(a_command("M1", pf("0.9"), version=1))
    assert len(ready.calls()) == before


def test_a_default_goes_into_the_default_slot_without_times_and_without_answers(ready):
    ready.command(a_default("D1", Gradients(normal=pf("0.27").displacement, soft=None)))
    payload = ready.calls()[0].payload
    assert payload["isDefault"] is True
    assert "startTime" not in payload["gradient"]
    assert ready.told("D1") == []


def test_a_default_of_the_better_program_holds_per_function(ready):
    ready.command(a_default("D1", pf("0.95"), primacy=10))
    ready.reply()
    ready.command(a_default("D2", pf("0.9"), primacy=5))
    actions = [call.action for call in ready.calls()]
    assert actions == ["SetDERControl", "ClearDERControl", "SetDERControl"]
    ready.reply()
    ready.withdraw("D2")
    assert ready.calls()[-1].payload["fixedPFInject"]["displacement"] == 0.95


def test_one_refused_default_does_not_drop_the_others(ready):
    ready.command(a_default("D1", IslandPermit(permitted=True), pf()))
    assert [call.action for call in ready.calls()] == ["SetDERControl"]


def test_an_event_of_the_other_sign_changes_only_the_sign(ready):
    ready.command(a_command("M1", pf(excitation=Excitation.OVER)))
    assert ready.calls()[0].payload["fixedPFInject"]["excitation"] is False


def test_start_times_leave_in_our_time_while_the_utilitys_clock_is_off(bench):
    bench.offset = timedelta(seconds=90)
    bench.connect()
    bench.command(a_command(start=10))
    sent = bench.calls()[0].payload["fixedPFInject"]
    assert sent["startTime"] == "2026-12-01T12:08:30Z"


def test_a_jitter_of_the_clock_moves_no_start(ready):
    ready.command(a_command())
    ready.reply()
    ready.offset = timedelta(seconds=0.9)
    ready.at(1)
    assert len(ready.calls()) == 1


def test_a_step_of_the_clock_moves_the_schedule_and_is_audited(ready):
    ready.command(a_command())
    ready.reply()
    ready.offset = timedelta(seconds=-5)
    ready.at(1)
    assert ready.calls()[-1].payload["fixedPFInject"]["startTime"] == "2026-12-01T12:10:05Z"
    assert len(ready.audited("clock.stepped")) == 1


def test_nothing_starts_while_the_offset_is_unknown(bench):
    bench.offset = None
    bench.connect()
    bench.command(a_command())
    assert bench.calls() == []
    bench.offset = timedelta()
    bench.at(1)
    assert len(bench.calls()) == 1


def test_a_default_that_comes_back_is_set_again(ready):
    ready.command(a_default("D1"))
    ready.reply()
    ready.withdraw("D1", Withdrawal.VANISHED)
    ready.reply()
    ready.command(a_default("D1"))
    assert [c.action for c in ready.calls()] == [
        "SetDERControl",
        "ClearDERControl",
        "SetDERControl",
    ]

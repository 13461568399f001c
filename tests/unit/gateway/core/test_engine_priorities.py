"""DER controls of one type at one station: what stations decide at receipt must change nothing."""

from datetime import timedelta

import pytest

from gateway.core.events import HeldControl, ReplyStatus, Withdrawal
from gateway.core.ledger import SWEEP, EntryState, Evidence
from support.engine_bench import NOON, a_command, a_default, held_from, limit, pf
from translators.canonical.telemetry import ControlOutcome as Told


def priorities(bench):
    return [call.payload["fixedPFInject"]["priority"] for call in bench.calls("SetDERControl")]


def times(call):
    body = call.payload["fixedPFInject"]
    return body["startTime"][11:16], body["duration"] // 60


def entry_of(bench, mrid="M1"):
    (entry,) = bench.engine.world.stations["CS1"].ledger.of_command(f"dso/CS1/{mrid}")
    return entry


def running(bench, mrid="M1", *controls, **changes):
    bench.command(a_command(mrid, *controls, **{"start": -10, "minutes": 120, **changes}))
    bench.reply()
    bench.notice(bench.control_id())


def test_a_better_control_keeps_its_priority_over_one_that_runs(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30))
    assert priorities(ready) == [10, 5]


def test_a_better_control_ties_with_one_that_still_waits_and_that_one_is_cut(ready):
    ready.command(a_command("M1", start=10, minutes=120))
    ready.reply()
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30))
    cut, newcomer = ready.calls("SetDERControl")[1:]
    assert (times(cut), times(newcomer)) == (("12:10", 20), ("12:30", 60))
    assert priorities(ready) == [10, 10, 10]


def test_a_worse_control_ties_with_the_better_one_that_it_follows(ready):
    running(ready, primacy=5)
    ready.command(a_command("M2", pf("0.9"), start=0, minutes=180))
    assert priorities(ready) == [5, 5]
    assert times(ready.calls()[-1]) == ("13:50", 70)


def test_an_update_of_a_running_control_ties_with_a_better_one_that_waits(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30))
    ready.reply()
    ready.command(a_command("M1", pf("0.97"), start=-10, minutes=120, version=1))
    assert priorities(ready) == [10, 5, 5]


def test_a_priority_alone_is_no_reason_to_send_again(ready):
    running(ready, primacy=5)
    ready.command(a_command("M2", pf("0.9"), start=0, minutes=180))
    ready.reply()
    ready.at(110)
    ready.at(112)
    assert len(ready.calls()) == 2


def test_a_station_that_lets_go_late_still_counts_as_holding(ready):
    running(ready, primacy=5, minutes=20)
    ready.at(10.5)
    ready.command(a_command("M2", pf("0.9"), start=11))
    assert priorities(ready) == [5, 5]
    ready.now = NOON + timedelta(minutes=10) + SWEEP
    ready.at(12)
    ready.command(a_command("M3", pf("0.9"), start=90))
    assert priorities(ready)[-1] == 5


def test_a_control_is_let_go_without_a_call_once_the_station_did(ready):
    running(ready, minutes=20)
    ready.at(10)
    assert entry_of(ready).state is EntryState.HELD
    ready.at(11)
    assert ready.engine.world.stations["CS1"].ledger.entries == {}
    assert len(ready.calls()) == 1


def test_an_equal_newcomer_that_starts_now_is_sent_after_the_old_one_was_cleared(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), start=-1, created=NOON))
    assert [call.action for call in ready.calls()[1:]] == ["ClearDERControl", "SetDERControl"]
    assert ready.told("M1")[-1] is Told.SUPERSEDED


def test_a_better_newcomer_that_starts_now_replaces_the_old_one_without_a_gap(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), start=-1, primacy=5))
    assert [call.action for call in ready.calls()[1:]] == ["SetDERControl"]
    ready.reply()
    assert [call.action for call in ready.calls()[1:]] == ["SetDERControl"]
    ready.notice(ready.control_id())
    assert ready.calls()[-1].action == "ClearDERControl"


def test_what_the_station_puts_aside_at_receipt_is_not_sent_for_ever(ready):
    ready.command(a_command())
    own = ready.control_id()
    ready.reply(payload={"status": "Accepted", "supersededIds": [own]})
    assert entry_of(ready).state is EntryState.ASIDE
    ready.at(5)
    assert len(ready.calls()) == 1
    ready.at(70)
    assert ready.told()[-1] is Told.NO_PARTICIPATION


def test_what_the_station_put_aside_is_sent_again_in_another_form(ready):
    ready.command(a_command())
    ready.reply(payload={"status": "Accepted", "supersededIds": [ready.control_id()]})
    ready.command(a_command("M1", pf("0.9"), version=1))
    assert len(ready.calls()) == 2


def test_a_notice_of_what_was_put_aside_is_checked_with_the_station(ready):
    running(ready)
    first = ready.calls()[0]
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=30))
    ready.reply()
    ready.now = NOON + timedelta(minutes=29)
    ready.notice(ready.control_id(), superseded=[first.payload["controlId"]])
    assert entry_of(ready).state is EntryState.UNKNOWN
    aside = HeldControl(held_from(first).id, first.action, first.payload, superseded=True)
    ready.report([aside, held_from(ready.calls()[1])])
    assert entry_of(ready).state is EntryState.ASIDE
    assert len(ready.calls()) == 2


def test_a_short_gap_between_two_commands_is_bridged(ready):
    running(ready, minutes=20)
    second = a_command("M2", pf("0.9"), start=10 + 3 / 60)
    ready.command(second)
    stretched = ready.calls("SetDERControl")[1].payload["fixedPFInject"]
    assert stretched["duration"] == 20 * 60 + 3
    ready.reply()
    ready.at(10)
    assert ready.told("M1")[-1] is Told.COMPLETED
    assert {call.action for call in ready.calls()} == {"SetDERControl"}


def test_a_longer_gap_falls_back_to_the_default(ready):
    running(ready, minutes=20)
    ready.command(a_command("M2", pf("0.9"), start=10 + 6 / 60))
    assert [times(call) for call in ready.calls()] == [("11:50", 20), ("12:10", 60)]


def test_a_cancelled_command_bridges_nothing(ready):
    running(ready)
    ready.command(a_command("M2", pf("0.9"), start=3 / 60, created=NOON))
    ready.reply()
    ready.withdraw("M1")
    assert ready.calls()[-1].action == "ClearDERControl"


def test_a_profile_is_set_before_the_one_that_it_replaces_is_cleared(ready):
    ready.command(a_command("M1", limit(watts=7000), start=-10, minutes=120))
    ready.reply()
    ready.reply(ReplyStatus.NOT_SUPPORTED)
    ready.command(a_command("M2", limit(watts=9000), start=-1, primacy=5))
    assert [c.action for c in ready.calls() if "Composite" not in c.action] == [
        "SetChargingProfile",
        "SetChargingProfile",
    ]
    ready.reply()
    assert "ClearChargingProfile" in [c.action for c in ready.calls()]


def test_an_update_that_the_station_refuses_takes_the_old_form_back(ready):
    running(ready)
    ready.command(a_command("M1", pf("0.9"), start=-10, minutes=120, version=1))
    ready.reply(ReplyStatus.REJECTED)
    assert ready.calls()[-1].action == "ClearDERControl"
    assert ready.told()[-1] is Told.NOT_APPLICABLE
    ready.reply()
    assert ready.engine.world.stations["CS1"].ledger.entries == {}


def test_a_refused_update_of_a_default_takes_the_old_form_back(ready):
    ready.command(a_default("D1", pf("0.95")))
    ready.reply()
    ready.command(a_default("D1", pf("0.9"), version=1))
    ready.reply(ReplyStatus.REJECTED)
    assert ready.calls()[-1].action == "ClearDERControl"


def test_what_may_be_held_after_a_broken_read_back_is_cleared_when_nobody_wants_it(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.NO_ANSWER)
    ready.withdraw()
    ready.report(complete=False)
    assert ready.calls()[-1].action == "ClearDERControl"
    assert Told.CANCELLED not in ready.told()
    ready.reply(ReplyStatus.NOT_FOUND)
    assert ready.told()[-1] is Told.CANCELLED


def test_an_older_form_that_the_station_still_shows_is_cleared_when_nobody_wants_it(ready):
    ready.command(a_command())
    first = ready.calls()[0]
    ready.reply()
    ready.command(a_command("M1", pf("0.9"), version=1))
    ready.withdraw()
    ready.reply(ReplyStatus.NO_ANSWER)
    ready.report([held_from(first)])
    assert ready.calls()[-1].action == "ClearDERControl"


def test_evidence_of_a_running_control_outlives_the_end_of_the_one_before_it(ready):
    running(ready, primacy=5, minutes=20)
    ready.command(a_command("M2", pf("0.9"), start=0, minutes=60))
    ready.reply()
    ready.at(10)
    ready.notice(ready.control_id())
    ready.at(12)
    assert entry_of(ready, "M2").evidence is Evidence.STARTED
    assert len(ready.calls()) == 2
    assert ready.told("M2") == [Told.RECEIVED, Told.STARTED]


@pytest.mark.parametrize("reason", [Withdrawal.CANCELLED, Withdrawal.VANISHED])
def test_the_worse_one_is_stretched_when_the_better_one_goes(ready, reason):
    running(ready, primacy=5)
    ready.command(a_command("M2", pf("0.9"), start=0, minutes=180))
    ready.reply()
    ready.withdraw("M1", reason)
    assert times(ready.calls("SetDERControl")[-1]) == ("12:00", 180)

"""What survives silence, reconnects, restarts and shutdown."""

import pytest

from gateway.core.effects import (
    Persist,
    ReadBack,
    RespondToUtility,
    SendToStation,
    Table,
)
from gateway.core.events import (
    CommandReceived,
    CommandWithdrawn,
    ControlsReported,
    DeviceReported,
    HeldControl,
    NoticeReceived,
    ReplyStatus,
    ResponsePosted,
    SessionKept,
    StationConnected,
    StationDisconnected,
    StationReplied,
    TransactionsChanged,
    UtilityChanged,
    Withdrawal,
)
from gateway.core.ledger import MAX_ATTEMPTS, EntryState
from gateway.core.orders import DrainMode, DrainRequested
from support.engine_bench import (
    Bench,
    a_command,
    a_default,
    a_profile,
    an_engine,
    held_from,
    limit,
    pf,
)
from translators.canonical.capability import Transaction
from translators.canonical.commands import Target
from translators.canonical.telemetry import ControlNotice
from translators.canonical.telemetry import ControlOutcome as Told


def entry(bench, index=0):
    return list(bench.engine.world.stations["CS1"].ledger.entries.values())[index]


def test_silence_is_read_back_before_the_command_is_sent_again(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.NO_ANSWER)
    assert isinstance(ready.effects[-1], ReadBack)
    assert len(ready.calls()) == 1
    ready.report([])
    assert len(ready.calls()) == 2


def test_a_command_that_arrived_although_its_answer_was_lost_is_not_sent_twice(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.NO_ANSWER)
    ready.report([held_from(ready.calls()[0])])
    assert len(ready.calls()) == 1
    assert entry(ready).state is EntryState.HELD


def test_a_mute_station_is_asked_a_bounded_number_of_times_and_reported_at_the_end(ready):
    ready.command(a_command())
    for _ in range(MAX_ATTEMPTS + 2):
        ready.reply(ReplyStatus.NO_ANSWER)
        if ready.engine.world.stations["CS1"].reading:
            ready.report(complete=False)
    assert len(ready.calls()) == MAX_ATTEMPTS
    ready.at(70)
    assert ready.told() == [Told.RECEIVED, Told.NO_PARTICIPATION]


def test_a_read_back_waits_until_no_call_is_outstanding(ready):
    ready.command(a_command("M1", pf(), limit()))
    first, second = ready.calls()
    ready.reply(ReplyStatus.NO_ANSWER, call=first)
    assert not ready.engine.world.stations["CS1"].reading
    ready.reply(call=second)
    assert ready.engine.world.stations["CS1"].reading


def test_a_call_that_never_left_goes_out_after_the_reconnect(ready):
    ready.command(a_command())
    ready.hear(StationDisconnected("CS1"))
    ready.reply(ReplyStatus.NOT_SENT)
    assert len(ready.calls()) == 1
    ready.connect()
    assert len(ready.calls()) == 2


def test_a_clear_that_never_left_goes_out_after_the_reconnect(ready):
    ready.command(a_command())
    sent = ready.calls()[0]
    ready.reply()
    ready.withdraw()
    ready.hear(StationDisconnected("CS1"))
    ready.reply(ReplyStatus.NOT_SENT)
    ready.connect(held=[held_from(sent)])
    assert [c.action for c in ready.calls()][1:] == ["ClearDERControl", "ClearDERControl"]


def test_a_clear_without_an_answer_is_settled_by_the_read_back(ready):
    ready.command(a_command())
    ready.reply()
    ready.withdraw()
    ready.reply(ReplyStatus.NO_ANSWER)
    ready.report([])
    assert ready.told()[-1] is Told.CANCELLED


def test_an_answer_of_an_old_connection_counts_for_nothing(ready):
    ready.command(a_command())
    old = ready.calls()[0]
    ready.connect(held=[held_from(old)])
    ready.reply(ReplyStatus.REJECTED, call=old)
    assert entry(ready).state is EntryState.HELD
    assert len(ready.audited("reply.unexpected")) == 1


def test_a_second_answer_to_one_call_is_ignored(ready):
    ready.command(a_command())
    call = ready.calls()[0]
    ready.reply(call=call)
    ready.reply(ReplyStatus.REJECTED, call=call)
    assert entry(ready).state is EntryState.HELD


def test_a_station_that_forgot_is_restored(ready):
    ready.command(a_default("D1", pf()))
    ready.reply()
    ready.connect(held=[])
    assert len(ready.calls("SetDERControl")) == 2
    assert len(ready.audited("control.read_back")) == 1


def test_a_station_that_holds_what_it_should_is_left_alone(ready):
    ready.command(a_default("D1", pf()))
    ready.reply()
    ready.connect(held=[held_from(ready.calls()[0])])
    assert len(ready.calls()) == 1


def test_what_others_set_is_named_and_kept(ready):
    foreign = HeldControl("foreign", "SetDERControl", {"controlId": "foreign"})
    ready.connect(held=[foreign])
    assert ready.audited("control.foreign")[0].details["ids"] == ["foreign"]
    assert ready.calls() == []


def test_a_report_that_nobody_asked_for_is_ignored(ready):
    ready.command(a_default("D1", pf()))
    ready.reply()
    ready.hear(ControlsReported("CS1", "not-ours", ()))
    assert entry(ready).state is EntryState.HELD


def test_attempts_start_anew_after_a_reconnect(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.NO_ANSWER)
    ready.report(complete=False)
    ready.connect()
    assert entry(ready).attempts == 0


def test_notices_may_come_doubled_late_or_for_strangers(ready):
    ready.command(a_command())
    ready.reply()
    ready.at(10)
    control = ready.control_id()
    for started in (True, True, False, True):
        ready.notice(control, started=started)
    ready.notice("stranger")
    assert ready.told().count(Told.STARTED) == 1
    assert len(ready.audited("control.ended")) == 1
    assert len(ready.audited("notice.unknown")) == 1


def test_the_station_says_in_its_answer_what_it_put_aside(ready):
    ready.command(a_command(start=30))
    ready.reply()
    first = ready.control_id()
    ready.command(a_command("M2", pf("0.9"), primacy=5, start=40, minutes=80))
    ready.reply(payload={"status": "Accepted", "supersededIds": [first, "stranger"]})
    assert [e.subject for e in ready.audited("control.superseded")] == [first]


def a_running_bench(ready):
    ready.command(a_default("D1", pf("0.98")))
    ready.reply()
    ready.command(a_command())
    ready.reply()
    ready.at(10)
    ready.notice(ready.control_id())
    return ready


def test_a_restart_continues_where_it_stopped(ready, book):
    before = a_running_bench(ready)
    sent = before.calls()
    fresh = before.restart(book)
    assert fresh.calls() == []
    fresh.connect(held=[held_from(call) for call in sent])
    assert fresh.calls() == []
    fresh.command(a_command())
    fresh.at(70)
    assert fresh.told() == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_a_restart_repeats_only_the_answers_that_were_not_delivered(ready, book):
    ready.command(a_command())
    key = ready.last(RespondToUtility).key
    assert ready.restart(book).told() == [Told.RECEIVED]
    ready.hear(ResponsePosted(key, accepted=True))
    assert ready.restart(book).told() == []


def test_an_answer_that_was_refused_for_good_is_not_repeated(ready, book):
    ready.command(a_command())
    ready.hear(ResponsePosted(ready.last(RespondToUtility).key, accepted=False, problem="403"))
    assert ready.restart(book).told() == []
    assert ready.audited("response.refused")[0].details["problem"] == "403"


def test_a_delivery_of_something_unknown_is_ignored(ready):
    assert ready.hear(ResponsePosted("stranger", accepted=True)) == []


@pytest.mark.parametrize("arrived", [True, False])
def test_a_call_under_way_at_the_crash_is_read_back(ready, book, arrived):
    ready.command(a_command())
    call = ready.calls()[0]
    fresh = ready.restart(book)
    fresh.connect(held=[held_from(call)] if arrived else [])
    assert len(fresh.calls()) == (0 if arrived else 1)


def test_a_restart_uses_the_last_known_clock_of_the_utility(ready, book):
    ready.command(a_command())
    ready.offset = None
    fresh = ready.restart(book)
    fresh.connect()
    assert len(fresh.calls()) == 1


def test_a_restart_keeps_random_draws_and_withdrawals(ready, book):
    ready.command(a_command())
    ready.reply()
    ready.withdraw(reason=Withdrawal.CANCELLED)
    fresh = ready.restart(book)
    fresh.connect(held=[held_from(ready.calls()[0])])
    assert fresh.calls()[-1].action == "ClearDERControl"
    fresh.reply()
    assert fresh.told()[-1] is Told.CANCELLED


def test_a_station_that_left_the_settings_is_forgotten_with_its_ledger(ready, book):
    ready.command(a_command())
    ready.kept[Table.LEDGER]["GONE/x"] = {**next(iter(ready.kept[Table.LEDGER].values()))}
    ready.kept[Table.LEDGER]["GONE/x"]["station"] = "GONE"
    ready.kept[Table.STATIONS]["GONE"] = next(iter(ready.kept[Table.STATIONS].values()))
    assert "GONE" not in ready.restart(book).engine.world.stations


DRAINS = {
    DrainMode.KEEP: [],
    DrainMode.DEFAULT: ["ClearDERControl"],
    DrainMode.CLEAR: ["ClearDERControl", "ClearDERControl"],
}


@pytest.mark.parametrize(("mode", "actions"), DRAINS.items(), ids=str)
def test_a_shutdown_takes_back_what_its_mode_says(ready, mode, actions):
    bench = a_running_bench(ready)
    before = len(bench.calls())
    bench.hear(DrainRequested(mode))
    assert [c.action for c in bench.calls()[before:]] == actions
    assert bench.engine.quiet is not bool(actions)
    bench.reply()
    assert bench.engine.quiet


def test_nothing_is_dispatched_while_shutting_down(ready):
    ready.hear(DrainRequested(DrainMode.KEEP))
    ready.command(a_command())
    assert ready.calls() == []


def test_what_was_taken_back_at_shutdown_is_set_again_after_the_restart(ready, book):
    bench = a_running_bench(ready)
    default = bench.calls()[0]
    bench.hear(DrainRequested(DrainMode.DEFAULT))
    bench.reply()
    fresh = bench.restart(book)
    fresh.connect(held=[held_from(default)])
    assert [c.action for c in fresh.calls()] == ["SetDERControl"]


def test_events_for_stations_that_nobody_enrolled_are_named_and_dropped(ready):
    ready.command(a_command(target=Target("CS9")))
    ready.hear(CommandWithdrawn("dso", "CS9", "M1", Withdrawal.CANCELLED))
    ready.hear(StationDisconnected("CS9"))
    ready.hear(NoticeReceived(ControlNotice("CS9", "x", started=True, at=ready.now)))
    assert len(ready.audited("command.for_unknown_station")) == 2
    assert len(ready.audited("event.from_unknown_station")) == 2
    assert ready.calls() == []


def test_a_reply_to_nothing_is_named(ready):
    ready.hear(StationReplied("CS1", "stranger", ReplyStatus.ACCEPTED))
    assert len(ready.audited("reply.unexpected")) == 1


@pytest.mark.parametrize("station", ["CS1", "CS9"])
def test_a_utility_that_falls_silent_leaves_everything_in_force(ready, station):
    ready.command(a_command())
    ready.hear(UtilityChanged("dso", station, up=False, problem="timeout"))
    ready.hear(UtilityChanged("dso", station, up=True))
    assert ready.audited("utility.down")[0].details["problem"] == "timeout"
    assert len(ready.calls()) == 1


def test_transactions_give_setpoints_their_place(ready):
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "tx-1"),)))
    assert (
        ready.engine.world.stations["CS1"].situation(ready.now).transactions[0].transaction_id
        == "tx-1"
    )


def test_two_stations_do_not_touch_each_other(book):
    bench = Bench(an_engine(book))
    bench.connect()
    bench.hear(StationConnected("CS2", a_profile("CS2")))
    request = bench.last(ReadBack).request_id
    bench.hear(ControlsReported("CS2", request, ()))
    bench.hear(CommandReceived(a_command(target=Target("CS2"))))
    assert {call.station for call in bench.calls()} == {"CS2"}


def test_every_change_of_the_ledger_is_durable_before_it_is_sent(ready):
    effects = ready.command(a_command())
    ledger = [e for e in effects if isinstance(e, Persist) and e.table is Table.LEDGER]
    sends = [e for e in effects if isinstance(e, SendToStation)]
    assert {e.key.split("/")[1] for e in ledger} == {s.payload["controlId"] for s in sends}
    assert all(e.document["state"] == "setting" for e in ledger)


def test_a_device_model_is_kept_as_it_came(ready):
    ready.hear(DeviceReported("CS1", {"version": "2.1"}))
    assert ready.effects[-1] == Persist(Table.DEVICES, "CS1", {"version": "2.1"})


def test_what_a_session_wants_to_find_again_is_kept_by_utility_and_part(ready):
    ready.hear(SessionKept("dso", "ven", {"seed": 7}))
    assert ready.effects[-1] == Persist(Table.SESSIONS, "dso/ven", {"seed": 7})


def test_a_device_model_of_nobody_is_not_kept(ready):
    ready.hear(DeviceReported("CS9", {}))
    assert ready.audited("event.from_unknown_station")
    kept = [e.table for e in ready.effects if isinstance(e, Persist)]
    assert Table.DEVICES not in kept

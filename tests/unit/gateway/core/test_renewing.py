"""Setpoints under a watchdog: Dynamic once they run, updated by their numbers, renewed before they lapse."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.effects import ReadBack
from gateway.core.engine import Engine
from gateway.core.events import (
    ControlsReported,
    HeldControl,
    ReplyStatus,
    SchedulePulled,
    StationConnected,
    StationDisconnected,
    Tick,
    TransactionsChanged,
)
from gateway.core.orders import HoldChanged
from gateway.core.station import StationRules
from support.engine_bench import NOON, Bench, a_command, a_profile
from translators.canonical.capability import Transaction
from translators.canonical.controls import ActiveSetpoint, Quantity
from translators.units import parse_unit

UPDATE, SET = "UpdateDynamicSchedule", "SetChargingProfile"
WATCHED = {"dynamic_watchdog_s": "60"}


def able(**changes):
    profile = a_profile()
    (evse,) = profile.evses
    return replace(profile, evses=(replace(evse, **{"dynamic_profiles": True, **changes}),))


def setpoint(watts):
    return ActiveSetpoint(Quantity(watts, parse_unit("W")))


def a_bench(book, policy=None, profile=None):
    bench = Bench(Engine(book, [StationRules("CS1", ("dso",), policy=policy or WATCHED)]))
    bench.connect(profile or able())
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    return bench


@pytest.fixture
def watched(book):
    return a_bench(book)


def run(bench, watts=5000, *, version=0, **changes):
    """Let a setpoint run, and every call succeed; composite schedules are not supported."""
    bench.command(a_command("M1", setpoint(watts), start=0, version=version, **changes))
    settle(bench)


def settle(bench):
    while calls := bench.outstanding():
        for call in calls:
            asks = call.action.startswith("Get")
            status = ReplyStatus.NOT_SUPPORTED if asks else ReplyStatus.ACCEPTED
            bench.reply(status, call=call)


def sent(bench):
    return [call.action for call in bench.calls() if not call.action.startswith("Get")]


def kind(call):
    return call.payload["chargingProfile"]["chargingProfileKind"]


def after(bench, seconds):
    bench.now = NOON + timedelta(seconds=seconds)
    bench.hear(Tick())


def test_a_setpoint_waits_as_a_schedule_and_runs_under_the_watchdog(watched):
    watched.command(a_command("M1", setpoint(5000), start=10))
    settle(watched)
    watched.at(10)
    settle(watched)
    first, second = watched.calls(SET)
    assert (kind(first), kind(second)) == ("Absolute", "Dynamic")
    assert first.payload["chargingProfile"]["id"] == second.payload["chargingProfile"]["id"]
    assert second.payload["chargingProfile"]["chargingSchedule"][0]["duration"] == 60
    assert [o.value for o in watched.told()] == ["received", "started"]


@pytest.mark.parametrize(
    ("policy", "profile"),
    [({"foreign_controls": "keep"}, able()), (WATCHED, able(dynamic_profiles=False))],
    ids=["nobody asks", "not able"],
)
def test_else_it_stays_a_schedule_to_its_end(book, policy, profile):
    bench = a_bench(book, policy, profile)
    run(bench)
    after(bench, 3000)
    assert [kind(call) for call in bench.calls(SET)] == ["Absolute"]
    assert sent(bench) == [SET]


def test_new_numbers_go_out_as_an_update(watched):
    run(watched)
    run(watched, -700, version=1)
    assert sent(watched) == [SET, UPDATE]
    profile = watched.calls(SET)[0].payload["chargingProfile"]["id"]
    assert watched.calls(UPDATE)[0].payload == {
        "chargingProfileId": profile,
        "scheduleUpdate": {"setpoint": 700},
    }
    (entry,) = watched.engine.world.stations["CS1"].ledger.entries.values()
    assert entry.desired.payload["chargingProfile"]["chargingSchedule"][0][
        "chargingSchedulePeriod"
    ] == [{"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": 700}]
    assert [e.details["action"] for e in watched.audited("control.dispatched")] == [SET, UPDATE]


def test_new_numbers_that_run_are_verified_once_more(watched):
    run(watched)
    before = len(watched.calls("GetCompositeSchedule"))
    run(watched, -700, version=1)
    assert len(watched.calls("GetCompositeSchedule")) == before + 1
    assert [o.value for o in watched.told()] == ["received", "started"]
    assert len(watched.audited("control.changed")) == 1


def test_a_setpoint_is_renewed_by_half_of_its_time(watched):
    run(watched)
    after(watched, 29)
    assert sent(watched) == [SET]
    assert watched.engine.world.stations["CS1"].wake_at == NOON + timedelta(seconds=30)
    after(watched, 30)
    assert watched.calls(UPDATE)[0].payload["scheduleUpdate"] == {"setpoint": -5000}
    settle(watched)
    after(watched, 59)
    assert sent(watched) == [SET, UPDATE]
    after(watched, 60)
    assert sent(watched) == [SET, UPDATE, UPDATE]
    assert len(watched.audited("control.renewed")) == 2


def test_what_outlives_its_command_is_not_renewed(watched):
    run(watched, minutes=1)
    after(watched, 45)
    assert sent(watched) == [SET]


def test_a_command_that_is_prolonged_is_renewed_to_its_new_end(watched):
    run(watched, minutes=1)
    run(watched, minutes=5, version=1)
    assert sent(watched) == [SET]
    after(watched, 45)
    assert sent(watched) == [SET, UPDATE]


def test_new_numbers_renew_as_well(watched):
    run(watched)
    after(watched, 20)
    run(watched, -700, version=1)
    after(watched, 40)
    assert sent(watched) == [SET, UPDATE]
    after(watched, 50)
    assert sent(watched) == [SET, UPDATE, UPDATE]


def test_a_station_that_pulls_needs_no_renewal(watched):
    run(watched)
    after(watched, 25)
    number = watched.calls(SET)[0].payload["chargingProfile"]["id"]
    watched.hear(SchedulePulled("CS1", number))
    watched.hear(SchedulePulled("CS1", 999))
    assert set(watched.engine.world.stations["CS1"].renewed) == {str(number)}
    after(watched, 50)
    assert sent(watched) == [SET]
    after(watched, 55)
    assert sent(watched) == [SET, UPDATE]
    assert [e.subject for e in watched.audited("schedule.pulled")] == [str(number), "999"]


@pytest.mark.parametrize("status", [ReplyStatus.REJECTED, ReplyStatus.NOT_SUPPORTED])
def test_an_update_that_is_refused_goes_out_as_a_whole(watched, status):
    run(watched)
    watched.command(a_command("M1", setpoint(-700), start=0, version=1))
    watched.reply(status, call=watched.calls(UPDATE)[0], reason="InvalidProfileId")
    settle(watched)
    assert sent(watched) == [SET, UPDATE, SET]
    assert watched.audited("control.update_refused")[0].details["reason"].endswith("ProfileId")
    assert [o.value for o in watched.told()] == ["received", "started"]
    run(watched, -800, version=2)
    again = UPDATE if status is ReplyStatus.REJECTED else SET
    assert sent(watched)[3:] == [again]


def test_a_station_without_updates_is_renewed_by_whole_profiles(watched):
    run(watched)
    after(watched, 30)
    watched.reply(ReplyStatus.NOT_SUPPORTED, call=watched.calls(UPDATE)[0])
    settle(watched)
    after(watched, 60)
    settle(watched)
    assert sent(watched) == [SET, UPDATE, SET, SET]
    assert {kind(call) for call in watched.calls(SET)} == {"Dynamic"}


def test_a_renewal_that_is_refused_sets_the_profile_anew(watched):
    run(watched)
    after(watched, 30)
    watched.reply(ReplyStatus.REJECTED, call=watched.calls(UPDATE)[0])
    settle(watched)
    assert sent(watched) == [SET, UPDATE, SET]
    after(watched, 60)
    assert sent(watched) == [SET, UPDATE, SET, UPDATE]


def test_a_renewal_without_an_answer_is_read_back_before_anything_else(watched):
    run(watched)
    held = watched.calls(SET)[0].payload
    after(watched, 30)
    watched.reply(ReplyStatus.NO_ANSWER, call=watched.calls(UPDATE)[0])
    assert sent(watched) == [SET, UPDATE]
    number = str(held["chargingProfile"]["id"])
    watched.report([HeldControl(number, SET, dict(held))])
    settle(watched)
    assert sent(watched) == [SET, UPDATE, SET]


def test_a_renewal_that_never_left_is_made_when_it_can(watched):
    run(watched)
    after(watched, 30)
    watched.reply(ReplyStatus.NOT_SENT, call=watched.calls(UPDATE)[0])
    assert sent(watched) == [SET, UPDATE, UPDATE]


def test_renewals_of_a_station_that_does_not_answer_do_not_pile_up(watched):
    run(watched)
    for seconds in (30, 60, 90):
        after(watched, seconds)
    assert sent(watched) == [SET, UPDATE]


def test_an_answer_to_a_renewal_changes_nothing_that_is_under_way(watched):
    run(watched)
    after(watched, 30)
    (renewal,) = watched.calls(UPDATE)
    watched.command(a_command("M1", setpoint(-700), start=0, version=1))
    watched.reply(ReplyStatus.REJECTED, call=renewal)
    settle(watched)
    assert sent(watched) == [SET, UPDATE, UPDATE]


def test_after_a_new_connection_it_is_renewed_at_once(watched):
    run(watched)
    held = watched.calls(SET)[0].payload
    watched.hear(StationDisconnected("CS1"))
    after(watched, 50)
    assert sent(watched) == [SET]
    watched.hear(StationConnected("CS1", able()))
    number = str(held["chargingProfile"]["id"])
    reading = watched.last(ReadBack).request_id
    watched.hear(ControlsReported("CS1", reading, (HeldControl(number, SET, dict(held)),)))
    assert sent(watched) == [SET, UPDATE]


def test_a_withdrawn_setpoint_is_cleared_and_renewed_no_more(watched):
    run(watched)
    watched.withdraw()
    settle(watched)
    after(watched, 90)
    assert sent(watched) == [SET, "ClearChargingProfile"]
    assert watched.engine.world.stations["CS1"].renewed == {}


def test_what_runs_lives_on_while_all_is_held(watched):
    run(watched)
    before = len(watched.calls(UPDATE))
    watched.hear(HoldChanged(True, "works", "ann"))
    watched.at(1)
    settle(watched)
    assert len(watched.calls(UPDATE)) == before + 1


def test_what_its_utility_took_back_lapses_while_all_is_held(watched):
    run(watched)
    watched.hear(HoldChanged(True, "works", "ann"))
    watched.withdraw()
    before = len(watched.calls(UPDATE))
    watched.at(1)
    settle(watched)
    assert len(watched.calls(UPDATE)) == before

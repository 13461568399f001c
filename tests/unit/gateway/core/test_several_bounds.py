"""Limits, setpoints and defaults of two utilities at one station."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.events import TransactionsChanged
from gateway.core.lifecycle import State
from support.engine_bench import NOON, a_command, a_default, a_profile, limit, pf
from support.several import (
    HOUR,
    fixed_var,
    followed_by_two,
    held,
    run,
    state_of,
    theirs,
    watts,
    weak,
)
from translators.canonical.capability import Transaction
from translators.canonical.controls import LimitOn
from translators.canonical.telemetry import ControlOutcome as Told


@pytest.fixture
def bench(book):
    return followed_by_two(book)


def test_a_limit_beside_an_overruled_mode_goes_on_and_starts(bench):
    bench.command(a_command("S", fixed_var(), start=0, minutes=60))
    bench.command(weak("W", fixed_var(10), limit(LimitOn.EXPORT), start=theirs(0), minutes=30))
    run(bench, "S", "dso")
    run(bench, "W")
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED]
    assert held(bench) == {"S": (0, 60), "W": (0, 30)}
    bench.at(30)
    assert bench.told("W")[-1] is Told.COMPLETED


def test_of_two_limits_the_tightest_holds_whoever_gave_it(bench):
    bench.command(a_command("S", limit(watts=8000), start=0, minutes=60))
    bench.reply()
    bench.command(weak("W", limit(watts=5000), start=theirs(10), minutes=20))
    sent = [
        call.payload["chargingProfile"]["chargingSchedule"][0]
        for call in bench.calls("SetChargingProfile")
    ]
    assert [s["chargingSchedulePeriod"][0]["limit"] for s in sent] == [8000, 5000]
    bench.reply()
    bench.at(10)
    assert Told.OVERRULED not in bench.told("W") + bench.told("S")


def test_of_two_setpoints_the_stronger_ones_is_sent(bench):
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "tx-1"),)))
    bench.command(weak("W", watts(-3000), start=theirs(0), minutes=60))
    bench.reply()
    bench.command(a_command("S", watts(-6000), start=10, minutes=20))
    schedules = {
        call.payload["chargingProfile"]["id"]: call.payload["chargingProfile"]["chargingSchedule"][
            0
        ]
        for call in bench.calls("SetChargingProfile")
    }
    told = sorted(
        (s["startSchedule"][11:16], s["duration"], s["chargingSchedulePeriod"][0]["setpoint"])
        for s in schedules.values()
    )
    assert told == [("12:00", 600, 3000), ("12:10", 1200, 6000)]


@pytest.mark.parametrize("utility", ["dso", "iso"])
def test_any_event_beats_any_default(bench, utility):
    """A station runs what is scheduled over what is default: the event is all that is needed."""
    event, default = ("dso", "iso") if utility == "dso" else ("iso", "dso")
    bench.command(a_default("D", pf("0.9"), utility=default))
    bench.reply()
    start = 0 if event == "dso" else theirs(0)
    bench.command(a_command("E", pf("0.8"), utility=event, start=start, minutes=60))
    sent = bench.calls("SetDERControl")[-1].payload
    assert (sent["isDefault"], sent["fixedPFInject"]["displacement"]) == (False, 0.8)


def test_of_two_default_modes_the_stronger_ones_stands(bench):
    bench.command(a_default("W", fixed_var(), utility="iso"))
    bench.reply()
    bench.command(a_default("S", pf("0.9")))
    bench.reply()
    bench.reply()
    assert set(held(bench)) == {"S"}
    bench.withdraw("S")
    bench.reply()
    bench.reply()
    assert set(held(bench)) == {"W"}


def test_of_two_default_limits_the_tightest_stands(bench):
    bench.command(a_default("S", limit(LimitOn.EXPORT, 8000)))
    bench.command(a_default("W", limit(LimitOn.EXPORT, 5000), utility="iso"))
    bench.reply()
    bench.reply()
    body = bench.calls("SetDERControl")[-1].payload["limitMaxDischarge"]
    assert body["pctMaxDischargePower"] == 25
    assert set(held(bench)) == {"S"}


def test_a_default_limit_of_one_bounds_the_event_of_the_other(bench):
    bench.command(a_default("W", limit(LimitOn.EXPORT, 5000), utility="iso"))
    bench.reply()
    bench.command(a_command("S", limit(LimitOn.EXPORT, 8000), start=0))
    assert (
        bench.calls("SetDERControl")[-1].payload["limitMaxDischarge"]["pctMaxDischargePower"] == 25
    )  # 5 of 20 kW


def test_a_default_limit_gives_way_to_an_event_of_its_own_utility(bench):
    bench.command(a_default("D", limit(LimitOn.EXPORT, 5000)))
    bench.reply()
    bench.command(a_command("S", limit(LimitOn.EXPORT, 8000), start=0))
    assert (
        bench.calls("SetDERControl")[-1].payload["limitMaxDischarge"]["pctMaxDischargePower"] == 40
    )


def setpoints(bench):
    """Return the setpoints sent so far, + exports."""
    periods = [
        call.payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
        for call in bench.calls("SetChargingProfile")
    ]
    return [-period["setpoint"] for period in periods if "setpoint" in period]


@pytest.fixture
def charging(bench):
    """The bench while a transaction runs."""
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "tx-1"),)))
    return bench


@pytest.mark.parametrize("limit_first", [True, False])
@pytest.mark.parametrize(
    ("on", "asked", "sent"), [(LimitOn.EXPORT, 5000, 3000), (LimitOn.IMPORT, -5000, -3000)]
)
def test_a_setpoint_is_clipped_by_the_limits_in_force_of_whoever(
    charging, on, asked, sent, limit_first
):
    commands = [
        a_command("S", limit(on, 3000), start=0, minutes=30),
        weak("W", watts(asked), start=theirs(0), minutes=60),
    ]
    for command in commands if limit_first else commands[::-1]:
        charging.command(command)
        charging.reply()
    assert setpoints(charging) == ([sent] if limit_first else [asked, sent])
    charging.at(30)
    charging.reply()
    assert setpoints(charging)[-1] == asked


def test_a_setpoint_is_clipped_by_a_default_limit_of_the_other(charging):
    charging.command(a_default("D", limit(LimitOn.EXPORT, 3000)))
    charging.reply()
    charging.command(weak("W", watts(5000), start=theirs(0)))
    assert setpoints(charging) == [3000]


def test_a_limit_that_a_setpoint_keeps_has_started_once_the_station_holds_that(book):
    bench = followed_by_two(book, without_der())
    bench.hear(TransactionsChanged("CS1", (Transaction(1, "tx-1"),)))
    bench.command(weak("W", watts(5000), start=theirs(0)))
    bench.reply()
    bench.command(a_command("S", limit(LimitOn.EXPORT, 3000), start=0))
    assert setpoints(bench) == [5000, 3000]
    assert bench.told("S") == [Told.RECEIVED]
    bench.reply()
    assert bench.told("S") == [Told.RECEIVED, Told.STARTED]


def without_der():
    """Return a station that follows setpoints and has no DER control."""
    profile = a_profile()
    return replace(profile, evses=(replace(profile.evses[0], der_modes=frozenset()),))


@pytest.mark.parametrize("on", [LimitOn.IMPORT, LimitOn.EXPORT])
def test_when_the_tightest_limit_goes_the_next_is_held_before_it_is_let_go(bench, on):
    bench.command(a_command("S", limit(on, 8000), start=0, minutes=60))
    bench.reply()
    bench.command(weak("W", limit(on, 5000), start=theirs(-1), minutes=90))
    bench.reply()
    for control in [call.payload.get("controlId") for call in bench.calls()]:
        if control:
            bench.notice(control)
    bench.reply()
    before = len(bench.calls())
    bench.withdraw("W", utility="iso")
    assert not any(call.action.startswith("Clear") for call in bench.calls()[before:])
    bench.reply()
    actions = [call.action[:5] for call in bench.calls()[before:]]
    assert "Clear" in actions
    assert actions.index("Clear") > 0


def test_an_event_that_a_wrong_clock_ended_takes_no_time_from_other_limits(bench):
    bench.command(a_command("S", limit(LimitOn.LOAD, 3000), start=0, minutes=120))
    bench.reply()
    bench.command(a_command("E", limit(LimitOn.IMPORT, 2000), start=20, minutes=10))
    bench.reply()
    bench.offset = HOUR
    bench.at(1)
    assert state_of(bench, "E", "dso") is State.UNFOLLOWED
    bench.offset = timedelta()
    bench.at(2)
    for _ in range(4):
        bench.reply()
    entries = bench.engine.world.stations["CS1"].ledger.entries.values()
    (entry,) = [e for e in entries if e.desired.command == "dso/CS1/S"]
    assert entry.desired.start <= NOON + timedelta(minutes=2)
    assert entry.desired.end == NOON + timedelta(minutes=120)


def test_an_event_that_a_wrong_clock_ended_beats_nothing_of_its_function(bench):
    bench.command(a_command("S", start=25, minutes=120, primacy=5))
    bench.reply()
    bench.command(a_command("E", pf("0.9"), start=20, minutes=10, primacy=1))
    bench.reply()
    assert held(bench)["S"] == (30, 145)
    bench.offset = HOUR
    bench.at(1)
    assert state_of(bench, "E", "dso") is State.UNFOLLOWED
    bench.offset = timedelta()
    for minute in (2, 26, 31):
        bench.at(minute)
        run(bench, "S", "dso")
        assert held(bench)["S"] == (25, 145)
    assert state_of(bench, "S", "dso") is State.ACTIVE

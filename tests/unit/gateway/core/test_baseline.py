"""What flowed when a command began: taken once, kept, and never guessed."""

from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.effects import Table
from gateway.core.events import ReplyStatus, SamplesTaken, Tick, TransactionsChanged
from gateway.core.records import Baseline
from support.engine_bench import NOON, a_command, limit
from translators.canonical.capability import Transaction
from translators.canonical.controls import (
    ActiveSetpoint,
    Quantity,
    ReactiveSetpoint,
    RelativeActiveSetpoint,
    RelativeReactiveSetpoint,
)
from translators.canonical.telemetry import Quality, Sample
from translators.units import Kind, parse_unit

LESS = RelativeActiveSetpoint(Quantity(Fraction(-500), parse_unit("W")))
MORE_VAR = RelativeReactiveSetpoint(Quantity(Fraction(300), parse_unit("var")))
TARGET = ActiveSetpoint(Quantity(Fraction(8000), parse_unit("W")))


@pytest.fixture
def running(ready):
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    return ready


def measure(bench, watts, *, kind=Kind.POWER, evse=1, quality=Quality.GOOD):
    sample = Sample("CS1", evse, kind, Fraction(watts), bench.now, quality=quality)
    bench.hear(SamplesTaken("CS1", (sample,)))


def after(bench, seconds):
    bench.now = NOON + timedelta(seconds=seconds)
    bench.hear(Tick())


def record(bench):
    (found,) = bench.engine.world.records["CS1"].values()
    return found


def setpoints(bench):
    """Return the setpoints of the last profile, step by step."""
    profile = bench.calls("SetChargingProfile")[-1].payload["chargingProfile"]
    return [p["setpoint"] for p in profile["chargingSchedule"][0]["chargingSchedulePeriod"]]


def told(bench):
    return [outcome.value for outcome in bench.told()]


def test_a_change_counts_from_what_flowed_just_before_the_start(running):
    running.command(a_command("M1", LESS, start=1))
    measure(running, 9000)
    after(running, 50)
    measure(running, 3000)
    assert running.engine.world.stations["CS1"].wake_at == NOON + timedelta(seconds=58)
    after(running, 58)
    measure(running, 7777)
    after(running, 60)
    assert setpoints(running) == [-2500]
    assert len(running.calls("SetChargingProfile")) == 1
    assert told(running) == ["received"]
    assert running.audited("baseline.frozen")[0].details["watts"] == "3000"


def test_a_command_that_begins_at_once_takes_it_at_once(running):
    measure(running, 3000)
    running.command(a_command("M1", LESS, start=0))
    assert setpoints(running) == [-2500]


def test_it_is_kept_over_a_restart(running, book):
    measure(running, 3000)
    running.command(a_command("M1", LESS, start=0))
    kept = running.kept[Table.COMMANDS]["dso/CS1/M1"]["baseline"]
    assert kept["watts"] == "3000"
    fresh = running.restart(book)
    assert record(fresh).baseline == Baseline(Fraction(3000), None)


def test_a_command_that_was_kept_without_one_is_read(running, book):
    running.command(a_command("M1", TARGET, start=10))
    del running.kept[Table.COMMANDS]["dso/CS1/M1"]["baseline"]
    assert record(running.restart(book)).baseline is None


@pytest.mark.parametrize(
    "seen",
    [
        lambda _bench: None,
        lambda bench: measure(bench, 3000, quality=Quality.QUESTIONABLE),
        lambda bench: measure(bench, 3000, kind=Kind.VOLTAGE),
        lambda bench: measure(bench, 3000, evse=2),
    ],
    ids=["nothing", "no good value", "another quantity", "another EVSE"],
)
def test_what_nobody_measured_is_refused(running, seen):
    seen(running)
    running.command(a_command("M1", LESS, start=0))
    assert running.calls("SetChargingProfile") == []
    assert told(running) == ["received", "not_applicable"]
    assert running.audited("baseline.frozen")[0].details["watts"] is None


@pytest.mark.parametrize(
    ("age_s", "outcomes"), [(60, ["received"]), (61, ["received", "not_applicable"])]
)
def test_what_is_too_old_is_refused(running, age_s, outcomes):
    measure(running, 3000)
    running.now += timedelta(seconds=age_s)
    start = running.now - NOON
    running.command(a_command("M1", LESS, start=start.total_seconds() / 60))
    assert told(running) == outcomes


def test_before_its_time_nothing_is_refused(running):
    running.command(a_command("M1", LESS, start=10))
    assert told(running) == ["received"]


def test_a_value_that_comes_later_changes_nothing(running):
    running.command(a_command("M1", LESS, start=0))
    measure(running, 3000)
    after(running, 1)
    assert running.calls("SetChargingProfile") == []


def test_one_control_that_needs_it_is_enough(running):
    measure(running, 3000)
    running.command(a_command("M1", limit(), LESS, start=0))
    assert record(running).baseline == Baseline(Fraction(3000), None)


def test_reactive_power_has_its_own(running):
    measure(running, 1000)
    measure(running, -200, kind=Kind.REACTIVE)
    running.command(a_command("M1", LESS, MORE_VAR, start=0))
    (call,) = running.calls("SetChargingProfile")
    (schedule,) = call.payload["chargingProfile"]["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"][0]["setpointReactive"] == -100


def test_the_main_meter_counts_where_the_evse_has_none(running):
    measure(running, 3000, evse=None)
    running.command(a_command("M1", LESS, start=0))
    assert setpoints(running) == [-2500]


def test_the_ramp_of_an_event_begins_at_what_flowed(running):
    measure(running, 0)
    running.command(a_command("M1", TARGET, start=0, ramp_time=Fraction(4)))
    assert setpoints(running) == [-1000, -3000, -5000, -7000, -8000]


def test_a_ramp_from_nobody_knows_where_is_declared_lost(running):
    running.command(a_command("M1", TARGET, start=0, ramp_time=Fraction(4)))
    assert setpoints(running) == [-8000]
    losses = running.audited("control.dispatched")[0].details["losses"]
    assert [loss["kind"] for loss in losses] == ["drop"]


def test_what_needs_none_takes_none(running):
    var = ReactiveSetpoint(Quantity(Fraction(5), parse_unit("var")))
    running.command(a_command("M1", TARGET, var, start=0))
    assert record(running).baseline is None
    assert running.audited("baseline.frozen") == []


def test_an_edition_of_what_runs_keeps_it_and_one_that_starts_later_takes_another(running):
    measure(running, 3000)
    running.command(a_command("M1", LESS, start=0))
    running.reply()
    running.reply(ReplyStatus.NOT_SUPPORTED)
    measure(running, 100)
    running.command(a_command("M1", LESS, start=0, minutes=90, version=1))
    assert record(running).baseline == Baseline(Fraction(3000), None)
    running.command(a_command("M1", LESS, start=20, minutes=90, version=2))
    assert record(running).baseline is None

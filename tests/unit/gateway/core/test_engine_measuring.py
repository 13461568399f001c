"""Samples and alarms on their way up."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.effects import PostSamples, ReportStation
from gateway.core.events import (
    AlarmReceived,
    ReplyStatus,
    SamplesTaken,
    StationDescribed,
    TransactionsChanged,
)
from support.engine_bench import NOON, a_command, a_default, a_profile, pf
from translators.canonical.capability import Transaction
from translators.canonical.controls import ActiveSetpoint, FixedVar, Quantity, VoltVar
from translators.canonical.curves import Curve, Vertex
from translators.canonical.telemetry import Alarm, GridFault, Phase, Quality, Sample
from translators.units import Base, Kind, parse_unit, percent


def sampled(bench, seconds, watts=None, var=None, *, late=0, evse=1, **changes):
    """Let time pass to `seconds` after the control began, and hear what the meter shows then."""
    bench.now = bench.begin + timedelta(seconds=seconds)
    at = bench.now - timedelta(seconds=late)
    values = {Kind.POWER: watts, Kind.REACTIVE: var, **changes.pop("more", {})}
    samples = tuple(
        Sample("CS1", evse, kind, Fraction(value), at, **changes)
        for kind, value in values.items()
        if value is not None
    )
    return bench.hear(SamplesTaken("CS1", samples))


@pytest.fixture
def ready(ready):
    ready.begin = ready.now
    return ready


def in_force(bench, *controls, late=0):
    """Let an event run, of which the station says that it started."""
    bench.command(a_command("M1", *controls))
    bench.reply()
    bench.begin = NOON + timedelta(minutes=10)
    sampled(bench, -5, 10000, 0, late=late, more={Kind.VOLTAGE: 240})
    bench.at(10)
    for call in bench.calls("SetDERControl"):
        bench.notice(call.payload["controlId"])


def found(bench):
    """Return the functions that were found not to be followed, in order."""
    return [record.details["function"] for record in bench.audited("control.not_followed")]


def faults(bench):
    """Return what the utility's DERStatus was told of faults, in order."""
    reports = [effect for effect in bench.effects if isinstance(effect, ReportStation)]
    return [report.faulted for report in reports][1:]


def test_samples_go_up_to_the_stations_utility(ready):
    (effect,) = sampled(ready, 0, 1000, 0)
    assert isinstance(effect, PostSamples)
    assert (effect.utility, len(effect.samples)) == ("dso", 2)


def test_an_empty_report_of_samples_is_no_judgement(ready):
    assert len(ready.hear(SamplesTaken("CS1", ()))) == 1


def test_a_station_that_accepts_and_does_nothing_is_found_within_two_samples(ready):
    in_force(ready)
    sampled(ready, 10, 10000, 0)
    assert found(ready) == []
    sampled(ready, 20, 10000, 0)
    details = ready.audited("control.not_followed")[0].details
    assert details["function"] == "FixedPowerFactor.injecting"
    assert (details["measured"], details["unit"], details["evse"]) == (0, "var", 1)
    assert details["high"] < 0
    sampled(ready, 30, 10000, -3287)
    assert len(ready.audited("control.followed_again")) == 1


def test_its_utility_sees_a_fault_in_derstatus_while_that_lasts(ready):
    in_force(ready)
    for seconds in (10, 20, 30):
        sampled(ready, seconds, 10000, 0)
    assert faults(ready) == [True]
    sampled(ready, 40, 10000, -3287)
    assert faults(ready) == [True, False]


def test_an_event_that_was_never_followed_ends_without_participation(ready):
    in_force(ready)
    for seconds in (10, 20, 30):
        sampled(ready, seconds, 10000, 0)
    ready.at(71)
    assert ready.told() == ["received", "started", "no_participation"]


def test_an_event_that_was_followed_once_ends_completed_also_after_a_restart(ready, book):
    in_force(ready)
    sampled(ready, 10, 10000, -3287)
    for seconds in (20, 30):
        sampled(ready, seconds, 10000, 0)
    assert len(found(ready)) == 1
    again = ready.restart(book)
    again.connect()
    again.at(71)
    assert again.told()[-1] == "completed"


def test_what_was_never_followed_is_remembered_over_a_restart(ready, book):
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, 0)
    again = ready.restart(book)
    again.at(71)
    assert again.told()[-1] == "no_participation"


def test_what_is_followed_in_the_end_was_taken_part_in(ready):
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, 0)
    sampled(ready, 30, 10000, -3287)
    ready.at(71)
    assert ready.told()[-1] == "completed"


def test_a_fault_ends_with_the_control_that_was_not_followed(ready):
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, 0)
    ready.notice(ready.control_id(), started=False)
    sampled(ready, 30, 10000, 0)
    assert faults(ready) == [True, False]


def test_a_station_that_follows_is_not_suspected(ready):
    in_force(ready)
    for seconds in (10, 20, 30):
        sampled(ready, seconds, 10000, -3287)
    assert found(ready) == []


def test_the_first_seconds_after_a_start_are_not_judged(ready):
    in_force(ready)
    for seconds in (0, 1, 2):
        sampled(ready, seconds, 10000, 0)
    assert found(ready) == []


def test_single_phases_are_not_judged_and_a_doubtful_sample_hides_what_was(ready):
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, 0, phase=Phase.L1)
    for seconds in (30, 40):
        sampled(ready, seconds, 10000, 0, quality=Quality.QUESTIONABLE)
    assert found(ready) == []


def test_what_has_not_started_is_not_judged(ready):
    ready.command(a_command())
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, 0)
    ready.reply()
    for seconds in (30, 40):
        sampled(ready, seconds, 10000, 0)
    assert found(ready) == []


def test_what_has_ended_by_its_own_end_is_not_judged(ready):
    in_force(ready)
    for minute in (60, 61):
        sampled(ready, 60 * minute, 10000, 0)
    assert found(ready) == []


def test_a_default_is_judged_while_no_event_of_its_kind_runs(ready):
    sampled(ready, -5, 10000, 0)
    ready.command(a_default())
    ready.reply()
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, 0)
    assert len(found(ready)) == 1


def test_a_default_under_a_running_event_is_not_judged_and_begins_anew_after_it(ready):
    ready.command(a_default("D1", pf("0.8")))
    ready.reply()
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, -3287)
    ready.notice(ready.control_id(), started=False)
    sampled(ready, 21, 10000, -3287)
    assert found(ready) == []
    for seconds in (50, 60):
        sampled(ready, seconds, 10000, -3287)
    assert found(ready) == ["FixedPowerFactor.injecting"]


def curve(*points, base="setMaxVar", x="pct[V_ref]"):
    vertices = tuple(Vertex(Fraction(str(a)), Fraction(str(b))) for a, b in points)
    return Curve(vertices, parse_unit(x), parse_unit(f"pct[{base}]"))


VOLT_VAR = VoltVar(curve((92, 44), (98, 0), (102, 0), (108, -44)))


def test_a_volt_var_curve_beside_a_power_factor_that_is_followed_is_not_suspected(ready):
    ready.command(a_command("M2", VOLT_VAR, start=0))
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, -3287, more={Kind.VOLTAGE: 240})
    assert found(ready) == []
    for seconds in (30, 40):
        sampled(ready, seconds, 10000, 5000, more={Kind.VOLTAGE: 240})
    assert len(found(ready)) == 2


def test_doubled_late_and_reordered_samples_are_no_second_judgement(ready):
    in_force(ready)
    sampled(ready, 9, 10000, -3287)
    sampled(ready, 10, 10000, 0)
    ready.hear(ready_again := SamplesTaken("CS1", ready.last(PostSamples).samples))
    ready.hear(ready_again)
    sampled(ready, 11, 10000, 0, late=5)
    sampled(ready, 30, 10000, 0, late=19)
    assert found(ready) == []
    sampled(ready, 31, 10000, 0)
    assert len(found(ready)) == 1


def test_samples_that_were_kept_back_while_the_line_was_broken_judge_nothing(ready):
    in_force(ready)
    for number in range(20):
        sampled(ready, 1200 + number / 10, 10000, 0, late=1200 - 60 * number)
    assert found(ready) == []


@pytest.mark.parametrize("off", [-3600, 40, 86400])
def test_a_station_with_a_wrong_clock_is_judged_by_ours(ready, off):
    in_force(ready, late=-off)
    for seconds in (1, 2, 3):
        sampled(ready, seconds, 10000, 0, late=-off)
    assert found(ready) == []
    for seconds in (15, 30):
        sampled(ready, seconds, 10000, 0, late=-off)
    assert len(found(ready)) == 1


def test_a_gap_in_the_samples_is_no_judgement(ready):
    in_force(ready, VOLT_VAR)
    sampled(ready, 10, 10000, 0, more={Kind.VOLTAGE: 240})
    sampled(ready, 1000, 10000, 0, more={Kind.VOLTAGE: 254})
    assert found(ready) == []


def test_while_another_control_of_var_is_on_its_way_nobody_is_suspected(ready):
    in_force(ready)
    sampled(ready, 10, 10000, -3287)
    ready.command(a_command("M2", VOLT_VAR, start=10))
    for seconds in (11, 12, 13):
        sampled(ready, seconds, 10000, 0)
    assert found(ready) == []
    ready.reply(ReplyStatus.REJECTED)
    for seconds in (14, 15):
        sampled(ready, seconds, 10000, 0)
    assert found(ready) == ["FixedPowerFactor.injecting"]


def test_a_voltage_that_was_not_told_before_begins_the_time_of_a_curve(ready):
    in_force(ready, VOLT_VAR)
    sampled(ready, 20, 10000, 0)
    sampled(ready, 30, 10000, 0, more={Kind.VOLTAGE: 222})
    sampled(ready, 31, 10000, 0, more={Kind.VOLTAGE: 222})
    assert found(ready) == []
    for seconds in (50, 60):
        sampled(ready, seconds, 10000, 0, more={Kind.VOLTAGE: 222})
    assert found(ready) == ["VoltVar"]


def test_a_station_that_never_sent_anything_before_is_judged_from_its_first_sample_on(ready):
    ready.command(a_command())
    ready.reply()
    ready.at(10)
    ready.begin = ready.now
    ready.notice(ready.control_id())
    for seconds in (60, 70):
        sampled(ready, seconds, 10000, 0)
    assert found(ready) == []
    sampled(ready, 80, 10000, 0)
    assert found(ready) == ["FixedPowerFactor.injecting"]


def test_another_session_begins_the_time_anew_and_keeps_the_verdict(ready):
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, seconds, 10000, 0)
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "T2"),)))
    for seconds in (25, 26):
        sampled(ready, seconds, 10000, 0)
    assert len(found(ready)) == 1
    assert ready.audited("control.followed_again") == []
    assert faults(ready) == [True]


def test_voltage_and_var_of_different_instants_are_not_judged_together(ready):
    in_force(ready, VOLT_VAR)
    sampled(ready, 5, more={Kind.VOLTAGE: 226})
    for seconds in (20, 30, 40):
        sampled(ready, seconds, 10000, 0)
    assert found(ready) == []


def test_a_setpoint_without_a_car_is_excused_and_says_why(ready):
    watts = Quantity(Fraction(5000), parse_unit("W"))
    ready.hear(TransactionsChanged("CS1", (Transaction(1, "T1"),)))
    ready.command(a_command("M1", ActiveSetpoint(watts)))
    ready.reply()
    ready.at(10)
    ready.reply()
    ready.begin = ready.now
    sampled(ready, 15, 5000, 0)
    ready.hear(TransactionsChanged("CS1", ()))
    for seconds in (60, 70, 80):
        sampled(ready, seconds, 0, 0)
    assert found(ready) == []


def alarm(bench, fault=GridFault.OVER_VOLTAGE, *, ended=False):
    effects = bench.hear(AlarmReceived(Alarm("CS1", "VoltVar", fault, bench.now, ended)))
    return [e.alarms for e in effects if isinstance(e, ReportStation)]


def test_an_alarm_and_its_end_reach_the_utility(ready):
    assert alarm(ready) == [frozenset({GridFault.OVER_VOLTAGE})]
    assert alarm(ready, ended=True) == [frozenset()]


def test_an_alarm_without_a_fault_is_audited_only(ready):
    assert alarm(ready, fault=None) == []
    assert ready.audited("station.alarm")[-1].details["fault"] is None


def test_a_connection_and_its_loss_are_reported_with_the_nameplate(ready):
    report = ready.last(ReportStation)
    assert report.connected
    assert report.profile.evses[0].ratings.max_w == 22000


def with_a_car(watts):
    profile = a_profile()
    (evse,) = profile.evses
    ratings = replace(evse.ratings, max_w=Fraction(watts))
    return replace(profile, evses=(replace(evse, ratings=ratings),))


def test_a_car_with_other_ratings_is_reported_and_what_holds_is_sent_anew(ready):
    share = Quantity(Fraction(20), percent(Base.MAX_W))
    ready.command(a_command("M1", FixedVar(share), start=-1))
    ready.reply()
    ready.hear(StationDescribed("CS1", with_a_car(5500)))
    ready.reply()
    sent = [call.payload["fixedVar"]["setpoint"] for call in ready.calls("SetDERControl")]
    assert sent == [40, 10]
    ids = {call.payload["controlId"] for call in ready.calls("SetDERControl")}
    assert len(ids) == 1
    assert ready.last(ReportStation).profile.evses[0].ratings.max_w == 5500
    assert ready.audited("station.profile")[-1].details["profile"]["evses"][0]["id"] == 1


def test_a_station_that_is_described_as_it_was_is_no_news(ready):
    assert ready.hear(StationDescribed("CS1", a_profile())) == []

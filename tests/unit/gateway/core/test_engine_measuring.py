"""Samples and alarms on their way up."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from gateway.core.effects import PostSamples, ReportStation
from gateway.core.events import AlarmReceived, SamplesTaken, StationDescribed
from support.engine_bench import a_command, a_default, a_profile, pf
from translators.canonical.controls import FixedVar, Quantity, VoltVar
from translators.canonical.curves import Curve, Vertex
from translators.canonical.telemetry import Alarm, GridFault, Phase, Quality, Sample
from translators.units import Base, Kind, parse_unit, percent


def sampled(bench, watts, var, *, seconds=0, quality=Quality.GOOD, phase=Phase.ALL):
    at = bench.now + timedelta(seconds=seconds)
    samples = tuple(
        Sample("CS1", 1, kind, Fraction(value), at, phase, quality)
        for kind, value in ((Kind.POWER, watts), (Kind.REACTIVE, var))
    )
    return bench.hear(SamplesTaken("CS1", samples))


def in_force(bench):
    bench.command(a_command())
    bench.reply()
    bench.at(10)
    bench.notice(bench.control_id())


def test_samples_go_up_to_the_stations_utility(ready):
    (effect,) = sampled(ready, 1000, 0)
    assert isinstance(effect, PostSamples)
    assert (effect.utility, len(effect.samples)) == ("dso", 2)


def test_an_empty_report_of_samples_is_no_judgement(ready):
    assert len(ready.hear(SamplesTaken("CS1", ()))) == 1


def test_a_station_that_accepts_and_does_nothing_is_found_within_two_samples(ready):
    in_force(ready)
    sampled(ready, 10000, 0, seconds=10)
    assert ready.audited("control.not_followed") == []
    sampled(ready, 10000, 0, seconds=20)
    details = ready.audited("control.not_followed")[0].details
    assert details["function"] == "FixedPowerFactor.injecting"
    sampled(ready, 10000, -3287, seconds=30)
    assert len(ready.audited("control.followed_again")) == 1


def test_a_station_that_follows_is_not_suspected(ready):
    in_force(ready)
    for seconds in (10, 20, 30):
        sampled(ready, 10000, -3287, seconds=seconds)
    assert ready.audited("control.not_followed") == []


def test_the_first_seconds_after_a_start_are_not_judged(ready):
    in_force(ready)
    for seconds in (0, 1):
        sampled(ready, 10000, 0, seconds=seconds)
    assert ready.audited("control.not_followed") == []


def test_single_phases_and_doubtful_samples_are_not_judged(ready):
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, 10000, 0, seconds=seconds, phase=Phase.L1)
        sampled(ready, 10000, 0, seconds=seconds, quality=Quality.QUESTIONABLE)
    assert ready.audited("control.not_followed") == []


def test_what_has_not_started_is_not_judged(ready):
    ready.command(a_command())
    for seconds in (10, 20):
        sampled(ready, 10000, 0, seconds=seconds)
    ready.reply()
    for seconds in (30, 40):
        sampled(ready, 10000, 0, seconds=seconds)
    assert ready.audited("control.not_followed") == []


def test_an_older_sample_does_not_replace_a_newer_one(ready):
    sampled(ready, 10000, 0, seconds=10)
    sampled(ready, 5, 0, seconds=5)
    latest = ready.engine.world.stations["CS1"].latest[Kind.POWER, Phase.ALL]
    assert latest.value == 10000


def test_a_default_is_judged_while_no_event_of_its_kind_runs(ready):
    ready.command(a_default())
    ready.reply()
    for seconds in (10, 20):
        sampled(ready, 10000, 0, seconds=seconds)
    assert len(ready.audited("control.not_followed")) == 1


def test_a_default_under_a_running_event_is_not_judged(ready):
    ready.command(a_default("D1", pf("0.8")))
    ready.reply()
    in_force(ready)
    for seconds in (10, 20):
        sampled(ready, 10000, -3287, seconds=seconds)
    assert ready.audited("control.not_followed") == []


def volt_var():
    points = tuple(Vertex(Fraction(x), Fraction(y)) for x, y in ((92, 44), (98, 0)))
    return VoltVar(Curve(points, parse_unit("pct[V_ref]"), parse_unit("pct[setMaxVar]")))


def test_a_volt_var_curve_beside_a_power_factor_that_is_followed_is_not_suspected(ready):
    ready.command(a_command("M2", volt_var(), start=0))
    in_force(ready)
    for call in ready.calls("SetDERControl"):
        ready.notice(call.payload["controlId"])
    at = ready.now + timedelta(seconds=9)
    ready.hear(SamplesTaken("CS1", (Sample("CS1", 1, Kind.VOLTAGE, Fraction(240), at),)))
    for seconds in (10, 20):
        sampled(ready, 10000, -3287, seconds=seconds)
    assert ready.audited("control.not_followed") == []
    for seconds in (30, 40):
        sampled(ready, 10000, 5000, seconds=seconds)
    assert len(ready.audited("control.not_followed")) == 2


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

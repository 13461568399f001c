"""Metrics: what is counted, what is measured now."""

from datetime import timedelta

import pytest

from gateway.admin import metrics
from gateway.admin.metrics import Meters
from gateway.core.events import (
    CommandReceived,
    Now,
    ReplyStatus,
    ResponsePosted,
    SecurityNoticed,
    UtilityChanged,
    UtilityHeard,
)
from support.engine_bench import NOON, a_command, a_profile, limit, pf
from translators.canonical.telemetry import ControlOutcome
from translators.rules.trace import Refusal


class Watched:
    """A bench on which meters look."""

    def __init__(self, bench):
        self.bench, self.seconds = bench, 0.0
        self.meters = Meters(bench.engine.world, self.now)

    def now(self):
        return Now(NOON, self.seconds, {"dso": timedelta(seconds=1.5)})

    def hear(self, event):
        self.meters.heard(event)
        self.meters.decided(self.bench.hear(event))

    def reply(self, *arguments, **options):
        before = len(self.bench.effects)
        self.bench.reply(*arguments, **options)
        self.meters.decided(self.bench.effects[before:])

    def value(self, line):
        """Return the figure of one line of a scrape; None where there is no such line."""
        lines = (text.rpartition(" ") for text in self.meters.text().decode().splitlines())
        found = [float(figure) for name, _, figure in lines if name == line]
        return found[0] if found else None


@pytest.fixture
def watched(ready):
    return Watched(ready)


def test_commands_are_counted_by_source_and_control(watched):
    refusal = Refusal(ControlOutcome.INVALID, "VoltVar", "opModVoltVar", "no curve", "r")
    watched.hear(CommandReceived(a_command("M1", pf(), limit()), refusals=(refusal,)))
    name = 'dergate_commands_total{control="%s",outcome="%s",source="dso"}'
    assert watched.value(name % ("FixedPowerFactor.injecting", "received")) == 1
    assert watched.value(name % ("PowerLimit.import.connection_point", "received")) == 1
    assert watched.value(name % ("VoltVar", "refused")) == 1


def test_what_no_station_can_do_is_counted_as_refused(watched):
    watched.bench.connect(a_profile(der=False))
    watched.hear(CommandReceived(a_command("M1")))
    name = 'dergate_commands_total{control="%s",outcome="refused",source="dso"}'
    assert watched.value(name % "FixedPowerFactor.injecting") == 1


def test_controls_are_counted_by_what_became_of_them(watched):
    watched.hear(CommandReceived(a_command("M1")))
    watched.reply(ReplyStatus.REJECTED)
    assert watched.value('dergate_controls_total{outcome="dispatched"}') == 1
    assert watched.value('dergate_controls_total{outcome="refused"}') == 1
    assert watched.value('dergate_controls_total{outcome="accepted"}') is None


def test_the_way_of_a_command_is_timed_until_a_station_accepts(watched):
    watched.hear(CommandReceived(a_command("M1")))
    watched.seconds = 0.3
    watched.reply()
    assert watched.value("dergate_command_end_to_end_seconds_sum") == pytest.approx(0.3)
    assert watched.value('dergate_command_end_to_end_seconds_bucket{le="0.25"}') == 0
    assert watched.value('dergate_command_end_to_end_seconds_bucket{le="0.5"}') == 1


def test_what_a_station_is_sent_again_after_it_was_away_is_not_timed(watched):
    watched.hear(CommandReceived(a_command("M1")))
    watched.reply()
    watched.seconds = 5_000.0
    watched.bench.connect(held=())
    watched.reply()
    assert len(watched.bench.audited("control.accepted")) == 2
    assert watched.value("dergate_command_end_to_end_seconds_count") == 1


def test_an_answer_is_timed_until_its_utility_took_it(watched):
    watched.hear(CommandReceived(a_command("M1")))
    (key,) = watched.bench.engine.world.owed
    assert watched.value("dergate_responses_outbox") == 1
    watched.seconds = 2.0
    watched.hear(ResponsePosted(key, accepted=True))
    watched.hear(ResponsePosted(key, accepted=True))
    assert watched.value("dergate_responses_outbox") == 0
    assert watched.value("dergate_response_lag_seconds_count") == 1
    assert watched.value("dergate_response_lag_seconds_sum") == 2.0


def test_an_answer_that_its_utility_refused_is_not_timed(watched):
    watched.hear(CommandReceived(a_command("M1")))
    (key,) = watched.bench.engine.world.owed
    watched.seconds = 2.0
    watched.hear(ResponsePosted(key, accepted=False))
    assert watched.value("dergate_response_lag_seconds_count") == 0


def test_what_translation_lost_is_counted_by_rule(watched):
    watched.hear(CommandReceived(a_command("M1", limit(watts=7001))))
    lines = watched.meters.text().decode().splitlines()
    dispatched = watched.bench.audited("control.dispatched")[0]
    rules = {loss["rule"] for loss in dispatched.details["losses"]}
    assert rules
    assert {
        line.split('"')[1] for line in lines if line.startswith("dergate_mapping_loss_total{")
    } == rules


def test_refused_connections_are_counted_with_those_that_were_gathered(watched):
    watched.hear(SecurityNoticed("access.denied", "CS1", "10.0.0.1", count=7))
    watched.hear(SecurityNoticed("access.duplicate", "CS1", "10.0.0.1"))
    watched.hear(SecurityNoticed("TamperDetectionActivated", "CS1", ""))
    assert watched.value('dergate_auth_failures_total{reason="denied"}') == 7
    assert watched.value("dergate_session_displacements_total") == 1
    assert watched.value('dergate_station_connects_total{result="refused"}') == 8


def test_stations_and_links_are_gauges(watched):
    watched.hear(UtilityChanged("dso", "CS1", up=True))
    watched.hear(UtilityChanged("dso", "CS2", up=False, problem="gone"))
    assert watched.value('dergate_stations{ocpp_version="2.1",state="connected"}') == 1
    assert watched.value('dergate_stations{ocpp_version="",state="away"}') == 1
    assert watched.value('dergate_utility_up{peer="dso"}') == 0.5
    assert watched.value('dergate_utility_clock_offset_seconds{peer="dso"}') == 1.5


def test_stations_are_counted_by_how_their_utility_is_heard(watched):
    watched.hear(UtilityHeard("dso", "CS1", 60.0))
    watched.bench.at(2)
    watched.hear(UtilityHeard("dso", "CS2", 60.0))
    watched.bench.at(4)
    assert watched.value('dergate_fail_safe_stations{peer="dso",stage="silent"}') == 1
    assert watched.value('dergate_fail_safe_stations{peer="dso",stage="heard"}') == 1


def test_drift_is_what_a_station_should_hold_and_may_not(watched):
    watched.hear(CommandReceived(a_command("M1")))
    assert watched.value("dergate_reconcile_drift") == 0
    watched.reply(ReplyStatus.NO_ANSWER)
    assert watched.value("dergate_reconcile_drift") == 1


def test_times_of_commands_that_nobody_accepts_do_not_pile_up(watched, monkeypatch):
    monkeypatch.setattr(metrics, "_REMEMBERED", 2)
    for number in range(4):
        watched.hear(CommandReceived(a_command(f"M{number}", start=10 + 100 * number)))
    assert len(watched.meters._since) == 2


def test_a_station_that_comes_is_counted(watched):
    before = len(watched.bench.effects)
    watched.bench.connect()
    watched.meters.decided(watched.bench.effects[before:])
    assert watched.value('dergate_station_connects_total{result="connected"}') == 1

"""A station that follows two utilities: who has what when, and who is told what."""

from datetime import timedelta

import pytest

from gateway.core.effects import PostSamples, ReportStation, Table
from gateway.core.engine import Engine
from gateway.core.events import ReplyStatus, SamplesTaken, StationDisconnected, Withdrawal
from gateway.core.lifecycle import State
from gateway.core.site_state import SiteRules
from gateway.core.station import StationRules
from support.engine_bench import NOON, Bench, a_command, an_engine, held_from, limit, pf
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
from support.site_worlds import a_member
from translators.canonical.commands import Origin, Protocol, Revision, Target
from translators.canonical.controls import Connect, Energize, LimitOn
from translators.canonical.telemetry import ControlOutcome as Told
from translators.chain import control_id


@pytest.fixture
def bench(book):
    return followed_by_two(book)


def test_each_utility_has_a_clock_of_its_own(bench):
    bench.command(a_command("S", pf(), start=10, minutes=20))
    bench.command(weak("W", limit(LimitOn.EXPORT), start=theirs(40), minutes=20))
    assert held(bench) == {"S": (10, 30), "W": (40, 60)}


def test_a_utility_of_unknown_clock_plans_nothing_and_holds_nobody_up(book):
    bench = Bench(an_engine(book, "dso", "iso"))
    bench.connect()
    bench.command(weak("W", start=theirs(10)))
    bench.command(a_command("S", limit(), start=10))
    assert set(held(bench)) == {"S"}
    bench.others["iso"] = HOUR
    bench.at(1)
    assert set(held(bench)) == {"S", "W"}


def test_primacies_of_two_utilities_are_never_compared(bench):
    bench.command(a_command("S", fixed_var(), primacy=99, start=10, minutes=20))
    bench.command(weak("W", fixed_var(10), primacy=0, start=theirs(0), minutes=60))
    assert held(bench) == {"S": (10, 30), "W": (0, 10)}


def test_the_weaker_one_comes_back_after_it_was_overruled_and_completes(bench):
    bench.command(weak("W", start=theirs(0), minutes=60))
    run(bench, "W")
    bench.command(a_command("S", start=10, minutes=20))
    run(bench, "S", "dso")
    bench.at(10)
    run(bench, "S", "dso")
    assert held(bench) == {"S": (10, 30), "W": (30, 60)}
    bench.at(30)
    run(bench, "W")
    bench.at(60)
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]
    assert bench.told("S") == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_it_starts_late_where_it_begins_under_the_other(bench):
    bench.command(a_command("S", start=0, minutes=20))
    bench.command(weak("W", start=theirs(0), minutes=60))
    run(bench, "S", "dso")
    assert bench.told("W") == [Told.RECEIVED]
    bench.at(20)
    run(bench, "W")
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED]


def test_it_is_told_once_when_nothing_of_it_is_left_and_does_not_come_back(bench):
    bench.command(weak("W", start=theirs(0), minutes=60))
    run(bench, "W")
    bench.command(a_command("S", start=10, minutes=120))
    run(bench, "S", "dso")
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED]
    bench.at(10)
    run(bench, "S", "dso")
    assert bench.told("W")[-1] is Told.OVERRULED
    assert bench.audited("command.loses")[0].details["by"] == ["dso/CS1/S"]
    bench.at(20)
    bench.withdraw("S")
    bench.reply()
    bench.at(70)
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED, Told.OVERRULED]
    assert state_of(bench, "W") is State.OVERRULED
    assert held(bench) == {}


def test_it_goes_on_where_the_station_refuses_what_would_overrule_it(bench):
    bench.command(weak("W", start=theirs(0), minutes=60))
    run(bench, "W")
    bench.command(a_command("S", pf("0.9"), start=0, minutes=60))
    cut = bench.calls("SetDERControl")[-1]
    bench.reply(ReplyStatus.REJECTED, call=cut)
    assert bench.told("S") == [Told.RECEIVED, Told.NOT_APPLICABLE]
    bench.reply()
    bench.at(60)
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]


def test_it_goes_on_at_a_station_that_cannot_be_reached(bench):
    bench.command(weak("W", start=theirs(0), minutes=60))
    run(bench, "W")
    bench.hear(StationDisconnected("CS1"))
    bench.command(a_command("S", start=0, minutes=60))
    bench.at(60)
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED, Told.COMPLETED]
    assert bench.told("S") == [Told.RECEIVED, Told.NO_PARTICIPATION]


def test_who_waits_for_another_of_its_own_utility_is_not_overruled_yet(bench):
    """The first of `iso` runs; what comes after it will be the other utility's, unless that is withdrawn."""
    bench.command(weak("W1", start=theirs(0), minutes=20, primacy=1))
    run(bench, "W1")
    bench.command(weak("W2", start=theirs(0), minutes=60, primacy=5))
    bench.command(a_command("S", pf("0.9"), start=20, minutes=60))
    bench.reply()
    bench.at(10)
    assert bench.told("W2") == [Told.RECEIVED]
    bench.at(20)
    assert bench.told("W2") == [Told.RECEIVED]
    run(bench, "S", "dso")
    assert bench.told("W2") == [Told.RECEIVED, Told.OVERRULED]


def test_before_its_start_nothing_is_lost_yet(bench):
    bench.command(a_command("S", start=0, minutes=120))
    bench.command(weak("W", start=theirs(30), minutes=60))
    run(bench, "S", "dso")
    bench.withdraw("S")
    bench.reply()
    assert held(bench) == {"W": (30, 90)}


def test_what_the_stronger_one_is_refused_the_weaker_one_has(bench):
    bench.command(a_command("S", watts(5000), start=0, minutes=60))  # no transaction runs
    bench.command(weak("W", limit(), start=theirs(0), minutes=60))
    assert Told.NOT_APPLICABLE in bench.told("S")
    assert set(held(bench)) == {"W"}


def test_a_mode_of_another_function_is_overruled_as_well(bench):
    bench.command(a_command("S", pf(), start=10, minutes=20))
    bench.command(weak("W", fixed_var(), start=theirs(0), minutes=60))
    assert held(bench) == {"S": (10, 30), "W": (0, 10)}


def test_whoever_ceases_to_energize_ceases(bench):
    bench.command(a_command("S", Energize(energized=True), start=0, minutes=60))
    bench.command(weak("W", Energize(energized=False), start=theirs(0), minutes=60))
    profile = bench.calls("SetChargingProfile")[-1].payload["chargingProfile"]
    assert profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 0
    assert bench.told("S")[-1] is Told.STARTED
    run(bench, "W")
    assert bench.told("S")[-1] is Told.OVERRULED
    assert Told.OVERRULED not in bench.told("W")


def test_two_permits_are_in_force_together(bench):
    bench.command(a_command("S", Connect(connected=True), start=0, minutes=60))
    bench.command(weak("W", Connect(connected=True), start=theirs(0), minutes=60))
    assert bench.told("S") == bench.told("W") == [Told.RECEIVED, Told.STARTED]


def test_one_mrid_of_two_utilities_makes_two_controls(bench):
    bench.command(a_command("M", start=0, minutes=30))
    bench.command(weak("M", start=theirs(30), minutes=30))
    ids = [call.payload["controlId"] for call in bench.calls("SetDERControl")]
    assert ids == [control_id(name, "CS1", "FixedPFInject") for name in ("M", "iso/M")]


def test_samples_and_status_go_to_each_utility(bench):
    bench.hear(SamplesTaken("CS1", ()))
    posted = [e.utility for e in bench.effects if isinstance(e, PostSamples)]
    told = {e.utility: e.at for e in bench.effects if isinstance(e, ReportStation)}
    assert posted == ["dso", "iso"]
    assert told == {"dso": NOON, "iso": NOON + HOUR}


def program(name):
    return Origin("dso", Protocol.IEEE2030_5, Revision.IEEE2030_5_2018, program=name)


@pytest.mark.parametrize("said_so", [True, False])
@pytest.mark.parametrize(("by", "told"), [("P2", Told.OUTRANKED), ("P1", Told.SUPERSEDED)])
def test_what_another_program_of_the_utility_took_is_told_apart(bench, said_so, by, told):
    bench.command(a_command("M1", start=0, origin=program("P1")))
    run(bench, "M1", "dso")
    bench.command(a_command("M2", pf("0.9"), start=10, primacy=5, origin=program(by)))
    bench.now = NOON + timedelta(minutes=10)
    if said_so:  # by the server, before our own reckoning
        bench.withdraw("M1", Withdrawal.SUPERSEDED)
    bench.at(11)
    assert bench.told("M1")[-1] is told


def test_a_clock_that_is_known_later_moves_nothing_of_the_other_utility(bench):
    bench.command(a_command("S", fixed_var(), start=10, minutes=20))
    bench.reply()
    sent = len(bench.calls())
    bench.others["iso"] = timedelta(hours=2)
    bench.at(1)
    assert len(bench.calls()) == sent


def test_commands_of_a_utility_that_is_left_are_let_go(bench, book):
    bench.command(weak("W", start=theirs(0), minutes=60))
    bench.reply()
    bench.command(a_command("S", limit(), start=0, minutes=60))
    bench.reply()
    fresh = bench.restart(book, "dso")
    assert [e.subject for e in fresh.audited("command.left")] == ["iso/CS1/W"]
    assert set(fresh.kept[Table.COMMANDS]) == {"dso/CS1/S"}
    fresh.connect(held=[held_from(call) for call in bench.calls() if "Set" in call.action])
    assert fresh.calls()[0].payload == {"isDefault": False, "controlId": bench.control_id()}


def test_a_share_of_a_site_is_no_command_of_a_utility_that_was_left(bench, book):
    bench.command(a_command("S", limit(), utility="site:home", start=0, minutes=60))
    bench.reply()
    fresh = bench.restart(book, "dso")
    assert not fresh.audited("command.left")
    assert set(fresh.kept[Table.COMMANDS]) == {"site:home/CS1/S"}


def test_whose_clock_is_lost_keeps_what_the_station_holds(bench, book):
    bench.command(weak("W", start=theirs(0), minutes=60))
    bench.reply()
    del bench.kept[Table.UTILITIES]["iso"]
    bench.others.clear()
    fresh = bench.restart(book)
    fresh.connect(held=[held_from(call) for call in bench.calls()])
    fresh.command(a_command("S", limit(), start=0, minutes=60))
    assert [call.action for call in fresh.calls()] == ["SetChargingProfile"]


def test_another_order_of_precedence_gives_controls_other_ids(bench, book):
    bench.command(weak("W", start=theirs(0), minutes=60))
    bench.reply()
    fresh = bench.restart(book, "iso", "dso")
    fresh.connect(held=[held_from(call) for call in bench.calls()])
    taken, given = fresh.calls()
    assert taken.payload["controlId"] == control_id("iso/W", "CS1", "FixedPFInject")
    assert given.payload["controlId"] == control_id("W", "CS1", "FixedPFInject")


def test_at_a_site_the_weaker_one_is_told_as_well(book):
    depot = SiteRules("depot", ("dso", "iso"), (a_member("CS1"),))
    engine = Engine(book, [StationRules("CS1", ())], sites=[depot])
    bench = Bench(engine, others={"iso": HOUR})
    bench.connect()
    bench.command(a_command("S", start=0, minutes=60, target=Target("depot")))
    bench.command(weak("W", start=theirs(10), minutes=20, target=Target("depot")))
    bench.reply()
    bench.notice(bench.control_id())
    bench.at(9)
    assert bench.told("W") == [Told.RECEIVED]
    bench.at(10)
    assert bench.told("W") == [Told.RECEIVED, Told.OVERRULED]

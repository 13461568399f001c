"""A station that follows two utilities: `dso` has precedence over `iso`."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.effects import PostSamples, ReportStation, Table
from gateway.core.engine import Engine
from gateway.core.events import (
    ReplyStatus,
    SamplesTaken,
    StationDisconnected,
    TransactionsChanged,
    Withdrawal,
)
from gateway.core.lifecycle import State
from gateway.core.site_state import SiteRules
from gateway.core.station import StationRules
from support.engine_bench import (
    NOON,
    Bench,
    a_command,
    a_default,
    a_profile,
    an_engine,
    held_from,
    limit,
    pf,
)
from support.site_worlds import a_member
from translators.canonical.capability import Transaction
from translators.canonical.commands import Origin, Protocol, Revision, Target
from translators.canonical.controls import (
    ActiveSetpoint,
    Connect,
    Energize,
    FixedVar,
    LimitOn,
    Quantity,
)
from translators.canonical.telemetry import ControlOutcome as Told
from translators.chain import control_id
from translators.units import Base, parse_unit, percent

HOUR = timedelta(hours=1)


def fixed_var(value=40):
    return FixedVar(Quantity(Fraction(value), percent(Base.MAX_VAR)))


def watts(value):
    return ActiveSetpoint(Quantity(Fraction(value), parse_unit("W")))


def weak(mrid="W", *controls, **changes):
    return a_command(mrid, *controls, utility="iso", **changes)


@pytest.fixture
def bench(book):
    """A bench whose station is connected and holds nothing; the clock of `iso` is an hour fast."""
    made = Bench(an_engine(book, "dso", "iso"), others={"iso": HOUR})
    made.connect()
    return made


def theirs(start):
    """Return minutes after noon of our clock as those of `iso`."""
    return start + 60


def held(bench):
    """Return start and minutes of what each DER control of the ledger is to be, by command."""
    entries = bench.engine.world.stations["CS1"].ledger.entries.values()
    return {
        entry.desired.command.rpartition("/")[2]: (
            None
            if entry.desired.start is None
            else (entry.desired.start - NOON).total_seconds() / 60,
            None if entry.desired.end is None else (entry.desired.end - NOON).total_seconds() / 60,
        )
        for entry in entries
    }


def state_of(bench, mrid, utility="iso"):
    return bench.engine.world.records["CS1"][f"{utility}/CS1/{mrid}"].state


def run(bench, mrid, utility="iso"):
    """Answer what is open, and let the control of a command start."""
    bench.reply()
    entries = bench.engine.world.stations["CS1"].ledger.of_command(f"{utility}/CS1/{mrid}")
    for entry in entries:
        bench.notice(entry.desired.id)
    bench.reply()


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


def test_a_limit_beside_an_overruled_mode_goes_on_and_starts(bench):
    bench.command(a_command("S", fixed_var(), start=0, minutes=60))
    bench.command(weak("W", fixed_var(10), limit(LimitOn.EXPORT), start=theirs(0), minutes=30))
    run(bench, "S", "dso")
    run(bench, "W")
    assert bench.told("W") == [Told.RECEIVED, Told.STARTED]
    assert held(bench) == {"S": (0, 60), "W": (0, 30)}
    bench.at(30)
    assert bench.told("W")[-1] is Told.COMPLETED


def test_a_mode_of_another_function_is_overruled_as_well(bench):
    bench.command(a_command("S", pf(), start=10, minutes=20))
    bench.command(weak("W", fixed_var(), start=theirs(0), minutes=60))
    assert held(bench) == {"S": (10, 30), "W": (0, 10)}


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
    bench = Bench(an_engine(book, "dso", "iso"), others={"iso": HOUR})
    bench.connect(without_der())
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

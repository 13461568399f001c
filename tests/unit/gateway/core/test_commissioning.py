"""Commissioning beside the reference station: what it is asked, how its meter is read, what becomes of it."""

from dataclasses import replace
from fractions import Fraction

import pytest

from gateway.core.effects import Table
from gateway.core.engine import Engine
from gateway.core.events import Now, StationDisconnected
from gateway.core.orders import (
    CommissioningOrdered,
    DrainMode,
    DrainRequested,
    HoldChanged,
    PlanOrdered,
)
from gateway.core.planning import instant, propose
from gateway.core.trial import Verdict
from gateway.simulators.station_options import Personality
from support.engine_bench import NOON, a_command, a_default, pf
from support.followed import Side, options
from translators.canonical.controls import Gradients
from translators.canonical.telemetry import ControlOutcome as Told


def commission(side, *, watts=4_000, **changes):
    words = {"reason": "new meter", "actor": "ann", "watts": Fraction(watts)} | changes
    return side.bench.hear(CommissioningOrdered("CS1", **words))


def outcome(side):
    """Let a whole trial pass; return its verdict and those of its steps."""
    side.run(7 * 40, step=4)
    document = side.bench.engine.world.commissioned["CS1"]
    return document["verdict"], {s["step"]: (s["verdict"], s["reason"]) for s in document["steps"]}


def side_of(book, personality=None, **changes):
    side = Side(book, options(**{"demand_w": 7_000.0, "discharge_w": 0.0, **changes}))
    side.core.personality = personality or Personality()
    side.core.plug(side.seconds, present=True)
    side.run(2)
    return side


def state_of(side):
    return side.bench.engine.world.stations["CS1"]


def test_a_station_that_is_wired_well_passes_every_step_and_follows_again(book):
    side = side_of(book, meters_phases=True)
    commission(side)
    assert state_of(side).trial.step.name == "charge within a limit"
    assert "CS1" in side.bench.engine.world.holds
    verdict, steps = outcome(side)
    assert verdict == "passed"
    assert {word for word, _ in steps.values()} == {"passed"}
    assert len(steps) == 7
    assert not side.bench.engine.world.holds
    assert not state_of(side).ledger.entries


def test_a_meter_that_sees_all_from_the_other_side_is_found_and_the_station_stays_on_hold(book):
    side = side_of(book, Personality(reversed_clamps=frozenset({"L1", "L2", "L3"})))
    commission(side)
    verdict, steps = outcome(side)
    assert verdict == "failed"
    assert steps["charge"][1].startswith("wrong sign: +4000 W for -4000 W")
    assert steps["inject var"][1].startswith("wrong sign")
    assert side.bench.engine.world.holds["CS1"].reason == "commissioning failed"
    side.hears(a_command("M1", pf(), start=side.minute + 1))
    assert side.bench.told()[-1] is Told.OPTED_OUT


def test_one_conductor_that_is_seen_from_the_other_side_is_named(book):
    clamps = frozenset({"L2"})
    side = side_of(book, Personality(reversed_clamps=clamps), meters_phases=True)
    commission(side)
    verdict, steps = outcome(side)
    assert verdict == "failed"
    assert steps["discharge"][1].startswith("wrong sign of L2: +1333 W for +4000 W")


def test_a_station_that_accepts_and_does_nothing_fails(book):
    side = side_of(book, Personality(ignores=frozenset({"FixedVar", "profiles"})))
    commission(side)
    verdict, steps = outcome(side)
    assert verdict == "failed"
    assert steps["charge within a limit"] == ("failed", "too much: -7000 W for -4000 W")
    assert steps["discharge"][1].startswith("wrong sign")
    assert steps["inject var"][1].startswith("does not follow")


def test_what_a_station_cannot_do_is_not_judged(book):
    side = side_of(book, der_modes=(), v2x_modes=())
    commission(side)
    verdict, steps = outcome(side)
    assert verdict == "passed"
    assert steps.pop("charge within a limit")[0] == "passed"
    assert steps.pop("charge")[0] == "passed"  # told as a limit
    assert {word for word, _ in steps.values()} == {"not_judged"}


@pytest.mark.parametrize(
    ("personality", "changes", "reason"),
    [
        (Personality(mute_meter=True), {}, "no meter shows W"),
        (Personality(), {"demand_w": 0.0, "der_modes": (), "v2x_modes": ()}, "nothing flows"),
    ],
    ids=["without a meter", "without a demand"],
)
def test_where_nothing_shows_nothing_is_passed(book, personality, changes, reason):
    side = side_of(book, personality, **changes)
    commission(side)
    verdict, steps = outcome(side)
    assert verdict == "not_judged"
    assert steps["charge within a limit"] == ("not_judged", reason)
    assert not side.bench.engine.world.holds  # nobody said that it has to pass


def test_who_was_on_hold_before_stays_so_where_nothing_shows(book):
    side = side_of(book, Personality(mute_meter=True))
    side.bench.hear(HoldChanged(True, "works", "ann", station="CS1"))
    commission(side)
    assert outcome(side)[0] == "not_judged"
    assert side.bench.engine.world.holds["CS1"].reason == "commissioning not judged"


def test_events_are_declined_meanwhile_and_go_on_after(book):
    side = side_of(book)
    side.hears(a_command("M1", pf(), start=side.minute + 1, minutes=60))
    commission(side)
    assert side.bench.told() == [Told.RECEIVED, Told.OPTED_OUT]
    outcome(side)
    side.run(5)
    assert side.bench.told()[:3] == [Told.RECEIVED, Told.OPTED_OUT, Told.OPTED_IN]
    assert "dso/CS1/M1" in {e.desired.command for e in state_of(side).ledger.entries.values()}


def test_defaults_hold_meanwhile(book):
    side = side_of(book)
    side.hears(a_default("D1", Gradients(Fraction(10), Fraction(10))))
    side.run(5)
    commission(side)
    side.run(30)
    assert "dso/CS1/D1" in {e.desired.command for e in state_of(side).ledger.entries.values()}


def refused(side):
    return [r.details["problem"] for r in side.bench.audited("commissioning.refused")]


def test_while_an_event_is_in_force_it_has_to_be_declined_first(book):
    side = side_of(book)
    side.hears(a_command("M1", pf(), start=side.minute + 0.05))
    side.run(10)
    commission(side)
    assert refused(side) == ["dso/CS1/M1 is in force: decline it first"]
    side.bench.hear(HoldChanged(True, "works", "ann", release=True, station="CS1"))
    commission(side)
    assert outcome(side)[0] == "passed"


def test_two_at_a_time_are_refused(book):
    side = side_of(book)
    commission(side)
    commission(side)
    assert refused(side) == ["CS1 is being commissioned"]


def test_who_is_away_is_not_commissioned(book):
    side = side_of(book)
    side.bench.hear(StationDisconnected("CS1"))
    commission(side)
    assert refused(side) == ["CS1 is not connected and read"]


def test_while_all_is_held_nobody_is_commissioned(book):
    side = side_of(book)
    side.bench.hear(HoldChanged(True, "works", "ann"))
    commission(side)
    side.bench.hear(HoldChanged(False, "done", "ann"))
    side.bench.hear(DrainRequested(DrainMode.KEEP))
    commission(side)
    assert refused(side) == ["all dispatch is on hold", "the gateway is stopping"]


def test_a_station_that_nobody_knows_is_refused(book):
    side = side_of(book)
    side.bench.hear(CommissioningOrdered("CS9", "x", "ann"))
    assert refused(side) == ["no station CS9"]


def test_who_leaves_meanwhile_ends_the_trial(book):
    side = side_of(book)
    commission(side)
    side.run(3)
    side.bench.hear(StationDisconnected("CS1"))
    document = side.bench.engine.world.commissioned["CS1"]
    assert document["verdict"] == "not_judged"
    assert [step["reason"] for step in document["steps"]] == ["the station left"]


def test_samples_before_a_step_has_settled_do_not_count(book):
    side = side_of(book)
    commission(side)
    side.run(18)
    assert not state_of(side).trial.seen
    side.run(5)
    assert state_of(side).trial.seen


def test_without_an_amount_a_fifth_of_the_rating_is_asked(book):
    side = side_of(book)
    side.bench.hear(CommissioningOrdered("CS1", "x", "ann"))
    (begun,) = side.bench.audited("commissioning.begun")
    assert (begun.details["watts"], begun.details["var"]) == ("4400", "2200")


def test_more_than_the_rating_is_never_asked(book):
    side = side_of(book)
    commission(side, watts=90_000)
    (begun,) = side.bench.audited("commissioning.begun")
    assert begun.details["watts"] == "22000"


def must_pass(side):
    """Let the settings say that CS1 has to pass, and the gateway start again."""
    bench = side.bench
    rules = replace(bench.engine.world.stations["CS1"].rules, must_pass=True)
    bench.engine.world.stations["CS1"].rules = rules
    fresh = type(bench.engine)(bench.engine.world.translator.book, [rules])
    fresh.restore(bench.kept, Now(bench.now, 0.0))
    return fresh.world


def test_who_has_to_pass_is_on_hold_until_then_over_restarts(book):
    side = side_of(book)
    assert must_pass(side).holds["CS1"].reason == "not commissioned"
    commission(side)
    assert outcome(side)[0] == "passed"
    assert side.bench.kept[Table.SITE]["commissioned/CS1"]["verdict"] == Verdict.PASSED
    assert not must_pass(side).holds


def test_a_step_that_a_station_never_confirmed_is_not_judged(ready):
    ready.hear(CommissioningOrdered("CS1", "x", "ann"))
    ready.at(1)
    (step, *_) = ready.audited("commissioning.step")
    assert step.details["reason"] == "the station was told nothing of it"


def test_a_hold_that_a_commissioning_needs_is_not_ended_by_a_word(book):
    side = side_of(book)
    commission(side)
    side.bench.hear(HoldChanged(on=False, reason="enough", actor="ann", station="CS1"))
    assert "CS1" in side.bench.engine.world.holds
    (kept,) = side.bench.audited("hold.kept")
    assert kept.details["problem"] == "CS1 is being commissioned"
    assert outcome(side)[0] == "passed"
    assert not side.bench.engine.world.holds


def test_who_has_to_pass_stays_on_hold_where_a_plan_is_applied(book):
    world = must_pass(side_of(book))
    engine = Engine(book, [world.stations["CS1"].rules])
    engine.restore({}, Now(NOON, 0.0))
    looked = instant(engine.world, NOON)
    found = propose(engine.world, looked)
    assert found.notes == (("CS1", "CS1 has to pass a commissioning first"),)
    engine.handle(PlanOrdered(found.digest, "read", "ann"), Now(NOON, 0.0))
    assert engine.world.holds["CS1"].reason == "not commissioned"

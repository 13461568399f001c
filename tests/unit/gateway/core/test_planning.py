"""What would be sent, were nothing held back; and that exactly this is sent when it is ordered."""

import copy
from datetime import timedelta
from fractions import Fraction

import pytest

from gateway.core.events import Now, ReplyStatus, StationDisconnected
from gateway.core.ledger import EntryState
from gateway.core.orders import HoldChanged, ParticipationChanged, PlanOrdered, RulesReplaced
from gateway.core.planning import instant, propose
from support.engine_bench import NOON, a_command, a_default, limit, pf
from support.otherbooks import coarse, without_var
from translators.canonical.controls import FixedVar, Quantity
from translators.units import Base, percent

VAR = FixedVar(Quantity(Fraction(40), percent(Base.MAX_VAR)))


def hold(bench, *, on=True, release=False, station=""):
    bench.hear(HoldChanged(on, "works", "me", release, station=station))


def proposal(bench):
    world = bench.engine.world
    return propose(world, instant(world, bench.now))


def order(bench, digest=None):
    bench.hear(PlanOrdered(digest or proposal(bench).digest, "read", "me"))
    return bench.engine.world.applied[1]


def told(bench):
    return [(change.what, change.functions) for change in proposal(bench).changes]


def test_where_nothing_is_held_back_there_is_nothing_to_send(ready):
    ready.command(a_command("M1", pf()))
    ready.reply()
    found = proposal(ready)
    assert (found.changes, found.rejoined, found.waits) == ((), (), False)


def test_an_event_that_comes_during_a_hold_is_in_the_plan_and_not_at_the_station(ready):
    hold(ready)
    ready.command(a_command("M1", pf("0.95"), description="evening peak"))
    found = proposal(ready)
    (change,) = found.changes
    assert ready.calls() == []
    assert (change.station, change.what, change.before) == ("CS1", "set", None)
    assert change.after["fixedPFInject"]["displacement"] == 0.95
    assert change.command == "dso/CS1/M1"
    assert change.why == (
        "event 2026-12-01T12:10:00+00:00 to 2026-12-01T13:10:00+00:00, primacy 10, scheduled;"
        " evening peak"
    )
    assert found.rejoined == ("dso/CS1/M1",)
    assert found.waits


def test_a_plan_says_what_is_set_changed_and_taken_back(ready):
    ready.command(a_command("M1", VAR, start=-5))
    ready.reply()
    ready.notice(ready.control_id())
    ready.command(a_default("D1", pf("0.98")))
    ready.reply()
    hold(ready)
    ready.command(a_default("D1", pf("0.9"), version=1))
    ready.withdraw("M1")
    ready.command(a_command("M3", limit(watts=7000), start=5))
    assert {what for what, _ in told(ready)} == {"set", "change", "clear"}
    by = {change.what: change for change in proposal(ready).changes}
    assert by["change"].before["fixedPFInject"]["displacement"] == 0.98
    assert by["change"].after["fixedPFInject"]["displacement"] == 0.9
    assert by["clear"].action == "ClearDERControl"
    assert by["clear"].after is None
    assert "default, primacy 10" in by["change"].why


def test_a_look_changes_nothing_that_the_engine_knows(ready):
    hold(ready)
    ready.command(a_command("M1", pf("0.95")))
    world = ready.engine.world
    before = copy.deepcopy((world.records, world.owed, world.offsets, world.hold, world.requests))
    proposal(ready)
    assert (world.records, world.owed, world.offsets, world.hold, world.requests) == before


def test_exactly_the_plan_is_sent_when_it_is_ordered_and_the_hold_is_over(ready):
    hold(ready)
    ready.command(a_command("M1", pf("0.95")))
    ready.command(a_command("M2", limit(watts=7000)))
    changes = {change.control: change.after for change in proposal(ready).changes}
    assert order(ready)
    ready.reply()
    sent = {call.payload.get("controlId"): call.payload for call in ready.calls("SetDERControl")}
    sent |= {
        str(call.payload["chargingProfile"]["id"]): call.payload
        for call in ready.calls("SetChargingProfile")
    }
    assert sent == changes
    assert ready.engine.world.hold is None
    (record,) = ready.audited("plan.applied")
    assert (record.actor, record.details["reason"]) == ("me", "read")
    assert proposal(ready).changes == ()


@pytest.mark.parametrize("release", [False, True])
def test_a_plan_that_would_be_another_one_by_now_is_refused_and_nothing_sent(ready, release):
    hold(ready, release=release)
    ready.command(a_command("M1", pf("0.95")))
    old = proposal(ready).digest
    ready.command(a_command("M2", limit(watts=7000)))
    assert not order(ready, old)
    assert ready.calls() == []
    assert ready.engine.world.hold is not None
    (record,) = ready.audited("plan.refused")
    assert record.subject == old
    assert record.details["found"] == proposal(ready).digest


def test_what_a_station_turns_out_to_hold_makes_it_another_plan(ready):
    ready.command(a_command("M1", pf("0.95"), start=-1))
    ready.reply()
    hold(ready)
    ready.command(a_command("M1", pf("0.9"), start=-1, version=1))
    old = proposal(ready).digest
    ready.connect(held=[])
    assert not order(ready, old)


def test_the_plan_stays_the_same_while_nothing_changes_but_the_time(ready):
    hold(ready)
    ready.command(a_command("M1", pf("0.95")))
    old = proposal(ready).digest
    ready.at(5)
    assert proposal(ready).digest == old


def test_a_hold_of_one_station_ends_with_the_plan_too(ready):
    hold(ready, station="CS1")
    ready.command(a_command("M1", pf("0.95")))
    assert told(ready) == [("set", ("FixedPowerFactor.injecting",))]
    assert order(ready)
    assert ready.engine.world.holds == {}
    assert len(ready.calls("SetDERControl")) == 1


def test_a_station_that_is_away_or_unknown_waits(ready, book):
    notes = dict(proposal(ready).notes)
    assert notes == {"CS2": "it never said what it is"}
    ready.hear(StationDisconnected("CS1"))
    assert dict(proposal(ready).notes)["CS1"] == "it is away"
    ready.offset = None
    ready.engine.world.offsets.clear()
    assert dict(proposal(ready).notes)["CS1"] == "no clock of its utilities is known"


def test_what_a_station_holds_is_read_back_before_a_plan_knows(ready):
    ready.command(a_command("M1", pf("0.95")))
    ready.reply(ReplyStatus.NO_ANSWER)
    assert dict(proposal(ready).notes)["CS1"] == "what it holds is read back first"
    assert told(ready) == []


def test_rules_that_were_replaced_wait_for_the_plan(ready):
    ready.command(a_command("M1", pf("0.95"), start=-1))
    ready.reply()
    ready.hear(RulesReplaced(coarse()))
    ready.at(1)
    assert len(ready.calls("SetDERControl")) == 1
    found = proposal(ready)
    (change,) = found.changes
    assert found.waits
    assert (change.what, change.after["fixedPFInject"]["displacement"]) == ("change", 1)
    assert order(ready)
    ready.reply()
    assert ready.calls("SetDERControl")[-1].payload["fixedPFInject"]["displacement"] == 1
    assert not proposal(ready).waits


def test_rules_may_be_replaced_at_once(ready):
    ready.command(a_command("M1", pf("0.95"), start=-1))
    ready.reply()
    ready.hear(RulesReplaced(coarse(), at_once=True))
    assert ready.calls("SetDERControl")[-1].payload["fixedPFInject"]["displacement"] == 1
    assert not proposal(ready).waits


def test_what_other_rules_refuse_would_be_taken_back(ready):
    ready.command(a_command("M1", VAR, start=-1))
    ready.reply()
    ready.hear(RulesReplaced(without_var()))
    (change,) = proposal(ready).changes
    assert (change.what, change.action) == ("clear", "ClearDERControl")
    (entry,) = ready.engine.world.stations["CS1"].ledger.entries.values()
    assert entry.state is EntryState.HELD


def test_what_was_declined_and_could_not_be_taken_back_yet_says_by_whom(ready):
    ready.command(a_command("M1", VAR, start=-1))
    ready.reply()
    ready.hear(StationDisconnected("CS1"))
    ready.hear(ParticipationChanged("M1", True, "works", "me"))
    (change,) = proposal(ready).changes
    assert change.what == "clear"
    assert change.why.endswith("declined by operator")


def test_what_is_held_of_a_command_that_is_forgotten_says_so(ready):
    ready.command(a_command("M1", limit(watts=7000), start=-1))
    ready.reply()
    ready.engine.world.records["CS1"].clear()
    (change,) = proposal(ready).changes
    assert change.why == "its command is forgotten"


def test_an_instant_goes_on_from_the_last_event(bench):
    world = bench.engine.world
    assert instant(world, NOON) == Now(NOON, 0.0)
    bench.connect()
    assert instant(world, NOON + timedelta(seconds=3)).monotonic == 3.0
    assert instant(world, NOON - timedelta(seconds=3)).monotonic == 0.0

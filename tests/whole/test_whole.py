"""A gateway in which everything happens at once: what has to hold does, and the judge can say no."""

from dataclasses import replace

import pytest

from gateway.core import acting
from gateway.core.events import CommandReceived
from gateway.core.lifecycle import State
from gateway.core.orders import HoldChanged, RulesReplaced
from gateway.core.world import Turn
from support.engine_bench import a_command
from support.otherbooks import without_var
from support.whole_stories import CONTROLS, Story, played
from translators.canonical.commands import Target

SEED = 4
TOLD = ("opted_out", "no_participation", "commissioning.begun", "site.excess", "lives compared")


def seeds(count, seed=SEED):
    return [f"{seed}/{number}" for number in range(count)]


def wrong(count, seed=SEED, steps=25):
    found, _ = played(seeds(count, seed), steps)
    return "\n".join(found.values())


def test_whatever_happens_at_once_what_has_to_hold_does():
    found, tally = played(seeds(12), 25)
    assert found == {}
    assert {kind: tally[kind] for kind in TOLD if not tally[kind]} == {}
    assert tally["setpoints judged"] > 20


def test_a_restart_translates_by_the_rules_in_force_and_its_twin_is_told_so():
    story = Story(1)
    world = story.world
    command = a_command("M1", CONTROLS["var"](story.draw), target=Target("CS2"), start=0)
    world.hear(CommandReceived(command))
    world.flow()
    world.hear(RulesReplaced(without_var(), at_once=False))
    world.setup = replace(world.setup, rules=without_var().digest)
    world.restart()
    assert world.judge.tally["lives compared"] == 1
    (record,) = world.engine.world.records["CS2"].values()
    assert record.state is State.REFUSED


def test_the_judge_sees_what_a_step_of_our_clock_does(monkeypatch):
    monkeypatch.setattr("gateway.core.site_shares._now", lambda turn, _: turn.now.utc)
    found, _ = played(["s/44", "s/47"], 6)
    assert "the site may draw" in "".join(found.values())


def test_the_judge_sees_what_is_set_during_a_hold(monkeypatch):
    def all_of_it(turn, state, found, todo):
        acting._carry_out(turn, state, found, found.desired, todo)

    monkeypatch.setattr(acting, "_go_on", all_of_it)
    monkeypatch.setattr("gateway.core.intake.decline", lambda *_: None)
    story = Story(SEED)
    story.world.hear(HoldChanged(on=True, reason="test", actor="ann"))
    with pytest.raises(AssertionError, match="on hold"):
        story.play(20, [story.serve])


def test_the_judge_sees_what_is_not_kept(monkeypatch):
    def known_alone(turn, record):
        turn.world.records[record.command.target.station][record.key] = record

    monkeypatch.setattr(Turn, "keep", known_alone)
    assert wrong(3)

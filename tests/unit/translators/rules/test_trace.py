"""Steps and losses: exact texts, and nothing lost when translations are chained."""

import pytest

from support.translation import F
from translators.canonical.telemetry import ControlOutcome
from translators.rules.trace import Loss, LossKind, Refusal, Step, Translation
from translators.rules.values import Trace, Unmet, text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (F(19, 20), "0.95"),
        (F(-7), "-7"),
        (F(1, 3), "1/3"),
        (F(1, 10**7), "0.0000001"),
        ("x", "x"),
        (4, "4"),
        (None, "None"),
    ],
)
def test_a_number_reads_as_a_decimal_where_there_is_one(value, expected):
    assert text(value) == expected


def test_a_trace_collects_steps_and_losses_of_its_rule():
    trace = Trace("r@1", ("clause",))
    trace.step("scale10 -3", "a", F(950), "b", F("0.95"), "setMaxW = 1")
    trace.lose(LossKind.ROUND, "b", "4 decimals", F(1, 3))
    trace.lose(LossKind.DROP, "c", "no field")
    assert trace.steps == [
        Step("r@1", ("clause",), "scale10 -3", "a", "950", "b", "0.95", "setMaxW = 1")
    ]
    assert trace.losses == [
        Loss(LossKind.ROUND, "r@1", "b", "4 decimals", "1/3"),
        Loss(LossKind.DROP, "r@1", "c", "no field", ""),
    ]


def test_a_chain_keeps_every_step_loss_and_refusal_in_order():
    def part(value, tag):
        step = Step(tag, (), "op", "a", "1", "b", "2")
        loss = Loss(LossKind.CLIP, tag, "a", "b")
        refusal = Refusal(ControlOutcome.INVALID, "f", "a", "b", tag)
        return Translation(value, (step,), (loss,), (refusal,))

    chained = part(1, "first").then(lambda value: part(value + 1, "second"))
    assert chained.value == 2
    for kept in (chained.steps, chained.losses, chained.refusals):
        assert [item.rule for item in kept] == ["first", "second"]


def test_the_loss_kinds_are_the_closed_list_of_the_vectors():
    assert {kind.value for kind in LossKind} == {
        *("rebase", "clip", "round", "drop", "approximate", "ambiguous", "dialect", "bake"),
        *("semantic", "scope", "unit", "binding", "policy", "unsupported"),
    }


def test_what_cannot_be_met_says_outcome_place_and_problem():
    unmet = Unmet("invalid", "a/b", "is missing")
    assert (unmet.outcome, unmet.where, str(unmet)) == ("invalid", "a/b", "is missing")


def test_steps_that_tell_the_same_are_equal_however_their_numbers_are_held():
    held = Step("r@1", (), "take", "a", F(5, 2), "b", F(5))
    written = Step("r@1", (), "take", "a", "2.5", "b", "5")
    assert held == written
    assert (held != written) is False
    assert {held} == {written}
    assert held != Step("r@1", (), "take", "a", "2.5", "b", "6")
    assert held != ("r@1", (), "take", "a", "2.5", "b", "5", "", "")


def test_a_step_is_told_by_name_in_texts():
    step = Step("r@1", ("clause",), "take", "a", F(1, 2), "b", F(1), "base", "VoltVar")
    assert step.told() == {
        "rule": "r@1",
        "cites": ("clause",),
        "operation": "take",
        "source": "a",
        "before": "0.5",
        "target": "b",
        "after": "1",
        "base": "base",
        "control": "VoltVar",
    }


def test_what_a_trace_recorded_before_its_function_was_known_belongs_to_it():
    trace = Trace("r@1", ())
    trace.step("take", "a", 1, "b", 1)
    trace.lose(LossKind.DROP, "c", "no field")
    trace.serve("VoltVar")
    trace.step("emit", "b", 1, "d", 1)
    assert [step.control for step in trace.steps] == ["VoltVar", "VoltVar"]
    assert [loss.control for loss in trace.losses] == ["VoltVar"]


def a_trace():
    trace = Trace("r@1", ("clause",), "VoltVar")
    trace.step("take", "a", F(1, 2), "b", F(1, 2))
    trace.later(lambda note: [note("emit", "b", n, f"c[{n}]", n) for n in range(2)])
    trace.step("take", "d", 1, "e", 1)
    return trace


def test_what_is_told_later_stands_where_it_was_recorded():
    steps = a_trace().steps
    assert [step.target for step in steps] == ["b", "c[0]", "c[1]", "e"]
    assert {(step.rule, step.cites, step.control) for step in steps} == {
        ("r@1", ("clause",), "VoltVar")
    }


def test_a_block_holds_what_was_recorded_until_then():
    trace = a_trace()
    block = trace.block()
    trace.step("take", "f", 1, "g", 1)
    assert block.steps() == trace.steps[:-1]


def test_steps_and_blocks_are_told_in_their_order():
    step = Step("r@2", (), "op", "a", "1", "z", "2")
    made = Translation(None, (step, a_trace().block(), step))
    assert [step.target for step in made.steps] == ["z", "b", "c[0]", "c[1]", "e", "z"]


def test_translations_that_tell_the_same_are_equal_however_their_steps_are_held():
    block = a_trace().block()
    lazy, eager = Translation(1, (block,)), Translation(1, tuple(block.steps()))
    assert lazy == eager
    assert (lazy != eager) is False
    assert hash(lazy) == hash(eager)
    assert lazy != Translation(1, tuple(block.steps()[1:]))
    assert lazy != (1, (block,), (), ())

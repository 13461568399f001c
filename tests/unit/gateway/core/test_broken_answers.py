"""An answer that breaks its schema says neither yes nor no: it is kept, and what is held is read back."""

import pytest

from gateway.core.effects import ReadBack
from gateway.core.events import ReplyStatus, Withdrawal
from support.engine_bench import a_command, held_from

BROKEN = {"status": ReplyStatus.CALL_ERROR, "payload": {"status": "Sure"}, "reason": "breaks it"}


def read_backs(bench):
    return sum(isinstance(effect, ReadBack) for effect in bench.effects)


def test_the_answer_is_kept_and_the_station_is_asked_what_it_holds(ready):
    ready.command(a_command())
    before = read_backs(ready)
    ready.reply(**BROKEN)
    (kept,) = ready.audited("answer.unusable")
    assert kept.details["payload"] == {"status": "Sure"}
    assert kept.details["purpose"] == "set"
    assert read_backs(ready) == before + 1
    assert ready.told() == ["received"]


@pytest.mark.parametrize("held", [True, False])
def test_what_the_read_back_shows_counts(ready, held):
    ready.command(a_command())
    ready.reply(**BROKEN)
    ready.report([held_from(ready.calls("SetDERControl")[0])] if held else [])
    assert len(ready.calls("SetDERControl")) == (1 if held else 2)


def test_a_clear_that_is_answered_so_is_read_back_too(ready):
    ready.command(a_command())
    ready.reply()
    ready.withdraw(reason=Withdrawal.CANCELLED)
    ready.reply(**BROKEN)
    ready.report([])
    assert ready.told()[-1] == "cancelled"
    assert ready.audited("answer.unusable")[0].details["purpose"] == "clear"


def test_an_error_of_the_station_is_a_refusal(ready):
    ready.command(a_command())
    ready.reply(ReplyStatus.CALL_ERROR, reason="InternalError")
    assert ready.told()[-1] == "not_applicable"

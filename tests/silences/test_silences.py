"""Random silences of a utility: what has to hold when does, within a second; and the judge can say no."""

import pytest

from gateway.core import failsafe
from support.engine_bench import the_book
from support.silences import played

COUNT, SEED = 100, 2026


def test_every_silence_is_noticed_within_a_second_and_nothing_flaps():
    told, problems = played(the_book(), COUNT, SEED)
    assert problems == []
    for kind in ("entered", "limited", "left"):
        assert told[f"{kind} in time"] == told[f"{kind} due"] >= COUNT / 4


@pytest.mark.parametrize(
    ("name", "value", "late"), [("_POLLS", 4, "entered"), ("_EARLY", 1.9, "left")]
)
def test_the_judge_sees_what_is_late(monkeypatch, name, value, late):
    monkeypatch.setattr(failsafe, name, value)
    told, problems = played(the_book(), 20, SEED)
    assert problems or told[f"{late} in time"] < told[f"{late} due"]


def test_the_judge_sees_a_return_without_hysteresis(monkeypatch):
    monkeypatch.setattr(failsafe.Hearing, "return_s", lambda _self, _patience: 0.0)
    _, problems = played(the_book(), 20, SEED)
    assert problems


def test_the_judge_sees_limits_that_do_not_hold(monkeypatch):
    monkeypatch.setattr("gateway.core.listening._limit", lambda *_: None)
    _, problems = played(the_book(), 20, SEED)
    assert problems

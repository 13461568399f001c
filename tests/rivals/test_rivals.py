"""Several utilities for one station: the engine and a second reckoning agree; and that one can differ."""

from gateway.core import agenda
from support.rivals import arbitrated, played

SEED = 2026


def test_arbitration_agrees_with_a_reckoning_minute_by_minute():
    assert arbitrated(2_000, SEED) == []


def test_the_station_runs_what_precedence_says_and_who_lost_is_told():
    found, told = played(80, SEED)
    assert found == []
    assert told["overruled"] > 5
    assert told["superseded"] > 5


def test_a_utility_that_is_not_cut_is_noticed(monkeypatch):
    monkeypatch.setattr(agenda, "conflicts", lambda *_: False)
    monkeypatch.setattr(agenda, "combine", lambda lines, *_: lines[0] | lines[-1])
    assert arbitrated(20, SEED)
    assert played(15, SEED)[0]

"""What a station has of its own completes what its utility leaves out, also once ours took its place."""

from fractions import Fraction

import pytest

from gateway.core.events import HeldControl, StationConnected
from gateway.core.station import StationState, continue_from, station_document
from support.engine_bench import a_default, a_profile, held_from
from translators.canonical.controls import EnterService

OWN = {
    "isDefault": True,
    "controlId": "factory",
    "controlType": "EnterService",
    "enterService": {
        "priority": 9,
        "highVoltage": 110,
        "lowVoltage": 90,
        "highFreq": 60.2,
        "lowFreq": 59.2,
        "delay": 300,
    },
}
FACTORY = HeldControl("factory", "SetDERControl", OWN)
PART = a_default("D1", EnterService(high_voltage=Fraction(106)))
WHOLE = {
    "priority": 10,
    "highVoltage": 106,
    "lowVoltage": 90,
    "highFreq": 60.2,
    "lowFreq": 59.2,
    "delay": 300,
}


def sent(bench):
    return [call.payload["enterService"] for call in bench.calls("SetDERControl")]


def test_a_partial_source_is_completed_from_what_the_station_read_back(ready):
    ready.connect(held=[FACTORY])
    ready.command(PART)
    assert sent(ready) == [WHOLE]


def test_without_a_report_a_partial_source_is_refused(ready):
    ready.command(PART)
    assert sent(ready) == []
    assert len(ready.audited("command.refused")) == 1


def test_a_partial_source_waits_for_the_first_read_back(bench):
    bench.command(PART)
    bench.hear(StationConnected("CS1", a_profile()))
    assert sent(bench) == []
    bench.report([FACTORY])
    assert sent(bench) == [WHOLE]
    assert bench.audited("command.refused") == []


def test_what_ours_replaced_is_still_known_after_the_next_read_back(ready):
    ready.connect(held=[FACTORY])
    ready.command(PART)
    ready.reply()
    ready.connect(held=[held_from(ready.calls("SetDERControl")[0])])
    assert sent(ready) == [WHOLE]


@pytest.mark.parametrize(("complete", "kept"), [(True, False), (False, True)])
def test_what_a_station_shows_no_more_is_forgotten_unless_its_report_had_gaps(
    ready, complete, kept
):
    ready.connect(held=[FACTORY])
    ready.hear(StationConnected("CS1", a_profile()))
    ready.report([], complete=complete)
    assert bool(ready.engine.world.stations["CS1"].own) is kept


def test_scheduled_controls_and_profiles_are_nobodys_defaults(ready):
    scheduled = HeldControl("s", "SetDERControl", {**OWN, "isDefault": False})
    profile = HeldControl("7", "SetChargingProfile", {"chargingProfile": {"id": 7}})
    ready.connect(held=[scheduled, profile])
    assert ready.engine.world.stations["CS1"].own == {}


def test_what_a_station_has_of_its_own_is_kept_over_a_restart(ready):
    ready.connect(held=[FACTORY])
    state = ready.engine.world.stations["CS1"]
    again = StationState(state.rules)
    continue_from(again, station_document(state))
    assert again.own == {"EnterService": OWN}
    older = {k: v for k, v in station_document(state).items() if k != "own"}
    continue_from(again, older)
    assert again.own == {}
    assert again.profile == a_profile()

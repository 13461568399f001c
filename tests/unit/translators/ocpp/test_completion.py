"""Enter service that a source states in part: the rest as the station read it back, or a refusal."""

from dataclasses import replace

import pytest

from support.translation import F, body, enter_service, kinds, refused, situation, translated
from translators.canonical.controls import EnterService, Gradients

OWN = enter_service()
SENT = {
    "highVoltage": 105,
    "lowVoltage": 91.7,
    "highFreq": 60.1,
    "lowFreq": 59.5,
    "delay": 300,
    "randomDelay": 20,
    "rampRate": 250,
}


def sent(control, *reported):
    state = replace(situation(), reported=reported)
    return translated(control, situation=state, default=True)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("high_voltage", "highVoltage"),
        ("low_voltage", "lowVoltage"),
        ("high_frequency", "highFreq"),
        ("low_frequency", "lowFreq"),
        ("delay", "delay"),
        ("random_delay", "randomDelay"),
        ("ramp_time", "rampRate"),
    ],
)
def test_what_the_utility_states_wins_and_the_rest_is_the_stations(name, member):
    made = sent(EnterService(**{name: F(50)}), OWN)
    assert body(made) == {**SENT, member: 50}
    assert kinds(made) == ["dialect"]
    assert len([s for s in made.steps if s.operation == "complete from read-back"]) == 6


def test_a_whole_source_is_not_touched():
    other = enter_service(high_voltage=F(110))
    assert body(sent(other, OWN)) == {**SENT, "highVoltage": 110}


@pytest.mark.parametrize(
    "reported", [(), (Gradients(F(1), F(1)),), (EnterService(low_voltage=F(90)),)]
)
def test_what_nobody_states_is_refused(reported):
    assert refused(sent(EnterService(high_voltage=F(106)), *reported)) == [
        ("not_applicable", "EnterService")
    ]


def test_optional_fields_that_nobody_states_stay_away():
    needed = {"high_voltage": F(105), "low_frequency": F(59)}
    own = EnterService(low_voltage=F(90), high_frequency=F(61))
    assert body(sent(EnterService(**needed), own)) == {
        "highVoltage": 105,
        "lowVoltage": 90,
        "highFreq": 61,
        "lowFreq": 59,
    }

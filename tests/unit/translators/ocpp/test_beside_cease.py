"""What another event asks for while somebody ceases to energize: nothing is sent for it."""

from dataclasses import replace

import pytest

from support.translation import F, q, running, situation, translated
from translators.canonical.controls import (
    ActiveSetpoint,
    ChargeStateTarget,
    Connect,
    Energize,
    StorageTarget,
)

STOPS = [Energize(energized=False), Connect(connected=False)]
ASKED = [
    ActiveSetpoint(q("-2000 W")),
    StorageTarget(q("500 W")),
    ChargeStateTarget(F("0.8")),
]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("stop", STOPS)
def test_what_would_move_power_is_followed_without_a_message(asked, stop):
    place = replace(situation(running(20000)), beside=(stop,))
    made = translated(asked, situation=place)
    assert made.value.messages == ()
    assert made.value.vacuous
    assert [loss.detail for loss in made.losses] == ["nothing flows: ceased to energize"]


@pytest.mark.parametrize("asked", ASKED)
def test_who_may_energize_changes_nothing(asked):
    place = replace(situation(running(20000)), beside=(Energize(energized=True),))
    assert translated(asked, situation=place).value.messages

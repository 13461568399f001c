"""Random commands for random stations: nothing beyond a nameplate leaves; and the judge can say so."""

from dataclasses import replace

import pytest

from gateway.core import translating
from gateway.core.translating import Translator
from gateway.settings.packs import shipped_book
from support.nameplate import draw_from, exceeds, played

COUNT, SEED = 2_000, 2026


def test_nothing_beyond_a_nameplate_leaves():
    sent, beyond = played(COUNT, SEED)
    assert beyond == []
    assert len(sent) >= 15
    assert sent.total() > COUNT / 3


def test_without_the_guard_the_judge_finds_some(monkeypatch):
    monkeypatch.setattr(translating, "guarded", lambda orders, _profile: orders)
    _, beyond = played(COUNT, SEED)
    assert {message.payload["controlType"] for message in beyond} >= {"FreqDroop", "WattPF"}


@pytest.mark.parametrize(
    ("member", "value"),
    [("setpoint", 10**7), ("setpoint", -(10**7)), ("setpointReactive", 10**7), ("limit", -1)],
)
def test_the_judge_sees_a_profile_that_asks_for_too_much(member, value):
    translator, draw = Translator(shipped_book()), draw_from(1)
    while True:
        station, command = draw.station(), draw.command()
        made = translator.orders(
            command.mrid, command, station, draw.situation(station)
        ).value.messages
        translator.forget(command.mrid)
        profiles = [message for message in made if message.action == "SetChargingProfile"]
        known = all(
            None not in (e.ratings.max_charge_rate_w, e.ratings.max_var_neg) for e in station.evses
        )
        if profiles and known and all(e.ratings.max_discharge_rate_w for e in station.evses):
            break
    message = profiles[0]
    schedule = message.payload["chargingProfile"]["chargingSchedule"][0]
    period = schedule["chargingSchedulePeriod"][0] | {member: value}
    worse = {
        **message.payload,
        "chargingProfile": {"chargingSchedule": [{**schedule, "chargingSchedulePeriod": [period]}]},
    }
    assert not exceeds(station, message)
    assert exceeds(station, replace(message, payload=worse))

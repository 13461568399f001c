"""Random commands for random stations: nothing beyond a nameplate leaves; and the judge can say so."""

from dataclasses import replace
from types import SimpleNamespace

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


def a_control(kind, slot, body):
    payload = {"controlType": kind, slot: body}
    return SimpleNamespace(action="SetDERControl", payload=payload)


SERVICE = {"lowVoltage": 91, "highVoltage": 105, "lowFreq": 49, "highFreq": 50.5}
POINTS = [{"x": 110, "y": 2}, {"x": 120, "y": 0.1}]
WORSE = [
    (
        "LimitMaxDischarge",
        "limitMaxDischarge",
        {"pctMaxDischargePower": 80},
        {"pctMaxDischargePower": 101},
    ),
    (
        "LimitMaxDischarge",
        "limitMaxDischarge",
        {"pctMaxDischargePower": 0},
        {"pctMaxDischargePower": -1},
    ),
    (
        "LimitMaxDischarge",
        "limitMaxDischarge",
        {"powerMonitoringMustTrip": {"curveData": POINTS}},
        {"powerMonitoringMustTrip": {"curveData": [{"x": 1, "y": -1}]}},
    ),
    ("EnterService", "enterService", SERVICE, SERVICE | {"lowVoltage": 106}),
    ("EnterService", "enterService", SERVICE, SERVICE | {"lowFreq": -1}),
    ("EnterService", "enterService", SERVICE | {"delay": 300}, SERVICE | {"delay": -1}),
    ("HVMustTrip", "curve", {"curveData": POINTS}, {"curveData": [{"x": 110, "y": -1}]}),
    ("LFMustTrip", "curve", {"curveData": POINTS}, {"curveData": [{"x": -1, "y": 1}]}),
]


@pytest.mark.parametrize(("kind", "slot", "sound", "worse"), WORSE)
def test_the_judge_sees_a_control_that_no_station_could_follow(kind, slot, sound, worse):
    assert not exceeds(draw_from(1).station(), a_control(kind, slot, sound))
    assert exceeds(draw_from(1).station(), a_control(kind, slot, worse))


def test_the_judge_passes_over_no_kind():
    with pytest.raises(ValueError, match="nobody judges NewKind"):
        exceeds(draw_from(1).station(), a_control("NewKind", "curve", {}))


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

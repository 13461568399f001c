"""Live setpoints: a Dynamic profile, its watchdog, and when an update is enough."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from support.translation import (
    NOON,
    a_station,
    an_evse,
    limit,
    only,
    payloads,
    q,
    running,
    situation,
    translated,
)
from translators.canonical.commands import Interval
from translators.canonical.controls import ActiveSetpoint, ReactiveSetpoint
from translators.ocpp.live import lapse, renewal, update, updated

ABLE = a_station(replace(an_evse(), dynamic_profiles=True, max_offline_duration=True))


def sent(*controls, station=ABLE, watts=None, policy=None, live=True, **changes):
    state = situation(running(watts), **(policy or {}))
    made = translated(
        *(controls or [ActiveSetpoint(q("5000 W"))]),
        station=station,
        situation=state,
        live=live,
        **changes,
    )
    return payloads(made, "SetChargingProfile")[-1]


def schedule(payload):
    return payload["chargingProfile"]["chargingSchedule"][0]


@pytest.mark.parametrize(
    ("policy", "end", "duration"),
    [
        ({}, 3600, 3600),
        ({}, None, None),
        ({"dynamic_watchdog_s": "60"}, 3600, 60),
        ({"dynamic_watchdog_s": "60"}, None, 60),
        ({"dynamic_watchdog_s": "60"}, 20, 20),
    ],
)
def test_a_live_setpoint_lapses_by_the_watchdog_or_by_its_command(policy, end, duration):
    span = Interval(NOON, None if end is None else NOON + timedelta(seconds=end))
    payload = sent(policy=policy, interval=span)
    assert payload["chargingProfile"]["chargingProfileKind"] == "Dynamic"
    assert schedule(payload).get("duration") == duration
    assert "startSchedule" not in schedule(payload)


@pytest.mark.parametrize(
    "changes",
    [{"live": False}, {"station": a_station()}, {"controls": [limit("load", "5000 W")]}],
    ids=["not live", "not able", "a limit"],
)
def test_what_is_not_live_is_absolute(changes):
    controls = changes.pop("controls", [])
    payload = sent(*controls, **changes)
    assert payload["chargingProfile"]["chargingProfileKind"] == "Absolute"


@pytest.mark.parametrize(
    ("policy", "begun", "kind"),
    [
        ({"dynamic_watchdog_s": "60"}, True, "Dynamic"),
        ({"dynamic_watchdog_s": "60"}, False, "Absolute"),
        ({}, True, "Absolute"),
    ],
)
def test_a_running_setpoint_has_a_watchdog_where_the_site_asks_for_one(policy, begun, kind):
    state = replace(situation(running(), **policy), running=begun)
    made = translated(ActiveSetpoint(q("5000 W")), station=ABLE, situation=state)
    assert only(made)["chargingProfile"]["chargingProfileKind"] == kind


def test_a_ramp_of_its_own_is_kept_before_the_watchdog():
    state = replace(
        situation(running(), dynamic_watchdog_s="60"), running=True, baseline_w=Fraction(0)
    )
    made = translated(
        ActiveSetpoint(q("5000 W")), station=ABLE, situation=state, ramp_time=Fraction(10)
    )
    assert only(made)["chargingProfile"]["chargingProfileKind"] == "Absolute"
    assert len(schedule(only(made))["chargingSchedulePeriod"]) == 11


@pytest.mark.parametrize(
    ("policy", "live", "expected"),
    [
        ({"dynamic_watchdog_s": "60"}, True, 60),
        ({}, True, 3600),
        ({}, False, None),
    ],
)
def test_a_renewal_says_the_same_numbers_again(policy, live, expected):
    held = sent(policy=policy, live=live)
    assert lapse(held) == expected
    assert renewal(held)["scheduleUpdate"] == {"setpoint": -5000}


def test_a_live_setpoint_without_end_and_watchdog_never_lapses():
    assert lapse(sent(interval=Interval(NOON, None))) is None


def test_2_0_1_has_no_dynamic_profile_and_no_offline_members():
    station = replace(ABLE, ocpp_version="2.0.1")
    policy = {"max_offline_s": "60", "dynamic_watchdog_s": "60"}
    payload = sent(ActiveSetpoint(q("-5000 W")), station=station, policy=policy)
    assert payload["chargingProfile"]["chargingProfileKind"] == "Absolute"
    assert "maxOfflineDuration" not in payload["chargingProfile"]


@pytest.mark.parametrize(
    ("policy", "members"),
    [
        ({}, {}),
        ({"max_offline_s": "60"}, {"maxOfflineDuration": 60}),
        (
            {"max_offline_s": "0", "invalid_after_offline": "true"},
            {"maxOfflineDuration": 0, "invalidAfterOfflineDuration": True},
        ),
        ({"max_offline_s": "60", "invalid_after_offline": "false"}, {"maxOfflineDuration": 60}),
        ({"invalid_after_offline": "true"}, {}),
    ],
)
def test_policy_says_how_long_a_setpoint_holds_offline(policy, members):
    profile = sent(policy=policy)["chargingProfile"]
    assert {k: v for k, v in profile.items() if "Offline" in k} == members


def test_a_limit_never_lapses_offline():
    profile = sent(limit("load", "5000 W"), policy={"max_offline_s": "60"})["chargingProfile"]
    assert "maxOfflineDuration" not in profile


BOTH = (ActiveSetpoint(q("5000 W")), ReactiveSetpoint(q("100 var")))


def test_new_numbers_of_a_live_setpoint_are_an_update():
    held, wanted = sent(), sent(ActiveSetpoint(q("-700 W")))
    number = wanted["chargingProfile"]["id"]
    assert update(held, wanted) == {
        "chargingProfileId": number,
        "scheduleUpdate": {"setpoint": 700},
    }
    assert update(held, sent(*BOTH))["scheduleUpdate"] == {
        "setpoint": -5000,
        "setpointReactive": -100,
    }


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (sent(live=False), sent(ActiveSetpoint(q("-700 W")), live=False)),
        (sent(), sent()),
        (sent(*BOTH), sent()),
        (sent(), sent(mrid="0B")),
        (sent(), sent(policy={"dynamic_watchdog_s": "60"})),
    ],
    ids=["absolute", "nothing new", "a number less", "another command", "another watchdog"],
)
def test_else_it_takes_a_new_profile(held, wanted):
    assert update(held, wanted) is None


def test_a_live_setpoint_has_no_steps():
    state = replace(situation(running()), baseline_w=0)
    made = translated(
        ActiveSetpoint(q("5000 W")), station=ABLE, situation=state, live=True, ramp_time=10
    )
    assert len(schedule(only(made))["chargingSchedulePeriod"]) == 1
    assert [loss.kind.value for loss in made.losses] == ["drop"]


def test_a_profile_with_an_update_in_it_is_the_one_that_was_wanted():
    held, wanted = sent(), sent(ActiveSetpoint(q("-3000 W")))
    before = schedule(held)["chargingSchedulePeriod"][0]["setpoint"]
    assert updated(held, update(held, wanted)["scheduleUpdate"]) == wanted
    assert schedule(held)["chargingSchedulePeriod"][0]["setpoint"] == before

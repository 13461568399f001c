"""How far a composite schedule may lie from its profile and still show it in force."""

import pytest

from gateway.core.evidence import Shown, judge


def shows(wanted, shown, unit="W"):
    told = {"chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, **wanted}]}
    payload = {"evseId": 1, "chargingProfile": {"chargingSchedule": [told]}}
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, **shown}]}
    return judge(payload, {"schedule": schedule}) is Shown.IN_FORCE


@pytest.mark.parametrize(
    ("shown", "obeys"), [(0, True), (9.9, True), (10, True), (10.04, True), (10.06, False)]
)
def test_a_limit_is_obeyed_by_less_and_by_a_rounded_tenth_more(shown, obeys):
    assert shows({"limit": 10}, {"limit": shown}) is obeys


@pytest.mark.parametrize(
    ("shown", "obeys"), [(-5, True), (-5.04, True), (-4.96, True), (-5.06, False), (-4.94, False)]
)
def test_a_setpoint_is_obeyed_within_a_rounded_tenth(shown, obeys):
    assert shows({"setpoint": -5}, {"setpoint": shown}) is obeys


def ramp_shown(shown, start):
    """Judge a setpoint that a composite schedule from `start` shows of a ramp of three steps."""
    steps = [(0, 1), (10, 2), (20, 3)]
    told = {
        "startSchedule": "2026-12-01T12:00:00Z",
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": s, "setpoint": p} for s, p in steps],
    }
    schedule = {
        "scheduleStart": start,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "setpoint": shown}],
    }
    payload = {"evseId": 1, "chargingProfile": {"chargingSchedule": [told]}}
    return judge(payload, {"schedule": schedule})


@pytest.mark.parametrize(
    ("at", "obeying"),
    [
        (0, {1}),
        (5, {1}),
        (8, {1, 2}),
        (11, {1, 2}),
        (12, {2}),
        (13, {2}),
        (21, {2, 3}),
        (23, {3}),
        (59, {3}),
    ],
)
def test_of_a_ramp_the_step_counts_that_is_due_and_around_an_edge_either(at, obeying):
    start = f"2026-12-01T12:00:{at:02d}Z"
    found = {shown for shown in (1, 2, 3) if ramp_shown(shown, start) is Shown.IN_FORCE}
    assert found == obeying


@pytest.mark.parametrize(
    "start", ["2026-11-30T23:59:60Z", "2026-12-01t12:00:00z", "0000-01-01T00:00:00Z"]
)
def test_a_ramp_shown_from_an_instant_that_nobody_can_read_tells_nothing(start):
    assert ramp_shown(1, start) is Shown.UNTOLD


def test_steps_without_a_start_are_judged_by_the_first():
    told = {"chargingRateUnit": "W"}
    periods = [{"startPeriod": 0, "setpoint": 1}, {"startPeriod": 10, "setpoint": 2}]
    payload = {
        "chargingProfile": {"chargingSchedule": [{**told, "chargingSchedulePeriod": periods}]}
    }
    schedule = {**told, "chargingSchedulePeriod": [{"startPeriod": 0, "setpoint": 1}]}
    assert judge(payload, {"schedule": schedule}) is Shown.IN_FORCE


@pytest.mark.parametrize(
    ("wanted", "shown", "follows"),
    [
        (12000, {"setpoint": 5000, "limit": 5000}, True),
        (12000, {"setpoint": 5000, "limit": 9000}, False),
        (12000, {"setpoint": 5000}, False),
        (3000, {"setpoint": 5000, "limit": 5000}, False),
        (-12000, {"setpoint": -5000, "dischargeLimit": -5000}, True),
        (-12000, {"setpoint": 5000, "dischargeLimit": 5000}, False),
        (-12000, {"setpoint": -5000, "limit": -5000}, False),
    ],
    ids=[
        "a limit cuts it",
        "nothing cuts it",
        "no limit is told",
        "more than was asked for",
        "a limit of discharge cuts it",
        "the other way",
        "the wrong limit",
    ],
)
def test_a_setpoint_that_a_limit_of_another_profile_cuts_is_followed(wanted, shown, follows):
    told = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"setpoint": wanted}]}
    payload = {"chargingProfile": {"chargingSchedule": [told]}}
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [shown]}
    expected = Shown.IN_FORCE if follows else Shown.NOT_IN_FORCE
    assert judge(payload, {"schedule": schedule}) is expected

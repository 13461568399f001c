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

"""What a composite schedule proves."""

import pytest

from gateway.core.evidence import Shown, composite_request, judge


def a_profile(**period):
    return {
        "evseId": 0,
        "chargingProfile": {
            "id": 1,
            "chargingSchedule": [
                {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, **period}]}
            ],
        },
    }


def an_answer(unit="W", **period):
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, **period}]}
    return {"status": "Accepted", "schedule": schedule}


CASES = {
    "limit equal": (a_profile(limit=7000), an_answer(limit=7000), Shown.IN_FORCE),
    "limit lower by another purpose": (
        a_profile(limit=7000),
        an_answer(limit=6000),
        Shown.IN_FORCE,
    ),
    "limit above": (a_profile(limit=7000), an_answer(limit=22000), Shown.NOT_IN_FORCE),
    "no limit in force": (a_profile(limit=7000), an_answer(), Shown.NOT_IN_FORCE),
    "setpoint equal": (a_profile(setpoint=-500), an_answer(setpoint=-500), Shown.IN_FORCE),
    "setpoint of the other sign": (
        a_profile(setpoint=-500),
        an_answer(setpoint=500),
        Shown.NOT_IN_FORCE,
    ),
    "no setpoint": (a_profile(setpoint=-500), an_answer(limit=1), Shown.NOT_IN_FORCE),
    "idle": (
        a_profile(operationMode="Idle"),
        an_answer(operationMode="Idle"),
        Shown.IN_FORCE,
    ),
    "idle shown as zero": (a_profile(operationMode="Idle"), an_answer(limit=0), Shown.IN_FORCE),
    "idle asked, charging shown": (
        a_profile(operationMode="Idle"),
        an_answer(limit=5),
        Shown.NOT_IN_FORCE,
    ),
    "other unit": (a_profile(limit=7000), an_answer(unit="A", limit=10), Shown.UNTOLD),
    "no schedule": (a_profile(limit=7000), {"status": "Accepted"}, Shown.UNTOLD),
    "no period": (
        a_profile(limit=7000),
        {"schedule": {"chargingRateUnit": "W", "chargingSchedulePeriod": []}},
        Shown.UNTOLD,
    ),
}


@pytest.mark.parametrize(("told", "answer", "shown"), CASES.values(), ids=CASES)
def test_a_composite_schedule_proves_a_profile_or_does_not(told, answer, shown):
    assert judge(told, answer) is shown


def test_the_question_names_the_evse_and_our_unit():
    assert composite_request(a_profile(limit=1)) == {
        "evseId": 0,
        "duration": 60,
        "chargingRateUnit": "W",
    }

"""Charging profiles at a station: what it pulls, what it says of its own limits, what its cars want."""

import pytest

from gateway.core.effects import SendToStation
from gateway.core.events import (
    LimitCleared,
    LimitNoticed,
    PriorityNoticed,
    ReplyStatus,
    SchedulePulled,
    StationDescribed,
)
from gateway.stations.blocks import smart_charging
from gateway.stations.schedules import Schedules
from support.metering import EVSE, Meter, a_context
from support.stations import a_session, announce
from translators.ocpp.foreign import ForeignLimit

PULL = "PullDynamicScheduleUpdate"


def ask(context, action, **payload):
    return smart_charging.HANDLERS[action](context, payload)


def a_profile(number=7, *, kind="Dynamic", purpose="TxProfile", evse=1, unit="W", **period):
    schedule = {
        "id": number,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [{"startPeriod": 0, **(period or {"setpoint": -5000})}],
    }
    body = {
        "id": number,
        "stackLevel": 1,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
        "transactionId": "T1",
    }
    return {"evseId": evse, "chargingProfile": body}


def told(*payloads):
    schedules = Schedules()
    for payload in payloads:
        schedules.told("SetChargingProfile", payload)
    return schedules


def an_update(number=7, **numbers):
    return {"chargingProfileId": number, "scheduleUpdate": numbers}


def test_a_pull_is_answered_with_the_numbers_in_force():
    context = a_context()
    context.schedules = told(a_profile())
    context.schedules.told("UpdateDynamicSchedule", an_update(setpoint=700))
    answer = ask(context, PULL, chargingProfileId=7)
    assert answer == {"status": "Accepted", "scheduleUpdate": {"setpoint": 700}}
    assert context.post.of(SchedulePulled) == [SchedulePulled("CS1", 7)]


@pytest.mark.parametrize(
    "schedules",
    [told(), told(a_profile(8)), told(a_profile(kind="Absolute"))],
    ids=["nothing", "another", "not Dynamic"],
)
def test_a_pull_of_what_is_no_dynamic_profile_of_ours_is_rejected(schedules):
    context = a_context()
    context.schedules = schedules
    assert ask(context, PULL, chargingProfileId=7)["status"] == "Rejected"
    assert context.post.events == []


def test_an_update_of_an_unknown_profile_tells_nothing():
    schedules = told()
    schedules.told("UpdateDynamicSchedule", an_update(setpoint=700))
    assert schedules.numbers(7) is None


@pytest.mark.parametrize(
    ("status", "known"),
    [
        (ReplyStatus.ACCEPTED, True),
        (ReplyStatus.NO_ANSWER, True),
        (ReplyStatus.REJECTED, False),
        (ReplyStatus.NOT_SENT, False),
    ],
)
def test_a_profile_that_the_station_did_not_take_is_forgotten(status, known):
    schedules = told(a_profile())
    schedules.answered("SetChargingProfile", a_profile(), status)
    assert (schedules.numbers(7) is not None) is known


SET, UPDATE, CLEAR = "SetChargingProfile", "UpdateDynamicSchedule", "ClearChargingProfile"
THIS = {"chargingProfileId": 7}


def held(*payloads):
    """Return what is known of a station that took these profiles."""
    schedules = told(*payloads)
    for payload in payloads:
        schedules.answered(SET, payload, ReplyStatus.ACCEPTED)
    return schedules


REFUSED = {
    "a set": (SET, a_profile(setpoint=1)),
    "an update": (UPDATE, an_update(setpoint=700)),
    "a clear": (CLEAR, THIS),
}


@pytest.mark.parametrize(("action", "payload"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("status", [ReplyStatus.REJECTED, ReplyStatus.NOT_SENT])
def test_what_a_station_refuses_leaves_the_profile_that_it_has(action, payload, status):
    schedules = held(a_profile())
    schedules.told(action, payload)
    schedules.answered(action, payload, status)
    assert schedules.numbers(7) == {"setpoint": -5000}


@pytest.mark.parametrize("status", [ReplyStatus.ACCEPTED, ReplyStatus.NOT_FOUND])
def test_a_cleared_profile_is_forgotten(status):
    schedules = held(a_profile())
    schedules.told(CLEAR, THIS)
    assert schedules.numbers(7) is None
    schedules.answered(CLEAR, THIS, status)
    assert schedules.numbers(7) is None


def test_a_profile_that_follows_its_clear_stays_when_the_clear_is_answered():
    schedules, new = held(a_profile()), a_profile(setpoint=1)
    schedules.told(CLEAR, THIS)
    schedules.told(SET, new)
    schedules.answered(CLEAR, THIS, ReplyStatus.ACCEPTED)
    assert schedules.numbers(7) == {"setpoint": 1}
    schedules.answered(SET, new, ReplyStatus.REJECTED)
    assert schedules.numbers(7) is None


def test_of_two_calls_that_are_refused_the_state_before_both_stays():
    schedules = held(a_profile())
    for action, payload in ((UPDATE, an_update(setpoint=700)), (CLEAR, THIS)):
        schedules.told(action, payload)
    schedules.answered(UPDATE, an_update(setpoint=700), ReplyStatus.REJECTED)
    schedules.answered(CLEAR, THIS, ReplyStatus.REJECTED)
    assert schedules.numbers(7) == {"setpoint": -5000}


def test_a_refusal_after_the_end_of_the_transaction_brings_nothing_back():
    schedules = held(a_profile())
    schedules.told(CLEAR, THIS)
    schedules.ended("T1")
    schedules.answered(CLEAR, THIS, ReplyStatus.REJECTED)
    assert schedules.numbers(7) is None


def test_an_answer_to_nothing_changes_nothing():
    schedules = held(a_profile())
    schedules.answered(CLEAR, THIS, ReplyStatus.ACCEPTED)
    assert schedules.numbers(7) == {"setpoint": -5000}


def test_with_a_transaction_go_the_profiles_that_were_for_it_alone():  # K01.FR.08
    others = a_profile(8, purpose="TxDefaultProfile"), a_profile(9) | {"evseId": 2}
    others[1]["chargingProfile"]["transactionId"] = "T2"
    meter = Meter()
    meter.context.schedules = told(a_profile(7), *others)
    meter.hear("Started", evse=EVSE)
    assert meter.context.schedules.numbers(7) is not None
    meter.hear("Ended")
    known = [meter.context.schedules.numbers(number) is not None for number in (7, 8, 9)]
    assert known == [False, True, True]


def test_what_is_read_back_is_known_but_does_not_replace_what_was_told():
    schedules = told(a_profile(7, setpoint=1))
    schedules.reported([a_profile(7, setpoint=2), a_profile(8, setpoint=3)])
    assert (schedules.numbers(7), schedules.numbers(8)) == ({"setpoint": 1}, {"setpoint": 3})


def test_of_many_profiles_the_newest_are_known():
    schedules = told(*(a_profile(number) for number in range(1, 130)))
    assert schedules.numbers(1) is None
    assert schedules.numbers(2) is not None


def needs(context, evse=1):
    car = {"requestedEnergyTransfer": "DC"}
    return ask(context, "NotifyEVChargingNeeds", evseId=evse, chargingNeeds=car)


@pytest.mark.parametrize(
    ("version", "schedules", "status"),
    [
        ("2.1", told(a_profile()), "Accepted"),
        ("2.1", told(a_profile(purpose="TxDefaultProfile", evse=0)), "Accepted"),
        ("2.1", told(a_profile(purpose="ChargingStationMaxProfile", evse=0)), "NoChargingProfile"),
        ("2.1", told(a_profile(evse=2)), "NoChargingProfile"),
        ("2.1", told(), "NoChargingProfile"),
        ("2.0.1", told(), "Processing"),
        ("2.0.1", told(a_profile()), "Accepted"),
    ],
)
def test_a_car_is_told_whether_a_profile_guides_it(version, schedules, status):
    context = a_context(version)
    context.schedules = schedules
    context.plate.reported(context.entry, version, [])
    assert needs(context) == {"status": status}
    assert len(context.post.of(StationDescribed)) == 1


def test_a_car_before_the_report_waits():
    context = a_context()
    assert needs(context) == {"status": "Processing"}
    assert context.post.events == []


def test_a_car_at_an_evse_that_is_none_is_rejected():
    context = a_context()
    context.plate.reported(context.entry, "2.1", [])
    answer = needs(context, evse=9)
    assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    assert context.post.events == []
    assert context.plate.cars == 0


def test_of_cars_before_the_report_not_any_number_is_known():
    context = a_context()
    for evse in (*range(1, 200), 1):
        assert needs(context, evse=evse) == {"status": "Processing"}
    assert context.plate.cars == 32
    context.plate.reported(context.entry, "2.1", [])
    assert needs(context)["status"] != "Rejected"


@pytest.mark.parametrize(
    ("schedules", "limit", "within"),
    [
        (told(), 50_000, True),
        (told(a_profile(limit=7000)), 7000, True),
        (told(a_profile(limit=7000)), 7001, False),
        (told(a_profile(setpoint=7000)), 7001, False),
        (told(a_profile(setpoint=-500)), 1, False),
        (told(a_profile(operationMode="Idle")), 7000, True),
        (told(a_profile(evse=2, limit=7)), 7000, True),
        (told(a_profile(unit="A", limit=7)), 7000, True),
        (told(a_profile(limit=9000), a_profile(8, evse=0, limit=6000)), 7000, False),
    ],
    ids=[
        "nothing told",
        "as much",
        "more",
        "more than a setpoint",
        "charge while discharge is set",
        "no number",
        "of another EVSE",
        "of another unit",
        "the tightest counts",
    ],
)
def test_a_schedule_of_a_car_has_to_stay_within_what_was_told(schedules, limit, within):
    context = a_context()
    context.schedules = schedules
    periods = [{"startPeriod": 0, "limit": limit}]
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": periods}
    answer = ask(context, "NotifyEVChargingSchedule", evseId=1, chargingSchedule=schedule)
    assert answer == {"status": "Accepted" if within else "Rejected"}


def test_limits_of_others_and_priority_of_drivers_are_passed_on():
    context = a_context()
    ask(context, "NotifyChargingLimit", chargingLimit={"chargingLimitSource": "EMS"}, evseId=1)
    ask(context, "ClearedChargingLimit", chargingLimitSource="EMS")
    ask(context, "ClearedChargingLimit", chargingLimitSource="EMS", evseId=1)
    ask(context, "NotifyPriorityCharging", transactionId="T1", activated=True)
    assert context.post.events == [
        LimitNoticed("CS1", ForeignLimit("EMS", 1)),
        LimitCleared("CS1", "EMS", None),
        LimitCleared("CS1", "EMS", 1),
        PriorityNoticed("CS1", "T1", activated=True),
    ]


async def test_a_station_pulls_what_the_engine_sent_last():
    profile = a_profile(operationMode="CentralSetpoint", setpoint=-5000)
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.submit(SendToStation("CS1", "r1", "SetChargingProfile", profile))
        number, _ = await station.called("SetChargingProfile")
        station.say(3, number, {"status": "Accepted"})
        update = an_update(setpoint=900)
        session.submit(SendToStation("CS1", "r2", "UpdateDynamicSchedule", update))
        station.say(2, "pull", PULL, {"chargingProfileId": 7})
        answer = await station.answered("pull")
        assert answer[2] == {"status": "Accepted", "scheduleUpdate": {"setpoint": 900}}


async def test_a_rejected_profile_cannot_be_pulled():
    async with a_session() as (station, session, posted):
        await announce(station, posted)
        session.submit(SendToStation("CS1", "r1", "SetChargingProfile", a_profile()))
        number, _ = await station.called("SetChargingProfile")
        station.say(3, number, {"status": "Rejected"})
        station.say(2, "pull", PULL, {"chargingProfileId": 7})
        assert (await station.answered("pull"))[2]["status"] == "Rejected"

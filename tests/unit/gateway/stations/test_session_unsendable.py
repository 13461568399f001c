"""What no sound station could take is not sent, and changes nothing of what is known to be told."""

from gateway.core.effects import SendToStation
from gateway.core.events import ReplyStatus, StationReplied
from support.stations import a_session

DYNAMIC = {
    "evseId": 1,
    "chargingProfile": {
        "id": 7,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Dynamic",
        "chargingSchedule": [
            {
                "id": 7,
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000}],
            }
        ],
    },
}


def calls(*payloads):
    return [
        SendToStation("CS1", f"r{number}", "SetChargingProfile", payload)
        for number, payload in enumerate(payloads)
    ]


async def test_a_call_without_its_members_ends_at_once():
    async with a_session() as (station, session, posted):
        (empty,) = calls({})
        session.submit(empty)
        (replied,) = posted.of(StationReplied)
        assert (replied.status, station.calls("SetChargingProfile")) == (
            ReplyStatus.NOT_SUPPORTED,
            [],
        )


async def test_a_call_that_is_not_sent_leaves_the_numbers_of_the_one_before_in_force():
    broken = {**DYNAMIC, "evseId": "one"}
    async with a_session() as (_, session, _posted):
        for call in calls(DYNAMIC, broken):
            session.submit(call)
        assert session._context.schedules.numbers(7) == {"limit": 7000}

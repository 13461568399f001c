"""The functional blocks: what each answers, and what it passes on."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from gateway.core.events import (
    AlarmReceived,
    NoticeReceived,
    StationDescribed,
)
from gateway.stations.blocks import (
    availability,
    der_control,
    housekeeping,
    monitoring,
    provisioning,
    security,
    smart_charging,
)
from gateway.stations.blocks.metering import Metering
from gateway.stations.context import MOST_OCTETS, MOST_PARTS, Report
from gateway.stations.validators import known_actions, violation
from support.metering import AT, EVSE, Meter, a_context, a_value, an_event
from support.stations import BOOT, an_entry
from translators.canonical.telemetry import GridFault


def test_a_report_without_anything_to_follow_posts_nothing():
    meter = Meter()
    energy = {"timestamp": AT, "sampledValue": [{"value": 1}]}
    meter.block.meter_values(meter.context, {"evseId": 1, "meterValue": [energy]})
    assert meter.context.post.events == []


def test_a_start_and_an_alarm_are_passed_on():
    context = a_context()
    start = {"controlId": "c1", "started": True, "timestamp": AT, "supersededIds": ["c0"]}
    assert der_control.start_stop(context, start) == {}
    alarm = {"controlType": "VoltVar", "timestamp": AT, "gridEventFault": "OverVoltage"}
    assert der_control.der_alarm(context, alarm) == {}
    (notice,), (alarmed,) = context.post.of(NoticeReceived), context.post.of(AlarmReceived)
    assert (notice.notice.station, notice.notice.superseded_ids) == ("CS1", ("c0",))
    assert (alarmed.alarm.fault, alarmed.alarm.ended) == (GridFault.OVER_VOLTAGE, False)
    assert alarmed.alarm.at == datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("fault", list(GridFault))
def test_every_alarm_of_the_schema_is_known(fault):
    context = a_context()
    alarm = {"controlType": "VoltVar", "timestamp": AT, "gridEventFault": fault.value}
    assert violation("2.1", "NotifyDERAlarm", alarm, request=True) is None
    der_control.der_alarm(context, alarm)
    assert context.post.of(AlarmReceived)[0].alarm.fault is fault


def needs(watts):
    return {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "AC_BPT_DER",
            "v2xChargingParameters": {"maxDischargePower": watts},
        },
    }


def described(context):
    """The rated power in each description that was passed on."""
    told = [event.profile.evses[0] for event in context.post.of(StationDescribed)]
    return [evse.ratings.max_w for evse in told]


def test_a_car_describes_its_station_anew_until_its_transaction_ends():
    meter = Meter()
    context = meter.context
    context.plate.reported(context.entry, "2.1", [])
    meter.hear(evse=EVSE)
    answer = smart_charging.HANDLERS["NotifyEVChargingNeeds"](context, needs(7400))
    assert answer == {"status": "NoChargingProfile"}
    meter.hear("Ended", evse=EVSE)
    meter.hear("Ended", "T2", evse=EVSE)
    assert described(context) == [7400, 22000]


def test_a_car_that_came_before_the_report_is_in_it():
    context = a_context()
    smart_charging.HANDLERS["NotifyEVChargingNeeds"](context, needs(7400))
    assert described(context) == []
    profile = context.plate.reported(context.entry, "2.1", [])
    assert profile.evses[0].ratings.max_w == 7400


def test_a_transaction_that_names_no_evse_takes_no_car_away():
    meter = Meter()
    context = meter.context
    context.plate.reported(context.entry, "2.1", [])
    smart_charging.HANDLERS["NotifyEVChargingNeeds"](context, needs(7400))
    meter.hear("Ended", "T9")
    assert described(context) == [7400]


def test_settings_win_over_what_a_car_says():
    context = a_context()
    context.entry = an_entry(overrides={1: {"MaxW": Fraction(5000)}})
    context.plate.reported(context.entry, "2.1", [])
    smart_charging.HANDLERS["NotifyEVChargingNeeds"](context, needs(7400))
    assert described(context) == [5000]


def test_a_rating_that_is_none_leaves_the_others():
    context = a_context()
    context.plate.reported(context.entry, "2.1", [])
    smart_charging.HANDLERS["NotifyEVChargingNeeds"](context, needs(-1))
    assert described(context) == [22000]


def all_handlers():
    return {
        **provisioning.HANDLERS,
        **der_control.HANDLERS,
        **smart_charging.HANDLERS,
        **availability.HANDLERS,
        **monitoring.HANDLERS,
        **housekeeping.HANDLERS,
        **security.HANDLERS,
        **Metering().handlers(),
    }


REQUESTS = {
    "BootNotification": BOOT,
    "NotifyReport": {"requestId": 1, "generatedAt": AT, "seqNo": 0},
    "NotifyDERStartStop": {"controlId": "c", "started": False, "timestamp": AT},
    "NotifyDERAlarm": {"controlType": "VoltVar", "timestamp": AT},
    "ReportDERControl": {"requestId": 1},
    "ReportChargingProfiles": {"requestId": 1},
    "StatusNotification": {
        "timestamp": AT,
        "connectorStatus": "Occupied",
        "evseId": 1,
        "connectorId": 1,
    },
    "NotifyEvent": {"generatedAt": AT, "seqNo": 0, "eventData": []},
    "NotifyMonitoringReport": {"requestId": 1, "seqNo": 0, "generatedAt": AT},
    "OpenPeriodicEventStream": {
        "constantStreamData": {"id": 1, "variableMonitoringId": 1, "params": {}}
    },
    "ClosePeriodicEventStream": {"id": 1},
    "MeterValues": {"evseId": 1, "meterValue": [a_value()]},
    "TransactionEvent": an_event(),
    "SecurityEventNotification": {"type": "MemoryExhaustion", "timestamp": AT},
    "NotifyEVChargingNeeds": {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}},
    "NotifyEVChargingSchedule": {
        "timeBase": AT,
        "evseId": 1,
        "chargingSchedule": {
            "id": 1,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000}],
        },
    },
    "NotifyChargingLimit": {"chargingLimit": {"chargingLimitSource": "EMS"}},
    "ClearedChargingLimit": {"chargingLimitSource": "EMS"},
    "NotifyPriorityCharging": {"transactionId": "T1", "activated": True},
    "PullDynamicScheduleUpdate": {"chargingProfileId": 1},
}


@pytest.mark.parametrize("version", ["2.1", "2.0.1"])
@pytest.mark.parametrize("action", sorted(all_handlers()))
def test_every_answer_of_a_block_is_sound(version, action):
    if action not in known_actions(version):
        assert version == "2.0.1"
        return
    context = a_context(version)
    answer = all_handlers()[action](context, REQUESTS.get(action, {}))
    assert violation(version, action, answer, request=False) is None


def test_no_two_blocks_answer_the_same_action():
    blocks = [
        provisioning,
        der_control,
        smart_charging,
        availability,
        monitoring,
        housekeeping,
        security,
    ]
    handlers = [*(block.HANDLERS for block in blocks), Metering().handlers()]
    assert sum(map(len, handlers)) == len(all_handlers())


def test_every_action_that_is_answered_exists_in_2_1():
    assert set(all_handlers()) <= known_actions("2.1")


async def test_a_report_is_over_with_its_last_part():
    report = Report("NotifyReport")
    report.add({"tbc": True, "n": 1})
    assert not await report.wait(0.01)
    report.add({"n": 2})
    assert await report.wait(0.01)
    assert [part["n"] for part in report.parts] == [1, 2]


async def test_a_report_without_end_is_given_up():
    report = Report("NotifyReport")
    for _ in range(MOST_PARTS):
        report.add({"tbc": True})
    report.add({"tbc": False})
    assert not await report.wait(5)
    assert len(report.parts) == MOST_PARTS


@pytest.mark.parametrize(
    ("octets", "parts", "whole"),
    [
        pytest.param(MOST_OCTETS // 16 - 100, 16, True, id="just fits"),
        pytest.param(MOST_OCTETS // 16, 15, False, id="too much"),
    ],
)
async def test_a_report_is_bounded_in_the_sum_of_its_octets(octets, parts, whole):
    report = Report("NotifyReport")
    for nth in range(1, 17):
        report.add({"tbc": nth < 16, "text": "x" * octets})
    assert await report.wait(5) is whole
    assert len(report.parts) == parts


async def test_a_report_that_was_given_up_is_never_whole():
    report = Report("NotifyReport")
    report.add({"tbc": True})
    report.give_up()
    assert not await report.wait(5)

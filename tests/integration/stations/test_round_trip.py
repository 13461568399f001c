"""Key messages of both versions, over a socket and back: what the engine sends, and what it then hears."""

import pytest

from gateway.core.effects import ReadBack, SendToStation
from gateway.core.events import (
    AlarmReceived,
    ControlsReported,
    NoticeReceived,
    ReplyStatus,
    SamplesTaken,
    StationConnected,
    StationReplied,
    TransactionsChanged,
)
from gateway.core.evidence import Shown, composite_request, judge
from gateway.core.payloads import clear_call, same_payload
from support.stations import BOOT, Wire, a_report, a_site, dial
from translators.units import Kind

AT = "2026-12-01T12:00:00Z"
VERSIONS = ["2.1", "2.0.1"]
ONLY_21 = ["2.1"]
CONTROL = {
    "isDefault": False,
    "controlId": "5f1c7e0a-0000-5000-8000-000000000001",
    "controlType": "FixedPFInject",
    "fixedPFInject": {
        "priority": 3,
        "displacement": 0.95,
        "excitation": True,
        "startTime": AT,
        "duration": 3600,
    },
}
LIMIT = {
    "evseId": 0,
    "chargingProfile": {
        "id": 1_000_000_007,
        "stackLevel": 1,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1_000_000_007,
                "startSchedule": AT,
                "duration": 3600,
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000.5}],
            }
        ],
    },
}
SCHEDULE = {
    "evseId": 0,
    "duration": 60,
    "scheduleStart": AT,
    "chargingRateUnit": "W",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000.5}],
}

CALLS = [
    ("SetDERControl", CONTROL, {"status": "Accepted"}, ReplyStatus.ACCEPTED, ONLY_21),
    ("SetDERControl", CONTROL, {"status": "Rejected"}, ReplyStatus.REJECTED, ONLY_21),
    (*clear_call("SetDERControl", CONTROL), {"status": "NotFound"}, ReplyStatus.NOT_FOUND, ONLY_21),
    ("SetChargingProfile", LIMIT, {"status": "Accepted"}, ReplyStatus.ACCEPTED, VERSIONS),
    ("SetChargingProfile", LIMIT, {"status": "Rejected"}, ReplyStatus.REJECTED, VERSIONS),
    (
        *clear_call("SetChargingProfile", LIMIT),
        {"status": "Unknown"},
        ReplyStatus.NOT_FOUND,
        VERSIONS,
    ),
    (
        "GetCompositeSchedule",
        composite_request(LIMIT),
        {"status": "Accepted", "schedule": SCHEDULE},
        ReplyStatus.ACCEPTED,
        VERSIONS,
    ),
]
TRIPS = [
    pytest.param(version, *row[:4], id=f"{version} {row[0]} {row[2]['status']}")
    for row in CALLS
    for version in row[4]
]


async def booted(site, socket, values=()):
    """Boot a station with its base report; return it and what was announced."""
    station = Wire(socket)
    await station.ask("BootNotification", BOOT, "boot")
    call = await station.call_of("GetBaseReport")
    await station.say([3, call[1], {"status": "Accepted"}])
    await station.say([2, "report", "NotifyReport", a_report(call[3]["requestId"], values)])
    return station, await site.posted.next(StationConnected)


@pytest.mark.parametrize(("version", "action", "payload", "answer", "status"), TRIPS)
async def test_a_call_goes_out_as_it_is_and_its_answer_comes_back(
    version, action, payload, answer, status
):
    async with a_site() as site, dial(site, versions=(f"ocpp{version}",)) as socket:
        station, _ = await booted(site, socket)
        site.stations.send(SendToStation("CS1", "r1", action, payload))
        call = await station.call_of(action)
        assert call[3] == payload
        await station.say([3, call[1], answer])
        reply = await site.posted.next(StationReplied)
        assert reply == StationReplied("CS1", "r1", status, "", answer)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_composite_schedule_that_came_back_can_be_judged(version):
    async with a_site() as site, dial(site, versions=(f"ocpp{version}",)) as socket:
        station, _ = await booted(site, socket)
        probe = SendToStation("CS1", "r1", "GetCompositeSchedule", composite_request(LIMIT))
        site.stations.send(probe)
        call = await station.call_of("GetCompositeSchedule")
        await station.say([3, call[1], {"status": "Accepted", "schedule": SCHEDULE}])
        reply = await site.posted.next(StationReplied)
        assert judge(LIMIT, reply.payload) is Shown.IN_FORCE


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_was_set_is_what_is_read_back(version):
    async with a_site() as site, dial(site, versions=(f"ocpp{version}",)) as socket:
        station, _ = await booted(site, socket)
        site.stations.read_back(ReadBack("CS1", "b1"))
        call = await station.call_of("GetChargingProfiles")
        await station.say([3, call[1], {"status": "Accepted"}])
        report = {
            "requestId": call[3]["requestId"],
            "chargingLimitSource": "CSO",
            "evseId": 0,
            "chargingProfile": [LIMIT["chargingProfile"]],
        }
        await station.say([2, "profiles", "ReportChargingProfiles", report])
        if version == "2.1":
            call = await station.call_of("GetDERControl")
            await station.say([3, call[1], {"status": "NotFound"}])
            call = await station.call_of("GetDERControl")
            await station.say([3, call[1], {"status": "Accepted"}])
            held = {"id": CONTROL["controlId"], "isDefault": False, "isSuperseded": False}
            held["fixedPF"] = CONTROL["fixedPFInject"]
            report = {"requestId": call[3]["requestId"], "fixedPFInject": [held]}
            await station.say([2, "controls", "ReportDERControl", report])
        found = await site.posted.next(ControlsReported)
        assert found.complete
        told = [LIMIT, CONTROL] if version == "2.1" else [LIMIT]
        assert len(found.held) == len(told)
        for held, payload in zip(found.held, told, strict=True):
            assert same_payload(payload, held.payload)


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_capability_comes_with_the_connection(version):
    values = [
        (1, "DCDERCtrlr", "ModesSupported", "FixedPFInject,VoltVar"),
        (1, "DCDERCtrlr", "MaxW", "11000"),
    ]
    async with a_site() as site, dial(site, versions=(f"ocpp{version}",)) as socket:
        _, found = await booted(site, socket, values)
        (evse,) = found.profile.evses
        assert evse.ratings.max_w == 11000
        assert evse.der_modes == ({"FixedPFInject", "VoltVar"} if version == "2.1" else set())


def a_meter(evse=1):
    values = [
        {"value": 4000, "measurand": "Power.Active.Export", "unitOfMeasure": {"unit": "W"}},
        {"value": 1.2, "measurand": "Power.Reactive.Import", "unitOfMeasure": {"unit": "kvar"}},
        {"value": 230.5, "measurand": "Voltage", "phase": "L1-N"},
    ]
    return {"evseId": evse, "meterValue": [{"timestamp": AT, "sampledValue": values}]}


@pytest.mark.parametrize("version", VERSIONS)
async def test_measurements_arrive_with_their_sign(version):
    async with a_site() as site, dial(site, versions=(f"ocpp{version}",)) as socket:
        station, _ = await booted(site, socket)
        assert await station.ask("MeterValues", a_meter()) == [3, "ask", {}]
        (event,) = site.posted.of(SamplesTaken)
        found = {(s.kind, s.phase.value): s.value for s in event.samples}
        assert found[Kind.POWER, "all"] == 4000
        assert found[Kind.REACTIVE, "all"] == -1200
        assert found[Kind.VOLTAGE, "L1"] == 461 / 2


@pytest.mark.parametrize("version", VERSIONS)
async def test_transactions_live_on_over_a_reconnection(version):
    event = {
        "eventType": "Started",
        "timestamp": AT,
        "triggerReason": "CablePluggedIn",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T1"},
        "evse": {"id": 1},
    }
    async with a_site() as site:
        async with dial(site, versions=(f"ocpp{version}",)) as socket:
            station, _ = await booted(site, socket)
            assert await station.ask("TransactionEvent", event) == [3, "ask", {}]
        async with dial(site, versions=(f"ocpp{version}",)) as socket:
            station, _ = await booted(site, socket)
            ended = {**event, "eventType": "Ended", "seqNo": 1, "triggerReason": "EVDeparted"}
            ended.pop("evse")
            await station.ask("TransactionEvent", ended)
        told = [event.transactions for event in site.posted.of(TransactionsChanged)]
        assert [[t.transaction_id for t in running] for running in told] == [["T1"], []]


async def test_starts_and_alarms_reach_the_engine():
    async with a_site() as site, dial(site) as socket:
        station, _ = await booted(site, socket)
        start = {"controlId": CONTROL["controlId"], "started": True, "timestamp": AT}
        assert await station.ask("NotifyDERStartStop", start, "s") == [3, "s", {}]
        alarm = {"controlType": "VoltVar", "timestamp": AT, "gridEventFault": "OverVoltage"}
        assert await station.ask("NotifyDERAlarm", alarm, "a") == [3, "a", {}]
        assert site.posted.of(NoticeReceived)[0].notice.control_id == CONTROL["controlId"]
        assert site.posted.of(AlarmReceived)[0].alarm.fault.value == "OverVoltage"
